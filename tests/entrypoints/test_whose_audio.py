"""A service without Redis tidies only what is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.blobs.filesystem import FilesystemBlobStore
from entrypoints.container import build
from entrypoints.settings import Settings
from voicecore import blobkeys
from voicecore.errors import StorageUnavailable

PRINT = "voices/voice_a/a1/print.safetensors"


def service(folder: Path, **settings):
    return build(Settings(engine="tone", data_dir=folder, **settings)).service()


def test_the_folder_of_a_deployment_over_redis_is_refused_by_a_service_that_was_not_told_of_redis(tmp_path):
    blobs = FilesystemBlobStore(tmp_path / "blobs")
    blobs.put(blobkeys.DEPLOYMENT, [b'{"v": 1, "id": "abc"}'])
    blobs.put(PRINT, [b"whose voice is listed in Redis"])
    with pytest.raises(StorageUnavailable, match=r"VOICECORE_REDIS_URL.*VOICECORE_DATA_DIR"), service(tmp_path):
        pass
    assert blobs.stat(PRINT) is not None


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"v": 2}'])
def test_a_mark_that_cannot_be_read_is_somebody_elses(tmp_path, data):
    FilesystemBlobStore(tmp_path / "blobs").put(blobkeys.DEPLOYMENT, [data])
    with pytest.raises(StorageUnavailable, match="another deployment"), service(tmp_path):
        pass


def test_one_place_for_audio_is_refused_to_a_second_data_folder(tmp_path):
    audio = f"file://{tmp_path}/audio"
    with service(tmp_path / "one", blobs_url=audio) as one:
        one.blobs.put(PRINT, [b"of a voice of the first"])
        with pytest.raises(StorageUnavailable, match="VOICECORE_BLOBS_URL"), service(tmp_path / "two", blobs_url=audio):
            pass
        assert one.blobs.stat(PRINT) is not None
    with service(tmp_path / "one", blobs_url=audio) as again:
        assert again.blobs.stat(PRINT) is not None


def test_a_service_that_lost_its_place_to_one_over_redis_is_told_so(tmp_path):
    audio = f"file://{tmp_path}/audio"
    with service(tmp_path / "one", blobs_url=audio) as one:
        one.blobs.put(blobkeys.DEPLOYMENT, [b'{"v": 1, "id": "of Redis"}'])
    with pytest.raises(StorageUnavailable, match="another deployment"), service(tmp_path / "one", blobs_url=audio):
        pass


def test_tidying_looks_again_whose_the_audio_is(tmp_path):
    with service(tmp_path) as alone:
        alone.blobs.put(blobkeys.DEPLOYMENT, [b'{"v": 1, "id": "of Redis, started in the same folder"}'])
        with pytest.raises(StorageUnavailable, match="another deployment"):
            alone.purge.tidy()
