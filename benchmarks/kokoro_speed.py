"""The embedded engine beside plain onnxruntime on the same phonemes, and the time to the first sound."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import onnxruntime
from tables import Row, median, spread
from texts import sentences

import voicecore
from adapters.engines.kokoro import weights


def _model_bytes() -> bytes:
    return b"".join(path.read_bytes() for path in weights.locate(None))


def _plain_session(threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(_model_bytes(), options, providers=["CPUExecutionProvider"])


def _feed(session: onnxruntime.InferenceSession, call: tuple[np.ndarray, np.ndarray, float]) -> dict[str, np.ndarray]:
    ids, style, speed = call
    tokens, voice, rate = (each.name for each in session.get_inputs())
    padded = np.concatenate([[0], ids.reshape(-1), [0]]).astype(np.int64)[None]
    return {tokens: padded, voice: style.reshape(1, 256).astype(np.float32), rate: np.array([speed], np.float32)}


def run(*, smoke: bool) -> list[Row]:
    threads, rounds, count = 2, 1 if smoke else 3, 2 if smoke else 10
    text = sentences(count)
    studio = voicecore.open("kokoro", threads=threads)
    calls = _record_calls(studio, text)
    plain = _plain_session(threads)
    feeds = [_feed(plain, call) for call in calls]
    plain.run(None, feeds[0])
    ours, peer, firsts, first_segments = [], [], [], []
    for _ in range(rounds):
        began = time.perf_counter()
        audio_s = studio.say(text, language="pt-BR").duration_s
        ours.append((time.perf_counter() - began) / audio_s)
        began = time.perf_counter()
        samples = sum(plain.run(None, feed)[0].size for feed in feeds)
        peer.append((time.perf_counter() - began) / (samples / 24_000))
        began = time.perf_counter()
        stream = studio.stream(text, language="pt-BR")
        next(stream)
        firsts.append(time.perf_counter() - began)
        stream.close()
        began = time.perf_counter()
        studio.say(sentences(1), language="pt-BR")
        first_segments.append(time.perf_counter() - began)
    reference = _reference(studio)
    enrolments = [_timed(lambda: studio.enroll(reference, language="pt-BR")) for _ in range(rounds)]
    studio.close()
    return [
        Row(f"real-time factor, {count} segments, {threads} threads", median(ours), "s/s", median(peer),
            "plain onnxruntime, same inputs", "ratio <= 1.05", spread(ours)),
        Row(f"time to first audio of {count} segments", median(firsts), "s", median(first_segments),
            "the first segment alone", "ratio <= 1.2", spread(firsts)),
        Row("enrolment of a 10 s reference", median(enrolments), "s", limit="<= 3 s", spread=spread(enrolments)),
    ]  # fmt: skip


def _record_calls(studio: voicecore.Studio, text: str) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """What the engine gives its model for this text."""
    model = studio._engine._model  # noqa: SLF001 - the peer must be fed exactly what we feed
    truth, calls = model.speak_timed, []

    def recording(token_ids, style, speed):
        calls.append((np.asarray(token_ids), np.asarray(style), float(speed)))
        return truth(token_ids, style, speed)

    model.speak_timed = recording
    try:
        studio.say(text, language="pt-BR")
    finally:
        del model.speak_timed
    return calls


def _reference(studio: voicecore.Studio) -> voicecore.Audio:
    """Ten seconds of speech; whose it is does not matter to the time."""
    spoken = studio.say(sentences(3), language="pt-BR", voice="male_deep")
    return voicecore.Audio(spoken.samples[: 10 * spoken.sample_rate_hz], spoken.sample_rate_hz)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
