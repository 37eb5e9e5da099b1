"""Where strangers' bytes come in, each as a function of bytes: it returns, or raises nothing but our own errors.

`nox -s fuzz` calls them with what atheris finds; tests call them with the corpus and with wounded pieces of it.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable

from litestar.exceptions import HTTPException

from adapters.audio.mp4_boxes import check_whole
from adapters.audio.opened import MAX_PEAK, admitted
from adapters.audio.sniff import AudioFormat, sniff
from adapters.audio.wav_reader import open_wav
from adapters.audio.wire import Order
from adapters.converters.rvc.intake.archive import loadable
from adapters.converters.rvc.intake.faiss_index import read_index
from entrypoints.http.ranges import wanted_range
from entrypoints.http.uploads import Form, FormReader, UploadLimits
from voicecore.errors import VoiceCoreError

#: What the fuzzer's multipart bodies are divided by.
BOUNDARY = "b"
_SIZE = 1000
_ORDER = Order(
    audio_format="wav", max_duration_s=5.0, min_sample_rate_hz=8_000, max_sample_rate_hz=192_000, max_channels=2,
    max_cpu_s=10, max_memory_bytes=1 << 30,
)  # fmt: skip


def audio(data: bytes) -> None:
    """What an upload is, and, where the reader is ours, what it sounds like. Others are read by a process of their own."""
    source = io.BytesIO(data)
    kind = sniff(source)
    if kind is AudioFormat.M4A:
        check_whole(source)
    if kind is AudioFormat.WAV:
        for block in admitted(open_wav(source), _ORDER):
            assert block.ndim == 1
            assert float(abs(block).max(initial=0.0)) <= MAX_PEAK


def multipart(data: bytes) -> None:
    """A form in pieces, as a network brings it; the first byte says how large they are."""
    piece = 1 + (data[0] if data else 0)

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(1, len(data), piece):
            yield data[at : at + piece]

    def admit(name: str, form: Form) -> None:
        assert isinstance(name, str)
        assert len(form.files) < 50

    limits = UploadLimits(admit=admit, max_body_bytes=1 << 20, max_file_bytes=1 << 16)
    with Form() as form:
        asyncio.run(FormReader(form, BOUNDARY, limits).read(chunks()))
        assert all(isinstance(value, str) for _, value in form.fields)


def archive(data: bytes) -> None:
    """A `.pth`, as far as it is read before torch."""
    loadable(io.BytesIO(data), len(data))


def index(data: bytes) -> None:
    """A `.index` of a voice that hears four numbers."""
    vectors = read_index(io.BytesIO(data), len(data), width=4, max_vectors=1000)
    assert vectors.shape[1] == 4
    assert len(vectors) <= 1000


def byte_range(data: bytes) -> None:
    """A Range header."""
    try:
        found = wanted_range(data.decode("latin-1"), _SIZE)
    except HTTPException as refusal:
        assert refusal.status_code == 416  # noqa: PT017 - any other is a defect, and none at all is fine
        return
    assert found is None or (0 <= found.start < found.stop <= _SIZE and found.step == 1)


DOORS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (audio, multipart, archive, index, byte_range)
}


def knock(door: Callable[[bytes], None], data: bytes) -> None:
    """Our own errors are answers. Everything else is a defect, and comes out."""
    try:
        door(data)
    except VoiceCoreError as answer:
        assert answer.message  # noqa: PT017
