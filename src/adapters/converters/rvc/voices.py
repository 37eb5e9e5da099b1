"""The voices that are in memory: the last ones used, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from voicecore.engine_settings import Precision
from voicecore.errors import NotFound
from voicecore.ports import ModelParts

from . import stored
from .retrieval import VectorIndex
from .synthesiser import Synthesiser
from .values import VoiceConfig


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVoice:
    """A voice that is ready to speak.

    Attributes:
        index: None where the voice came without one.
    """

    config: VoiceConfig
    synthesiser: Synthesiser
    index: VectorIndex | None

    @property
    def nbytes(self) -> int:
        """Memory of its numbers."""
        return self.synthesiser.nbytes + (0 if self.index is None else self.index.nbytes)


class LoadedVoices:
    """Voices by the id of their model. Two ids of equal bytes are one voice.

    Args:
        limit_bytes: what all voices may take together; the one that was loaded last stays, however large it is.
    """

    def __init__(self, *, limit_bytes: int, device: str, precision: Precision) -> None:
        self._limit_bytes = limit_bytes
        self._device = device
        self._precision = precision
        self._by_digest: OrderedDict[str, LoadedVoice] = OrderedDict()
        self._digests: dict[str, str] = {}

    def __contains__(self, model_id: str) -> bool:
        return model_id in self._digests

    @property
    def nbytes(self) -> int:
        """Memory of all of them."""
        return sum(each.nbytes for each in self._by_digest.values())

    def load(self, model_id: str, parts: ModelParts) -> None:
        """Make the voice ready, in place of those that were not used for longest if there is no room.

        Raises:
            ModelCorrupt: the bytes are no voice.
        """
        digest = stored.digest_of(parts)
        if digest not in self._by_digest:
            loaded = self._open(parts)
            self._make_room(loaded.nbytes)
            self._by_digest[digest] = loaded
        self._by_digest.move_to_end(digest)
        self._digests[model_id] = digest

    def use(self, model_id: str) -> LoadedVoice:
        """The voice, which is now the one last used.

        Raises:
            NotFound: it was not loaded, or had to make room since.
        """
        digest = self._digests.get(model_id)
        if digest is None:
            raise NotFound(f"The voice model {model_id[:60]!r} is not loaded; load it first.", field="rvc_model_id")
        self._by_digest.move_to_end(digest)
        return self._by_digest[digest]

    def _open(self, parts: ModelParts) -> LoadedVoice:
        voice = stored.open_voice(parts)
        index = None if voice.vectors is None else VectorIndex(voice.vectors, device=self._device)
        return LoadedVoice(voice.config, Synthesiser(voice, device=self._device, precision=self._precision), index)

    def _make_room(self, wanted_bytes: int) -> None:
        while self._by_digest and self.nbytes + wanted_bytes > self._limit_bytes:
            gone, _ = self._by_digest.popitem(last=False)
            self._digests = {name: digest for name, digest in self._digests.items() if digest != gone}
