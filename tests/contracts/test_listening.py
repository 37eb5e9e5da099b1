"""Following a job gives the same over every relay: between threads, and between processes that share a Redis."""

from __future__ import annotations

import threading

import pytest
from tests.instruments.redis_server import fresh_prefix, shared_server
from tests.usecases.conftest import House, request
from tests.usecases.test_resuming import LONG

from adapters.redisclient import connect
from adapters.relays.memory import MemoryRelay
from adapters.relays.redis import RedisRelay
from voicecore.audio import pcm16_bytes
from voicecore.testing.contracts.relay import RelayEnds
from voicecore.testing.tone import TonePlan
from voicecore.usecases.listen import Listen

PATIENCE_S = 60.0


def one_process() -> RelayEnds:
    relay = MemoryRelay()
    return RelayEnds(relay, relay)


def two_processes() -> RelayEnds:
    prefix = fresh_prefix()
    return RelayEnds(RedisRelay(connect(shared_server().url), prefix), RedisRelay(connect(shared_server().url), prefix))


@pytest.fixture(params=[one_process, two_processes])
def ends(request):
    ends = request.param()
    yield ends
    ends.outlet.close()
    ends.inlet.close()


@pytest.mark.parametrize("letters", [0, 5])
def test_a_follower_and_one_who_comes_late_hear_the_finished_audio_bit_for_bit(ends, letters):
    house = House(TonePlan(segment_limit=60, letters_per_chunk=letters, step_s=0.01))
    listen = Listen(house.store, ends.outlet, house.blobs, house.cache, house.ids)
    heard = {"first": [], "late": []}
    with listen.submit(lambda job_id: house.submit(request(LONG), job_id=job_id)) as sound:
        worker = threading.Thread(target=house.worker(relay=ends.inlet), args=("worker",))
        worker.start()
        heard["first"] += [next(each for each in sound if each is not None)]
        follow = listen.follow(sound.job.id, patience_s=PATIENCE_S)
        late = threading.Thread(target=lambda: heard["late"].extend(follow))
        late.start()
        heard["first"] += [chunk for chunk in sound if chunk is not None]
        late.join(PATIENCE_S)
        worker.join(PATIENCE_S)
    whole = pcm16_bytes(house.audio(house.store.get(sound.job.id)).samples)
    for chunks in heard.values():
        assert b"".join(pcm16_bytes(chunk.samples) for chunk in chunks) == whole


def test_cancelling_ends_a_follower_elsewhere(ends):
    house = House()
    there = Listen(house.store, ends.inlet, house.blobs, house.cache, house.ids)
    here = Listen(house.store, ends.outlet, house.blobs, house.cache, house.ids)
    job = house.submit(request(LONG))
    sound = here.follow(job.id, patience_s=PATIENCE_S)
    there.cancel(job.id)
    with pytest.raises(Exception, match="was cancelled"):
        list(sound)
