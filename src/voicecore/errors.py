"""One tree of errors.

Every error that leaves voicecore is a `VoiceCoreError`. It carries a stable `code` (clients may
switch on it), says whether trying again can help (`retryable`), and its message is one sentence:
what is wrong, which limit, how to mend it. The docstring of a class is its default message.
"""

from __future__ import annotations

from typing import ClassVar


class VoiceCoreError(Exception):
    """voicecore could not do what was asked."""

    code: ClassVar[str] = "voicecore_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        text = message or (type(self).__doc__ or "").strip()
        super().__init__(text)
        self.message = text
        #: Name of the request field that is wrong, where there is one.
        self.field = field


# --- what the caller sent is wrong ----------------------------------------------------------------
class InvalidInput(VoiceCoreError):
    """The request is not valid."""

    code = "invalid_input"


class InvalidText(InvalidInput):
    """The text has nothing that can be spoken."""

    code = "invalid_text"


class UnsupportedLanguage(InvalidInput):
    """The engine does not speak this language."""

    code = "unsupported_language"


class InvalidAudio(InvalidInput):
    """The audio cannot be used."""

    code = "invalid_audio"


class UnsupportedAudioFormat(InvalidAudio):
    """The file is not one of the accepted audio formats: wav, mp3, m4a, ogg, flac, opus, webm."""

    code = "unsupported_audio_format"


class TooLarge(InvalidInput):
    """The upload is larger than allowed."""

    code = "too_large"


# --- who the caller is, and what he may ---------------------------------------------------------------
class Unauthorized(VoiceCoreError):
    """This needs an API key: send it in the header X-API-Key."""

    code = "unauthorized"


class Forbidden(VoiceCoreError):
    """This API key may not do this."""

    code = "forbidden"


class LimitReached(VoiceCoreError):
    """A limit of this API key is reached: try again later.

    Attributes:
        retry_after_s: when trying again can help.
        policy: name of the limit.
        limit, window_s: what it allows, and in which time; 0 s for a limit that is not about time.
    """

    code = "limit_reached"
    retryable = True

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_s: int = 60,
        policy: str = "",
        limit: int = 0,
        window_s: int = 0,
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.policy, self.limit, self.window_s = policy, limit, window_s


# --- what the caller names is not there, or is in the way -------------------------------------------
class NotFound(VoiceCoreError):
    """There is nothing by this name."""

    code = "not_found"


class Gone(VoiceCoreError):
    """This existed and has expired."""

    code = "gone"


class Conflict(VoiceCoreError):
    """The request does not fit the present state."""

    code = "conflict"


class NameTaken(Conflict):
    """Something else has this name already: choose another name or delete that one first."""

    code = "name_taken"


class ConsentRevoked(Conflict):
    """The consent to use this voice was withdrawn: delete the voice, or learn it again under a new consent."""

    code = "consent_revoked"


class IdempotencyConflict(Conflict):
    """This Idempotency-Key was used with another body: send a new key or the first body again."""

    code = "idempotency_conflict"


class Cancelled(Conflict):
    """The job was cancelled: it has no sound, or no more of it."""

    code = "cancelled"


class VoiceChanged(Conflict):
    """The voice changed after the sound had begun, so what was heard is void: download the finished audio."""

    code = "voice_changed"


class LeaseLost(Conflict):
    """This attempt no longer owns the job: it was cancelled, deleted, or taken over."""

    code = "lease_lost"


# --- the service cannot do it now -------------------------------------------------------------------
class QueueFull(VoiceCoreError):
    """The queue is full: try again later."""

    code = "queue_full"
    retryable = True

    def __init__(self, message: str | None = None, *, retry_after_s: int = 10) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Draining(VoiceCoreError):
    """The service is shutting down and takes no new work: try again in a moment."""

    code = "draining"
    retryable = True


class NothingHeard(VoiceCoreError):
    """Nothing was heard of the job for too long; it goes on: ask again, or download it later."""

    code = "nothing_heard"
    retryable = True


class StorageUnavailable(VoiceCoreError):
    """The store cannot be reached: try again in a moment."""

    code = "storage_unavailable"
    retryable = True


class DiskFull(StorageUnavailable):
    """The disk is full, nothing was written: free some space and try again."""

    code = "disk_full"


class BlobCorrupt(VoiceCoreError):
    """A stored file does not have the digest it was stored with: delete it and make it again."""

    code = "blob_corrupt"


class NotDelivered(VoiceCoreError):
    """The receiver of a webhook gave no answer."""

    code = "not_delivered"
    retryable = True


class ForbiddenTarget(NotDelivered):
    """A webhook may not call this address."""

    code = "forbidden_target"


# --- engines and models -----------------------------------------------------------------------------
class NotInstalled(VoiceCoreError):
    """This needs a part of voicecore that is not installed."""

    code = "not_installed"


class MissingDependency(NotInstalled):
    """A Python package is missing."""

    code = "missing_dependency"


class MissingModel(NotInstalled):
    """The weights of a model are missing."""

    code = "missing_model"


class ModelCorrupt(VoiceCoreError):
    """A model file does not have the digest of its manifest: fetch it again."""

    code = "model_corrupt"


class SelfTestFailed(ModelCorrupt):
    """An engine does not speak as it did before with the same model: a library that it needs has changed."""

    code = "self_test_failed"


class EngineFailed(VoiceCoreError):
    """The engine failed on this segment."""

    code = "engine_failed"
    retryable = True


class UtteranceFailed(EngineFailed):
    """The engine failed on one utterance; the others that it works on are not harmed.

    Attributes:
        utterance_id: whose turn ended; the engine has dropped it.
    """

    code = "utterance_failed"

    def __init__(self, message: str | None = None, *, utterance_id: str = "") -> None:
        super().__init__(message)
        self.utterance_id = utterance_id


class EngineCrashed(EngineFailed):
    """The process that runs the engine ended while it worked."""

    code = "engine_crashed"


class DeadlineExceeded(EngineFailed):
    """The job took longer than its time limit and was stopped."""

    code = "deadline_exceeded"
    retryable = False


class Poisoned(VoiceCoreError):
    """This job ended its worker too many times and will not be tried again."""

    code = "poisoned"


class JobFailed(VoiceCoreError):
    """The job failed."""

    code = "job_failed"


def require(condition: bool, message: str, *, field: str | None = None) -> None:
    """Raise `InvalidInput` with `message` unless `condition` holds.

    Used where data is born, instead of `assert`, which optimised Python removes.
    """
    if not condition:
        raise InvalidInput(message, field=field)
