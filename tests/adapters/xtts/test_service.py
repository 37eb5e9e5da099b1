"""XTTS as the clients of a service meet it: its clones, mixes, profiles and seeds, on the tiny checkpoint."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from safetensors.numpy import load

from adapters.engines.xtts.checkpoint import FOLDER, Checkpoint
from adapters.engines.xtts.intake import intake
from tests.adapters.xtts.conditioning.babble import babble
from tests.adapters.xtts.served import (
    cloned,
    completed,
    ended,
    files_of,
    flac,
    opened,
    said,
    sent,
    settings_of,
    spoken,
    wav,
)
from tests.http.room import refused
from tests.instruments import tiny_xtts
from tests.instruments.heads import pcm_of
from tests.instruments.model_processes import model_processes
from voicecore.audio import Audio
from voicecore.profiles import BUILT_IN

RATE_HZ = 24_000
LONG = "A casa amarela fica no fim da rua, perto do mercado, e tem um jardim com muitas flores. " * 12


@pytest.fixture(scope="module")
def room(tiny_folder, tmp_path_factory):
    """Two slots that share one model process; nothing comes from the cache of segments."""
    data = tmp_path_factory.mktemp("data")
    with opened(settings_of(tiny_folder, data, slots=2, share_model=True, segment_cache_mb=0), here=False) as made:
        yield made


@pytest.fixture(scope="module")
def ana(room):
    """The job that learned a voice of two recordings of one person."""
    return cloned(room, wav(babble(7.0)), flac(babble(6.0, seed=1)), name="Ana")


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory):
    """A folder of models with another checkpoint."""
    folder = tmp_path_factory.mktemp("other")
    tiny_xtts.make(folder / "upstream", seed=1)
    intake(folder / "upstream", folder / "models" / FOLDER, version="tiny, too")
    return folder / "models"


# --- cloning ----------------------------------------------------------------------------------------------------------
def test_a_voice_is_learned_of_files_of_several_formats_and_kept_as_safetensors_of_this_model(room, ana, tiny_folder):
    voice = room.client.get(f"/voices/{ana['voice_id']}").json()
    assert (voice["method"], voice["reference_duration"]) == ("cloning", pytest.approx(13.0, abs=0.1))
    with room.service.blobs.open(room.service.catalog.voices.get(ana["voice_id"]).print_key) as reader:
        stored = reader.read()
    arrays = load(stored)
    assert {name: (array.shape, array.dtype.name) for name, array in arrays.items()} == {
        "gpt_cond_latent": ((32, 64), "float32"),
        "speaker_embedding": ((512,), "float32"),
    }
    assert Checkpoint(tiny_folder / FOLDER).digest.encode() in stored
    assert not [each for each in ana["warnings"] if "more than one voice" in each or "more alike" in each]
    assert Audio.from_wav_bytes(room.client.get(voice["sample_url"]).content).peak > 0.01


def test_a_clone_speaks_in_its_own_voice_in_another_language_too(room, ana):
    mine = {"mode": "dubbing_with_clone", "voice_id": ana["voice_id"]}
    heard = Audio.from_wav_bytes(spoken(room, **mine))
    assert heard.sample_rate_hz == RATE_HZ
    assert heard.duration_s > 0.5
    assert said(room, **mine) != said(room)
    assert spoken(room, **mine, text="Good evening", source_language="en-US")


def test_deleting_the_job_keeps_the_voice_and_deleting_the_voice_leaves_nothing_of_it(tiny_folder, tmp_path):
    with opened(settings_of(tiny_folder, tmp_path)) as room:
        job = cloned(room, wav(babble(8.0)))
        voice_id = job["voice_id"]
        mine = {"mode": "dubbing_with_clone", "voice_id": voice_id}
        assert room.client.delete(f"/jobs/{job['id']}").status_code == 200
        assert room.client.get(f"/voices/{voice_id}").status_code == 200
        dubbed = completed(room, room.submit(**mine)["id"])
        assert dubbed["status"] == "completed"
        kinds = {path.name.partition("-")[0].partition(".")[0] for path in files_of(tmp_path, voice_id)}
        assert {"print", "reference", "sample"} <= kinds
        assert any("segments" in str(path) for path in files_of(tmp_path, voice_id))
        assert room.client.delete(f"/voices/{voice_id}").json()["files_deleted"] >= 4
        assert files_of(tmp_path, voice_id) == []
        refused(room.client.post("/jobs", json={**mine, "text": "Olá", "source_language": "pt"}), 404)
        assert room.client.delete(f"/jobs/{dubbed['id']}").status_code == 200
        assert list(room.service.blobs.list()) == []


@pytest.mark.parametrize(
    ("clips", "warning"),
    [
        ([babble(10, 95, tract=0.85), babble(10, 210, seed=1, tract=1.25)], "more than one voice"),
        ([babble(7.0)], "from 10 s on the clone is more alike"),
    ],
    ids=["two people", "short"],
)
def test_a_reference_that_may_spoil_the_clone_is_used_with_a_warning(room, clips, warning, request):
    name = request.node.callspec.id
    job = cloned(room, *(wav(clip) for clip in clips), name=name)
    assert any(warning in each for each in job["warnings"]), job["warnings"]
    assert any(warning in each for each in room.client.get(f"/voices/{job['voice_id']}").json()["notes"])


def test_what_is_too_short_or_silent_is_refused_at_once(room):
    refused(sent(room, wav(babble(4.5)), name="curta"), 400, "file", "5 to 300 s")
    silence = Audio(np.zeros(8 * RATE_HZ, np.float32), RATE_HZ)
    refused(sent(room, wav(silence), name="muda"), 400, "file", "silent")


def test_where_nobody_speaks_the_job_fails_and_leaves_no_voice(room):
    noise = np.random.default_rng(0).normal(0, 0.1, 8 * RATE_HZ).clip(-1, 1).astype(np.float32)
    answer = sent(room, wav(Audio(noise, RATE_HZ)), name="chuva")
    job = ended(room, answer.json()["job_id"])
    assert (job["status"], job["error_code"]) == ("failed", "invalid_audio")
    assert "speech" in job["error"] or "speak" in job["error"]
    assert "chuva" not in [voice["name"] for voice in room.client.get("/voices").json()["voices"]]


# --- mixing, and a model that changes ---------------------------------------------------------------------------------
def test_a_clone_and_a_preset_are_mixed_and_the_mix_sounds_like_neither(room, ana):
    parts = [{"voice_id": ana["voice_id"], "weight": 2}, {"preset": "female_generic", "weight": 1}]
    answer = room.client.post("/voices/mix", json={"name": "Entre", "language": "pt-BR", "parts": parts})
    assert answer.status_code == 202, answer.text
    voice_id = completed(room, answer.json()["job_id"])["voice_id"]
    clone = {"mode": "dubbing_with_clone", "voice_id": ana["voice_id"]}
    heard = {spoken(room), spoken(room, **clone), spoken(room, **{**clone, "voice_id": voice_id})}
    assert len(heard) == 3


def test_for_another_model_a_voice_is_learned_again_of_its_kept_reference_and_a_mix_is_refused(
    tiny_folder, other_folder, tmp_path
):
    with opened(settings_of(tiny_folder, tmp_path)) as room:
        ana = cloned(room, wav(babble(11.0)))["voice_id"]
        parts = [{"voice_id": ana, "weight": 2}, {"preset": "female_generic", "weight": 1}]
        answer = room.client.post("/voices/mix", json={"name": "Entre", "language": "pt-BR", "parts": parts})
        mix = completed(room, answer.json()["job_id"])["voice_id"]
        before = room.service.catalog.voices.get(ana)
    with opened(settings_of(other_folder, tmp_path)) as room:
        spoken(room, mode="dubbing_with_clone", voice_id=ana)
        after = room.service.catalog.voices.get(ana)
        assert after.print_sha256 != before.print_sha256
        with room.service.blobs.open(after.print_key) as reader:
            assert Checkpoint(other_folder / FOLDER).digest.encode() in reader.read()
        assert room.service.blobs.stat(before.print_key) is None
        job = ended(room, room.submit(mode="dubbing_with_clone", voice_id=mix)["id"])
        assert (job["status"], job["error_code"]) == ("failed", "conflict")
        assert "delete it and mix it again" in job["error"]
        assert room.client.delete(f"/voices/{ana}").status_code == 200
        assert files_of(tmp_path, ana) == []


# --- profiles and seeds -----------------------------------------------------------------------------------------------
def test_every_quality_profile_of_xtts_is_heard(room):
    names = [profile.id for profile in BUILT_IN if profile.engine == "xtts"]
    heard = {name: said(room, text=LONG[:180], quality_profile_id=name, seed=5) for name in names}
    assert len(set(heard.values())) == len(names) == 5
    assert heard["balanced"] == said(room, text=LONG[:180], seed=5)


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(room):
    assert said(room, seed=11) == said(room, seed=11)
    assert said(room, seed=11) != said(room, seed=12)


@pytest.mark.parametrize("seed", [-1, 2**32, "muita"])
def test_a_seed_that_is_none_is_refused(room, seed):
    body = {"mode": "dubbing", "text": "Olá", "source_language": "pt-BR", "seed": seed}
    refused(room.client.post("/jobs", json=body), 400, "seed")


def test_a_profile_that_nobody_made_is_refused(room):
    body = {"mode": "dubbing", "text": "Olá", "source_language": "pt-BR", "quality_profile_id": "loudest"}
    refused(room.client.post("/jobs", json=body), 400, "quality_profile_id", "high_quality")


def at_once(jobs):
    """Whether the last one began before the first one ended."""
    times = [(datetime.fromisoformat(job["started_at"]), datetime.fromisoformat(job["completed_at"])) for job in jobs]
    return max(start for start, _ in times) < min(end for _, end in times)


# --- several at once --------------------------------------------------------------------------------------------------
def test_two_jobs_at_once_in_one_model_process_sound_as_they_do_alone(room, ana):
    orders = [
        {"text": LONG, "seed": 1},
        {"text": LONG, "seed": 2, "mode": "dubbing_with_clone", "voice_id": ana["voice_id"]},
    ]
    alone = [said(room, **order) for order in orders]
    # Where this process stands still between the two, they are no two at once; then they are asked for again.
    for _ in range(5):
        both = [room.submit(**order)["id"] for order in orders]
        jobs = [completed(room, job_id) for job_id in both]
        assert [pcm_of(room.client.get(job["audio_url"]).content) for job in jobs] == alone
        if at_once(jobs):
            break
    assert at_once(jobs)
    assert len(model_processes()) == 1


# --- what it cannot speak ---------------------------------------------------------------------------------------------
def test_a_language_that_it_does_not_speak_is_refused_with_those_that_it_does(room):
    body = {"mode": "dubbing", "text": "Habari", "source_language": "sw"}
    told = refused(room.client.post("/jobs", json=body), 400, word="sw")["detail"]
    for tag in ("pt-BR", "en", "hi"):
        assert tag in told


def test_a_text_in_a_script_that_is_not_the_languages_fails_with_a_sentence_and_harms_no_other(room):
    job = ended(
        room, room.submit(text="これは日本語の文です。今日はとても良い天気ですね。", source_language="ru")["id"]
    )
    assert (job["status"], job["error_code"]) == ("failed", "invalid_text")
    assert "script" in job["error"]
    assert spoken(room)
