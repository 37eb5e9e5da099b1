"""Whether a finished row is good, and what is tried if it is not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

#: A third try with another seed rarely mends what two did not, and each costs as much as the first.
MAX_RETRIES = 2


class Verdict(StrEnum):
    """What becomes of a finished row."""

    KEEP = "keep"
    RETRY = "retry"
    KEEP_CUT = "keep what is sane"


@dataclass(slots=True, kw_only=True)
class GuardCounters:
    """What the guards did since the engine was opened.

    Attributes:
        texts_changed: texts that were sent to the network other than they came.
        texts_silent: texts without a letter or digit, of which silence was made.
        loops: rows caught in a loop.
        overruns: rows that used up their budget of tokens without stopping.
        retries: rows decoded again with another seed.
        retries_of_loops: those of them that were caught in a loop; the others had used up their budget.
        kept_cut: rows kept although they did not end well, since they had no try left or were heard already.
        tails_cut: utterances that lost silence or a stray sound at the end.
        tail_seconds: seconds cut from the ends of utterances.
    """

    texts_changed: int = 0
    texts_silent: int = 0
    loops: int = 0
    overruns: int = 0
    retries: int = 0
    retries_of_loops: int = 0
    kept_cut: int = 0
    tails_cut: int = 0
    tail_seconds: float = 0.0

    def text(self, before: str, after: str) -> None:
        """Count one text as it came and as `spoken_text` made it."""
        self.texts_changed += before != after
        self.texts_silent += not after

    def tail(self, cut_samples: int, sample_rate_hz: int) -> None:
        """Count what was cut from the end of one utterance."""
        self.tails_cut += cut_samples > 0
        self.tail_seconds += cut_samples / sample_rate_hz

    def gauges(self) -> dict[str, float]:
        """Name → number, each name beginning with `guard_` and ending in `_total`."""
        return {
            "guard_texts_changed_total": float(self.texts_changed),
            "guard_texts_silent_total": float(self.texts_silent),
            "guard_loops_total": float(self.loops),
            "guard_overruns_total": float(self.overruns),
            "guard_retries_total": float(self.retries),
            "guard_retries_of_loops_total": float(self.retries_of_loops),
            "guard_kept_cut_total": float(self.kept_cut),
            "guard_tails_cut_total": float(self.tails_cut),
            "guard_tail_seconds_total": self.tail_seconds,
        }


def judge(*, stopped: bool, looped: bool, attempt: int, heard: bool, counters: GuardCounters) -> Verdict:
    """The verdict on a row that ended, counted in `counters`.

    Args:
        stopped: whether the network itself ended the row.
        looped: whether its `LoopWatch` caught it.
        attempt: 0 for the first.
        heard: whether a part of it went out already, so that another reading would not fit.
    """
    if stopped and not looped:
        return Verdict.KEEP
    if looped:
        counters.loops += 1
    else:
        counters.overruns += 1
    if heard or attempt >= MAX_RETRIES:
        counters.kept_cut += 1
        return Verdict.KEEP_CUT
    counters.retries += 1
    counters.retries_of_loops += looped
    return Verdict.RETRY


def retry_seed(seed: int, attempt: int) -> int:
    """The seed of this attempt, 0..2**63-1: `seed` itself for the first, 0; for another always the same other one."""
    if attempt == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed} {attempt}".encode()).digest()[:8], "big") >> 1
