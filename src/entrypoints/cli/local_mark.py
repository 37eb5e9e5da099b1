"""The mark of what a command makes by itself, without a service and its jobs."""

from __future__ import annotations

from entrypoints.mark_key import known_marker
from entrypoints.settings import Settings
from voicecore.marks import Marking, Origin


def local_marking(settings: Settings, engine: str, model_digest: str) -> Marking:
    """Made with this machine's key if there is one. None is made for it: a data folder means more than a key."""
    origin = Origin(job_id="-", engine=engine, model_digest=model_digest, created_at=None)
    return known_marker(settings).marking(origin)
