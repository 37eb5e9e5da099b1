"""Numbers as words, in the way one language says them.

num2words knows the words. What it lacks is added here: no commas inside a number (the engine would pause
there), agreement with a noun, regional "and", and a bound on what is still read as one number.
"""

# ruff: noqa: RUF001 - the signs that look alike are what this file tells apart
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from voicecore.errors import MissingDependency

Gender = Literal["m", "f"] | None

#: From here on nobody reads a number as one: it is an identifier, and is said digit by digit.
LONGEST_WRITTEN_SOLID = 9
LONGEST_GROUPED = 15


@dataclass(frozen=True, slots=True)
class Amount:
    """A written number: its digits before and after the decimal mark.

    Attributes:
        whole: ASCII digits, at least one.
        fraction: ASCII digits, or empty.
        negative: whether a minus sign stood before it.
        grouped: whether separators stood between its thousands.
    """

    whole: str
    fraction: str = ""
    negative: bool = False
    grouped: bool = False

    @property
    def is_code(self) -> bool:
        """Whether people read it digit by digit: it is too long, or begins with a zero."""
        longest = LONGEST_GROUPED if self.grouped else LONGEST_WRITTEN_SOLID
        return len(self.whole) > longest or (len(self.whole) > 1 and self.whole[0] == "0")

    @property
    def value(self) -> int:
        """The whole part. Only for an amount that is not a code, so that the work is bounded."""
        return int(self.whole[:LONGEST_GROUPED])

    @property
    def is_one(self) -> bool:
        return self.whole.lstrip("0") == "1" and not self.fraction.strip("0")

    @property
    def below_two(self) -> bool:
        return self.whole.lstrip("0") in ("", "1")


def _same(words: str, _: Gender) -> str:
    return words


@dataclass(frozen=True, slots=True)
class Numerals:
    """How one language says numbers.

    Attributes:
        code: num2words' name of the language.
        decimal_mark: what stands between whole and fraction in writing.
        group_marks: what may stand between thousands in writing.
        point: the word for the decimal mark.
        minus: the word for a minus sign.
        pairs: whether a fraction of two digits is read as one number (3,14 in pt) or digit by digit (en).
        agree: gives the words of a cardinal the form they have before a noun of a gender.
        tidy: repairs the words of num2words.
        ordinal_repairs: ordinals that num2words gets wrong.
    """

    code: str
    decimal_mark: str
    group_marks: str
    point: str
    minus: str
    pairs: bool
    agree: Callable[[str, Gender], str] = _same
    tidy: Callable[[str], str] = str
    ordinal_repairs: tuple[tuple[int, str], ...] = ()

    def pattern(self, name: str) -> str:
        """A regular expression for a written number with its sign, in the group `name`."""
        mark, groups = re.escape(self.decimal_mark), f"[{re.escape(self.group_marks)}]"
        sign = r"(?:(?<![\w)\].,])[-−])?"
        whole = rf"(?:\d{{1,3}}(?:{groups}\d{{3}})++(?!\d)|\d++)"
        return rf"(?P<{name}>(?<!\d){sign}(?>{whole}(?:{mark}\d++)?))"

    def read(self, written: str) -> Amount:
        """The amount that `pattern` matched."""
        negative = written[0] in "-−"
        whole, _, fraction = written.lstrip("-−").partition(self.decimal_mark)
        digits = "".join(filter(str.isdigit, whole))
        return Amount(digits, fraction, negative, len(digits) < len(whole))

    def cardinal(self, number: int, gender: Gender = None) -> str:
        """The words of a whole number below 10**15."""
        return self.agree(self.tidy(_num2words(number, self.code, "cardinal")), gender)

    def ordinal(self, number: int) -> str:
        """The ordinal below 1000 (masculine where there is a choice)."""
        return dict(self.ordinal_repairs).get(number) or self.tidy(_num2words(number, self.code, "ordinal"))

    def digits(self, digits: str) -> str:
        """Digit by digit; anything that is not a digit is a short pause."""
        groups = re.findall(r"[0-9]+", digits)
        return ", ".join(" ".join(_num2words(int(digit), self.code, "cardinal") for digit in group) for group in groups)

    def say(self, amount: Amount, gender: Gender = None) -> str:
        """The amount in words. `gender` is that of the noun after it, None when it stands alone."""
        words = self.digits(amount.whole) if amount.is_code else self.cardinal(amount.value, gender)
        if amount.fraction:
            words = f"{words} {self.point} {self._fraction(amount.fraction)}"
        return f"{self.minus} {words}" if amount.negative else words

    def _fraction(self, digits: str) -> str:
        if self.pairs and len(digits) <= 2 and digits[0] != "0":
            return self.cardinal(int(digits))
        return self.digits(digits)


@lru_cache(maxsize=4096)
def _num2words(number: int, code: str, form: str) -> str:
    try:
        from num2words import num2words  # noqa: PLC0415 - only the installed extra has it
    except ImportError as missing:
        raise MissingDependency("Reading numbers aloud needs num2words: pip install 'voicecore[kokoro]'.") from missing
    return str(num2words(number, lang=code, to=form))
