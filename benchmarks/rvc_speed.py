"""RVC beside rvc-python: how long recordings of three lengths take; every pitch tracker; a second voice."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rvc_sides import Ours, Upstream, settings, speech, voice
from tables import Row, markdown, median, spread

from voicecore.conversion import F0Method
from voicecore.engine_settings import Precision

#: Ratio to rvc-python's time and real-time factor that the issue asks for.
_EXACT, _BF16, _SHORT = "ratio <= 0.50, < 0.8 s/s", "ratio <= 0.29", "ratio <= 0.40"
#: Both sides' own way of finding a pitch, and the one that the service falls back to.
_COMPARED = (F0Method.FCPE, F0Method.HARVEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What is measured with; seconds of sound."""

    full: bool
    lengths: tuple[float, ...]
    rounds: int
    trackers: tuple[F0Method, ...]
    compared: tuple[F0Method, ...] = _COMPARED
    index: bool = True


#: Without rmvpe, whose weights are nobody's to ship.
_TRACKERS = tuple(each for each in F0Method if each is not F0Method.RMVPE)
FULL = Sizes(full=True, lengths=(2, 10, 60), rounds=3, trackers=_TRACKERS)
SMOKE = Sizes(full=False, lengths=(1,), rounds=1, trackers=(F0Method.SWIFT,))


def speed(models_dir: Path, folder: Path, *, sizes: Sizes, device: str, threads: int) -> None:
    """Print how both sides do."""
    one = voice(full=sizes.full)
    engines = [
        Ours(models_dir, precision=each, device=device, threads=threads) for each in (Precision.EXACT, Precision.BF16)
    ]
    for each in engines:
        each.load("one", one)
    theirs = Upstream(one, folder, full=sizes.full, device=device)
    print(markdown("RVC: speed", _beside(engines, theirs, sizes)), flush=True)


def trackers(models_dir: Path, _: Path, *, sizes: Sizes, device: str, threads: int) -> None:
    """Print what each pitch tracker costs."""
    ours = Ours(models_dir, precision=Precision.EXACT, device=device, threads=threads)
    ours.load("one", voice(full=sizes.full))
    print(markdown("RVC: every pitch tracker, exact: work for a second of sound", _trackers(ours, sizes)), flush=True)


def voices(models_dir: Path, _: Path, *, sizes: Sizes, device: str, threads: int) -> None:
    """Print what another voice costs."""
    ours = Ours(models_dir, precision=Precision.EXACT, device=device, threads=threads)
    ours.load("one", voice(full=sizes.full))
    ours.convert(speech(sizes.lengths[0]), settings(F0Method.FCPE))
    print(markdown("RVC: another voice", _another(ours, sizes)), flush=True)


#: What `--only` may name.
TABLES = {"speed": speed, "trackers": trackers, "voices": voices}


def _beside(engines: Sequence[Ours], theirs: Upstream, sizes: Sizes) -> list[Row]:
    rows = []
    for seconds in sizes.lengths:
        audio = speech(seconds)
        for method in sizes.compared:
            wanted = settings(method, index=sizes.index)
            sides = (theirs, *engines)
            if seconds == sizes.lengths[0]:
                for each in sides:  # nobody is measured on its first call
                    each.convert(audio, wanted)
            taken: dict[str, list[float]] = {each.name: [] for each in sides}
            for number in range(sizes.rounds if seconds < 60 else 1):
                for each in sides:
                    taken[each.name].append(each.convert(audio, wanted) / seconds)
                    said = f"{seconds:g} s, {method}, round {number + 1}, {each.name}: {taken[each.name][-1]:.2f} s/s"
                    print(said, file=sys.stderr, flush=True)
            peer = median(taken[theirs.name])
            for each in engines:
                limit = _EXACT if each.name == Precision.EXACT else _BF16
                found = taken[each.name]
                rows.append(
                    Row(f"{seconds:g} s, {method}, {each.name}: work for a second of sound", median(found), "s/s", peer, theirs.name,
                        _SHORT if seconds <= 2 and each.name == Precision.EXACT else limit, spread(found))
                )  # fmt: skip
    return rows


def _trackers(ours: Ours, sizes: Sizes) -> list[Row]:
    """With and without the index."""
    rows = []
    for method in sizes.trackers:
        for seconds in sizes.lengths:
            if method is F0Method.CREPE and seconds > 10:
                continue  # seven minutes for one
            audio = speech(seconds)
            figures = []
            for index in (True, False):
                wanted = settings(method, index=index)
                times = [ours.convert(audio, wanted) / seconds for _ in range(sizes.rounds if seconds < 10 else 1)]
                figures.append(median(times))
            rows.append(Row(f"{method}, {seconds:g} s, with the index", figures[0], "s/s", figures[1], "without"))
            print(f"{method}, {seconds:g} s: {figures[0]:.2f}", file=sys.stderr, flush=True)
    return rows


def _another(ours: Ours, sizes: Sizes) -> list[Row]:
    """A second voice: nothing but the voice itself is loaded."""
    audio, loads, firsts, again = speech(sizes.lengths[0]), [], [], []
    for number in range(sizes.rounds):
        name = f"another {number}"
        loads.append(ours.load(name, voice(full=sizes.full, seed=number + 1)))
        wanted = settings(F0Method.FCPE, model=name)
        firsts.append(ours.convert(audio, wanted))
        again.append(ours.convert(audio, wanted))
    return [
        Row("a voice is loaded", median(loads), "s", limit="no encoder, no tracker", spread=spread(loads)),
        Row("its first sentence", median(firsts), "s", median(again), "its second", spread=spread(firsts)),
    ]
