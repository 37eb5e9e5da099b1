"""Text as it is typed, sound as it is made: over real WebSockets, with a client that thousands use."""

from __future__ import annotations

import contextlib
import io
import json
import socket as tcp
import struct
import time
import wave
from dataclasses import replace

import av
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.instruments.heads import head_bytes
from voicecore.testing.tone import LETTER_S, PLAN_VARIABLE, SAMPLE_RATE_HZ

from .room import PATIENCE_S, eventually, furnished

START = {"type": "start", "mode": "dubbing", "source_language": "pt-BR"}
FIRST, SECOND = "Primeira frase bem comprida aqui.", "Segunda frase também comprida."
TEXT = f"{FIRST} {SECOND}"


def speaking(room, **options):
    return connect(
        room.url.replace("http", "ws") + "/ws/speak", open_timeout=PATIENCE_S, close_timeout=PATIENCE_S, **options
    )


def say(socket, *messages):
    for message in messages:
        socket.send(json.dumps(message))


def heard(socket):
    """All that comes until the socket is closed: (messages, sound, close code)."""
    messages, sound = [], b""
    try:
        while True:
            got = socket.recv(timeout=PATIENCE_S)
            if isinstance(got, bytes):
                sound += got
            else:
                messages.append(json.loads(got))
    except ConnectionClosed as closed:
        return messages, sound, closed.rcvd.code if closed.rcvd else None


def jobs_of(room):
    return room.client.get("/jobs", params={"limit": 100}).json()["jobs"]


def no_job_goes_on(room):
    return all(job["status"] in ("completed", "failed", "cancelled") for job in jobs_of(room))


def nobody_is_served(room):
    return room.app.state.live_room.open == 0


def of(kind, messages):
    return [each for each in messages if each["type"] == kind]


# --- what is heard ------------------------------------------------------------------------------------------------
def test_text_in_portions_is_spoken_in_order_with_pauses_and_told_where_it_is(shared):
    with speaking(shared) as socket:
        say(socket, START, *({"type": "text", "text": letter} for letter in TEXT), {"type": "end"})
        messages, sound, code = heard(socket)
    assert code == 1000
    assert [each["type"] for each in messages] == ["started", "utterance", "segment", "utterance", "segment", "done"]
    first, second = of("utterance", messages)
    assert (TEXT[first["start"] : first["end"]].strip(), TEXT[second["start"] : second["end"]]) == (FIRST, SECOND)
    pcm = [shared.client.get(f"/jobs/{each['job_id']}/download").content for each in (first, second)]
    pcm = [each[head_bytes(each) :] for each in pcm]
    pause = sound[len(pcm[0]) : -len(pcm[1])]
    assert sound == pcm[0] + pause + pcm[1]
    assert set(pause) == {0}
    assert 0.1 < len(pause) / 2 / SAMPLE_RATE_HZ < 1
    assert second["start_s"] == pytest.approx((len(pcm[0]) + len(pause)) / 2 / SAMPLE_RATE_HZ, abs=1e-3)
    segments = of("segment", messages)
    assert [TEXT[each["start"] : each["end"]].strip() for each in segments] == [FIRST, SECOND]
    assert segments[1]["start_s"] == second["start_s"]
    done = messages[-1]
    assert done["job_ids"] == [first["job_id"], second["job_id"]]
    assert done["characters"] == len(TEXT)
    assert done["duration_s"] == pytest.approx(len(sound) / 2 / SAMPLE_RATE_HZ, abs=1e-3)
    assert of("started", messages) == [{"type": "started", "format": "pcm"}]


def test_a_sentence_is_heard_before_the_next_one_is_written(shared):
    with speaking(shared) as socket:
        say(socket, START, {"type": "text", "text": f"{FIRST} Segunda "})
        while not isinstance(socket.recv(timeout=PATIENCE_S), bytes):
            pass
        say(socket, {"type": "text", "text": "frase também comprida."}, {"type": "end"})
        messages, _, code = heard(socket)
    assert code == 1000
    assert messages[-1]["characters"] == len(TEXT)


def test_flushing_speaks_what_is_there(shared):
    with speaking(shared) as socket:
        say(socket, START, {"type": "text", "text": "Sem ponto final"}, {"type": "flush"})
        while not isinstance(socket.recv(timeout=PATIENCE_S), bytes):
            pass
        say(socket, {"type": "end"})
        messages, _, code = heard(socket)
    assert code == 1000
    assert messages[-1]["type"] == "done"


def test_other_formats_are_one_stream_for_the_whole_socket(shared):
    with speaking(shared) as socket:
        say(socket, {**START, "format": "mp3"}, {"type": "text", "text": TEXT}, {"type": "end"})
        messages, sound, _ = heard(socket)
    with av.open(io.BytesIO(sound)) as container:
        duration_s = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert duration_s == pytest.approx(messages[-1]["duration_s"], abs=0.2)


def test_nothing_to_speak_ends_well_without_a_job(room):
    with speaking(room) as socket:
        say(socket, START, {"type": "text", "text": " … \n\n * "}, {"type": "flush"}, {"type": "end"})
        messages, sound, code = heard(socket)
    assert (sound, code, messages[-1]["job_ids"]) == (b"", 1000, [])
    assert jobs_of(room) == []


def test_the_settings_of_the_start_go_for_every_utterance(shared):
    with speaking(shared) as socket:
        say(
            socket,
            {**START, "voice_preset": "male_deep", "speed": 2.0},
            {"type": "text", "text": TEXT},
            {"type": "end"},
        )
        messages, _, _ = heard(socket)
    for job_id in messages[-1]["job_ids"]:
        job = shared.client.get(f"/jobs/{job_id}").json()
        assert (job["voice_preset"], job["speed"]) == ("male_deep", 2.0)
        assert job["duration"] == pytest.approx(len(job["text"].strip()) * LETTER_S / 2, rel=0.1)


# --- refusals -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("messages", "code", "closed"),
    [
        (["{"], "not_json", 1007),
        (["[1]"], "not_json", 1007),
        ([b"\x00\x01"], "not_text", 1003),
        (["[" * 30_000], "not_json", 1007),
        ([json.dumps({"type": "text", "text": "Olá."})], "conflict", 1008),
        ([json.dumps({"type": "speak"})], "invalid_input", 1008),
        ([json.dumps({"type": ["start"]})], "invalid_input", 1008),
        ([json.dumps({"mode": "dubbing"})], "invalid_input", 1008),
        ([json.dumps({**START, "voice": "x"})], "invalid_input", 1008),
        ([json.dumps({**START, "text": "Olá."})], "invalid_input", 1008),
        ([json.dumps({**START, "mode": "convert"})], "invalid_input", 1008),
        ([json.dumps({**START, "format": "m4a"})], "invalid_input", 1008),
        ([json.dumps({**START, "keep": "yes"})], "invalid_input", 1008),
        ([json.dumps({**START, "source_language": "klingon"})], "unsupported_language", 1008),
        ([json.dumps(START), json.dumps(START)], "conflict", 1008),
        ([json.dumps(START), json.dumps({"type": "text"})], "invalid_input", 1008),
        ([json.dumps(START), json.dumps({"type": "text", "text": 3})], "invalid_input", 1008),
        ([json.dumps(START), json.dumps({"type": "flush", "now": True})], "invalid_input", 1008),
        ([json.dumps(START), b"sound"], "not_text", 1003),
        ([json.dumps(START), "x" * 70_000], "too_large", 1009),
        ([json.dumps(START), *[json.dumps({"type": "text", "text": "a" * 60_000})] * 2], "too_large", 1009),
        ([json.dumps({**START, "voice_preset": "nobody"}), json.dumps({"type": "text", "text": TEXT}),
          json.dumps({"type": "end"})], "invalid_input", 1008),
        ([json.dumps({**START, "engine": "nobody"}), json.dumps({"type": "text", "text": TEXT}),
          json.dumps({"type": "end"})], "not_found", 1008),
        ([json.dumps(START), json.dumps({"type": "text", "text": "Com um \x00 dentro dela. Mais "})], "invalid_text", 1008),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_once_and_closes_the_socket(shared, messages, code, closed):
    with speaking(shared) as socket:
        with contextlib.suppress(ConnectionClosed):  # the first of them may be enough
            for message in messages:
                socket.send(message)
        answers, _, close_code = heard(socket)
    assert [each["code"] for each in of("error", answers)] == [code]
    assert answers[-1]["type"] == "error"
    assert answers[-1]["detail"].endswith((".", "?"))
    assert close_code == closed
    eventually(lambda: nobody_is_served(shared) and no_job_goes_on(shared))


def test_a_message_of_ten_megabytes_closes_the_socket(shared):
    with speaking(shared, max_size=None) as socket:
        say(socket, START)
        with contextlib.suppress(ConnectionClosed):
            socket.send("x" * 10_000_000)
        _, _, code = heard(socket)
    assert code == 1009
    eventually(lambda: nobody_is_served(shared))


def test_who_says_nothing_is_let_go(tmp_path):
    with furnished(tmp_path, socket_idle_s=0.2) as room:
        with speaking(room) as socket:
            messages, _, code = heard(socket)
        assert (messages[0]["code"], code) == ("idle", 1008)
        with speaking(room) as socket:
            with contextlib.suppress(ConnectionClosed):  # the machine may stand still before the first word
                say(socket, START, {"type": "text", "text": "Metade de uma fra"})
            messages, _, code = heard(socket)
        assert (messages[-1]["code"], code) == ("idle", 1008)


def raw(room):
    """A socket of `/ws/speak` after its handshake, and without a library that reads it."""
    return eventually(lambda: shaken(room), "a handshake")


def shaken(room):
    """One try; None if this machine stood still for longer than the service is patient."""
    door = tcp.socket()
    door.setsockopt(tcp.SOL_SOCKET, tcp.SO_RCVBUF, 4096)
    door.settimeout(PATIENCE_S)
    door.connect((room.client.base_url.host, room.client.base_url.port))
    door.sendall(
        b"GET /ws/speak HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with contextlib.suppress(ConnectionError):
        if door.recv(12) == b"HTTP/1.1 101":
            return door
    door.close()
    return None


def frame(message):
    """As a client sends it, masked with zeros (RFC 6455, 5.2)."""
    data = json.dumps(message).encode()
    return b"\x81\xfe" + struct.pack(">HI", len(data), 0) + data


def is_over(door):
    """Whether the server let go of it; reads all that it sent."""
    with contextlib.suppress(ConnectionError):
        while door.recv(1 << 16):
            pass
    return True


@pytest.mark.parametrize("garbage", [b"\xff" * 4_000, b"\x81\x05Hello", b"GET / HTTP/1.1\r\n\r\n"], ids=[
    "no frames", "a frame without a mask", "another request",
])  # fmt: skip
def test_bytes_that_are_no_messages_end_the_socket(tmp_path, garbage):
    with furnished(tmp_path, socket_idle_s=0.5) as room, raw(room) as door:
        door.sendall(garbage)
        assert is_over(door)
        eventually(lambda: nobody_is_served(room))
        assert jobs_of(room) == []


def test_a_client_that_stops_reading_is_dropped_and_its_jobs_are_cancelled(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"segment_limit": 400}))
    with furnished(tmp_path, stream_stall_s=0.5) as room, raw(room) as door:
        # It reads nothing from here on, and may be dropped before it has said all.
        with contextlib.suppress(ConnectionError):
            door.sendall(frame(START))
            for number in range(40):
                text = f"Frase {number} de um texto que enche qualquer reserva de memória que haja no caminho. " * 4
                door.sendall(frame({"type": "text", "text": text}))
        eventually(lambda: jobs_of(room) and nobody_is_served(room) and no_job_goes_on(room), "being dropped")
        assert room.client.get("/jobs").json()["total"] < 160


def test_waiting_for_sound_is_not_idle(room):
    room.gate.opened.clear()
    with speaking(room) as socket:
        say(socket, START, {"type": "text", "text": f"{FIRST} Mais "})
        eventually(lambda: jobs_of(room))
        # Only from the next message on, which the machine may let come late.
        room.service.settings = replace(room.service.settings, socket_idle_s=0.1)
        say(socket, {"type": "text", "text": "uma "})
        time.sleep(0.5)
        room.gate.opened.set()
        while not isinstance(socket.recv(timeout=PATIENCE_S), bytes):
            pass


def test_who_waits_for_sound_that_does_not_come_is_told_and_the_job_is_cancelled(tmp_path):
    with furnished(tmp_path, stream_wait_s=0.2) as room, speaking(room) as socket:
        room.gate.opened.clear()
        say(socket, START, {"type": "text", "text": TEXT}, {"type": "end"})
        messages, sound, code = heard(socket)
        assert ([each["type"] for each in messages], sound, code) == (["started", "error"], b"", 1013)
        assert messages[-1]["code"] == "nothing_heard"
        room.gate.opened.set()
        eventually(lambda: no_job_goes_on(room))
        assert {job["status"] for job in jobs_of(room)} == {"cancelled"}


def test_sockets_beyond_the_limit_are_told_to_come_again(tmp_path):
    with furnished(tmp_path, max_streams=1) as room:
        with speaking(room):
            eventually(lambda: room.app.state.live_room.open == 1)
            with speaking(room) as second:
                messages, _, code = heard(second)
        assert (messages[0]["code"], code) == ("queue_full", 1013)


def test_a_draining_service_opens_no_socket(room):
    room.service.draining = True
    with pytest.raises(InvalidStatus), speaking(room):
        pass
    room.service.draining = False


def test_plain_http_is_not_answered_there(shared):
    assert shared.client.get("/ws/speak").status_code in (404, 405)


# --- who leaves, and what fails --------------------------------------------------------------------------------------
@pytest.fixture
def slow(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps({"step_s": 0.05, "letters_per_chunk": 4, "fail_on": "falha"}))
    with furnished(tmp_path) as made:
        yield made


@pytest.mark.parametrize("moment", ["submitted", "heard"])
@pytest.mark.parametrize("how", ["closed", "cut"])
def test_a_client_that_leaves_cancels_what_it_asked_for(slow, moment, how):
    slow.gate.let(0 if moment == "submitted" else 3)  # nothing ends by itself
    with contextlib.suppress(ConnectionClosed, OSError), speaking(slow) as socket:
        say(socket, START, {"type": "text", "text": f"{TEXT} Terceira frase, ainda mais comprida. Mais "})
        eventually(lambda: len(jobs_of(slow)) == 2)  # one is heard, the next one is made, the third waits for them
        if moment == "heard":
            while not isinstance(socket.recv(timeout=PATIENCE_S), bytes):
                pass
        if how == "closed":
            socket.close()
        else:
            socket.socket.shutdown(tcp.SHUT_RDWR)
    eventually(lambda: nobody_is_served(slow) and no_job_goes_on(slow), "the end of the jobs")
    assert len(jobs_of(slow)) <= 3
    assert "cancelled" in {job["status"] for job in jobs_of(slow)}


def test_with_keep_the_jobs_go_on(slow):
    with speaking(slow) as socket:
        say(socket, {**START, "keep": True}, {"type": "text", "text": f"{FIRST} Mais "})
        eventually(lambda: jobs_of(slow))
    eventually(lambda: nobody_is_served(slow))
    (job,) = jobs_of(slow)
    assert slow.finished(job["id"])["status"] == "completed"


def test_a_job_that_fails_ends_the_socket_with_its_error(slow):
    with speaking(slow) as socket:
        say(socket, START, {"type": "text", "text": f"{FIRST} Esta frase falha sempre que é dita. Mais "})
        messages, sound, code = heard(socket)
    assert sound
    assert (messages[-1]["type"], messages[-1]["code"], code) == ("error", "poisoned", 1011)
    eventually(lambda: nobody_is_served(slow) and no_job_goes_on(slow))


def test_a_wav_of_the_socket_is_read_by_who_forgives_its_length(shared):
    with speaking(shared) as socket:
        say(socket, {**START, "format": "wav"}, {"type": "text", "text": FIRST}, {"type": "end"})
        messages, sound, _ = heard(socket)
    # The standard library reads it once its length is said.
    head = head_bytes(sound)
    lengths = [(len(sound) - 8).to_bytes(4, "little"), (len(sound) - head).to_bytes(4, "little")]
    mended = sound[:4] + lengths[0] + sound[8 : head - 4] + lengths[1] + sound[head:]
    with wave.open(io.BytesIO(mended)) as source:
        assert source.getnframes() / source.getframerate() == pytest.approx(messages[-1]["duration_s"], abs=1e-3)
    assert shared.client.get("/live").status_code == 200
