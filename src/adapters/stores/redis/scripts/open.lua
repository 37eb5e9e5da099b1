return {'schema', SCHEMA, whole(now)}
