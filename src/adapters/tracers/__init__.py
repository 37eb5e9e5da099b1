"""Where traces of the work go."""
