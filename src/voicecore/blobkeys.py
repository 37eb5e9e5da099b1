"""Where things lie in the blob store. Keys are made of generated ids and digests, never of what a client wrote.

jobs/{job}/plan.json                    segments of the job and their cache keys (same for every attempt)
jobs/{job}/a{attempt}/audio.{format}    finished audio; the attempt fences off writers that lost their lease
jobs/{job}/a{attempt}/manifest.json     segments with their times
uploads/{job}/{n}.wav                   decoded reference clips, until the enrolment ends
segments/{voice}/{sha256}.f32           raw little-endian float32 samples of one segment
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
    """Reference clips of an enrolment."""
    return f"uploads/{job_id}/"


def upload(job_id: str, number: int) -> str:
    """One reference clip."""
    return f"uploads/{job_id}/{number}.wav"


SEGMENTS = "segments/"


def segment_prefix(voice: str) -> str:
    """Cached segments spoken by one preset or enrolled voice."""
    return f"segments/{voice}/"


def segment(voice: str, digest: str) -> str:
    """One cached segment."""
    return f"segments/{voice}/{digest}.f32"


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
