"""XTTS beside coqui-tts: how long sentences take, one and many, the first sound, the vocoder's work, a voice heard before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tables import Row, markdown, median, spread
from texts import SENTENCES, characters
from xtts_sides import Ours, Spoken, Upstream

import voicecore
from voicecore import Audio
from voicecore.engine_settings import Precision
from voicecore.errors import VoiceCoreError

#: Signs of the ten sentences; the wired checkpoint makes about 20 more tokens of sound of each, 21.5 of which are a second.
LENGTHS = (24, 8, 44, 21, 12, 33, 16, 52, 10, 28)
#: About 60 and 200 tokens.
ONE, LONG = 40, 180
#: Time for a second of sound beside upstream's, which the issue asks for, and seconds: many, one, first sound.
LIMITS = {
    Precision.EXACT: ("ratio <= 0.20, < 0.7 s/s", "ratio <= 0.56", "ratio <= 0.40"),
    Precision.BF16: ("ratio <= 0.125, < 0.45 s/s", "ratio <= 0.29", "ratio <= 0.25"),
    Precision.INT8: ("", "", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What is measured with."""

    lengths: tuple[int, ...]
    one: int
    long: int
    rounds: int
    reference_s: int


FULL = Sizes(lengths=LENGTHS, one=ONE, long=LONG, rounds=3, reference_s=10)
SMOKE = Sizes(lengths=(24, 68, 15), one=20, long=120, rounds=1, reference_s=10)


def signs(count: int) -> str:
    """A text of so many signs that ends in a letter, and in no word's middle that matters: nobody will understand it."""
    return characters(max(count * 2, 3 * len(SENTENCES[0])))[:count].rstrip(" .,")


def opened(models_dir: Path, *, device: str, threads: int) -> tuple[list[Ours], list[str]]:
    """An engine of each precision, and why some were refused."""
    engines, refused = [], []
    for precision in Precision:
        try:
            engines.append(Ours(models_dir, precision=precision, device=device, threads=threads))
        except VoiceCoreError as error:
            refused.append(f"{precision}: {error.message}")
    return engines, refused


class Contest:
    """Both sides take turns, so that a slow minute hits all."""

    def __init__(self, upstream: Upstream, engines: Sequence[Ours], sizes: Sizes) -> None:
        self.upstream, self.engines, self.sizes = upstream, engines, sizes
        self.many = [signs(count) for count in sizes.lengths]
        self.one, self.long = signs(sizes.one), signs(sizes.long)

    def warm_up(self) -> None:
        """Nobody is measured on the first text of a process."""
        self.upstream.speak([signs(20)])
        for each in self.engines:
            each.speak([signs(20)])

    def rounds(
        self, what: str, theirs: Callable[[], Spoken], ours: Callable[[Ours], Spoken]
    ) -> dict[str, list[Spoken]]:
        """Name of a side → what it did in each round."""
        found: dict[str, list[Spoken]] = {}
        turns = [(self.upstream.name, theirs), *((each.name, partial(ours, each)) for each in self.engines)]
        for number in range(self.sizes.rounds):
            for name, speak in turns:
                spoken = speak()
                found.setdefault(name, []).append(spoken)
                # It takes many minutes: who waits sees that it goes on.
                said = f"{what}, round {number + 1}, {name}: {spoken.work_s:.1f} s for {spoken.audio_s:.1f} s"
                print(said, file=sys.stderr, flush=True)
        return found


def equality(theirs: Spoken, ours: Spoken) -> list[Row]:
    """Whether the exact mode says what upstream says; its guards may cut a tail, so sound is compared where both have it."""
    count = len(theirs.tokens)
    equal = sum(one == other for one, other in zip(theirs.tokens, ours.tokens, strict=True))
    gaps = []
    for one, other in zip(theirs.samples, ours.samples, strict=True):
        both = min(one.size, other.size)
        gaps.append(float(np.abs(one[:both] - other[:both]).max()))
    cut_s = theirs.audio_s - ours.audio_s
    return [
        Row(f"texts whose tokens are upstream's, token for token: equal: {'yes' if equal == count else 'no'}", equal, "texts",
            count, "of", "ratio = 1"),
        Row("largest difference of a sample, full scale 1", max(gaps), "", limit="<= 1e-4"),
        Row("sound that the guards cut off at the ends", cut_s, "s", theirs.audio_s, "of"),
    ]  # fmt: skip


def speed_rows(contest: Contest) -> tuple[list[Row], list[Row]]:
    """Many sentences, one, and the first sound; and the rows of equality."""
    sizes, theirs = contest.sizes, contest.upstream
    many = contest.rounds("many", lambda: theirs.speak(contest.many), lambda each: each.speak(contest.many))
    one = contest.rounds("one", lambda: theirs.speak([contest.one]), lambda each: each.speak([contest.one]))
    first = contest.rounds(
        "first sound", lambda: theirs.stream(contest.one), lambda each: each.speak([contest.one], eager=True)
    )
    rows = []
    kinds = ((f"{len(sizes.lengths)} sentences", many, 0), ("one sentence", one, 1))
    for what, found, limit in kinds:
        peer = median([each.real_time_factor for each in found[theirs.name]])
        for each in contest.engines:
            factors = [spoken.real_time_factor for spoken in found[each.name]]
            audio_s = found[each.name][0].audio_s
            rows.append(
                Row(f"{what}, {audio_s:.1f} s of sound, {each.name}: work for a second of it", median(factors), "s/s",
                    peer, "coqui-tts", LIMITS[Precision(each.name)][limit], spread(factors))
            )  # fmt: skip
    rows += refilled_rows(contest, median([each.real_time_factor for each in many[theirs.name]]))
    for peer_name, found in (("`inference`", one), ("`inference_stream`", first)):
        peer = median([each.first_s for each in found[theirs.name]])
        for each in contest.engines:
            firsts = [spoken.first_s for spoken in first[each.name]]
            limit_text = LIMITS[Precision(each.name)][2] if found is one else ""
            rows.append(
                Row(f"time to first sound of one sentence, {each.name}", median(firsts), "s", peer, peer_name, limit_text,
                    spread(firsts))
            )  # fmt: skip
    exact = contest.engines[0].name
    return rows, equality(many[theirs.name][0], many[exact][0])


def refilled_rows(contest: Contest, peer: float) -> list[Row]:
    """Three times the ten sentences, where a row that ends makes room for the next: beside upstream's work on the ten."""
    rows = []
    for each in contest.engines:
        spoken = each.speak(contest.many * 3)
        print(f"refilled, {each.name}: {spoken.work_s:.1f} s for {spoken.audio_s:.1f} s", file=sys.stderr, flush=True)
        rows.append(
            Row(f"{3 * len(contest.many)} sentences, {spoken.audio_s:.1f} s of sound, {each.name}: work for a second of it",
                spoken.real_time_factor, "s/s", peer, "coqui-tts on the ten")
        )  # fmt: skip
    return rows


def work_rows(contest: Contest, reference: Audio) -> list[Row]:
    """What need not be done twice: windows of the vocoder, and listening to a voice."""
    ours, theirs = contest.engines[0], contest.upstream
    streamed, peer = ours.speak([contest.long], eager=True), theirs.stream(contest.long)
    tokens = len(streamed.tokens[0])
    learned = ours.engine.enroll([reference], voicecore.Language("pt", "BR"))
    ours.admitted_s(learned)
    again = [1000 * ours.admitted_s(learned) for _ in range(5)]
    rate_hz = 22_050
    plain = Audio(_resampled(reference, rate_hz), rate_hz)
    conditioned = [1000 * theirs.conditioned_s(plain) for _ in range(contest.sizes.rounds)]
    return [
        Row(f"a streamed sentence of {tokens} tokens: tokens through the vocoder", streamed.vocoded, "tokens", peer.vocoded,
            f"`inference_stream`, {len(peer.tokens[0])} tokens" if peer.tokens else "`inference_stream`", "ratio <= 0.3"),
        Row("the same voice again: until a sentence is admitted", median(again), "ms", median(conditioned),
            f"conditioning on {reference.duration_s:.0f} s", "0: cached", spread(again)),
    ]  # fmt: skip


def profile_rows(contest: Contest) -> list[Row]:
    """Where the time of the ten sentences goes."""
    rows = []
    for each in contest.engines:
        spoken = each.speak(contest.many)
        seen = each.work.last
        rest = spoken.work_s - seen.prefill_s - seen.decoding_s - seen.vocoder_s
        parts = {
            "reading texts in (prefill)": seen.prefill_s,
            f"{len(seen.steps)} steps, {sum(seen.rows) / len(seen.rows):.1f} rows on average": seen.decoding_s,
            f"vocoder, {spoken.vocoded} tokens": seen.vocoder_s,
            "the rest": rest,
        }
        rows += [Row(f"{each.name}: {what}", part, "s", spoken.work_s, "all of it") for what, part in parts.items()]
        if seen.again:
            rows.append(Row(f"{each.name}: spoken again by the guards", seen.again, "times"))
    return rows


def reference_speech(seconds: int) -> Audio:
    """Speech by the embedded engine; whose it is does not matter to the time."""
    with voicecore.open("kokoro") as studio:
        spoken = studio.say(" ".join(SENTENCES[:4]), language="pt-BR", voice="male_deep")
    return Audio(spoken.samples[: seconds * spoken.sample_rate_hz], spoken.sample_rate_hz)


def _resampled(audio: Audio, rate_hz: int) -> np.ndarray:
    import soxr  # noqa: PLC0415 - comes with the engines

    return np.clip(soxr.resample(audio.samples, audio.sample_rate_hz, rate_hz), -1.0, 1.0).astype(np.float32)


def run(models_dir: Path, *, device: str, threads: int, smoke: bool, rounds: int | None = None) -> None:
    """Print all tables."""
    sizes = SMOKE if smoke else FULL
    sizes = replace(sizes, rounds=rounds or sizes.rounds)
    reference = reference_speech(sizes.reference_s)
    engines, refused = opened(models_dir, device=device, threads=threads)
    contest = Contest(Upstream(models_dir, device=device), engines, sizes)
    contest.warm_up()
    rows, equal = speed_rows(contest)
    print(markdown("XTTS: speed", rows), flush=True)
    print(markdown("XTTS: equality of the exact mode", equal), flush=True)
    print(markdown("XTTS: work that is not done twice", work_rows(contest, reference)), flush=True)
    print(markdown("XTTS: where the time of the sentences goes", profile_rows(contest)), flush=True)
    for line in refused:
        print(f"Not opened: {line}\n")
    for each in engines:
        each.engine.close()
    if equal[0].ours != equal[0].peer:
        raise SystemExit("The exact mode does not say what upstream says: see the table of equality.")
