"""Reading and writing audio files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.audio.codec import SandboxedCodec

__all__ = ["SandboxedCodec"]


def __getattr__(name: str) -> Any:
    # Lazy, since the decoder child imports this package and needs neither the codec nor its imports.
    if name == "SandboxedCodec":
        from adapters.audio.codec import SandboxedCodec  # noqa: PLC0415

        return SandboxedCodec
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
