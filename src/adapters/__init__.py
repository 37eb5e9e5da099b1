"""Adapters: one folder a port, inside it one module or folder a technology."""
