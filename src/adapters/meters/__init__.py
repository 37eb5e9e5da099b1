"""Where numbers of the work go."""
