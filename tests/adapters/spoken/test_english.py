"""What an American or a Briton reads aloud. Every expectation was written by hand, not copied from the code."""

from __future__ import annotations

import pytest

from adapters.engines.kokoro.spoken import spoken

NUMBERS = [
    ("0", "zero"),
    ("12", "twelve"),
    ("21", "twenty-one"),
    ("101", "one hundred one"),
    ("1,000", "one thousand"),
    ("1,234", "one thousand two hundred thirty-four"),
    ("1,234.56", "one thousand two hundred thirty-four point five six"),
    ("3.14", "three point one four"),
    ("0.05", "zero point zero five"),
    ("-5", "minus five"),
    ("1,000,001", "one million one"),
    ("1,000,000,000", "one billion"),
    ("007", "zero zero seven"),
    ("12345678901", "one two three four five six seven eight nine zero one"),
    ("2.5 million people", "two point five million people"),
    ("10%", "ten percent"),
    ("10-15", "ten to fifteen"),
    ("10–15%", "ten to fifteen percent"),
    ("won 3-1", "won three to one"),
    ("a 50-50 chance", "a fifty fifty chance"),
    ("3/4", "three quarters"),
    ("1/2", "one half"),
    ("1 1/2", "one and a half"),
    ("2⅔", "two and two thirds"),
    ("version 3.11.2", "version three point eleven point two"),
]
ORDINALS = [
    ("1st", "first"),
    ("22nd", "twenty-second"),
    ("3rd", "third"),
    ("12th", "twelfth"),
    ("100th", "one hundredth"),
]
YEARS = [
    ("in 1999", "in nineteen ninety-nine"),
    ("in 1905", "in nineteen oh five"),
    ("in 1900", "in nineteen hundred"),
    ("in 2000", "in two thousand"),
    ("in 2009", "in two thousand nine"),
    ("in 2026.", "in twenty twenty-six."),
    ("in 1066", "in ten sixty-six"),
    ("the 1990s", "the nineteen nineties"),
    ("the '90s", "the nineties"),
    ("1990-1995", "nineteen ninety to nineteen ninety-five"),
    ("2048 files", "two thousand forty-eight files"),
    ("1500 people", "one thousand five hundred people"),
]
DATES = [
    ("11/22/2026", "November twenty-second, twenty twenty-six"),
    ("1/5/26", "January fifth, twenty twenty-six"),
    ("2026-11-22", "November twenty-second, twenty twenty-six"),
    ("Nov 22, 2026", "November twenty-second, twenty twenty-six"),
    ("Nov. 22", "November twenty-second"),
    ("November 22nd, 2026", "November twenty-second, twenty twenty-six"),
    ("22 November 2026", "the twenty-second of November, twenty twenty-six"),
    ("the 4th of July", "the fourth of July"),
    ("May 5", "May fifth"),
    ("on 7/10", "on July tenth"),
    ("12/25", "December twenty-fifth"),
    ("March 2026", "March twenty twenty-six"),
    ("22/11/2026", "November twenty-second, twenty twenty-six"),
]
TIMES = [
    ("14:30", "fourteen thirty"),
    ("2:30 pm", "two thirty PM"),
    ("2pm", "two PM"),
    ("9:05", "nine oh five"),
    ("at 2:00", "at two o'clock"),
    ("14:00", "fourteen hundred hours"),
    ("11:15 a.m. on Monday", "eleven fifteen AM on Monday"),
    ("It ends at 5 p.m.", "It ends at five PM."),
    ("10:15:30", "ten fifteen and thirty seconds"),
    ("9am-5pm", "nine AM to five PM"),
    ("9-5 p.m. daily", "nine to five PM daily"),
    ("10:30 AM - 11:30 AM", "ten thirty AM to eleven thirty AM"),
]
MONEY = [
    ("$3.50", "three dollars and fifty cents"),
    ("$1", "one dollar"),
    ("$1.00", "one dollar"),
    ("$0.99", "ninety-nine cents"),
    ("$1,234.56", "one thousand two hundred thirty-four dollars and fifty-six cents"),
    ("$5M", "five million dollars"),
    ("$2.5 billion", "two point five billion dollars"),
    ("$5-10", "five to ten dollars"),
    ("$20/hour", "twenty dollars per hour"),
    ("£3.50", "three pounds and fifty pence"),
    ("£0.01", "one penny"),
    ("€10", "ten euros"),
    ("R$ 5", "five reais"),
    ("-$5", "minus five dollars"),
]
UNITS = [
    ("10 km", "ten kilometers"),
    ("5kg", "five kilograms"),
    ("1 lb", "one pound"),
    ("25 °C", "twenty-five degrees Celsius"),
    ("72°F", "seventy-two degrees Fahrenheit"),
    ("60 mph", "sixty miles per hour"),
    ("5 ft", "five feet"),
    ("6'2\"", "six foot two"),
    ("1.5 L", "one point five liters"),
    ("16 GB", "sixteen gigabytes"),
    ("90°", "ninety degrees"),
    ("3x4", "three by four"),
    ("10x", "ten times"),
    ("9.58s", "nine point five eight seconds"),
]
TELEPHONES = [
    ("(555) 123-4567", "five five five, one two three, four five six seven"),
    ("555-123-4567", "five five five, one two three, four five six seven"),
    ("555-0199", "five five five, zero one nine nine"),
    ("1-800-555-0199", "one, eight zero zero, five five five, zero one nine nine"),
    ("+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"),
    ("020 7946 0958", "zero two zero, seven nine four six, zero nine five eight"),
    ("123-45-6789", "one two three, four five, six seven eight nine"),
    ("Beverly Hills, CA 90210", "Beverly Hills, CA nine zero two one zero"),
    ("Call 911 now", "Call nine one one now"),
]
ABBREVIATIONS = [
    ("Mr. Smith", "Mister Smith"),
    ("Mrs. Jones and Ms. Lee", "Missus Jones and Miz Lee"),
    ("Dr. Brown", "Doctor Brown"),
    ("Dr Brown", "Doctor Brown"),
    ("12 Rodeo Dr.", "twelve Rodeo Drive."),
    ("St. Mary", "Saint Mary"),
    ("on Main St. today", "on Main Street today"),
    ("cats, dogs, etc.", "cats, dogs, et cetera."),
    ("e.g. this", "for example this"),
    ("i.e. that", "that is that"),
    ("cats vs. dogs", "cats versus dogs"),
    ("No. 5", "Number five"),
    ("p. 10", "page ten"),
    ("No. I did not.", "No. I did not."),
    ("Martin Luther King Jr. spoke", "Martin Luther King Junior spoke"),
]
ROMANS = [
    ("Elizabeth II", "Elizabeth the Second"),
    ("Henry VIII", "Henry the Eighth"),
    ("King Charles I", "King Charles the First"),
    ("World War II", "World War two"),
    ("Chapter IV", "Chapter four"),
    ("Pope John Paul II", "Pope John Paul the Second"),
    ("I think I am ill", "I think I am ill"),
]
SIGNS = [
    ("john@example.com", "john at example dot com"),
    ("https://www.example.com/a-b", "w w w dot example dot com slash a dash b"),
    ("Visit example.com.", "Visit example dot com."),
    ("R&D", "R and D"),
    ("2 + 2 = 4", "two plus two equals four"),
    ("#5", "number five"),
    ("#tag", "hashtag tag"),
    ("§ 5", "section five"),
    ("24/7", "twenty-four seven"),
    ("9/11", "nine eleven"),
    ("COVID-19", "COVID nineteen"),
    ("a 19-year-old", "a nineteen-year-old"),
    ("x²", "x squared"),
    ("and/or", "and or"),
    ("Nice 👍🏽!", "Nice!"),
    ("I live in 221B.", "I live in two hundred twenty-one B."),
    ("Don't change “this”, it's fine.", "Don't change “this”, it's fine."),
]
BRITISH = [
    ("101", "one hundred and one"),
    ("1,234", "one thousand two hundred and thirty-four"),
    ("10%", "ten per cent"),
    ("22/11/2026", "the twenty-second of November, twenty twenty-six"),
    ("1/5/2026", "the first of May, twenty twenty-six"),
    ("2026-11-22", "the twenty-second of November, twenty twenty-six"),
    ("22 November", "the twenty-second of November"),
    ("November 22, 2026", "November the twenty-second, twenty twenty-six"),
    ("on 7/10", "on the seventh of October"),
    ("10 km", "ten kilometres"),
    ("in 2009", "in two thousand and nine"),
]

AMERICAN = [
    *NUMBERS, *ORDINALS, *YEARS, *DATES, *TIMES, *MONEY, *UNITS, *TELEPHONES, *ABBREVIATIONS, *ROMANS, *SIGNS,
]  # fmt: skip


@pytest.mark.parametrize(("written", "said"), AMERICAN)
def test_an_american_reads(written: str, said: str) -> None:
    assert spoken(written, "en-US") == said


@pytest.mark.parametrize(("written", "said"), BRITISH)
def test_a_briton_reads(written: str, said: str) -> None:
    assert spoken(written, "en-GB") == said


def test_english_without_a_region_is_american() -> None:
    assert spoken("11/22/2026", "en") == spoken("11/22/2026", "en-US")
