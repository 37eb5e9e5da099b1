"""The print of an enrolled voice, for the model that is going to speak."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from voicecore.audio import Audio
from voicecore.errors import BlobCorrupt, Conflict, NotFound
from voicecore.ports import BlobStore, Catalog, SpeechEngine
from voicecore.usecases.consents import check_consents
from voicecore.voice import VoicePrint, VoiceProfile

_log = logging.getLogger("voicecore.voices")


@dataclass(frozen=True, slots=True)
class LoadVoicePrint:
    """Reads the print; where the engine's model has changed since, the voice is learned again from its kept reference.

    A mix has none: it is for people to mix it again.
    """

    blobs: BlobStore
    catalog: Catalog

    def __call__(self, voice_id: str, engine: SpeechEngine) -> tuple[VoicePrint, str]:
        """The print, and the digest that stands for it in fingerprints.

        Raises:
            NotFound: if the voice was deleted.
            ConsentRevoked: if a consent to it was withdrawn.
            BlobCorrupt: if its print or reference is damaged.
            Conflict: if it was mixed, and the model has changed since.
        """
        profile = self._profile(voice_id)
        try:
            stored = self._read(profile)
        except NotFound:
            # Another worker learned the voice again between the two reads, and took the old print away.
            newer = self._profile(voice_id)
            if newer.print_key == profile.print_key:
                raise
            profile, stored = newer, self._read(newer)
        if stored.model_digest == engine.card.model_digest:
            return stored, profile.print_sha256
        return self._learned_again(profile, engine)

    def _profile(self, voice_id: str) -> VoiceProfile:
        profile = self.catalog.voices.get(voice_id)
        if profile is None:
            raise NotFound(f"The voice {voice_id!r} was deleted.", field="voice_id")
        check_consents(self.catalog, profile)
        return profile

    def _read(self, profile: VoiceProfile) -> VoicePrint:
        try:
            with self.blobs.open(profile.print_key) as reader:
                return VoicePrint.from_bytes(reader.read())
        except BlobCorrupt as error:
            raise _damaged(profile, "print") from error

    def _learned_again(self, profile: VoiceProfile, engine: SpeechEngine) -> tuple[VoicePrint, str]:
        if profile.reference_key is None:
            raise Conflict(
                f"The voice {profile.id!r} was mixed with another version of {engine.card.name!r} and has no recording to "
                "learn it from: delete it and mix it again.",
                field="voice_id",
            )
        _log.info("voice %s was made by another version of %s; learning it again", profile.id, engine.card.name)
        try:
            with self.blobs.open(profile.reference_key) as reader:
                reference = Audio.from_wav_bytes(reader.read())
        except BlobCorrupt as error:
            raise _damaged(profile, "reference") from error
        learned = engine.enroll([reference], engine.card.spoken(profile.language))
        # Learning takes long: the voice may have been renamed or deleted meanwhile.
        profile = self._profile(profile.id)
        # Under a name of its own, so that profile and print always fit, whenever this is killed.
        folder = profile.print_key.rsplit("/", 1)[0]
        stat = self.blobs.put(f"{folder}/print-{engine.card.model_digest[:16]}.safetensors", [learned.to_bytes()])
        try:
            self.catalog.voices.replace(replace(profile, print_key=stat.key, print_sha256=stat.sha256))
        except NotFound:
            self.blobs.delete(stat.key)  # of a deleted voice nothing stays
            raise
        if stat.key != profile.print_key:
            self.blobs.delete(profile.print_key)
        return learned, stat.sha256


def _damaged(profile: VoiceProfile, what: str) -> BlobCorrupt:
    """For the client, who knows voices and not where they are stored; what that error says is the cause's."""
    return BlobCorrupt(
        f"The stored {what} of the voice {profile.id!r} is damaged: restore it from a backup, or delete the voice and learn "
        "it again from its recordings.",
        field="voice_id",
    )
