"""`nox -s fuzz -- --seconds 60 [--door audio]`: atheris looks for bytes that a door neither takes nor refuses.

It learns from the branches that they reach. What it finds interesting is kept beside the build (`.nox/fuzz`), what it
finds wrong is printed and kept there as crash-…; put that into tests/fuzz/corpus/DOOR/found-WHAT when it is mended.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of all doors together")
    parser.add_argument(
        "--seed", type=int, default=0, help="the same bytes in every run for one of 1 or more; 0: others each time"
    )
    parser.add_argument("--door", help="one of them; else all, one after the other")
    parser.add_argument("--kept", type=Path, default=Path("fuzz"), help="where findings and the grown corpus lie")
    parser.add_argument("--here", action="store_true", help="used by itself: fuzz in this process")
    chosen = parser.parse_args()
    if chosen.here:
        return fuzz(chosen.door, chosen.seconds, chosen.kept, chosen.seed)
    doors = [chosen.door] if chosen.door else sorted(path.name for path in CORPUS.iterdir())
    failed = []
    for door in doors:
        words = [
            "--here",
            "--door",
            door,
            "--seconds",
            str(max(1, chosen.seconds // len(doors))),
            "--kept",
            str(chosen.kept),
            "--seed",
            str(chosen.seed),
        ]
        done = subprocess.run(
            [sys.executable, __file__, *words], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace", env={**os.environ, **({"PYTHONHASHSEED": "0"} if chosen.seed else {})},
        )  # fmt: skip
        tried = re.search(r"number_of_executed_units: (\d+)", done.stdout)
        print(f"{door}: {tried[1] if tried else 'no'} inputs tried", flush=True)
        if done.returncode or not tried:
            print(done.stdout[-20_000:], flush=True)
            failed.append(door)
    print(f"{len(doors) - len(failed)} passed, {len(failed)} failed")
    if failed:
        print(f"not only our own errors came out of {', '.join(failed)}: see {chosen.kept}/DOOR/crash-…")
    return 1 if failed else 0


def fuzz(door: str, seconds: int, kept: Path, seed: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["adapters", "entrypoints.http", "multipart", "zipfile"]):
        from tests.fuzz.doors import DOORS, knock

    target = DOORS[door]
    grown = kept / door
    grown.mkdir(parents=True, exist_ok=True)
    words = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-timeout=120", "-rss_limit_mb=2048", "-verbosity=0",
             "-print_final_stats=1", f"-artifact_prefix={grown}/", str(grown), str(CORPUS / door)]  # fmt: skip
    atheris.Setup([sys.argv[0], *words], lambda data: knock(target, data))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
