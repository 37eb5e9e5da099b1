"""Fakes, a tone engine, and contract suites for whoever writes an adapter."""
