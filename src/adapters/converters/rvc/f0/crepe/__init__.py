"""CREPE, the methods `crepe` and `crepe-tiny`: a network that hears 64 ms at a time, many times faster by Fourier transforms."""

from .tracker import CrepeTracker

__all__ = ["CrepeTracker"]
