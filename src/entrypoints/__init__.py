"""Ways in: settings, container, HTTP, command line."""
