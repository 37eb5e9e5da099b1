"""Clients that leave, say nothing, say too much or take nothing hurt nobody; and who may be a client at all."""

from __future__ import annotations

import asyncio
import json
import socket
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wyoming.event import Event, async_write_event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart

from entrypoints.settings import load
from entrypoints.wyoming.door import Neighbours
from entrypoints.wyoming.server import WyomingServer
from entrypoints.wyoming.wire import MAX_LINE_BYTES, Left, NotAnEvent, Wire
from tests.http.people import person
from tests.http.room import eventually, furnished
from tests.instruments.free_port import free_port
from voicecore.access import KeyLimits, Scope
from voicecore.errors import InvalidInput, TooLarge
from voicecore.ports import JobQuery
from voicecore.testing.tone import PLAN_VARIABLE

from .home import answer, at_home, event, line

HELLO = Synthesize("Olá, mundo!").event()
LONG = "Uma frase bem comprida, sem fim à vista. " * 200


def speaks(home):
    return home.heard(HELLO).kinds == ["audio-start", "audio-chunk", "audio-stop"]


# --- leaving ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "events", [[HELLO], [SynthesizeStart().event(), SynthesizeChunk("Uma frase bem comprida aqui. E outra ").event()]]
)
def test_who_leaves_has_the_job_cancelled_and_none_is_left(home, events):
    home.room.gate.opened.clear()  # no sound comes, so nothing is being sent that could tell

    async def talk():
        async with home.client() as client:
            for each in events:
                await client.write_event(each)
            await asyncio.to_thread(eventually, lambda: [job["status"] for job in home.jobs()] == ["processing"])

    asyncio.run(talk())
    eventually(lambda: [job["status"] for job in home.jobs()] == ["cancelled"])
    eventually(home.quiet)


def test_who_stops_reading_is_dropped_and_slows_nobody(tmp_path):
    with at_home(tmp_path, stream_stall_s=0.5, slots=2) as home, socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect(("127.0.0.1", home.port))
        lazy.sendall(line("synthesize", data={"text": LONG}) * 4)
        # Who takes what comes may be dropped, too, where this machine stands still for longer than the service is patient.
        eventually(lambda: speaks(home))
        eventually(home.quiet)
        begun = [job for job in home.jobs() if job["text"] != HELLO.data["text"]]
        assert len(begun) == 1, "what waited behind the text that nobody took was never begun"
        eventually(lambda: speaks(home))


def ended_for(home, *events):
    """The code of the error that ends a connection on which so much is said."""

    def code():
        try:
            return home.heard(*events, until="nothing").error["code"]
        except ConnectionError:
            return None  # this machine stood still, and it was let go before it said that

    return eventually(code)


def test_who_says_nothing_is_let_go_and_told_why(tmp_path):
    with at_home(tmp_path, socket_idle_s=0.3) as home:
        assert ended_for(home) == "idle"
        # Beginning a text is not saying one; and half an event is nothing.
        assert ended_for(home, SynthesizeStart().event()) == "idle"
        assert json.loads(home.said(b'{"type": "desc').splitlines()[0])["type"] == "error"
        eventually(home.quiet)


def test_who_waits_for_sound_is_not_idle(tmp_path):
    with at_home(tmp_path, socket_idle_s=0.2) as home:

        async def talk(text):
            home.room.gate.opened.clear()
            async with home.client() as client:
                await client.write_event(Synthesize(text).event())
                await asyncio.sleep(0.7)
                home.room.gate.opened.set()
                return await answer(client)

        tries = count()

        def waited():
            # Before its first word it is idle, if this machine stands still then.
            try:
                return asyncio.run(talk(f"Texto {next(tries)}.")).kinds[-1:] == ["audio-stop"]
            except ConnectionError:
                return False

        eventually(waited)


def test_who_is_silent_makes_room_and_who_is_spoken_to_does_not(tmp_path):
    with at_home(tmp_path, wyoming_clients=2) as home:
        silent = [socket.create_connection(("127.0.0.1", home.port)) for _ in range(30)]
        assert speaks(home)
        eventually(lambda: home.server.sessions <= 2)
        home.room.gate.opened.clear()

        async def talk():
            async with home.client() as first, home.client() as second:
                for client in (first, second):  # another text than before, whose sound would be in the cache
                    await client.write_event(Synthesize("Quem fala fica.").event())
                await asyncio.to_thread(eventually, lambda: len(home.jobs()) == 3)
                async with home.client() as third:
                    refused = await answer(third, until="nothing")
                home.room.gate.opened.set()
                return refused, await answer(first), await answer(second)

        refused, first, second = asyncio.run(talk())
        assert refused.error["code"] == "queue_full"
        assert first.pcm == second.pcm != b""
        for each in silent:
            each.close()
        eventually(home.quiet)


# --- garbage ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x00\xff\xfe\n", "not_an_event"),
        (b"[]\n", "not_an_event"),
        (b"{}\n", "not_an_event"),
        (b'{"type": 3}\n', "not_an_event"),
        (b'{"type": "synthesize", "data": ["text"]}\n', "not_an_event"),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + line("describe"), "not_an_event"),
        (b"[" * 100_000 + b"\n", "not_an_event"),
        (line("synthesize", data_length=-1), "not_an_event"),
        (line("synthesize", data_length=4) + b"nope", "not_an_event"),
        (line("synthesize", data_length=10**12), "too_large"),
        (line("audio-chunk", payload_length=10**12), "too_large"),
        (b"x" * 10_000_000 + b"\n", "too_large"),
        (b'{"type": "synthesize", "data": {"text": "\\ud800"}}\n', "not_an_event"),
    ],
)
def test_garbage_is_refused_in_a_sentence_and_ends_the_connection(shared, sent, code):
    came = [json.loads(each) for each in shared.said(sent).splitlines()]
    assert came[0]["type"] == "error"
    assert came[1]["code"] == code
    eventually(shared.quiet)


def test_after_all_that_it_still_speaks(shared):
    assert speaks(shared)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.builds(lambda kind, data, tail: line(kind, data_length=len(data)) + data + tail,
                                           st.text(max_size=9), st.binary(max_size=40), st.binary(max_size=9)))  # fmt: skip
def test_whatever_comes_is_an_event_or_a_refusal(data):
    async def read():
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        reader.feed_data(data)
        reader.feed_eof()
        return await Wire(reader, None, 1.0).read()

    try:
        event = asyncio.run(read())
    except (Left, NotAnEvent, TooLarge):
        return
    assert isinstance(event.type, str)
    assert isinstance(event.data, dict)


class Sink:
    """A writer that keeps what it is given."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        self.data += data

    def writelines(self, parts):
        self.data += b"".join(parts)

    async def drain(self):
        pass


@settings(max_examples=100, deadline=None)
@given(
    st.text(min_size=1), st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.none()), st.binary()
)
def test_what_the_library_writes_is_read_as_it_was(kind, data, payload):
    async def there_and_back():
        sink, reader = Sink(), asyncio.StreamReader(limit=MAX_LINE_BYTES)
        await async_write_event(Event(kind, data, payload), sink)
        await async_write_event(Event("after"), sink)
        reader.feed_data(sink.data)
        reader.feed_eof()
        wire = Wire(reader, sink, 1.0)
        return await wire.read(), await wire.read()

    first, after = asyncio.run(there_and_back())
    assert (first.type, first.data, after.type) == (kind, data, "after")


# --- who may come -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("172.31.0.1", True), ("192.168.1.7", True), ("169.254.1.1", True),
        ("::1", True), ("fd12::1", True), ("fe80::1%eth0", True), ("::ffff:192.168.1.7", True),
        ("8.8.8.8", False), ("172.32.0.1", False), ("100.64.0.1", False), ("2001:db8::1", False), ("::ffff:8.8.8.8", False),
        ("", False), ("localhost", False),
    ],
)  # fmt: skip
def test_only_this_machine_and_private_networks_may_connect(host, admitted):
    assert Neighbours.of(()).admit(host) is admitted


def test_networks_that_are_named_take_the_place_of_the_private_ones(tmp_path):
    named = Neighbours.of(("100.64.0.0/10", "fd00:1::/32"))
    assert [named.admit(host) for host in ("100.64.0.1", "fd00:1::5", "127.0.0.1")] == [True, True, False]
    with at_home(tmp_path, wyoming_allow=("10.0.0.0/8",)) as home:
        assert home.said(line("describe")) == b""


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"VOICECORE_WYOMING_PORT": "0"}, "VOICECORE_WYOMING_PORT"),
        ({"VOICECORE_WYOMING_ALLOW": "everybody"}, "192.168.1.0/24"),
        ({"VOICECORE_WYOMING_CLIENTS": "0"}, "VOICECORE_WYOMING_CLIENTS"),
    ],
)
def test_settings_that_mean_nothing_are_refused(variables, word):
    with pytest.raises(InvalidInput, match=word):
        load(variables)


def test_by_itself_it_listens_on_this_machine_alone_and_serve_does_not_open_it():
    found = load({})
    assert (found.wyoming, found.wyoming_host, found.wyoming_port) == (False, "127.0.0.1", 10_200)
    assert "vk_secret" not in repr(load({"VOICECORE_WYOMING_KEY": "vk_secret"}))


def test_a_port_that_is_taken_is_refused_with_the_settings_that_mend_it(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        furnished(tmp_path, wyoming_port=taken.getsockname()[1]) as room,
        pytest.raises(InvalidInput, match="VOICECORE_WYOMING_PORT"),
        WyomingServer(room.service),
    ):
        pass


# --- keys -------------------------------------------------------------------------------------------------------------
def test_a_service_with_keys_opens_no_door_without_one(tmp_path):
    with (
        furnished(tmp_path, wyoming_port=free_port()) as room,
        person(room, "Root", (Scope.ADMIN,)),
        pytest.raises(InvalidInput, match="VOICECORE_WYOMING_KEY"),
        WyomingServer(room.service),
    ):
        pass


@pytest.mark.parametrize(("scopes", "word"), [((Scope.CLONE,), "speak"), (None, "API key")])
def test_a_key_that_may_not_speak_or_is_none_opens_no_door(tmp_path, scopes, word):
    with furnished(tmp_path) as room:
        text = "vk_" + "a" * 20 + "_" + "b" * 32 if scopes is None else room.service.keys.make("W", set(scopes))[1]
    with (
        furnished(tmp_path, wyoming_port=free_port(), wyoming_key=text) as room,
        pytest.raises(InvalidInput, match=f"VOICECORE_WYOMING_KEY: .*{word}"),
        WyomingServer(room.service),
    ):
        pass


def test_a_key_that_is_made_later_closes_the_door(home):
    assert speaks(home)
    with person(home.room, "Root", (Scope.ADMIN,)):
        for asked in (HELLO, event("describe")):
            heard = home.heard(asked, until="nothing")
            assert heard.error["code"] == "unauthorized"
            assert "VOICECORE_WYOMING_KEY" in heard.error["text"]


def test_what_is_spoken_is_the_keys_own_within_its_limits_until_it_is_revoked(tmp_path):
    with furnished(tmp_path) as room:
        key, text = room.service.keys.make("Home", {Scope.SPEAK}, limits=KeyLimits(characters_per_day=20))
    with at_home(tmp_path, wyoming_key=text) as home:
        service = home.room.service
        assert speaks(home)
        (job,) = [each for each in map(service.store.get, _ids(service)) if each is not None]
        assert job.owner == key.id
        heard = home.heard(Synthesize("Mais do que hoje ainda falta.").event(), until="nothing")
        assert heard.error["code"] == "limit_reached"
        service.keys.revoke(key.id)
        assert home.heard(HELLO, until="nothing").error["code"] == "unauthorized"
        eventually(lambda: home.server.sessions == 0)


def _ids(service):
    return [job.id for job in service.store.page(JobQuery(limit=100)).jobs]


# --- the end ----------------------------------------------------------------------------------------------------------
def test_what_is_spoken_ends_in_order_while_new_texts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(PLAN_VARIABLE, '{"letters_per_chunk": 4}')
    with at_home(tmp_path) as home:

        async def talk():
            async with home.client() as client:
                await client.write_event(Synthesize(LONG[:400]).event())
                await answer(client, until="audio-chunk")
                drain = asyncio.create_task(asyncio.to_thread(home.room.service.drain))
                await asyncio.to_thread(eventually, lambda: home.room.service.draining)
                async with home.client() as late:
                    await late.write_event(HELLO)
                    refused = await answer(late, until="nothing")
                rest = await answer(client)
                await drain
                return refused, rest

        refused, rest = asyncio.run(talk())
    assert refused.error["code"] == "draining"
    assert rest.kinds[-1] == "audio-stop"


def test_clients_that_stay_do_not_hold_up_the_end(tmp_path):
    with at_home(tmp_path) as home:
        silent = socket.create_connection(("127.0.0.1", home.port))
        eventually(lambda: home.server.sessions == 1)
    assert silent.recv(100) == b""
    silent.close()
