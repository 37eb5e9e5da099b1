"""Sound over HTTP while it is made: real servers, real clients, and clients that leave."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import socket
import threading

import av
import httpx
import numpy as np
import pytest

from tests.instruments.heads import head_bytes
from voicecore.stream_format import StreamKind
from voicecore.testing.tone import PLAN_VARIABLE

from .room import HELLO, PATIENCE_S, eventually, furnished, leave_after, refused

MADE = "/jobs/stream?format=pcm"

#: Steps of the slow engine: fewer than the first segment takes, and so many that one is finished and not all of them are.
SOME, MORE = 4, 40
LONG = {**HELLO, "text": " ".join(f"Esta é a frase de número {number}, nem curta nem longa." for number in range(12))}


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A service whose engine takes its time, in chunks of a few letters."""
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.03, "letters_per_chunk": 6, "batch_size": 1}))
    with furnished(tmp_path, stream_stall_s=600.0) as made:
        yield made


def pcm_of(room, job_id):
    wav = room.client.get(f"/jobs/{job_id}/download").content
    return wav[head_bytes(wav) :]


def streamed(room, path="/jobs/stream", *, method="POST", body=HELLO, **params):
    return room.client.stream(method, path, json=body if method == "POST" else None, params=params)


def status(room, job_id):
    return room.client.get(f"/jobs/{job_id}").json()["status"]


# --- what is heard ------------------------------------------------------------------------------------------
def test_a_text_is_answered_with_its_sound_which_is_the_download_s_bit_for_bit(shared):
    with streamed(shared, format="pcm") as answer:
        data = answer.read()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/pcm"
    assert answer.headers["x-sample-rate"] == "16000"
    assert answer.headers["x-synthetic-audio"] == "true"
    assert "content-length" not in answer.headers
    assert data == pcm_of(shared, answer.headers["x-job-id"])


def test_a_stream_of_wav_has_a_header_of_unknown_length(shared):
    with streamed(shared) as answer:
        data = answer.read()
    assert answer.headers["content-type"] == "audio/wav"
    assert data[:4] == b"RIFF"
    assert data[4:8] == data[head_bytes(data) - 4 : head_bytes(data)] == b"\xff\xff\xff\xff"
    assert int.from_bytes(data[24:28], "little") == 16_000
    assert data[head_bytes(data) :] == pcm_of(shared, answer.headers["x-job-id"])


@pytest.mark.parametrize("kind", [each for each in StreamKind if each not in (StreamKind.PCM, StreamKind.WAV)])
def test_every_format_is_a_file_as_long_as_the_sound(shared, kind):
    with streamed(shared, format=kind.value) as answer:
        data = answer.read()
    assert answer.status_code == 200
    rate = int(answer.headers["x-sample-rate"])
    bare = {StreamKind.ULAW: "mulaw", StreamKind.ALAW: "alaw"}.get(kind)
    with av.open(io.BytesIO(data), format=bare, options={"sample_rate": str(rate)} if bare else {}) as container:
        duration_s = sum(frame.samples for frame in container.decode(audio=0)) / rate
    expected_s = len(pcm_of(shared, answer.headers["x-job-id"])) / 2 / 16_000
    assert duration_s == pytest.approx(expected_s, abs=0.15)


def test_the_first_sound_leaves_before_the_first_segment_is_finished(slow):
    slow.gate.let(SOME)
    with streamed(slow, body=LONG, format="pcm") as answer:
        pieces = answer.iter_raw()  # kept: an iterator that is thrown away closes its connection
        first = next(pieces)
        job = slow.client.get(f"/jobs/{answer.headers['x-job-id']}").json()
        assert job["status"] == "processing"
        assert job["segments"]["done"] == 0
        assert len(first) > 0


def test_seams_between_chunks_segments_and_attempts_are_not_heard(slow):
    job_id = slow.submit(**LONG)["id"]
    with streamed(slow, f"/jobs/{job_id}/stream", method="GET", format="pcm") as answer:
        data = answer.read()
    assert data == pcm_of(slow, job_id)


def test_who_comes_late_and_who_comes_after_the_end_hear_all_of_it(slow):
    job_id = slow.submit(**LONG)["id"]
    eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["segments"]["done"] >= 2)
    heard = [slow.client.get(f"/jobs/{job_id}/stream", params={"format": "pcm"}).content for _ in range(2)]
    assert heard[0] == heard[1] == pcm_of(slow, job_id)


def test_the_format_of_the_body_counts_where_the_query_has_none(shared):
    with streamed(shared, body={**HELLO, "output_format": "flac"}) as answer:
        assert answer.read()[:4] == b"fLaC"


# --- events ---------------------------------------------------------------------------------------------------
def events_of(answer, lines=None):
    """As an EventSource reads them: (id, name, data). `lines` are the answer's, if some were read already."""
    found, fields = [], {}
    for line in lines or answer.iter_lines():
        if not line and "data" in fields:
            found.append((fields.get("id"), fields.get("event", "message"), json.loads(fields["data"])))
            fields = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
    return found


@pytest.mark.parametrize("how", ["query", "header"])
def test_as_events_the_sound_comes_with_its_segments(shared, how):
    text = "Primeira frase bem comprida aqui, sim. Segunda frase também comprida, enfim."
    asked = {"params": {"sse": "true", "format": "pcm"}} if how == "query" else {
        "params": {"format": "pcm"}, "headers": {"Accept": "text/event-stream"}}  # fmt: skip
    with shared.client.stream("POST", "/jobs/stream", json={**HELLO, "text": text}, **asked) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = events_of(answer)
    names = [name for _, name, _ in found]
    assert names[0] == "started"
    assert names[-1] == "done"
    job_id = found[0][2]["job_id"]
    data = b"".join(base64.b64decode(each["audio"]) for _, name, each in found if name == "audio")
    assert data == pcm_of(shared, job_id)
    segments = [each for _, name, each in found if name == "segment"]
    rows = shared.client.get(f"/jobs/{job_id}/segments").json()["segments"]
    assert [(each["start"], each["end"], each["start_s"], each["end_s"]) for each in segments] == [
        (each["start"], each["end"], each["start_s"], each["end_s"]) for each in rows
    ]
    assert text[segments[0]["start"] : segments[-1]["end"]] == text


def test_as_events_a_failure_is_an_event(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"fail_on": "falha"}))
    with furnished(tmp_path) as room, streamed(room, body={**HELLO, "text": "Isto falha."}, sse="true") as answer:
        found = events_of(answer)
    assert [name for _, name, _ in found] == ["started", "error"]
    assert found[1][2]["code"] == "poisoned"


# --- refusals ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("format_", "word"), [("m4a", "cannot be streamed"), ("exe", "choose one of")])
def test_what_cannot_be_streamed_is_refused_and_makes_no_job(room, format_, word):
    refused(room.client.post("/jobs/stream", json=HELLO, params={"format": format_}), 400, "format", word)
    refused(room.client.post("/jobs/stream", json={**HELLO, "output_format": "m4a"}), 400, "output_format", "m4a")
    assert room.client.get("/jobs").json()["total"] == 0


def test_a_bad_body_is_refused_as_it_is_by_jobs(shared):
    refused(shared.client.post("/jobs/stream", json={**HELLO, "voice": "x"}), 400, "voice")
    refused(shared.client.post("/jobs/stream", json={**HELLO, "text": ""}), 400, "text")
    refused(shared.client.get("/jobs/job_none/stream"), 404)


def test_a_failure_before_the_first_byte_has_its_status(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"fail_on": "falha"}))
    with furnished(tmp_path) as room:
        answer = room.client.post("/jobs/stream", json={**HELLO, "text": "Isto falha."})
        refused(answer, 500, word="told to fail")
        assert answer.json()["code"] == "poisoned"


def test_a_failure_after_the_first_byte_cuts_the_connection(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"fail_on": "falha", "step_s": 0.02, "batch_size": 1}))
    text = "Esta frase é dita inteira e sem nenhum problema. Esta outra falha sempre que é dita."
    with furnished(tmp_path) as room, streamed(room, body={**HELLO, "text": text}) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()


def test_a_cancelled_job_ends_its_streams_without_an_end(slow):
    slow.gate.let(SOME)
    with streamed(slow, body=LONG) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        slow.client.post(f"/jobs/{answer.headers['x-job-id']}/cancel")
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


def test_streams_beyond_the_limit_are_refused_and_make_no_job(tmp_path):
    with furnished(tmp_path, start=False, max_streams=1) as room:
        waiting = threading.Thread(target=lambda: leave_after(room, MADE, HELLO, lambda: done.wait(PATIENCE_S)))
        done = threading.Event()
        waiting.start()
        try:
            eventually(lambda: room.client.get("/jobs").json()["total"] == 1)
            answer = room.client.post("/jobs/stream", json=HELLO)
            refused(answer, 429, word="streams are open")
            assert int(answer.headers["retry-after"]) >= 1
            assert room.client.get("/jobs").json()["total"] == 1
        finally:
            done.set()
            waiting.join()
        eventually(lambda: room.client.get("/jobs").json()["jobs"][0]["status"] == "cancelled")


# --- who leaves --------------------------------------------------------------------------------------------------
def newest(room):
    jobs = room.client.get("/jobs").json()["jobs"]
    return jobs[0]["id"] if jobs else None


@pytest.mark.parametrize("moment", ["queued", "processing", "speaking"])
def test_a_client_that_leaves_at_any_moment_cancels_its_job(slow, moment):
    slow.gate.let(MORE if moment == "speaking" else 0)  # it does not end by itself
    if moment == "queued":
        slow.submit()  # the one slot is taken
        eventually(lambda: slow.client.get("/jobs").json()["jobs"][0]["status"] == "processing")
    before = newest(slow)

    def wait():
        job_id = eventually(lambda: (found := newest(slow)) != before and found)
        if moment == "processing":
            eventually(lambda: status(slow, job_id) == "processing")
        if moment == "speaking":
            eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["segments"]["done"] >= 1)
        return job_id

    job_id = leave_after(slow, MADE, LONG, wait)
    # Nothing else ends it: the service is patient with who takes nothing, and makes no more sound.
    eventually(lambda: status(slow, job_id) == "cancelled")
    eventually(lambda: slow.client.get("/admin/stats").status_code == 200)


def test_with_keep_the_job_goes_on_without_its_client(slow):
    def wait():
        job_id = eventually(lambda: newest(slow))
        eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["segments"]["done"] >= 1)
        return job_id

    job_id = leave_after(slow, f"{MADE}&keep=true", LONG, wait)
    assert slow.finished(job_id)["status"] == "completed"


def test_a_follower_that_leaves_does_not_cancel_a_job_that_was_submitted_apart_unless_it_says_so(slow):
    slow.gate.let(MORE)
    job_id = slow.submit(**LONG)["id"]
    eventually(lambda: slow.client.get(f"/jobs/{job_id}").json()["segments"]["done"] >= 1)
    with streamed(slow, f"/jobs/{job_id}/stream", method="GET") as answer:
        next(answer.iter_raw())
    eventually(lambda: slow.app.state.live_room.open == 0)
    assert status(slow, job_id) == "processing"
    with streamed(slow, f"/jobs/{job_id}/stream", method="GET", keep="false") as answer:
        next(answer.iter_raw())
    eventually(lambda: status(slow, job_id) == "cancelled")


def test_of_several_listeners_only_the_last_one_who_leaves_may_cancel(slow):
    slow.gate.opened.clear()
    job_id = slow.submit(**LONG)["id"]
    with streamed(slow, f"/jobs/{job_id}/stream", method="GET", sse="true") as staying:
        lines = staying.iter_lines()
        next(lines)
        with streamed(slow, f"/jobs/{job_id}/stream", method="GET", sse="true", keep="false") as leaving:
            next(leaving.iter_raw())
        eventually(lambda: slow.app.state.live_room.open == 1)
        assert status(slow, job_id) in ("queued", "processing")
        assert next(lines) is not None
    eventually(lambda: status(slow, job_id) == "cancelled")  # as the first one who left wanted it


@pytest.mark.parametrize(("path", "default"), [("/jobs/stream", False), ("/jobs/{job_id}/stream", None)])
def test_the_description_says_what_becomes_of_a_job_that_is_left(shared, path, default):
    [operation] = shared.client.get("/openapi.json").json()["paths"][path].values()
    [keep] = [each for each in operation["parameters"] if each["name"] == "keep"]
    assert keep["schema"].get("default") == default
    assert "Default" in keep["description"]


def test_a_client_that_stops_reading_is_dropped_and_holds_up_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"segment_limit": 400}))
    text = " ".join(
        f"Frase {number} de um texto que enche qualquer reserva de memória do caminho." for number in range(120)
    )
    with furnished(tmp_path, stream_stall_s=0.5) as room:
        job_id = room.spoken(text=text)["id"]
        # It reads nothing of its sound.
        with eventually(lambda: begun(room, f"/jobs/{job_id}/stream?format=pcm"), "its sound") as door:
            assert eventually(lambda: heard_whole(room, job_id), "the sound of another") == pcm_of(room, job_id)
            eventually(lambda: room.app.state.live_room.open == 0, "being dropped")
            assert not ended_well(door)


def begun(room, path):
    """A connection on which the answer begins; None if this machine stood still for longer than the service is patient."""
    door = socket.socket()
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        door.settimeout(PATIENCE_S)
        door.connect((room.client.base_url.host, room.client.base_url.port))
        door.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        if door.recv(12) == b"HTTP/1.1 200":
            return door
    except ConnectionError:
        pass
    door.close()
    return None


def heard_whole(room, job_id):
    """What a client hears who takes what comes; None as above."""
    try:
        return room.client.get(f"/jobs/{job_id}/stream", params={"format": "pcm"}).content
    except httpx.RemoteProtocolError:
        return None


def ended_well(door):
    """Whether what was sent to this client looks whole."""
    door.settimeout(PATIENCE_S)
    last = b""
    with contextlib.suppress(ConnectionError):
        while data := door.recv(1 << 16):
            last = (last + data)[-5:]
    return last == b"0\r\n\r\n"


def test_the_same_sound_is_heard_again_from_what_is_kept(shared):
    sounds = []
    for _ in range(2):
        with streamed(shared, format="pcm") as answer:
            sounds.append(np.frombuffer(answer.read(), "<i2"))
    assert np.array_equal(*sounds)


@pytest.mark.parametrize("sse", ["false", "true"])
def test_without_any_sound_a_stream_ends_and_only_a_job_that_was_submitted_before_goes_on(tmp_path, sse):
    with furnished(tmp_path, stream_wait_s=0.2) as room:
        room.gate.opened.clear()
        made = room.submit()["id"]
        for method, path in (("GET", f"/jobs/{made}/stream"), ("POST", "/jobs/stream")):
            with streamed(room, path, method=method, sse=sse) as answer:
                data = answer.read().decode()
            if sse == "false":
                refused(answer, 503, word="VOICECORE_STREAM_WAIT_S")
            assert "nothing_heard" in data
        [other] = [job["id"] for job in room.client.get("/jobs").json()["jobs"] if job["id"] != made]
        eventually(lambda: status(room, other) == "cancelled")
        room.gate.opened.set()
        assert room.finished(made)["status"] == "completed"
