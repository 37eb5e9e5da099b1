"""When what is heard, over HTTP: words of segments, and subtitles in both formats."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from itertools import pairwise

import pytest
import srt
import webvtt

from tests.http.room import Room, refused
from tests.instruments.heads import pcm_of
from voicecore import blobkeys
from voicecore.testing.tone import LETTER_S
from voicecore.timing import words_of

TEXT = "Primeira frase, com R$ 5 e <b>. " + "Segunda frase, bem mais longa, que ninguém acaba de ler. " * 6
_S = timedelta(seconds=1)


@pytest.fixture(scope="module")
def done(shared: Room) -> dict:
    return shared.spoken(text=TEXT)


def rows_of(room: Room, job: dict) -> list[dict]:
    return room.client.get(f"/jobs/{job['id']}/segments").json()["segments"]


def subtitles(room: Room, job: dict, **query: object) -> str:
    answer = room.client.get(f"/jobs/{job['id']}/subtitles", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content.decode()


def test_every_word_of_a_segment_has_its_characters_and_its_time_in_the_audio(shared: Room, done: dict):
    rows = rows_of(shared, done)
    words = [word for row in rows for word in row["words"]]
    assert [(word["start"], word["end"]) for word in words] == list(words_of(TEXT))
    assert {(row["source"], row["estimated"]) for row in rows} == {("durations", False)}
    assert all(row["start_s"] <= word["start_s"] for row in rows for word in row["words"])
    assert all(one["end_s"] <= other["start_s"] for one, other in pairwise(words))
    first = words[1]
    assert (first["start_s"], first["end_s"]) == (
        pytest.approx(TEXT.index("frase") * LETTER_S, abs=2e-4), pytest.approx((TEXT.index("frase") + 5) * LETTER_S, abs=2e-4)
    )  # fmt: skip


def test_a_segment_from_the_cache_keeps_its_words(shared: Room, done: dict):
    again = shared.spoken(text=TEXT)
    rows = rows_of(shared, again)
    assert all(row["cached"] for row in rows)
    assert [row["words"] for row in rows] == [row["words"] for row in rows_of(shared, done)]


def test_twice_the_speed_has_its_words_in_half_the_time(shared: Room, done: dict):
    fast = rows_of(shared, shared.spoken(text=TEXT, speed=2.0))[0]["words"][-1]
    assert fast["end_s"] == pytest.approx(rows_of(shared, done)[0]["words"][-1]["end_s"] / 2, abs=0.05)


def test_subrip_holds_the_whole_text_in_lines_that_can_be_read(shared: Room, done: dict):
    cues = list(srt.parse(subtitles(shared, done, format="srt")))
    assert "".join("".join(cue.content.split()) for cue in cues) == "".join(TEXT.split())
    assert all(len(line) <= 42 for cue in cues for line in cue.content.splitlines())
    assert all(len(cue.content.splitlines()) <= 2 for cue in cues)
    assert all(one.end <= other.start for one, other in pairwise(cues))
    assert cues[-1].end / _S <= done["duration"] + 1.0


def test_webvtt_says_the_same_and_escapes_what_looks_like_markup(shared: Room, done: dict):
    shown = subtitles(shared, done, format="vtt")
    assert "&lt;b&gt;" in shown
    cues, captions = list(srt.parse(subtitles(shared, done))), webvtt.from_buffer(StringIO(shown)).captions
    assert len(captions) == len(cues)
    assert [each.start_in_seconds for each in captions] == [int(each.start / _S) for each in cues]


def test_words_come_one_by_one_and_lines_are_as_long_as_asked_for(shared: Room, done: dict):
    words = list(srt.parse(subtitles(shared, done, words="true")))
    assert [cue.content for cue in words] == TEXT.split()
    narrow = list(srt.parse(subtitles(shared, done, max_chars=12, max_lines=1)))
    assert all(len(cue.content) <= 12 for cue in narrow)


def test_the_answer_says_what_it_is_and_where_its_times_come_from(shared: Room, done: dict):
    answer = shared.client.get(f"/jobs/{done['id']}/subtitles?format=vtt")
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    assert answer.headers["x-times-source"] == "durations"
    assert f"dubbed_{done['id']}.vtt" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "private, no-store"
    assert shared.client.get(f"/jobs/{done['id']}/subtitles").headers["content-type"].startswith("application/x-subrip")


@pytest.mark.parametrize(
    ("query", "field"),
    [("format=ass", "format"), ("max_chars=9", "max_chars"), ("max_chars=x", "max_chars"), ("max_lines=0", "max_lines"),
     ("max_lines=6", "max_lines"), ("words=maybe", "words")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(shared: Room, done: dict, query: str, field: str):
    refused(shared.client.get(f"/jobs/{done['id']}/subtitles?{query}"), 400, field)


def test_a_job_without_audio_or_not_finished_or_unknown_has_no_subtitles(room: Room):
    refused(room.client.get("/jobs/job_none/subtitles"), 404)
    refused(room.client.get(f"/jobs/{room.enrolled()['id']}/subtitles"), 409)
    room.gate.opened.clear()
    refused(room.client.get(f"/jobs/{room.submit()['id']}/subtitles"), 425)


def test_a_manifest_of_before_words_were_told_has_segments_and_subtitles_all_the_same(room: Room):
    job = room.spoken(text="Olá, mundo. Até logo.")
    key = room.service.store.get(job["id"]).result.manifest_key
    with room.service.blobs.open(key) as reader:
        manifest = json.loads(reader.read())
    for row in manifest["segments"]:
        del row["words"], row["source"]
    room.service.blobs.put(key, [json.dumps(manifest).encode()])
    (row, *_) = rows_of(room, job)
    assert (row["source"], row["words"]) == ("segment", [])
    answer = room.client.get(f"/jobs/{job['id']}/subtitles")
    assert answer.headers["x-times-source"] == "segment"
    assert [cue.content for cue in srt.parse(answer.text)] == ["Olá, mundo. Até logo."]


def test_an_engine_that_tells_no_words_gives_segments_and_subtitles(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VOICECORE_TESTING_TONE", json.dumps({"tells_words": False}))
    job = room.spoken(text="Olá, mundo. Até logo.", word_timestamps=True)
    assert {row["source"] for row in rows_of(room, job)} == {"segment"}
    assert [cue.content for cue in srt.parse(subtitles(room, job))] == ["Olá, mundo. Até logo."]


def test_a_cached_segment_without_words_is_spoken_again_for_who_asks_for_them(room: Room):
    silent, blobs = room.spoken(text="Olá, mundo."), room.service.blobs
    for stat in list(blobs.list(blobkeys.SEGMENTS)):
        with blobs.open(stat.key) as reader:
            data = reader.read()
        blobs.put(stat.key, [data[8 + int.from_bytes(data[4:8], "little") :]])  # as versions before kept it
    (row,) = rows_of(room, room.spoken(text="Olá, mundo."))
    assert (row["source"], row["cached"]) == ("segment", True)
    asked = room.spoken(text="Olá, mundo.", word_timestamps=True)
    (row,) = rows_of(room, asked)
    assert (row["source"], row["cached"], len(row["words"])) == ("durations", False, 2)
    sounds = [room.client.get(f"/jobs/{each['id']}/download").content for each in (silent, asked)]
    assert pcm_of(sounds[0]) == pcm_of(sounds[1])


def test_the_engines_card_says_where_it_has_words_from(shared: Room):
    (tone,) = [each for each in shared.client.get("/engines").json()["engines"] if each["name"] == "tone"]
    assert tone["card"]["word_times"] == "durations"
