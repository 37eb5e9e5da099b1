return {'schema', SCHEMA}
