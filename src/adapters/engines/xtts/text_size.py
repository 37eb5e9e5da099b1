"""How much of what the model can take at once a text is, and the ids that stand for it.

Three limits bind, and the tightest counts: characters (upstream's advice for each language, above which speech is cut off or
garbled), text tokens (the table of text positions), and audio tokens (the table of audio positions, about 28 s). How long
the speech will be can only be guessed before it is spoken.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

from voicecore.errors import InvalidText
from voicecore.language import Language

from .card import SEGMENT_LIMIT
from .guards import spoken_text
from .languages import code
from .words import Reading, reading_of

#: Share of the table of text positions to be used: 350 of XTTS v2's 402.
_TEXT_SHARE = 350 / 402
#: Share of the audio positions that a text may be expected to take: 500 of XTTS v2's 602, since the guess may be short.
_AUDIO_SHARE = 500 / 602
#: Positions of `gpt_max_audio_tokens` that are no speech (upstream `GPT.__init__`: max_gen_mel_tokens).
_RESERVED = 3
#: Audio tokens for a text token of XTTS v2's vocabulary: 250 characters of English are some 16 s (345 tokens) and 110 text
#: tokens or more; with room for slow voices.
_AUDIO_PER_TEXT_TOKEN = 4.0
#: Audio tokens for a character, which holds for vocabularies of single characters, too: speech has 11 characters a second or
#: more, and 21.53 tokens. A syllable of Mandarin in Pinyin has five or six letters.
_AUDIO_PER_CHARACTER, _AUDIO_PER_PINYIN = 2.0, 1.1
#: Romanised before they are read; upstream's limits for them count the characters before that.
_ROMANISED = ("zh", "ja", "ko")
_DEFAULT_CHARACTERS = 250
#: More unknown letters than this share, and the text is not in a script that the model reads.
_UNKNOWN_SHARE = 0.3
_KEPT = 4096
#: How upstream writes a blank for the tokenizer.
_BLANK = "[SPACE]"


class TextSize:
    """Measures texts for one checkpoint."""

    def __init__(self, tokenizer: Any, config: Mapping[str, Any]) -> None:
        """`tokenizer`: upstream's `VoiceBpeTokenizer`; `config`: the checkpoint's config.json."""
        arguments = config.get("model_args", {})
        self._tokenizer = tokenizer
        self._text_limit = _TEXT_SHARE * int(arguments.get("gpt_max_text_tokens", 402))
        self._audio_limit = _AUDIO_SHARE * (int(arguments.get("gpt_max_audio_tokens", 605)) - _RESERVED)
        self._characters: Mapping[str, int] = tokenizer.char_limits
        self._unknown: int | None = tokenizer.tokenizer.token_to_id("[UNK]")
        # Bound to this object, not to the class, so that they go with it.
        self._reading = functools.lru_cache(_KEPT)(self._read)
        self._knows = functools.cache(self._has_token)

    def measure(self, text: str, language: Language) -> int:
        """Per mille of the tightest limit, rounded up; 0 if nothing of the text is spoken.

        What is measured is what will be spoken: `guards.spoken_text`, with numbers written out, in Latin letters.

        Raises:
            InvalidText: if the text is in a script that the model does not know.
        """
        spoken = spoken_text(text, code(language))
        if not spoken:
            return 0
        read, ids = self._reading(spoken, code(language))
        short = code(language).partition("-")[0]
        counted = len(spoken) if short in _ROMANISED else len(read)
        by_character = _AUDIO_PER_PINYIN if short == "zh" else _AUDIO_PER_CHARACTER
        audio = min(_AUDIO_PER_TEXT_TOKEN * len(ids), by_character * len(read))
        used = max(
            counted / self._characters.get(short, _DEFAULT_CHARACTERS),
            len(ids) / self._text_limit,
            audio / self._audio_limit,
        )
        return math.ceil(used * SEGMENT_LIMIT)

    def ids(self, spoken: str, language: Language) -> tuple[int, ...]:
        """Ids of a text that `guards.spoken_text` gave, as upstream's `VoiceBpeTokenizer.encode` makes them.

        Raises:
            InvalidText: as `measure`.
        """
        return self._reading(spoken, code(language))[1]

    def reading(self, spoken: str, language: Language) -> Reading:
        """Whose part each of the `ids` is, of the words that the network reads. Raises `InvalidText` as `ids`."""
        read, _ = self._reading(spoken, code(language))
        encoded = self._tokenizer.tokenizer.encode(_marked(read, code(language)))
        return reading_of(_marked(read, code(language)), _prefix(code(language)), _BLANK, encoded.offsets)

    def _read(self, spoken: str, code_: str) -> tuple[str, tuple[int, ...]]:
        """What the tokenizer makes of a text: as the network reads it, and in ids."""
        try:
            read: str = self._tokenizer.preprocess_text(spoken, code_.partition("-")[0])
        except Exception as error:
            # Upstream writes numbers out by a library that raises all kinds of things for those it cannot.
            raise InvalidText(
                f"XTTS cannot read {spoken[:40]!r} aloud ({type(error).__name__}): write its numbers in words.",
                field="text",
            ) from error
        letters = [each for each in read if each.isalpha()]
        strange = [each for each in letters if not self._knows(each)]
        if len(strange) > _UNKNOWN_SHARE * len(letters):
            raise InvalidText(
                f"XTTS knows too few letters of {spoken[:40]!r} ({''.join(sorted(set(strange)))[:20]}) to speak it as {code_}: "
                "give the language that the text is in, or write it in that language's script.",
                field="text",
            )
        return read, tuple(self._tokenizer.tokenizer.encode(_marked(read, code_)).ids)

    def _has_token(self, letter: str) -> bool:
        return self._unknown not in self._tokenizer.tokenizer.encode(letter).ids


def _prefix(code_: str) -> str:
    return f"[{code_}]"


def _marked(read: str, code_: str) -> str:
    """What the tokenizer gets."""
    return (_prefix(code_) + read).replace(" ", _BLANK)
