"""How many audio tokens a sane reading of a text may take."""

from __future__ import annotations

from voicecore.errors import require

#: What the network has places for (XTTS v2: gpt_max_audio_tokens 605, less start, stop and one).
MOST_TOKENS = 602
#: XTTS v2 speaks a text token in 3 to 4.5 audio tokens; a slow voice or a number read out takes half as much again.
_PER_TEXT_TOKEN = 7
#: Breath, attack and decay of the shortest texts: 1.1 s at 21.53 tokens a second. XTTS's babble over a single word takes about
#: 3 s (coqui-ai/TTS issue 3516): a word of two text tokens may take 1.8 s.
_ALWAYS = 24


def token_budget(text_tokens: int) -> int:
    """Most audio tokens for a text of so many text tokens, 24..602. A row that needs more has gone astray."""
    require(text_tokens >= 0, "A text cannot have fewer than 0 tokens.")
    return min(MOST_TOKENS, _ALWAYS + _PER_TEXT_TOKEN * text_tokens)
