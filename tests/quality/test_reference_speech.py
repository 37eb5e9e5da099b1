"""Cloning references as people record them: thirteen people in nine languages are taken, pairs of them are told apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adapters.engines.xtts.conditioning.reference import Reference, listen
from adapters.engines.xtts.conditioning.remarks import remarks
from tests.instruments import human_speech
from voicecore.audio import Audio
from voicecore.errors import InvalidAudio

pytestmark = pytest.mark.quality

_SPEAKERS = {speaker.name: speaker for speaker in human_speech.SPEAKERS}
_TWO = "more than one voice"


def _heard(name: str) -> tuple[Audio, Reference]:
    clips = human_speech.clips(_SPEAKERS[name], seconds=15)
    whole = Audio(np.concatenate([clip.samples for clip in clips]), clips[0].sample_rate_hz)
    return whole, listen([whole])


@pytest.mark.parametrize("name", _SPEAKERS)
def test_a_person_s_speech_is_taken_as_the_speech_of_one_person(name: str) -> None:
    whole, heard = _heard(name)
    assert heard.usable_s > 0.85 * whole.duration_s
    said = remarks(heard)
    assert not any(_TWO in sentence for sentence in said)
    assert any("telephone" in sentence for sentence in said) == (_SPEAKERS[name].band == "telephone")
    assert not any("noisy" in sentence for sentence in said)


@pytest.mark.parametrize("name", ["librivox", "it_IT_m_Carlo"])
def test_a_recording_clipped_to_ruin_is_refused_with_its_share(name: str) -> None:
    whole, _ = _heard(name)
    overdriven = np.clip(whole.samples / whole.peak * 20, -1, 1) * np.float32(0.5)
    with pytest.raises(InvalidAudio, match=r"clipped: \d\d % .* at most 25 %"):
        listen([Audio(overdriven, whole.sample_rate_hz)])


def test_two_people_in_one_reference_are_told_apart() -> None:
    """Neighbours in the list; in 78 pairs 96 to 100 % were told apart, by length of speech."""
    parts = {name: human_speech.clips(speaker, seconds=10) for name, speaker in _SPEAKERS.items()}
    pairs = list(itertools.pairwise(parts))
    told = [any(_TWO in each for each in remarks(listen([*parts[a], *parts[b]]))) for a, b in pairs]
    assert sum(told) >= len(pairs) - 1
