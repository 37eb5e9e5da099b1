"""The process that reads strangers' models: `python -m adapters.converters.rvc.intake.child ORDER > answer`.

It loads what it needs, confines itself, and only then looks at the files, which it has as open descriptors and cannot reach
by name.
"""

from __future__ import annotations

import errno
import faulthandler
import io
import os
import sys

from adapters.confinement import confine, leave_with_parent
from adapters.converters.rvc.intake import archive, checkpoint, unpickled
from adapters.converters.rvc.intake.faiss_index import read_index
from adapters.converters.rvc.intake.wire import Order, done, failed
from adapters.converters.rvc.stored import pack_index, pack_voice
from adapters.converters.rvc.synthesiser import expected_shapes
from adapters.converters.rvc.values import VoiceConfig
from voicecore.errors import DiskFull, StorageUnavailable, VoiceCoreError

#: The smallest voice: what torch and numpy load when they first read one shall be loaded before nothing can be.
_SMALLEST = VoiceConfig(
    spec_channels=1, segment_size=1, inter_channels=2, hidden_channels=2, filter_channels=1, n_heads=1, n_layers=1,
    kernel_size=3, p_dropout=0.0, resblock="1", resblock_kernel_sizes=(3,), resblock_dilation_sizes=((1, 3, 5),),
    upsample_rates=(10, 10, 2, 2), upsample_initial_channel=16, upsample_kernel_sizes=(16, 16, 4, 4), speakers=1,
    speaker_channels=1, sample_rate_hz=40_000, version="v2", f0=True,
)  # fmt: skip


def main() -> int:
    """Obey the order in the first argument; exit status 0 whenever a whole answer was written."""
    faulthandler.enable()
    leave_with_parent()
    order = Order.parse(sys.argv[1])
    # The answer has the file to itself: what a library prints goes to stderr.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _warm_up()
        confine(
            max_cpu_s=order.max_cpu_s, max_memory_bytes=order.max_memory_bytes, max_file_bytes=order.max_file_bytes,
            from_now=True,
        )  # fmt: skip
        config = _take_in_weights(order)
        if order.index >= 0:
            _take_in_index(order, config.content_width)
        answer.write(done())
    except VoiceCoreError as error:
        answer.write(failed(error))
    except MemoryError:
        answer.write(failed(unpickled.out_of_memory()))
    answer.flush()
    return 0


def _warm_up() -> None:
    """Go the whole way once with a voice of ours, in both of torch's formats, and as zip archives of others are written."""
    import torch  # noqa: PLC0415 - optional, and heavy

    # Threads cannot be started any more once this process is confined.
    torch.set_num_threads(1)
    weight = {name: torch.zeros(shape, dtype=torch.bfloat16) for name, shape in expected_shapes(_SMALLEST).items()}
    config = list(_SMALLEST.as_document().values())[:18]
    document = {
        "weight": weight, "config": config, "version": _SMALLEST.version, "f0": 1, "sr": "40k", "info": "",
        # Bytes are pickled as text in an encoding that is a module, too.
        "model_hash": b"\xff",
    }  # fmt: skip
    for as_zip in (True, False):
        saved = io.BytesIO()
        torch.save(document, saved, _use_new_zipfile_serialization=as_zip)
        size = saved.tell()
        saved.seek(0)
        loadable = archive.loadable(saved, size)
        if as_zip:
            # Names in an archive that torch did not write are in another encoding, which is a module to load.
            loadable = archive.loadable(loadable, len(loadable.getvalue()))
        loaded = unpickled.unpickled(loadable)
        pack_voice(checkpoint.read_checkpoint(loaded, size))


def _take_in_weights(order: Order) -> VoiceConfig:
    with os.fdopen(order.weights, "rb") as file:
        loadable = archive.loadable(file, order.weights_bytes)
    document = unpickled.unpickled(loadable)
    loadable.close()
    voice = checkpoint.read_checkpoint(document, order.weights_bytes)
    _write(order.voice_out, pack_voice(voice))
    return voice.config


def _take_in_index(order: Order, width: int) -> None:
    with os.fdopen(order.index, "rb") as file:
        vectors = read_index(file, order.index_bytes, width=width, max_vectors=order.max_vectors)
    _write(order.index_out, pack_index(vectors))


def _write(descriptor: int, data: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else StorageUnavailable
        raise kind(f"The stored form of the model cannot be written ({error.strerror}).") from error


if __name__ == "__main__":
    raise SystemExit(main())
