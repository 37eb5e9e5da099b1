"""That the times of words were asked for is kept with the job, and changes nothing for whoever does not ask."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from voicecore.errors import StorageUnavailable
from voicecore.records import dump_job, load_job
from voicecore.request import SynthesisRequest, request_fingerprint
from voicecore.testing.samples import PORTUGUESE, queued_job


def test_a_job_that_asks_for_the_times_of_words_is_read_back_so():
    job = queued_job()
    asking = replace(job, request=replace(job.request, word_times=True))
    assert load_job(dump_job(asking)) == asking
    assert json.loads(dump_job(asking))["request"][1]["word_times"] is True


def test_the_record_of_a_job_that_does_not_ask_is_what_it_was_before_it_could():
    assert "word_times" not in dump_job(queued_job())
    assert load_job(dump_job(queued_job())).request.word_times is False


def test_a_record_whose_wish_for_the_times_of_words_is_no_flag_is_refused():
    job = queued_job()
    record = dump_job(replace(job, request=replace(job.request, word_times=True)))
    with pytest.raises(StorageUnavailable):
        load_job(record.replace('"word_times":true', '"word_times":1'))


def test_an_idempotency_key_of_before_still_stands_for_its_request_and_asking_makes_another_one():
    request = SynthesisRequest(text="Olá", source_language=PORTUGUESE)
    before = "75fdd5cad2f3b8213153a90851af2a34a2f997a0460c77063aa3d0f0d79e55a4"
    assert request_fingerprint(request) == before
    assert request_fingerprint(replace(request, word_times=True)) != before
