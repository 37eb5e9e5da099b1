"""One contract suite a port: subclass it, give the fixtures, run pytest."""
