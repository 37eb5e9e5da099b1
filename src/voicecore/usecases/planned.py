"""Which cached segments a job needs: what its plan names."""

from __future__ import annotations

import json

from voicecore import blobkeys
from voicecore.errors import BlobCorrupt, NotFound
from voicecore.ports import BlobStore


def planned_keys(blobs: BlobStore, job_id: str) -> frozenset[str]:
    """Cache keys in the job's plan; none if it has no plan (yet), or a damaged one."""
    try:
        with blobs.open(blobkeys.plan(job_id)) as reader:
            return frozenset(str(each["key"]) for each in json.loads(reader.read())["segments"])
    except (NotFound, BlobCorrupt):
        return frozenset()
