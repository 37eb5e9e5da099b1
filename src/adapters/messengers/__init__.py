"""Messengers: how an ended job is told to whoever asked for it."""
