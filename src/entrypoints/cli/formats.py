"""Which audio format a command writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from entrypoints.cli.target import STDOUT, Target
from entrypoints.cli.wav_stream import write_pcm, write_wav
from voicecore.audio import Samples
from voicecore.errors import InvalidInput
from voicecore.marks import Marking
from voicecore.request import OutputFormat

PCM = "pcm"
#: What `--format` takes; pcm is raw 16-bit little-endian mono.
NAMES = (*(each.value for each in OutputFormat), PCM)


def chosen_format(output: str, wanted: str | None, names: Sequence[str] = NAMES) -> str:
    """The format of `--format`, or of the extension of `-o`; stdout gets wav.

    Raises:
        InvalidInput: for an extension that is none.
    """
    if wanted is not None:
        return wanted
    if output == STDOUT:
        return OutputFormat.WAV.value
    extension = PurePath(output).suffix.lower().removeprefix(".")
    if extension in names:
        return extension
    raise InvalidInput(f"{output!r} does not end in a known format; use one of: {', '.join(names)}, or give --format.")


def write_audio(
    target: Target, blocks: Iterable[Samples], sample_rate_hz: int, audio_format: str, marking: Marking
) -> None:
    """Write the blocks, marked; wav, pcm, ogg and opus as they come, the others when the last one is there.

    Raises:
        MissingDependency: if the format needs a package that is not installed.
    """
    if audio_format == OutputFormat.WAV:
        write_wav(target, blocks, sample_rate_hz, marking)
    elif audio_format == PCM:
        write_pcm(target, blocks)
    else:
        from adapters.audio import SandboxedCodec  # noqa: PLC0415 - not needed for wav

        for piece in SandboxedCodec().encode(blocks, sample_rate_hz, OutputFormat(audio_format), marking):
            target.write(piece)
