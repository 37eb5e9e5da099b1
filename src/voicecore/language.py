"""Languages by their BCP 47 tags.

A `Language` is what a caller wrote (`pt-BR`, `pt_br`, `PT`), in canonical case. An engine's card lists the
tags it speaks; `Language.match` finds the one a request means. Nothing downstream parses tags again.
Source: RFC 5646 (BCP 47), §2.1 syntax and §2.1.1 case conventions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voicecore.errors import UnsupportedLanguage

# language ["-" script] ["-" region]; extended subtags and variants are accepted and dropped.
_TAG = re.compile(
    r"^(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|\d{3}))?(?:[-_][a-z0-9]{1,8})*$",
    re.IGNORECASE | re.ASCII,
)

#: ISO 639-2 and macro-language spellings that people write for a two-letter language.
_ALIASES = {"por": "pt", "eng": "en", "spa": "es", "fra": "fr", "fre": "fr", "ita": "it", "deu": "de", "ger": "de",
            "zho": "zh", "chi": "zh", "cmn": "zh", "jpn": "ja", "hin": "hi", "rus": "ru", "ara": "ar", "kor": "ko",
            "nld": "nl", "dut": "nl", "pol": "pl", "tur": "tr", "ces": "cs", "cze": "cs", "hun": "hu"}  # fmt: skip

#: The tag that a bare language means, where an engine speaks several regions of it.
_LIKELY_REGION = {"pt": "BR", "en": "US", "zh": "CN"}


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and perhaps a region of it.

    Attributes:
        language: lower-case ISO 639 code, such as `pt`.
        region: upper-case ISO 3166 or UN M.49 code, such as `BR`, or None.
    """

    language: str
    region: str | None = None

    @classmethod
    def parse(cls, tag: str) -> Language:
        """Read a BCP 47 tag in any case, with `-` or `_`.

        Raises:
            UnsupportedLanguage: if `tag` is not a language tag.
        """
        match = _TAG.match(tag.strip()) if len(tag) <= 35 else None
        if match is None:
            raise UnsupportedLanguage(
                f"{tag[:40]!r} is not a language tag; write one such as 'pt-BR', 'en' or 'es-MX'."
            )
        language = match["language"].lower()
        region = match["region"]
        return cls(_ALIASES.get(language, language), region.upper() if region else None)

    @property
    def tag(self) -> str:
        """The canonical tag: `pt-BR`, `en`."""
        return f"{self.language}-{self.region}" if self.region else self.language

    def __str__(self) -> str:
        return self.tag

    def match(self, spoken: Iterable[Language]) -> Language | None:
        """The entry of `spoken` that serves this language: exact, then its likely region, then the same language.

        >>> str(Language.parse("PT").match([Language("pt", "BR")]))
        'pt-BR'
        """
        choices = [choice for choice in spoken if choice.language == self.language]
        wanted = (self.region, _LIKELY_REGION.get(self.language), None)
        for region in wanted:
            for choice in choices:
                if choice.region == region:
                    return choice
        return choices[0] if choices else None


#: Of sound whose language nobody said. Source: RFC 5646, §4.1, item 5 (`und`).
UNDETERMINED = Language("und")
