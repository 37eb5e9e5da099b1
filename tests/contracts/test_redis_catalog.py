"""The catalogue in Redis keeps the contract, also when many write at once or an answer gets lost."""

from __future__ import annotations

import threading

import pytest
from tests.instruments.redis_server import RedisServer, fresh_prefix, shared_server

from adapters.redisclient import ask, connect
from adapters.stores.redis.catalog import RedisCatalog
from voicecore.errors import InvalidInput, NameTaken, StorageUnavailable
from voicecore.testing.contracts.catalog import CatalogContract
from voicecore.testing.samples import profile, voice
from voicecore.voice import VoiceId


class TestRedisCatalog(CatalogContract):
    def make_catalog(self) -> RedisCatalog:
        return RedisCatalog(connect(shared_server().url), fresh_prefix())


def test_of_many_who_want_a_name_at_once_one_gets_it(client, prefix):
    catalog = RedisCatalog(client, prefix)
    together = threading.Barrier(8)
    won = []

    def add(number):
        together.wait()
        try:
            catalog.voices.add(voice(f"voice_{number}", "Ana" if number % 2 else "ANA"))
        except NameTaken:
            return
        won.append(number)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.id for each in catalog.voices.all()] == [f"voice_{number}" for number in won]
    assert len(won) == 1


def test_services_with_different_prefixes_share_nothing(client, prefix):
    here, there = RedisCatalog(client, prefix), RedisCatalog(client, fresh_prefix())
    here.voices.add(voice())
    here.set_default_profile("tone", "calm")
    assert tuple(there.voices.all()) == ()
    assert there.default_profile("tone") is None
    there.voices.add(voice())
    assert there.voices.delete("voice_1")
    assert here.voices.get("voice_1") == voice()


def test_two_processes_see_the_same(client, prefix):
    RedisCatalog(client, prefix).voices.add(voice())
    with connect(shared_server().url) as other:
        assert RedisCatalog(other, prefix).voices.get("voice_1") == voice()


def test_a_catalogue_that_was_emptied_leaves_no_keys(client, prefix):
    catalog = RedisCatalog(client, prefix)
    catalog.voices.add(voice())
    catalog.voices.replace(voice(name="Bia"))
    catalog.profiles.add(profile())
    catalog.set_default_profile("tone", "calm")
    catalog.set_default_profile("tone", None)
    assert catalog.voices.delete("voice_1")
    assert catalog.profiles.delete("calm")
    assert ask(client, "KEYS", f"{prefix}:*") == []


def test_thousands_of_voices_are_listed(client, prefix):
    catalog = RedisCatalog(client, prefix)
    for number in range(2_000):
        catalog.voices.add(voice(f"voice_{number}", f"Voz {number}"))
    assert [each.id for each in catalog.voices.all()] == [f"voice_{number}" for number in range(2_000)]


@pytest.mark.parametrize("record", [
    b'{"v":2,"kind":"voice","id":"voice_1"}', b'{"v":1,"kind":"profile"}', b"{}", b"\xff", b"not json",
])  # fmt: skip
def test_a_record_of_another_program_is_refused_and_kept(client, prefix, record):
    ask(client, "HSET", f"{prefix}:voices", "voice_1", record)
    ask(client, "ZADD", f"{prefix}:voices:order", 1, "voice_1")
    catalog = RedisCatalog(client, prefix)
    for read in (lambda: catalog.voices.get("voice_1"), catalog.voices.all):
        with pytest.raises(StorageUnavailable, match="voice"):
            read()
    with pytest.raises(NameTaken):
        catalog.voices.add(voice())
    assert ask(client, "HGET", f"{prefix}:voices", "voice_1") == record


def test_an_add_whose_answer_was_cut_off_is_no_name_taken(prefix, monkeypatch):
    import redis

    with connect(shared_server().url) as client:
        catalog = RedisCatalog(client, prefix)
        catalog.voices.add(voice("voice_0", "Zoé"))  # the script is known now
        lose = iter([True])
        read = client.parse_response

        def cut(connection, command, **options):
            answer = read(connection, command, **options)
            if next(lose, False):
                raise redis.ConnectionError("Connection closed by server.")
            return answer

        monkeypatch.setattr(client, "parse_response", cut)
        catalog.voices.add(voice())
        assert [each.id for each in catalog.voices.all()] == ["voice_0", "voice_1"]
        with pytest.raises(NameTaken):
            catalog.voices.add(voice())


def test_half_a_character_is_refused(client, prefix):
    catalog = RedisCatalog(client, prefix)
    with pytest.raises(InvalidInput):
        catalog.voices.get("\ud83d")
    with pytest.raises(InvalidInput):
        catalog.set_default_profile("\ud83d", "calm")


def test_without_redis_every_method_says_so(tmp_path, prefix):
    server = RedisServer(tmp_path)
    with connect(server.url) as client:
        catalog = RedisCatalog(client, prefix)
        for call in (
            lambda: catalog.voices.add(voice()),
            lambda: catalog.voices.get(VoiceId("voice_1")),
            catalog.voices.all,
            lambda: catalog.voices.replace(voice()),
            lambda: catalog.voices.delete("voice_1"),
            lambda: catalog.default_profile("tone"),
            lambda: catalog.set_default_profile("tone", "calm"),
            lambda: catalog.set_default_profile("tone", None),
        ):
            with pytest.raises(StorageUnavailable, match="VOICECORE_REDIS_URL"):
                call()


def test_what_was_added_survives_the_death_of_the_server(tmp_path, prefix):
    with RedisServer(tmp_path) as server, connect(server.url) as client:
        RedisCatalog(client, prefix).voices.add(voice())
        server.kill()
        server.restart()
        assert RedisCatalog(client, prefix).voices.get("voice_1") == voice()
