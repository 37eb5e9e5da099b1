"""Guards against what XTTS is known for: spoken punctuation, babble, loops, and sounds after the end."""

from .budget import token_budget
from .loop import LoopWatch
from .retry import MAX_RETRIES, GuardCounters, Verdict, judge, retry_seed
from .tail import TailGate, Trimmed, trim_tail
from .text import spoken_text

__all__ = [
    "MAX_RETRIES",
    "GuardCounters",
    "LoopWatch",
    "TailGate",
    "Trimmed",
    "Verdict",
    "judge",
    "retry_seed",
    "spoken_text",
    "token_budget",
    "trim_tail",
]
