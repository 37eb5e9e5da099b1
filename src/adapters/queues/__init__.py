"""Doorbells."""
