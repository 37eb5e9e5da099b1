"""Peak memory while so many seconds are converted: `python rvc_memory.py MODELS SECONDS PRECISION [full]` prints megabytes."""

from __future__ import annotations

import os
import re
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
    # As the service runs it: what the other parts of the benchmark set for oneDNN is not meant for this one.
    env = {name: value for name, value in os.environ.items() if name != "ONEDNN_PRIMITIVE_CACHE_CAPACITY"}
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.split()[-1])


def main() -> None:
    from rvc_sides import Ours, settings, speech, voice  # noqa: PLC0415 - the parent does not need torch for this

    from adapters.freed_memory import return_freed  # noqa: PLC0415
    from voicecore.conversion import F0Method  # noqa: PLC0415
    from voicecore.engine_settings import Precision  # noqa: PLC0415

    ours = Ours(Path(sys.argv[1]), precision=Precision(sys.argv[3]), device="cpu", threads=2)
    ours.load("one", voice(full=sys.argv[4:] == ["full"]))
    sound = speech(float(sys.argv[2]))
    # Making random weights and ten minutes of sound takes more than converting does: what that left is given back, and the peak
    # so far is forgotten (proc(5)).
    return_freed()
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    ours.convert(sound, settings(F0Method.FCPE))
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    if found is None:
        raise SystemExit("This system does not say how much memory a process had at most.")
    print(int(found[1]) / 1024)


if __name__ == "__main__":
    main()
