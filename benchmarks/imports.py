"""How long `import voicecore` takes, beside `import numpy`, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys

from tables import Row, median, spread

_CODE = "import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"


def _seconds(module: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(module=module)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def run(*, smoke: bool) -> list[Row]:
    runs = 3 if smoke else 15
    _seconds("voicecore")
    ours, numpy = [], []
    for _ in range(runs):
        ours.append(1000 * _seconds("voicecore"))
        numpy.append(1000 * _seconds("numpy"))
    return [Row("import voicecore", median(ours), "ms", median(numpy), "import numpy", "< 300 ms", spread(ours))]
