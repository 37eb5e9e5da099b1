"""What use cases tell of their work: numbers, spans, and lines of the log that say to which job they belong."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta

import pytest
from tests.instruments.tones import recording

from voicecore import measures
from voicecore.conversion import ConversionSettings
from voicecore.errors import StorageUnavailable, VoiceCoreError
from voicecore.job import JobStatus
from voicecore.language import Language
from voicecore.log_lines import JsonLines
from voicecore.request import OutputFormat
from voicecore.usecases.submit_enrolment import NewVoice

from .conftest import request

TEXT = "Bom dia. Até amanhã, meu amigo."


@pytest.fixture
def lines():
    """What voicecore's loggers said, as the service writes it."""

    class Kept(logging.Handler):
        def __init__(self):
            super().__init__()
            self.lines: list[dict] = []
            self.setFormatter(JsonLines())

        def emit(self, record):
            self.lines.append(json.loads(self.format(record)))

    kept, logger = Kept(), logging.getLogger("voicecore")
    level = logger.level
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    yield kept.lines
    logger.removeHandler(kept)
    logger.setLevel(level)


def test_a_job_is_counted_when_it_is_accepted_and_when_it_is_done(house):
    house.spoken(TEXT)
    for outcome in ("accepted", "completed"):
        assert house.meter.read(measures.JOBS, "dubbing", outcome) == 1
    assert len(house.meter.seen(measures.JOB_DURATION, "dubbing")) == 1


def test_what_was_made_is_counted_in_seconds_and_characters(house):
    job = house.spoken(TEXT)
    assert house.meter.read(measures.AUDIO_SECONDS, "tone") == pytest.approx(job.result.duration_s)
    assert house.meter.read(measures.CHARACTERS, "tone") == len(TEXT)


def test_the_wait_in_the_queue_and_for_the_first_sound_are_measured_from_the_acceptance(house):
    job = house.submit(request(TEXT))
    house.clock.advance(timedelta(seconds=7))
    house.run("worker")
    assert house.store.get(job.id).status is JobStatus.COMPLETED
    assert house.meter.seen(measures.QUEUE_WAIT, "dubbing") == [pytest.approx(7.0, abs=0.1)]
    assert house.meter.seen(measures.FIRST_AUDIO, "tone") == [pytest.approx(7.0, abs=1.0)]


def test_a_clock_that_is_behind_makes_no_negative_wait(house):
    house.submit(request(TEXT))
    house.clock.jump(timedelta(hours=-1))
    house.run("worker")
    assert all(value >= 0 for value in house.meter.seen(measures.QUEUE_WAIT, "dubbing"))


def test_the_real_time_factor_is_of_jobs_that_took_nothing_from_the_cache(house):
    house.spoken(TEXT)
    house.spoken(TEXT)
    assert len(house.meter.seen(measures.REALTIME_FACTOR, "tone")) == 1


def test_segments_found_in_the_cache_and_not_found_are_counted(house):
    first = house.spoken(TEXT)
    segments = len(house.manifest(first)["segments"])
    assert house.meter.read(measures.CACHE_MISSES, "segment") == segments
    assert house.meter.read(measures.CACHE_HITS, "segment") == 0
    house.spoken(TEXT)
    assert house.meter.read(measures.CACHE_HITS, "segment") == segments


def test_a_job_that_fails_is_counted_by_the_code_of_its_error(make_house):
    house = make_house(fail_on="amigo")
    job = house.submit(request(TEXT))
    while house.store.get(job.id).status is not JobStatus.FAILED:
        house.run("worker")
    assert house.meter.read(measures.JOB_RETRIES, "engine_failed") == house.limits.max_tries - 1
    assert house.meter.read(measures.JOBS, "dubbing", "retried") == house.limits.max_tries - 1
    assert house.meter.read(measures.JOBS, "dubbing", "failed") == 1
    assert house.meter.read(measures.JOB_FAILURES, "poisoned") == 1


def test_the_same_request_again_is_no_second_job(house):
    for _ in range(3):
        house.submit(request(TEXT), idempotency_key="again")
    assert house.meter.read(measures.JOBS, "dubbing", "accepted") == 1


def test_a_deleted_job_counts_as_cancelled_if_it_was_not_over(house):
    house.delete_job(house.submit(request(TEXT)).id)
    house.delete_job(house.spoken(TEXT).id)
    assert house.meter.read(measures.JOBS, "dubbing", "cancelled") == 1


def test_an_attempt_that_lost_its_job_counts_as_lost(house, monkeypatch):
    job = house.submit(request(TEXT))
    house.cancel_at(monkeypatch, job, "audio.wav")
    house.run("worker")
    assert house.meter.read(measures.JOBS, "dubbing", "lost") == 1
    assert house.meter.read(measures.JOBS, "dubbing", "completed") == 0


def test_a_conversion_that_fell_back_is_counted_with_its_reason(make_house):
    house = make_house(shifting={"trouble": "fail"})
    job = house.submit(request(TEXT, conversion=ConversionSettings(model_id=house.model().id)))
    house.run("worker")
    assert house.store.get(job.id).result.conversion_applied is False
    assert house.meter.read(measures.CONVERSION_FALLBACKS, "engine_failed") == 1


def test_converted_segments_have_a_cache_of_their_own(house):
    model = house.model()
    for _ in range(2):
        house.submit(request(TEXT, conversion=ConversionSettings(model_id=model.id)))
        house.run("worker")
    assert (
        house.meter.read(measures.CACHE_MISSES, "conversion") == house.meter.read(measures.CACHE_HITS, "conversion") > 0
    )


@pytest.mark.parametrize("garbage", [b"", b"RIFF", b"not a recording"])
def test_a_recording_that_cannot_be_read_is_counted_as_a_refusal(house, garbage):
    with pytest.raises(VoiceCoreError) as refused:
        house.enrol(NewVoice(name="Ana", language=Language("pt", "BR")), [io.BytesIO(garbage)])
    assert house.meter.read(measures.DECODE_REFUSALS, refused.value.code) == 1


def test_every_kind_of_job_is_told_by_its_kind(house):
    house.enrol(NewVoice(name="Ana", language=Language("pt", "BR")), [io.BytesIO(recording())])
    house.run("worker")
    house.submit_recording(ConversionSettings(model_id=house.model().id), io.BytesIO(recording()))
    house.run("worker")
    assert house.meter.read(measures.JOBS, "clone", "completed") == 1
    assert house.meter.read(measures.JOBS, "convert", "completed") == 1
    assert house.meter.seen(measures.FIRST_AUDIO, "tone")


# --- traces ---------------------------------------------------------------------------------------------------------
def spans(house, name):
    return house.tracer.named(name)


def test_a_job_carries_the_name_of_the_span_it_was_submitted_in_and_its_attempts_go_below_it(house):
    job = house.spoken(TEXT)
    (submit,), (attempt,) = spans(house, "submit"), spans(house, "job")
    assert job.traceparent == submit.traceparent
    assert (attempt.trace_id, attempt.parent_id) == (submit.trace_id, submit.span_id)


def test_below_the_attempt_are_its_segments_and_the_encoding_and_all_of_them_end(house):
    job = house.spoken(TEXT)
    (attempt,), segments, (encode,) = spans(house, "job"), spans(house, "segment"), spans(house, "encode")
    assert len(segments) == len(house.manifest(job)["segments"])
    assert {each.parent_id for each in (*segments, encode)} == {attempt.span_id}
    assert all(each.ended for each in house.tracer.spans)
    assert {each.error for each in house.tracer.spans} == {None}


def test_cached_segments_have_no_span(house):
    house.spoken(TEXT)
    before = len(spans(house, "segment"))
    house.spoken(TEXT)
    assert len(spans(house, "segment")) == before


def test_each_converted_segment_has_a_span(house):
    house.submit(request(TEXT, conversion=ConversionSettings(model_id=house.model().id)))
    house.run("worker")
    (attempt,), converted = spans(house, "job"), spans(house, "convert")
    assert {each.parent_id for each in converted} == {attempt.span_id}
    assert len(converted) == len(spans(house, "segment"))


def test_spans_of_an_attempt_that_failed_end_too(make_house):
    house = make_house(fail_on="amigo")
    house.submit(request(TEXT))
    house.run("worker")
    assert all(each.ended for each in house.tracer.spans)
    assert any(each.error == "given_up" for each in spans(house, "segment"))


def test_another_format_has_a_span_of_its_encoding(house):
    job = house.spoken(TEXT)
    house.export(job, OutputFormat.MP3)
    assert [each.facts["format"] for each in spans(house, "encode")] == ["wav", "mp3"]


def test_no_span_holds_a_word_of_the_text(house):
    house.spoken(TEXT)
    told = repr([(each.name, each.facts) for each in house.tracer.spans])
    assert not any(word in told for word in ("Bom", "dia", "amigo"))


# --- the log --------------------------------------------------------------------------------------------------------
def test_every_line_of_a_job_says_which_job_it_is(house, lines):
    job = house.spoken(TEXT)
    assert len(lines) >= 3
    assert {line.get("job_id") for line in lines} == {job.id}


def test_so_do_the_lines_of_the_threads_beside_it(make_house, lines, monkeypatch, gate):
    # The job goes on when such a thread has met the trouble.
    house = make_house(**gate.at("amigo"))
    job = house.submit(request(TEXT))
    calls: list[object] = []

    def at_first_away(truth):
        def call(*arguments):
            calls.append(arguments)
            if len(calls) == 1:
                gate.open()
                raise StorageUnavailable("The store is away.")
            return truth(*arguments)

        return call

    for name in ("renew", "get"):
        monkeypatch.setattr(house.store, name, at_first_away(getattr(house.store, name)))
    house.run("worker")
    waiting = [line for line in lines if "waits for the store" in line["event"]]
    assert waiting
    assert {line["job_id"] for line in waiting} == {job.id}


def test_a_callers_mistake_that_shows_late_is_logged_by_its_code_and_told_to_the_caller_whole(house, lines):
    voice = NewVoice(name="Canária", language=Language("pt", "BR"))
    jobs = [house.enrol(voice, [io.BytesIO(recording())]) for _ in range(2)]
    while house.run("worker"):
        house.clock.advance(timedelta(seconds=1))
    ends = [house.store.get(job.id) for job in jobs]
    assert {end.status for end in ends} == {JobStatus.COMPLETED, JobStatus.FAILED}
    (failed,) = (end for end in ends if end.error is not None)
    assert failed.error.code == "name_taken"
    assert "Canária" not in json.dumps(lines, ensure_ascii=False)
    assert any("name_taken" in line["event"] for line in lines)
