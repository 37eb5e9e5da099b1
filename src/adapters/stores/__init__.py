"""Job stores and catalogues."""
