"""FLAC, Ogg Vorbis and Ogg Opus by libsndfile.

MP3 is not read here: libsndfile fills the missing end of a truncated MP3 with silence, and soundfile's seek after every block
throws away the MP3 decoder's bit reservoir (samples off by up to 0.04 at each seam).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from adapters.audio.libraries import load
from adapters.audio.opened import Opened
from adapters.audio.sniff import AudioFormat
from adapters.audio.wire import BLOCK_FRAMES
from voicecore.errors import InvalidAudio

_EXPECTED = {AudioFormat.FLAC: ("FLAC", ""), AudioFormat.OGG: ("OGG", "VORBIS"), AudioFormat.OPUS: ("OGG", "OPUS")}
#: libsndfile says SF_COUNT_MAX (2**63 - 1) where a FLAC header leaves the length open.
_OPEN_LENGTH = 2**62


def open_with_soundfile(source: BinaryIO, audio_format: AudioFormat) -> Opened:
    """Open FLAC, whose header promises a length; or Ogg, a stream, whose length is what is there.

    Raises:
        InvalidAudio: if libsndfile cannot read it, or takes it for another format than `sniff` did.
    """
    library = load("soundfile")
    try:
        sound = _forward(library)(source)
    except (library.LibsndfileError, ValueError) as error:
        raise _damaged(audio_format) from error
    container, codec = _EXPECTED[audio_format]
    if sound.format != container or (codec and sound.subtype != codec):
        raise InvalidAudio(f"The file begins like {audio_format.value} but holds {sound.format} {sound.subtype}.")
    promised = audio_format is AudioFormat.FLAC and 0 < sound.frames < _OPEN_LENGTH
    return Opened(
        sample_rate_hz=int(sound.samplerate),
        channels=int(sound.channels),
        claimed_frames=int(sound.frames) if promised else None,
        blocks=_blocks(library, sound, audio_format),
    )


def _forward(library: Any) -> Any:
    """`SoundFile` that says it cannot seek, for else soundfile seeks to where it is after every block it reads.

    That costs Opus and FLAC up to half of their time (and MP3 its bit reservoir, see above).
    """
    return type("ForwardSoundFile", (library.SoundFile,), {"seekable": lambda _self: False})


def _blocks(library: Any, sound: Any, audio_format: AudioFormat) -> Iterator[NDArray[np.float32]]:
    buffer = np.empty((BLOCK_FRAMES, sound.channels), np.float32)
    while True:
        try:
            # Into a buffer of ours: `read` would first believe the header's length and ask memory for it.
            got = sound.buffer_read_into(buffer, dtype="float32")
        except (library.LibsndfileError, ValueError) as error:
            raise _damaged(audio_format) from error
        if got == 0:
            return
        yield buffer[:got].copy()


def _damaged(audio_format: AudioFormat) -> InvalidAudio:
    return InvalidAudio(
        f"The {audio_format.value} file is damaged or truncated and cannot be decoded; send the whole file, or export it again."
    )
