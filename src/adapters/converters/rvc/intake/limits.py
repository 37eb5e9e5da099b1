"""What the intake allows: none of RVC's own files comes near, and nothing that fits can take the machine with it."""

from __future__ import annotations

from dataclasses import dataclass

from voicecore.errors import require

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Bounds of one intake. A voice of RVC has 55 MB in half precision; 200 000 vectors of 768 numbers make 614 MB of index.

    Attributes:
        max_weights_bytes: of the `.pth`.
        max_index_bytes: of the `.index`.
        max_vectors: entries of the index that may be kept.
        max_memory_bytes: what the child may add to its address space once its libraries are loaded (RLIMIT_AS).
        max_cpu_s: processor time for reading and checking (RLIMIT_CPU), whole seconds.
        max_wall_s: after which the child is killed; starting it and loading torch counts.
    """

    max_weights_bytes: int = 200 * _MIB
    max_index_bytes: int = 640 * _MIB
    max_vectors: int = 200_000
    max_memory_bytes: int = 1_536 * _MIB
    max_cpu_s: int = 60
    max_wall_s: float = 180.0

    def __post_init__(self) -> None:
        for name in ("max_weights_bytes", "max_index_bytes", "max_vectors", "max_memory_bytes", "max_cpu_s"):
            require(getattr(self, name) > 0, f"{name} must be above 0.")
        require(self.max_wall_s > 0, "max_wall_s must be above 0.")
