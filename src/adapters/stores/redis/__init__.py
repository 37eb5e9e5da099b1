"""Jobs, the catalogue and the roster of workers in Redis, for services of more than one machine."""
