"""The benchmark beside rvc-python runs: a smoke on tiny networks, of which no figure means anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "run_rvc.py"


def test_both_sides_of_the_benchmark_convert_and_a_table_tells_their_ratio() -> None:
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), "--smoke", "--only", "speed", "--threads", "1"], env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False, timeout=1_200,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    rows = [line.split("|") for line in ran.stdout.splitlines() if "(rvc-python)" in line]
    assert [row[1].split(":")[0].split(", ")[1:] for row in rows] == [
        ["fcpe", "exact"], ["fcpe", "bf16"], ["harvest", "exact"], ["harvest", "bf16"],
    ]  # fmt: skip
    assert all(float(row[4]) > 0 for row in rows)
