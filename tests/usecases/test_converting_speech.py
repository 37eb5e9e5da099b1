"""Speech that is converted as it is spoken: what is heard, what is kept, and what happens when it fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.usecases.conftest import request
from tests.usecases.test_live_sound import Ear

from voicecore.conversion import ConversionSettings
from voicecore.testing.shifter import Shifter, ShifterPlan

THREE = "Primeira frase bem comprida aqui. Segunda frase também comprida. Terceira frase para terminar."
KEEP = timedelta(hours=24)
PLAIN_HZ, MODEL_HZ = 16_000, 32_000


def ask(house, text=THREE, *, knobs=None, **changes):
    """A job whose speech shall be converted by the first model, which is made if there is none."""
    models = house.catalog.models.all()
    model = models[0] if models else house.model()
    conversion = ConversionSettings(model_id=model.id, **(knobs or {}))
    return house.submit(request(text, conversion=conversion, **changes))


def done(house, job, run=None):
    """The job after its next attempt."""
    assert (run or house.run)("worker")
    return house.store.get(job.id)


def plain_sound(house, text=THREE, **changes):
    return house.audio(house.spoken(text, **changes)).samples


# --- what is heard ----------------------------------------------------------------------------------------------------
def test_every_segment_is_converted_and_pauses_have_the_rate_of_the_model(house):
    job = done(house, ask(house))
    result = job.result
    assert (result.conversion_applied, result.conversion_fallback, result.index_used) == (True, "", True)
    assert result.sample_rate_hz == MODEL_HZ
    made, manifest = house.audio(job), house.manifest(job)
    plain = house.spoken(THREE)
    assert [row["pause_s"] for row in manifest["segments"]] == [
        row["pause_s"] for row in house.manifest(plain)["segments"]
    ]
    assert sum(row["pause_s"] > 0 for row in manifest["segments"]) == 2
    assert made.sample_rate_hz == manifest["sample_rate_hz"] == MODEL_HZ
    assert len(made.samples) == pytest.approx(2 * len(house.audio(plain).samples), abs=6)
    for row in manifest["segments"]:
        quiet = made.samples[round((row["end_s"] - row["pause_s"]) * MODEL_HZ) + 1 : round(row["end_s"] * MODEL_HZ)]
        loud = made.samples[round(row["start_s"] * MODEL_HZ) : round((row["end_s"] - row["pause_s"]) * MODEL_HZ)]
        assert np.abs(loud).max() > 0.05
        assert not quiet.any()


def test_the_sound_is_a_function_of_the_request_and_every_knob_has_its_own(house):
    model = house.model()
    sounds = []
    for knobs in (
        {},
        {"pitch": 3},
        {"index_rate": 0},
        {"protect": 0},
        {"rms_mix_rate": 0},
        {"filter_radius": 0},
        {"hop_length": 1},
    ):
        job = done(house, ask(house, knobs=knobs))
        assert job.conversion.model_id == model.id
        sounds.append(house.audio(job).samples.tobytes())
    assert len(set(sounds)) == len(sounds)
    again = make_fresh(house)
    assert again.audio(done(again, ask(again))).samples.tobytes() == sounds[0]
    assert again.audio(done(again, ask(again, seed=5))).samples.tobytes() != sounds[0]


def make_fresh(house):
    return type(house)(house.plan, house.limits, house.shifting)


def test_a_segment_too_short_for_a_converter_is_converted_all_the_same(house):
    job = done(house, ask(house, "Sim."))
    plain = plain_sound(house, "Sim.")
    assert len(plain) < 0.5 * PLAIN_HZ
    assert job.result.conversion_applied is True
    assert len(house.audio(job).samples) == 2 * len(plain)


def test_the_seed_of_the_request_is_that_of_the_conversion(house):
    job = ask(house, seed=7)
    assert job.conversion.seed == 7
    assert job.request.conversion.seed == 0


def test_the_index_that_was_not_used_is_told_with_the_reason_even_if_all_came_from_the_cache(house):
    for _ in range(2):
        job = done(house, ask(house, knobs={"index_rate": 0}))
        assert (job.result.index_used, job.result.index_reason) == (False, "rvc_index_rate is 0.")
    assert job.segments.cached == job.segments.total == 3


def test_a_job_that_asks_for_no_conversion_says_nothing_of_one(house):
    result = house.spoken().result
    assert (result.conversion_applied, result.conversion_fallback, result.index_used) == (None, "", None)


def test_sound_streams_segment_by_segment_at_the_rate_of_the_model(house):
    job = ask(house)
    ear = Ear(job.id)
    assert house.worker(relay=ear)("worker")
    chunks = ear.heard[job.id]
    assert len(chunks) == 3
    assert {chunk.sample_rate_hz for chunk in chunks} == {MODEL_HZ}
    assert [chunk.start for chunk in chunks[1:]] == np.cumsum([len(chunk.samples) for chunk in chunks[:-1]]).tolist()


# --- what is kept -----------------------------------------------------------------------------------------------------
def test_other_knobs_do_not_speak_again_and_the_same_ones_do_not_convert_again(house):
    done(house, ask(house))
    spoken, converted = len(house.provider.engine.given), len(house.shifters.shifter.converted)
    assert (spoken, converted) == (3, 3)
    other = done(house, ask(house, knobs={"pitch": 2}))
    assert (len(house.provider.engine.given), len(house.shifters.shifter.converted)) == (3, 6)
    assert other.segments.cached == 0
    same = done(house, ask(house))
    assert (len(house.provider.engine.given), len(house.shifters.shifter.converted)) == (3, 6)
    assert same.segments.cached == 3


def test_whether_the_conversion_is_required_has_no_part_in_what_is_kept(house):
    first = done(house, ask(house))
    second = done(house, ask(house, conversion_required=True))
    assert second.segments.cached == 3
    assert np.array_equal(house.audio(first).samples, house.audio(second).samples)


def test_what_another_version_of_the_converter_made_is_not_recalled(house):
    done(house, ask(house))
    house.shifters.plan = ShifterPlan(flavour="newer")
    assert done(house, ask(house)).segments.cached == 0


def test_deleting_the_job_removes_plain_and_converted_segments(house):
    job = done(house, ask(house))
    assert len(house.stored("segments/")) == 6
    house.delete_job(job.id)
    assert house.stored("segments/") == house.stored("jobs/") == []


def test_a_damaged_converted_segment_is_made_again(house):
    first = done(house, ask(house))
    for key in house.stored("segments/"):
        if "/rvc_" in key:
            house.blobs.put(key, [b"\xff\xff\xff\xff!"])
    again = done(house, ask(house))
    assert again.segments.cached == 0
    assert np.array_equal(house.audio(first).samples, house.audio(again).samples)


def test_without_a_cache_speech_is_converted_all_the_same(make_house):
    house = make_house(limits={"segment_cache_bytes": 0})
    job = done(house, ask(house))
    assert job.result.conversion_applied is True
    assert house.stored("segments/") == []


def test_a_model_that_others_drove_out_is_loaded_again_between_two_segments(make_house, monkeypatch):
    house = make_house(shifting={"room": 1})
    truth = Shifter.convert

    def convert(self, audio, settings):
        made = truth(self, audio, settings)
        self._held.clear()
        return made

    monkeypatch.setattr(Shifter, "convert", convert)
    assert done(house, ask(house)).result.conversion_applied is True
    assert len(house.shifters.shifter.loaded) == 3


def test_a_second_job_loads_the_model_no_second_time(house):
    done(house, ask(house))
    done(house, ask(house, "Outra frase."))
    assert len(house.shifters.shifter.loaded) == 1


def test_converted_words_are_heard_when_the_plain_ones_were_from_the_cache_too(house):
    plain = house.manifest(house.spoken(THREE))["segments"]
    first, again = (house.manifest(done(house, ask(house)))["segments"] for _ in range(2))
    assert [row["cached"] for row in again] == [True] * 3
    for rows in (first, again):
        assert [row["source"] for row in rows] == ["durations"] * 3
        for row, before in zip(rows, plain, strict=True):
            assert [word[:2] for word in row["words"]] == [word[:2] for word in before["words"]]
            assert row["words"] == [pytest.approx(word, abs=0.001) for word in before["words"]]


def test_a_segment_converted_before_without_its_words_is_made_again_for_who_asks_for_them(house):
    telling = house.provider.plan
    house.provider.plan = replace(telling, tells_words=False)
    house.host.close()
    done(house, ask(house))
    house.provider.plan = telling
    house.host.close()
    assert done(house, ask(house)).segments.cached == 3
    asked = done(house, ask(house, word_times=True))
    assert asked.segments.cached == 0
    assert [row["source"] for row in house.manifest(asked)["segments"]] == ["durations"] * 3
