"""Perth, a watermark by a small network (resemble-perth 1.0.1, MIT), in a process of its own."""

from __future__ import annotations

from adapters.watermarks.perth.watermarker import PerthWatermarker

__all__ = ["PerthWatermarker"]
