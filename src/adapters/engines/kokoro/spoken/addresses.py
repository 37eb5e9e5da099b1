"""E-mail addresses, web addresses, mentions and hashtags."""

from __future__ import annotations

import re

from adapters.engines.kokoro.spoken.lexicon import LETTER, SUPERSCRIPTS, Lexicon
from adapters.engines.kokoro.spoken.scanner import Rule

# The ends by which a bare name is known as a host. Ends that are also words (me, it, de) would swallow a missing
# space after a full stop, so those need a scheme or www.
_ENDS = "com|org|net|gov|edu|io|dev|app|info|br|uk|tv|fr|eu"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{0,5}}"
_TAIL = r"(?::\d{1,5})?(?:[/?#][\w\-./?=&#%+~:@]{0,400}(?<![.?:]))?"


def address_rules(lexicon: Lexicon) -> list[Rule]:
    """`joao@exemplo.com.br`, `https://exemplo.com/a`, `exemplo.com`, `@joao`, `#tema`."""

    def say(match: re.Match[str]) -> str:
        return say_address(lexicon, re.sub(r"^(?i:https?|ftp)://", "", match[0]))

    def mention(match: re.Match[str]) -> str:
        # A name's figures are its own: "@joao22" ends in two digits, not in twenty-two.
        return f"{lexicon.letters['@']} {say_address(lexicon, match[0][1:])}"

    def hashtag(match: re.Match[str]) -> str:
        return f"{lexicon.hashtag} {match[0][1:]}"

    return [
        Rule(rf"(?<![\w.+-])[\w.+-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,5}}(?![\w@])", say),
        Rule(rf"(?<!\w)(?:(?i:https?|ftp)://(?:www\.)?{_HOST}|www\.{_HOST}\.[a-z]{{2,12}}){_TAIL}", say),
        Rule(rf"(?<![\w@.-])(?:{_LABEL}\.){{1,4}}(?:{_ENDS})(?![\w-]|\.\w){_TAIL}", say),
        Rule(r"(?<![\w@])@[A-Za-z_][\w.]{0,60}(?<!\.)", mention),
        Rule(rf"(?<![\w#&])#{LETTER}{{1,60}}", hashtag),
    ]


def say_address(lexicon: Lexicon, address: str) -> str:
    """An address part by part: letters as they are, numbers digit by digit, signs by name."""
    words = []
    for part in re.findall(rf"\d+|{LETTER}+|.", address.translate(SUPERSCRIPTS)):
        if part.isdigit():
            words.append(lexicon.numerals.digits(part))
        elif part.isalpha():
            words.append(_spell(part, lexicon.read_ends) if _is_spelled(part) else part)
        else:
            words.append(lexicon.letters.get(part, part))
    return " ".join(words)


def _is_spelled(part: str) -> bool:
    return part.lower() == "www" or len(part) == 2


def _spell(part: str, read: frozenset[str]) -> str:
    return part if part.lower() in read else " ".join(part)
