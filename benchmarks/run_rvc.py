"""RVC beside rvc-python on random weights: `nox -s bench_rvc`. About half an hour, and 6 GB of memory."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tables import markdown

#: Compiled products that oneDNN keeps; 1024 if nothing is said, which does for one model. Here three share a process.
_PRIMITIVES = "4096"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny networks: shows that it runs, measures nothing")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=2, help="of the processor, for both sides")
    parser.add_argument("--only", choices=["speed", "trackers", "voices", "memory"], help="one of the parts")
    parser.add_argument(
        "--pitch", nargs="+", help="trackers that both sides are compared with: fcpe and harvest if not said"
    )
    parser.add_argument("--precision", default="exact", choices=["exact", "bf16"], help="of the memory part")
    parser.add_argument("--lengths", nargs="+", type=float, help="seconds of sound, instead of 2, 10 and 60")
    parser.add_argument("--no-index", action="store_true", help="the two sides look nothing up")
    chosen = parser.parse_args()
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _PRIMITIVES)
    import rvc_memory  # noqa: PLC0415 - after the environment is set
    import rvc_sides  # noqa: PLC0415
    import rvc_speed  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from voicecore.conversion import F0Method  # noqa: PLC0415

    torch.set_num_threads(chosen.threads)
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} cores, {platform.machine()}, "
          f"{chosen.threads} threads\n")  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models_dir = rvc_sides.make(folder, full=not chosen.smoke)
        sizes = rvc_speed.SMOKE if chosen.smoke else rvc_speed.FULL
        sizes = replace(sizes, index=not chosen.no_index, lengths=tuple(chosen.lengths or sizes.lengths))
        if chosen.pitch:
            sizes = replace(sizes, compared=tuple(F0Method(each) for each in chosen.pitch))
        for part, table in rvc_speed.TABLES.items():
            if chosen.only in (None, part):
                table(models_dir, folder, sizes=sizes, device=chosen.device, threads=chosen.threads)
        if chosen.only in (None, "memory"):
            minutes = (0.05, 0.2) if chosen.smoke else (1.0, 10.0)
            found = rvc_memory.rows(models_dir, full=not chosen.smoke, precision=chosen.precision, minutes=minutes)
            print(markdown("RVC: memory", found), flush=True)


if __name__ == "__main__":
    sys.exit(main())
