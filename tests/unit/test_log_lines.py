"""The log: one JSON object a line, which says what it belongs to and nothing that a caller wrote."""

from __future__ import annotations

import json
import logging
import sys
from threading import Thread

import pytest

from voicecore.errors import EngineFailed, InvalidText, NameTaken, NotFound, StorageUnavailable
from voicecore.log_lines import JsonLines, belonging_to, belongings, carried, level_here, log_to_stderr, told, traced


def line(message="event", error=None, **extra):
    info = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("voicecore.jobs", logging.INFO, "file", 1, message, (), info)
    record.__dict__.update(extra)
    return json.loads(JsonLines().format(record))


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_has_time_level_logger_and_event():
    found = line("something happened")
    assert (found["level"], found["logger"], found["event"]) == ("info", "voicecore.jobs", "something happened")
    assert found["time"].endswith("Z")
    assert found.keys() == {"time", "level", "logger", "event"}


def test_a_line_says_what_it_belongs_to_within_the_block_and_not_after():
    with belonging_to(request_id="r1"), belonging_to(job_id="job_1"):
        assert line().items() >= {"request_id": "r1", "job_id": "job_1"}.items()
    assert "request_id" not in line()


def test_a_thread_that_is_carried_belongs_to_what_started_it():
    found = []
    with belonging_to(job_id="job_1"):
        threads = [Thread(target=carried(lambda: found.append(dict(belongings())))) for _ in range(2)]
        plain = Thread(target=lambda: found.append(dict(belongings())))
    for thread in (*threads, plain):
        thread.start()
        thread.join()
    assert found == [{"job_id": "job_1"}, {"job_id": "job_1"}, {}]


def test_fields_are_part_of_the_line():
    assert line(fields={"status": 200, "duration_s": 0.1})["status"] == 200


@pytest.mark.parametrize("error", [ValueError("canary"), KeyError("canary"), UnicodeEncodeError("utf-8", "canary", 0, 1, "canary"),
                                   InvalidText("canary"), NotFound("'canary'"), NameTaken("canary")])  # fmt: skip
def test_of_an_unexpected_or_a_callers_error_there_are_places_and_classes_and_no_message(error):
    try:
        try:
            raise error
        except type(error) as inner:
            raise RuntimeError("canary") from inner
    except RuntimeError as outer:
        told_of_it = line(error=outer)["traceback"]
    assert "canary" not in told_of_it
    assert type(error).__name__ in told_of_it
    assert "RuntimeError" in told_of_it
    assert "test_log_lines.py" in told_of_it


def test_what_the_system_says_of_a_file_is_told_without_the_files_name():
    found = traced(raised(FileNotFoundError(2, "No such file or directory", "/canary")))
    assert "No such file or directory" in found
    assert "canary" not in found


def test_a_long_chain_of_errors_ends():
    error = ValueError()
    for _ in range(50):
        following = ValueError()
        following.__cause__ = error
        error = following
    assert traced(error).count("ValueError") <= 5


def test_an_error_that_the_caller_is_to_blame_for_is_told_by_its_code_alone():
    assert told(InvalidText("canary")) == "invalid_text"
    assert told(StorageUnavailable("The disk is away.")) == "storage_unavailable: The disk is away."
    assert told(EngineFailed("It fell.")) == "engine_failed: It fell."


@pytest.fixture
def loggers():
    root, ours = logging.getLogger(), logging.getLogger("voicecore")
    before = (root.handlers[:], root.level, ours.level)
    yield root
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_libraries_are_never_debugged_since_they_would_tell_what_passes_through_them(loggers, monkeypatch):
    assert level_here() is None
    log_to_stderr("DEBUG")
    assert logging.getLogger("voicecore.jobs").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpcore").isEnabledFor(logging.DEBUG)
    assert level_here() == "DEBUG"
    log_to_stderr("ERROR")
    assert not logging.getLogger("uvicorn").isEnabledFor(logging.INFO)
    assert sys.stderr
