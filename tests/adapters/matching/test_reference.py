"""What is heard in a reference, and which references are refused."""

from __future__ import annotations

import numpy as np
import pytest

from adapters.engines.kokoro.matching import SpeakerEncoder
from adapters.engines.kokoro.matching.envelope import band_centres_hz
from adapters.engines.kokoro.matching.reference import MAX_SPEECH_S, listen
from tests.adapters.matching.glottis import voiced
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    return SpeakerEncoder()


@pytest.mark.parametrize("f0_hz", [85.0, 130.0, 210.0, 320.0])
def test_the_pitch_of_a_known_voice_is_found(encoder: SpeakerEncoder, f0_hz: float) -> None:
    heard = listen([voiced(5, f0_hz)], encoder)
    assert np.exp(heard.pitch.median_log_hz) == pytest.approx(f0_hz, rel=0.03)
    assert 0.01 < heard.pitch.spread_log < 0.1


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_any_sample_rate_will_do_and_only_its_band_is_trusted(encoder: SpeakerEncoder, rate_hz: int) -> None:
    heard = listen([voiced(4, 150, rate_hz=rate_hz)], encoder)
    assert np.exp(heard.pitch.median_log_hz) == pytest.approx(150, rel=0.03)
    assert heard.trusted[:20].all()
    assert not heard.trusted[band_centres_hz() > rate_hz / 2].any()


def test_several_clips_are_one_speaker_and_their_levels_do_not_matter(encoder: SpeakerEncoder) -> None:
    together = listen([voiced(3, 120, level=0.5), voiced(3, 120, level=0.02, seed=1)], encoder)
    alone = listen([voiced(6, 120)], encoder)
    assert together.embedding @ alone.embedding > 0.95
    assert together.pitch.median_log_hz == pytest.approx(alone.pitch.median_log_hz, abs=0.02)


def test_a_silent_reference_is_refused(encoder: SpeakerEncoder) -> None:
    with pytest.raises(InvalidAudio, match="silent"):
        listen([Audio(np.zeros(240_000, np.float32), 24_000)], encoder)
    with pytest.raises(InvalidAudio, match="silent"):
        listen([voiced(10, 120, level=0.0005)], encoder)


def test_silent_clips_beside_good_ones_are_left_out(encoder: SpeakerEncoder) -> None:
    silent = Audio(np.zeros(48_000, np.float32), 48_000)
    assert listen([silent, voiced(5, 120)], encoder).trusted.any()


def test_a_short_reference_is_refused_with_its_length(encoder: SpeakerEncoder) -> None:
    with pytest.raises(InvalidAudio, match=r"1\.\d s of speech.* at least 3 s"):
        listen([voiced(1.5, 120)], encoder)


def test_pauses_do_not_count_as_speech(encoder: SpeakerEncoder) -> None:
    speech = voiced(2, 120)
    padded = Audio(np.concatenate([speech.samples, np.zeros(20 * 24_000, np.float32)]), 24_000)
    with pytest.raises(InvalidAudio, match="at least 3 s"):
        listen([padded], encoder)


def test_noise_without_a_voice_is_refused(encoder: SpeakerEncoder) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(5 * 24_000)
    with pytest.raises(InvalidAudio, match="voice"):
        listen([Audio(np.clip(noise, -1, 1).astype(np.float32), 24_000)], encoder)


def test_no_clip_at_all_is_refused(encoder: SpeakerEncoder) -> None:
    with pytest.raises(InvalidAudio):
        listen([], encoder)


def test_what_comes_after_the_first_minute_changes_nothing(encoder: SpeakerEncoder) -> None:
    minute = voiced(MAX_SPEECH_S * 1.2, 120)
    longer = [minute, voiced(30, 300)]
    assert np.array_equal(listen([minute], encoder).embedding, listen(longer, encoder).embedding)
