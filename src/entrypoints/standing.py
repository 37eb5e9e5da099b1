"""Whether the parts of this process still fit together, as it was last seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voicecore.errors import VoiceCoreError


@dataclass(slots=True)
class Standing:
    """Calls `look`, which raises if the parts do not fit, and remembers what it said for the readiness probe.

    Attributes:
        refusal: why this process should get no work, or None.
    """

    look: Callable[[], object]
    refusal: str | None = None

    def __call__(self) -> None:
        """Look now. Raises what `look` does."""
        try:
            self.look()
        except VoiceCoreError as error:
            self.refusal = error.message
            raise
        self.refusal = None

    def refused(self) -> str | None:
        """Why this process should get no work. What was refused is looked at again, so that mending it shows at once."""
        if self.refusal is not None:
            try:
                self()
            except VoiceCoreError as error:
                return error.message
        return None
