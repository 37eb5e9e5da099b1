"""The watermark's process as its caller sees it: programs that answer, lie, hang and die in its place. No torch is needed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from adapters.watermarks.perth import PerthWatermarker
from voicecore.audio import Audio
from voicecore.errors import EngineFailed, MissingDependency, ModelCorrupt

RATE = 8_000
#: Adds 0.25 to what it is given, and takes its mean for the score.
HONEST = """
import struct, sys
import numpy as np
from adapters.watermarks.perth.wire import DETECT, MARK, READY, SCORE, SOUND, Closed, frame, read_frame
out = sys.stdout.buffer
def say(*what):
    out.write(frame(*what)); out.flush()
say(READY, 0, b"")
calls = 0
try:
    while True:
        kind, rate, payload = read_frame(sys.stdin.buffer.read)
        calls += 1
        samples = np.frombuffer(payload, "<f4")
        assert len(samples) <= 20.2 * rate, "more than a piece"
        BEFORE
        if kind == MARK:
            say(SOUND, rate, (samples + np.float32(0.25)).tobytes())
        else:
            say(SCORE, rate, struct.pack("<d", float(samples.mean())))
except Closed:
    pass
"""


def watermarker(before: str = "pass", **limits: float) -> PerthWatermarker:
    return PerthWatermarker((sys.executable, "-c", HONEST.replace("BEFORE", before)), **limits)


def program(text: str) -> PerthWatermarker:
    return PerthWatermarker((sys.executable, "-c", text), start_s=60)


def sound(duration_s: float, level: float = 0.5) -> Audio:
    return Audio(np.full(round(duration_s * RATE), level, np.float32), RATE)


def test_long_sound_is_marked_piece_by_piece_without_a_seam():
    made = watermarker()
    for duration_s in (0.01, 19.99, 20.0, 20.05, 20.1, 40.1, 47.3):
        marked = made.mark(sound(duration_s))
        assert len(marked.samples) == round(duration_s * RATE)
        assert np.abs(marked.samples - 0.75).max() < 1e-6
    made.close()


def test_a_long_sound_is_judged_by_some_of_it_and_silence_is_left_out():
    made = watermarker()
    assert made.detect(sound(3.0, 0.5)) == pytest.approx(0.5)
    parts = [np.full(25 * RATE, level, np.float32) for level in (0.6, 0.0, 0.8)]
    assert made.detect(Audio(np.concatenate([parts[0], *[parts[1]] * 10, parts[2]]), RATE)) == pytest.approx(0.7)
    assert made.detect(sound(3.0, 0.0)) == 0.0
    assert made.detect(Audio(np.zeros(0, np.float32), RATE)) == 0.0
    made.close()


@pytest.mark.parametrize(
    "before",
    ["sys.exit(3)", "say(SOUND, rate, payload[:-4]); continue", "say(SCORE, rate, b'12345678'); continue",
     "out.write(b'nonsense' * 10); out.flush(); continue", "say(b'E', rate, b'engine_failed\\nit is broken'); continue"],
)  # fmt: skip
def test_nothing_comes_out_without_its_mark_whatever_the_process_does(before: str):
    made = watermarker(before)
    with pytest.raises(EngineFailed):
        made.mark(sound(0.5))
    made.close()


def test_a_process_that_hangs_is_killed_and_the_next_one_works(tmp_path):
    flag = tmp_path / "hung"
    hang = f"import os, time\n        if not os.path.exists({str(flag)!r}): open({str(flag)!r}, 'w').close(); time.sleep(600)"
    made = watermarker(hang, call_s=2.0)
    with pytest.raises(EngineFailed, match="without its mark"):
        made.mark(sound(0.5))
    made._call_s = 60.0  # the next ones only need to come at all
    assert made.mark(sound(0.5)).samples[0] == 0.75
    made.close()
    assert made.mark(sound(0.5)).samples[0] == 0.75
    made.close()


def test_what_keeps_it_from_working_is_told_at_the_start():
    refusal = (
        "import sys\nfrom adapters.watermarks.perth.wire import ERROR, frame\n"
        "sys.stdout.buffer.write(frame(ERROR, 0, {!r}))"
    )
    with pytest.raises(MissingDependency, match="is not installed"):
        program(refusal.format(b"missing_dependency\nThe watermark is not installed.")).check()
    with pytest.raises(ModelCorrupt, match="other weights"):
        program(refusal.format(b"model_corrupt\nother weights")).check()
    for text in ("raise SystemExit(1)", "print('hello')"):
        with pytest.raises(EngineFailed):
            program(text).check()
