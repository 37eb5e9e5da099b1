"""What a service without Redis must know before it tidies: that the audio it finds is its own."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

from entrypoints.settings import Settings
from voicecore import blobkeys
from voicecore.errors import NotFound, StorageUnavailable
from voicecore.ports import BlobStore
from voicecore.usecases.sweep_orphans import always

#: In the data folder: the id that the blobs of `VOICECORE_BLOBS_URL` have, too.
ID_FILE = "blobs-id"


def check(settings: Settings, blobs: BlobStore) -> None:
    """Refuse audio whose jobs and voices are kept elsewhere: to this process all of it would be nobody's.

    The blobs in the data folder are its owner's, unless a deployment over Redis marked them. Those of a bucket or of
    another folder get an id, which is kept in the data folder.

    Raises:
        StorageUnavailable: if the blobs are a deployment's over Redis, or of another data folder.
    """
    owner = _owner(blobs)
    if settings.blobs_url is None:
        if owner is not None:
            raise _strangers(settings)
        return
    file = settings.data_dir / ID_FILE
    try:
        ours = file.read_text("ascii").strip() if file.exists() else None
        if owner is None and ours is None:
            ours = secrets.token_hex(16)
            file.write_text(ours, "ascii")
    except (OSError, ValueError) as error:
        raise StorageUnavailable(f"{file} cannot be used ({error}): see to its folder and its rights.") from error
    if owner is None:
        blobs.put(blobkeys.DEPLOYMENT, [json.dumps({"v": 1, "id": ours, "by": "embedded"}).encode()])
    elif owner != ours:
        raise _strangers(settings)


def known_since(settings: Settings, blobs: BlobStore) -> datetime:
    """Always, if the blobs are this process's own. Raises as `check` does."""
    check(settings, blobs)
    return always()


def _owner(blobs: BlobStore) -> str | None:
    """The id at the blobs; None if they have none, empty if it is none of a service without Redis."""
    try:
        with blobs.open(blobkeys.DEPLOYMENT) as reader:
            document = json.loads(reader.read())
        return str(document["id"]) if document["by"] == "embedded" else ""
    except NotFound:
        return None
    except (ValueError, TypeError, KeyError):
        return ""


def _strangers(settings: Settings) -> StorageUnavailable:
    where = "the data folder" if settings.blobs_url is None else "VOICECORE_BLOBS_URL"
    return StorageUnavailable(
        f"The audio in {where} belongs to another deployment, whose jobs and voices this process does not know: set its "
        "VOICECORE_REDIS_URL (or its VOICECORE_DATA_DIR), or choose another place for the audio. If that deployment is "
        f"gone for good, delete the blob {blobkeys.DEPLOYMENT}."
    )
