"""Where things lie in the blob store. Keys are made of generated ids and digests, never of what a client wrote.

jobs/{job}/plan.json                    segments of the job and their cache keys (same for every attempt)
jobs/{job}/a{attempt}/audio.{format}    finished audio; the attempt fences off writers that lost their lease
jobs/{job}/a{attempt}/manifest.json     segments with their times
uploads/{job}/{n}.wav                   decoded reference clips or recordings, until their job ends
uploads/{job}/consent.wav               a spoken consent, until its job ends
consents/{consent}/recording.wav        a spoken consent that is kept
segments/{voice}/{sha256}.f32           raw little-endian float32 samples of one segment
segments/{voice}/{model}/{sha256}.f32   the same, converted, behind what the converter said of it
models/{model}/voice.safetensors|index.safetensors   a conversion model
voices/{voice}/a{attempt}/print.safetensors|reference.wav|sample.wav   written by one attempt of the enrolment
deployment/id.json                      whose all this is, where more than one process could come upon it
"""

from __future__ import annotations

DEPLOYMENT = "deployment/id.json"


def job_prefix(job_id: str) -> str:
    """Everything of a job."""
    return f"jobs/{job_id}/"


def attempt_prefix(job_id: str, attempt: int) -> str:
    """Everything one attempt wrote."""
    return f"jobs/{job_id}/a{attempt}/"


def plan(job_id: str) -> str:
    """The job's segments."""
    return f"jobs/{job_id}/plan.json"


def manifest(job_id: str, attempt: int) -> str:
    """The finished job's segments with their times."""
    return f"jobs/{job_id}/a{attempt}/manifest.json"


def master(job_id: str, attempt: int) -> str:
    """The finished audio, 16-bit WAV."""
    return f"jobs/{job_id}/a{attempt}/audio.wav"


def upload_prefix(job_id: str) -> str:
    """What was uploaded for a job: reference clips, or the recording to convert."""
    return f"uploads/{job_id}/"


def upload(job_id: str, number: int) -> str:
    """One decoded recording."""
    return f"uploads/{job_id}/{number}.wav"


def upload_consent(job_id: str) -> str:
    """The spoken consent to an enrolment that is under way."""
    return f"uploads/{job_id}/consent.wav"


CONSENTS = "consents/"


def consent_prefix(consent_id: str) -> str:
    """Everything of a consent."""
    return f"consents/{consent_id}/"


def consent_recording(consent_id: str) -> str:
    """The consent as it was spoken."""
    return f"consents/{consent_id}/recording.wav"


SEGMENTS = "segments/"


def segment_prefix(voice: str) -> str:
    """Cached segments spoken by one preset or enrolled voice."""
    return f"segments/{voice}/"


def segment(voice: str, digest: str) -> str:
    """One cached segment."""
    return f"segments/{voice}/{digest}.f32"


def converted_segment(voice: str, model_id: str, digest: str) -> str:
    """One cached segment, converted by a model."""
    return f"segments/{voice}/{model_id}/{digest}.f32"


def is_converted_by(key: str, model_id: str) -> bool:
    """Whether the key is of a segment that this model converted."""
    parts = key.split("/")
    return len(parts) == 4 and parts[0] == "segments" and parts[2] == model_id


MODELS = "models/"


def model_prefix(model_id: str) -> str:
    """Everything of a conversion model."""
    return f"models/{model_id}/"


def model_voice(model_id: str) -> str:
    """The network of a conversion model."""
    return f"models/{model_id}/voice.safetensors"


def model_index(model_id: str) -> str:
    """The index of a conversion model, if it has one."""
    return f"models/{model_id}/index.safetensors"


def voice_prefix(voice_id: str) -> str:
    """Everything of an enrolled voice."""
    return f"voices/{voice_id}/"


def voice_attempt_prefix(voice_id: str, attempt: int) -> str:
    """What one attempt of the enrolment wrote. A later one writes elsewhere, so that none can change another's voice."""
    return f"voices/{voice_id}/a{attempt}/"


def voice_print(voice_id: str, attempt: int) -> str:
    """The arrays an engine needs."""
    return f"voices/{voice_id}/a{attempt}/print.safetensors"


def voice_reference(voice_id: str, attempt: int) -> str:
    """The kept reference."""
    return f"voices/{voice_id}/a{attempt}/reference.wav"


def voice_sample(voice_id: str, attempt: int) -> str:
    """A sentence spoken in the voice."""
    return f"voices/{voice_id}/a{attempt}/sample.wav"
