"""The `AudioCodec` of the service: decodes in a child process, encodes in this one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

from adapters.audio.encode import encoded
from adapters.audio.sandbox import Sandbox, copy_into
from adapters.audio.sniff import sniff
from adapters.audio.storage_errors import temporary_space
from adapters.audio.stream import streamed
from voicecore.audio import Audio, Samples
from voicecore.errors import InvalidAudio, TooLarge
from voicecore.marks import Marking
from voicecore.ports import AudioLimits, SoundStream
from voicecore.request import OutputFormat
from voicecore.stream_format import StreamFormat

#: Largest upload, as in the HTTP contract.
DEFAULT_MAX_FILE_BYTES = 100 * 2**20
DEFAULT_MAX_MEMORY_BYTES = 512 * 2**20


class SandboxedCodec:
    """Reads strangers' audio in a confined child process, one per file, and writes ours.

    It has three responsibilities:
    1. `decode`: find the format by content, let a child decode it, and check what the child says;
    2. `encode`: write the six output formats in pieces (see `adapters.audio.encode`);
    3. `stream`: write sound while it is made (see `adapters.audio.stream`).

    Thread-safe. Sound that peaks above full scale (lossy codecs overshoot, float WAV may be hot) is scaled down as a whole
    so that its peak is 1, which keeps its shape where clipping would not; beyond ±4 (+12 dB) it is refused.

    Args:
        max_children: how many files are decoded at once; more wait up to their `max_wall_s`.
        max_file_bytes: largest upload.
        max_memory_bytes: address space of a child.
    """

    def __init__(
        self,
        *,
        max_children: int = 2,
        max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
        max_memory_bytes: int = DEFAULT_MAX_MEMORY_BYTES,
    ) -> None:
        self._max_file_bytes = max_file_bytes
        self._sandbox = Sandbox(max_children=max_children, max_memory_bytes=max_memory_bytes)

    def decode(self, data: BinaryIO, limits: AudioLimits) -> Audio:
        """The audio from the present position of `data` on, mixed to mono by the mean, at its own rate.

        Raises:
            UnsupportedAudioFormat: if the content is not wav, mp3, m4a, ogg, flac, opus or webm.
            InvalidAudio: if it is damaged, truncated, empty, or beyond a limit.
            TooLarge: if it has more than `max_file_bytes`.
            QueueFull: if too many files are being decoded.
            MissingDependency: if the format needs a package that is not installed.
        """
        with tempfile.TemporaryFile(prefix="voicecore-upload-") as upload:
            with temporary_space():
                size = copy_into(upload, data, self._max_file_bytes)
            if size == 0:
                raise InvalidAudio("The file is empty; send an audio file.")
            if size > self._max_file_bytes:
                raise TooLarge(f"The file is larger than {self._max_file_bytes} bytes; send a smaller one.")
            reception = self._sandbox.decode(upload, sniff(upload), limits)
        return _audio(reception.samples(), reception.sample_rate_hz)

    def encode(
        self,
        blocks: Iterable[Samples],
        sample_rate_hz: int,
        output_format: OutputFormat,
        marking: Marking | None = None,
    ) -> Iterator[bytes]:
        """A file of the blocks, piece by piece, with a mark if `marking` is given.

        Raises:
            InvalidAudio: if there is no sound in the blocks, or a block is not finite mono.
            MissingDependency: if the format needs a package that is not installed.
            DiskFull: if there is no space for the temporary file of a format with a header that knows its length.
        """
        return encoded(blocks, sample_rate_hz, output_format, marking)

    def stream(self, sample_rate_hz: int, wanted: StreamFormat, marking: Marking | None = None) -> SoundStream:
        """What writes sound of this rate while it is made (see `adapters.audio.stream`), with a mark if `marking` is given.

        Raises:
            MissingDependency: if the format needs a package that is not installed.
        """
        return streamed(sample_rate_hz, wanted, marking)


def _audio(samples: Samples, sample_rate_hz: int) -> Audio:
    peak = max(float(samples.max()), -float(samples.min()))
    if not np.isfinite(peak):  # a child that was taken over could send this; a good one has refused it
        raise InvalidAudio("The audio holds values that are not finite numbers (NaN or infinity); export it again.")
    return Audio(samples / np.float32(peak) if peak > 1.0 else samples, sample_rate_hz)
