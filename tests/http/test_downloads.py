"""`/jobs/{id}/download`: formats, waiting, ranges, and conditional requests."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from litestar.exceptions import HTTPException

from entrypoints.http.ranges import wanted_range
from voicecore.testing.fakes import FakeClock

from .room import PATIENCE_S, Room, eventually, refused

MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac", "m4a": "audio/mp4",
               "opus": "audio/ogg; codecs=opus"}  # fmt: skip


@pytest.fixture(scope="module")
def done(shared: Room) -> dict:
    return shared.spoken(text="Uma frase para baixar.")


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_the_audio_comes_in_every_format_with_its_name_and_type(shared: Room, done: dict, name: str):
    answer = shared.client.get(done["audio_url"], params={"format": name})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[name]
    assert answer.headers["content-disposition"] == f'attachment; filename="dubbed_{done["id"]}.{name}"'
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["x-synthetic-audio"] == "true"
    assert answer.headers["cache-control"] == "private, no-store"
    if name != "m4a":
        samples, rate = soundfile.read(io.BytesIO(answer.content))
        assert len(samples) / rate == pytest.approx(done["duration"], abs=0.1)


def test_the_format_is_the_one_the_job_asked_for_unless_the_download_names_one(shared: Room):
    job = shared.spoken(output_format="flac", text="Em flac.")
    assert job["output_file"] == f"dubbed_{job['id']}.flac"
    assert shared.client.get(job["audio_url"]).content[:4] == b"fLaC"
    assert shared.client.get(job["audio_url"] + "?format=wav").content[:4] == b"RIFF"


def test_an_unknown_format_is_a_400_and_an_unknown_job_a_404(shared: Room, done: dict):
    refused(shared.client.get(done["audio_url"], params={"format": "aiff"}), 400, "format", "wav")
    refused(shared.client.get("/jobs/job_none/download"), 404)
    refused(shared.client.get(done["audio_url"], params={"timeout": "601"}), 400, "timeout")
    refused(shared.client.get(done["audio_url"], params={"timeout": "-1"}), 400, "timeout")


def test_the_formats_are_listed_with_their_addresses(shared: Room, done: dict):
    answer = shared.client.get(f"/jobs/{done['id']}/formats").json()
    assert {each["format"]: each["media_type"] for each in answer["formats"]} == MEDIA_TYPES
    assert [each["format"] for each in answer["formats"] if each["requested"]] == ["wav"]
    for each in answer["formats"]:
        assert shared.client.head(each["download_url"]).status_code == 200


def test_the_manifest_says_where_each_segment_is(shared: Room):
    text = "Primeira frase. " + "Segunda frase, bem mais longa. " * 20
    job = shared.spoken(text=text)
    manifest = shared.client.get(f"/jobs/{job['id']}/segments").json()
    rows = manifest["segments"]
    assert len(rows) == job["segments"]["total"] > 1
    assert (rows[0]["start"], rows[-1]["end"]) == (0, len(text))
    assert all(before["end"] == after["start"] for before, after in pairwise(rows))
    assert rows[-1]["end_s"] == pytest.approx(job["duration"], abs=1e-3)


def test_a_job_that_is_not_finished_is_425_at_once_and_408_after_waiting(room: Room):
    room.gate.opened.clear()
    url = f"/jobs/{room.submit()['id']}"
    problem = refused(room.client.get(f"{url}/download"), 425)
    assert problem["code"] == "not_ready"
    refused(room.client.get(f"{url}/segments"), 425)
    refused(room.client.get(f"{url}/download?timeout=1"), 408)


def test_a_waiting_download_gets_the_audio_as_soon_as_there_is_some(room: Room):
    room.gate.opened.clear()
    job_id = room.submit()["id"]
    threading.Timer(0.3, room.gate.opened.set).start()
    answer = room.client.get(f"/jobs/{job_id}/download?timeout=60")
    assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")


def test_two_hundred_waiting_downloads_hold_no_threads_and_the_service_still_answers(room: Room):
    room.gate.opened.clear()
    job_id = room.submit()["id"]
    many = httpx.Client(base_url=room.client.base_url, timeout=PATIENCE_S, limits=httpx.Limits(max_connections=250))
    with many, ThreadPoolExecutor(200) as pool:
        waiting = [pool.submit(many.get, f"/jobs/{job_id}/download?timeout=60") for _ in range(200)]
        time.sleep(0.5)
        assert room.client.get("/health").status_code == 200
        assert room.client.get(f"/jobs/{job_id}").json()["status"] in ("queued", "processing")
        room.gate.opened.set()
        assert {each.result().status_code for each in waiting} == {200}


def test_waiting_for_a_job_that_is_cancelled_ends_in_a_conflict(room: Room):
    room.gate.opened.clear()
    job_id = room.submit()["id"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(room.client.get, f"/jobs/{job_id}/download?timeout=60")
        time.sleep(0.1)
        room.client.post(f"/jobs/{job_id}/cancel")
        refused(waiting.result(), 409)


def test_a_clone_job_has_no_audio_to_download(room: Room):
    job = room.enrolled()
    assert job["audio_url"] is None
    refused(room.client.get(f"/jobs/{job['id']}/download"), 409)
    refused(room.client.get(f"/jobs/{job['id']}/segments"), 409)
    assert room.client.get(f"/jobs/{job['id']}/formats").json()["formats"] == []


def test_head_has_the_headers_of_get_and_no_body(shared: Room, done: dict):
    head, get = shared.client.head(done["audio_url"]), shared.client.get(done["audio_url"])
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=44-", 44, None),
        ("bytes=-10", -10, None),
        ("bytes=0-99999999", 0, None),
    ],
)
def test_a_byte_range_is_a_206_with_exactly_those_bytes(
    shared: Room, done: dict, header: str, first: int, last: int | None
):
    whole = shared.client.get(done["audio_url"]).content
    answer = shared.client.get(done["audio_url"], headers={"Range": header})
    expected = whole[first:] if last is None else whole[first : last + 1]
    start = whole.rindex(expected) if first < 0 else first
    assert answer.status_code == 206
    assert answer.content == expected
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/{len(whole)}"
    assert answer.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0"])
def test_a_range_outside_the_file_is_a_416_that_says_its_size(shared: Room, done: dict, header: str):
    answer = shared.client.get(done["audio_url"], headers={"Range": header})
    refused(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{done['file_size']}"


@pytest.mark.parametrize(
    "header", ["bytes=9-5", "bytes=0-1,4-5", "items=0-1", "bytes=a-b", "bytes=-", "bytes=" + "9" * 500 + "-"]
)
def test_a_range_that_is_none_or_several_gets_the_whole_file(shared: Room, done: dict, header: str):
    answer = shared.client.get(done["audio_url"], headers={"Range": header})
    assert (answer.status_code, len(answer.content)) == (200, done["file_size"])


def test_a_known_etag_is_a_304_without_a_body_and_if_range_guards_a_range(shared: Room, done: dict):
    etag = shared.client.head(done["audio_url"]).headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        answer = shared.client.get(done["audio_url"], headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert shared.client.get(done["audio_url"], headers={"If-None-Match": '"other"'}).status_code == 200
    ranged = {"Range": "bytes=0-3"}
    assert shared.client.get(done["audio_url"], headers={**ranged, "If-Range": etag}).status_code == 206
    assert shared.client.get(done["audio_url"], headers={**ranged, "If-Range": '"other"'}).status_code == 200


def test_a_file_that_was_damaged_is_never_handed_out_whole(room: Room):
    job = room.spoken(text="Uma frase longa o bastante para muitos bytes. " * 20)
    key = f"jobs/{job['id']}/a1/audio.wav"
    (path,) = [each for each in room.service.settings.data_dir.rglob("audio.wav*") if each.is_file()]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert room.service.blobs.stat(key) is not None
    try:
        answer = room.client.get(job["audio_url"])
    except httpx.RemoteProtocolError:
        return  # cut off before its announced length
    assert answer.status_code >= 500, "a damaged file was handed out as if it were whole"


@given(
    st.integers(0, 10_000),
    st.one_of(st.none(), st.text(max_size=30), st.from_regex(r"bytes=\d{0,6}-\d{0,6}", fullmatch=True)),
)
def test_whatever_the_header_a_range_lies_within_the_file(size: int, header: str | None):
    try:
        part = wanted_range(header, size)
    except HTTPException as refusal:
        part = None
        assert refusal.status_code == 416  # noqa: PT017 - either outcome is right
    assert part is None or 0 <= part.start < part.stop <= size


def test_many_downloads_at_once_are_all_whole(shared: Room, done: dict):
    digest = hashlib.sha256(shared.client.get(done["audio_url"]).content).hexdigest()
    with ThreadPoolExecutor(8) as pool:
        bodies = pool.map(lambda _: shared.client.get(done["audio_url"]).content, range(40))
        assert {hashlib.sha256(body).hexdigest() for body in bodies} == {digest}


def test_an_expired_job_is_gone(room: Room):
    job = room.spoken()
    room.service.delete_job.expire(room.service.store.get(job["id"]))
    for path in ("", "/download", "/formats", "/segments"):
        refused(room.client.get(f"/jobs/{job['id']}{path}"), 410)


def test_a_job_whose_time_is_over_is_gone_before_anybody_tidied(room: Room):
    job = room.spoken()
    room.service.clock = FakeClock(datetime.now(UTC) + timedelta(hours=25))
    refused(room.client.get(f"/jobs/{job['id']}"), 410)
    refused(room.client.get(f"/jobs/{job['id']}/download"), 410)


class Counting:
    """Passes everything on to the real thing, and counts the bytes read and the jobs looked up."""

    def __init__(self, real: object) -> None:
        self._real = real
        self.bytes_read = 0
        self.looks = 0

    def __getattr__(self, name: str):
        return getattr(self._real, name)

    def get(self, job_id: str):
        self.looks += 1
        return self._real.get(job_id)

    def open(self, key: str, *, start: int = 0, end: int | None = None):
        counting, reader = self, self._real.open(key, start=start, end=end)

        class Reader:
            close = reader.close

            def read(self, size: int) -> bytes:
                data = reader.read(size)
                counting.bytes_read += len(data)
                return data

        return Reader()


def test_a_slow_client_does_not_make_the_service_read_the_whole_file(room: Room):
    job = room.spoken()
    size = 64 * 2**20
    room.service.blobs.put(f"jobs/{job['id']}/a1/audio.wav", (b"x" * 2**20 for _ in range(64)))
    room.service.blobs = counting = Counting(room.service.blobs)
    with room.client.stream("GET", job["audio_url"]) as answer:
        assert answer.headers["content-length"] == str(size)
        pieces = answer.iter_raw(1_000)
        next(pieces)
        seen = -1
        while seen != counting.bytes_read:  # until the service waits for the client
            seen = counting.bytes_read
            time.sleep(0.3)
        assert counting.bytes_read < size / 2
        assert 1_000 + sum(len(piece) for piece in pieces) == size


def test_a_waiting_client_that_leaves_is_not_waited_for(room: Room):
    room.gate.opened.clear()
    job_id = room.submit()["id"]
    room.service.store = counting = Counting(room.service.store)
    url = room.client.base_url
    with socket.create_connection((url.host, url.port), timeout=PATIENCE_S) as client:
        client.sendall(f"GET /jobs/{job_id}/download?timeout=600 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        eventually(lambda: counting.looks >= 2)
        assert ended_downloads(room) == 0
    eventually(lambda: ended_downloads(room) == 1, "the end of what nobody waits for")


def ended_downloads(room: Room) -> int:
    """Requests for a download that nobody works at any more, whether they were answered or not."""
    name = "voicecore_http_request_duration_seconds_count"
    told = re.findall(
        rf'^{name}{{.*route="/jobs/{{job_id}}/download".*}} (\S+)$', room.client.get("/metrics").text, re.MULTILINE
    )
    return int(sum(map(float, told)))
