"""Files of subtitles."""

from __future__ import annotations

from pathlib import PurePath

from entrypoints.cli.target import STDOUT, Target
from voicecore.errors import InvalidInput
from voicecore.subtitles import SubtitleFormat, cues_of, written
from voicecore.timed_text import TimedText

SUBTITLES = [each.value for each in SubtitleFormat]


def subtitle_format(output: str, wanted: str | None) -> SubtitleFormat:
    """What was wanted; else what the name says, and SubRip for stdout. Raises `InvalidInput` for another extension."""
    ending = PurePath(output).suffix.lower().removeprefix(".")
    name = wanted or (SubtitleFormat.SRT.value if output == STDOUT else ending)
    try:
        return SubtitleFormat(name)
    except ValueError:
        raise InvalidInput(f"{output!r} does not say which subtitles it shall hold; end it in .srt or .vtt.") from None


class SubtitleFile:
    """Where `say` writes subtitles; its extension says which."""

    def __init__(self, name: str) -> None:
        """Raises `InvalidInput` if no file can be written there, or its extension is not known."""
        if name == STDOUT:
            raise InvalidInput("Subtitles need a file of their own, that ends in .srt or .vtt.")
        self.form = subtitle_format(name, None)
        self.target = Target(name)

    def write(self, timed: TimedText) -> None:
        """Write the cues; nothing half-written is left."""
        with self.target.finished_or_discarded() as target:
            target.write(written(cues_of(timed), self.form).encode())
