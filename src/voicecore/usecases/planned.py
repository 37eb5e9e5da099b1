"""Which cached segments a job needs: what its plan names."""

from __future__ import annotations

import json
import logging

from voicecore import blobkeys
from voicecore.errors import BlobCorrupt, NotFound
from voicecore.log_lines import belonging_to
from voicecore.ports import BlobStore

_log = logging.getLogger("voicecore.jobs")


def planned_keys(blobs: BlobStore, job_id: str) -> frozenset[str]:
    """Cache keys in the job's plan; none if it has no plan (yet), or a damaged one."""
    try:
        with blobs.open(blobkeys.plan(job_id)) as reader:
            rows = json.loads(reader.read())["segments"]
            return frozenset(str(row[name]) for row in rows for name in ("key", "converted") if name in row)
    except NotFound:
        return frozenset()
    except (BlobCorrupt, ValueError, TypeError, LookupError) as error:
        # Its segments go when nobody used them for some time. Not being able to delete the job would be worse.
        with belonging_to(job_id=job_id):
            _log.warning("the plan of job %s cannot be read: %s", job_id, type(error).__name__)
        return frozenset()
