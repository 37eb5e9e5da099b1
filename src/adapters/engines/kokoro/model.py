"""The Kokoro network: phoneme ids and a style vector in, samples out.

Has one responsibility: to own the onnxruntime session. It knows no text, no voice and no language.
The graph has no random node, so equal inputs give equal samples, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicecore.errors import EngineFailed, MissingDependency, require

from . import weights

SAMPLE_RATE_HZ = 24_000
#: The context of the network is 512 positions, two of which are the padding id at both ends.
MAX_TOKENS = 510
STYLE_SIZE = 256
#: Names in the graph: the sound, and `pred_dur` of upstream's `KModel.forward_with_tokens`, at the speed asked for.
AUDIO, DURATIONS = "audio", "/encoder/Clip_output_0"
#: A frame of the durations: 25 ms.
FRAME_SAMPLES = 600
MIN_SPEED, MAX_SPEED = 0.5, 2.0
PAD_ID = 0
#: Each thread takes memory before it works: tens of thousands end the process without a word.
THREAD_LIMIT = 256


def telling_durations(onnx: bytes) -> bytes:
    """The network, with what it computes anyway as one output more: the frames of each phoneme.

    An ONNX file is a Protocol Buffers message, and two of those one after the other are one message: the lists of the second
    are added to those of the first (protobuf.dev, "Encoding: Last One Wins"). What is added is `ModelProto.graph` (field 7) with
    one `GraphProto.output` (12) with a `ValueInfoProto.name` (1), see onnx.proto.
    """
    message = DURATIONS.encode()
    for number in (1, 12, 7):
        message = bytes([number << 3 | 2, len(message)]) + message
    return onnx + message


class KokoroModel:
    """A loaded network. `speak` may be called from any thread, one call at a time."""

    def __init__(self, onnx: bytes, *, threads: int = 0) -> None:
        """Load from the bytes of the ONNX file, as `telling_durations` made them; `threads` 0 lets onnxruntime take every core.

        Raises `MissingDependency` without onnxruntime.
        """
        try:
            import onnxruntime  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingDependency("The Kokoro engine needs onnxruntime: pip install 'voicecore[kokoro]'.") from error
        require(
            0 <= threads <= THREAD_LIMIT,
            f"threads is {threads}; give 0 (all cores) to {THREAD_LIMIT}.", field="threads",
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Else a plan of the memory is kept for every length ever spoken, and nearly every segment has another one.
        options.enable_mem_pattern = False
        self._session: Any = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    @classmethod
    def load(cls, models_dir: Path | None = None, *, threads: int = 0) -> KokoroModel:
        """Find, check and load the pinned weights; see `weights.read` for the errors."""
        return cls(telling_durations(weights.read(models_dir)), threads=threads)

    def speak(
        self, token_ids: Sequence[int], style: npt.NDArray[np.float32], speed: float = 1.0
    ) -> npt.NDArray[np.float32]:
        """As `speak_timed`, without the durations."""
        return self.speak_timed(token_ids, style, speed)[0]

    def speak_timed(
        self, token_ids: Sequence[int], style: npt.NDArray[np.float32], speed: float = 1.0
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Sound, and how long each phoneme is in it.

        Samples at 24 kHz, float32, shape (n,), of 1 to 510 phoneme ids (without the padding ids).

        Loud voices pass [-1, 1] here (1.35 was seen): bring the level down before it becomes `Audio`.

        `style`: float32, shape (256,): 0:128 carries timbre, 128:256 prosody. `speed` in [0.5, 2], above 1 is
        faster. Raises `InvalidInput` for inputs out of range, `EngineFailed` when the network does.

        The durations are in frames of `FRAME_SAMPLES`, shape (phonemes + 2,): those of the padding before and behind count too,
        and all together are the sound.
        """
        require(1 <= len(token_ids) <= MAX_TOKENS, f"Kokoro takes 1 to {MAX_TOKENS} phonemes a call.")
        require(style.shape == (STYLE_SIZE,), f"A style has shape ({STYLE_SIZE},), not {style.shape}.")
        require(MIN_SPEED <= speed <= MAX_SPEED, f"speed must be in [{MIN_SPEED}, {MAX_SPEED}].", field="speed")
        feed = {
            "tokens": np.array([[PAD_ID, *token_ids, PAD_ID]], np.int64),
            "style": np.ascontiguousarray(style, np.float32)[None, :],
            "speed": np.array([speed], np.float32),
        }
        try:
            audio, lengths = self._session.run([AUDIO, DURATIONS], feed)
        except Exception as error:  # onnxruntime raises its own, unrelated classes
            raise EngineFailed(f"The Kokoro network failed on {len(token_ids)} phonemes: {error}") from error
        samples = np.ascontiguousarray(np.squeeze(audio), np.float32)
        if samples.ndim != 1 or not np.isfinite(samples).all():
            raise EngineFailed(f"The Kokoro network gave no valid samples for {len(token_ids)} phonemes.")
        frames = np.rint(np.ravel(lengths)).astype(np.int64)
        if len(frames) != len(token_ids) + 2 or frames.sum() * FRAME_SAMPLES != len(samples):
            raise EngineFailed(f"The Kokoro network gave durations that are not those of its {len(samples)} samples.")
        return samples, frames
