"""The process that reads strangers' audio: `python -m adapters.audio.decode_child ORDER < file > frames`.

It has two responsibilities:
1. confine itself before it looks at the file;
2. decode it, and write what `adapters.audio.wire` defines.
"""

from __future__ import annotations

import faulthandler
import io
import os
import sys
from typing import BinaryIO

from adapters.audio.av_reader import open_with_av
from adapters.audio.libraries import load
from adapters.audio.opened import Opened, admitted
from adapters.audio.sniff import AudioFormat
from adapters.audio.soundfile_reader import open_with_soundfile
from adapters.audio.wav_reader import open_wav
from adapters.audio.wire import Order, frame_end, frame_error, frame_rate, frame_sound
from adapters.confinement import confine, leave_with_parent
from voicecore.audio import Audio, silence
from voicecore.errors import InvalidAudio, VoiceCoreError

_LIBRARY = {
    AudioFormat.FLAC: "soundfile",
    AudioFormat.OGG: "soundfile",
    AudioFormat.OPUS: "soundfile",
    AudioFormat.MP3: "av",
    AudioFormat.M4A: "av",
    AudioFormat.WEBM: "av",
}


def main() -> int:
    """Obey the order in the first argument; exit status 0 whenever a whole answer was written."""
    faulthandler.enable()
    leave_with_parent()
    order = Order.parse(sys.argv[1])
    audio_format = AudioFormat(order.audio_format)
    # The frames have the pipe to themselves: what a library prints goes to stderr.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        if audio_format in _LIBRARY:
            _warm_up(_LIBRARY[audio_format])
        confine(max_cpu_s=order.max_cpu_s, max_memory_bytes=order.max_memory_bytes)
        _decode(sys.stdin.buffer, audio_format, order, answer)
    except VoiceCoreError as error:
        answer.write(frame_error(error))
    except MemoryError:
        answer.write(
            frame_error(InvalidAudio("Decoding the file needs more memory than allowed; send a simpler file."))
        )
    answer.flush()
    return 0


def _warm_up(library: str) -> None:
    """Import all that decoding needs, before nothing can be opened any more.

    PyAV imports parts of itself when it first opens and decodes a file, so it gets one of ours to do that.
    """
    module = load(library)
    if library == "av":
        with module.open(io.BytesIO(Audio(silence(0.01, 8_000), 8_000).wav_bytes()), format="wav") as container:
            for frame in container.decode(audio=0):
                frame.to_ndarray()


def _decode(source: BinaryIO, audio_format: AudioFormat, order: Order, answer: BinaryIO) -> None:
    opened = _open(source, audio_format)
    frames = 0
    for block in admitted(opened, order):
        if frames == 0:
            answer.write(frame_rate(opened.sample_rate_hz))
        answer.write(frame_sound(block))
        frames += len(block)
    answer.write(frame_end(frames))


def _open(source: BinaryIO, audio_format: AudioFormat) -> Opened:
    library = _LIBRARY.get(audio_format)
    if library == "soundfile":
        return open_with_soundfile(source, audio_format)
    if library == "av":
        return open_with_av(source, audio_format)
    return open_wav(source)


if __name__ == "__main__":
    raise SystemExit(main())
