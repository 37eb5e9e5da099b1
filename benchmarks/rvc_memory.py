"""Peak memory of a process that converts so many seconds: `python rvc_memory.py MODELS SECONDS PRECISION [full]` prints megabytes."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from tables import Row


def rows(models_dir: Path, *, full: bool, precision: str, minutes: tuple[float, float] = (1, 10)) -> list[Row]:
    """Ten minutes beside one, each in a process of its own."""
    short, long = (_peak_mb(models_dir, 60 * each, full=full, precision=precision) for each in minutes)
    what = f"peak memory for {minutes[1]:g} minutes of sound, {precision}"
    return [Row(what, long, "MB", short, f"for {minutes[0]:g}", "<= 200 MB more", f"{long - short:+.0f} MB")]


def _peak_mb(models_dir: Path, seconds: float, *, full: bool, precision: str) -> float:
    command = [sys.executable, __file__, str(models_dir), str(seconds), precision, *(["full"] if full else [])]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main() -> None:
    from rvc_sides import Ours, settings, speech, voice  # noqa: PLC0415 - the parent does not need torch for this

    from voicecore.conversion import F0Method  # noqa: PLC0415
    from voicecore.engine_settings import Precision  # noqa: PLC0415

    ours = Ours(Path(sys.argv[1]), precision=Precision(sys.argv[3]), device="cpu", threads=2)
    ours.load("one", voice(full=sys.argv[4:] == ["full"]))
    ours.convert(speech(float(sys.argv[2])), settings(F0Method.FCPE))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
