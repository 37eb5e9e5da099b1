"""RMVPE, the method `rmvpe`: a U-Net over a log-mel spectrogram. Its weights are fetched, since no package has them."""

from .intake import intake
from .tracker import RmvpeTracker

__all__ = ["RmvpeTracker", "intake"]
