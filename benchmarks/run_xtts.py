"""XTTS beside coqui-tts on random weights: `nox -s bench_xtts`, and `-- --soak 5` for less of the memory part.

It makes a checkpoint of the released size (1.9 GB, in a temporary folder, a minute), measures both sides in this process in
turns, and then lets a service speak for half an hour. Needs about 12 GB of memory. With `--device cuda` the same on a card.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from tables import markdown
from xtts_checkpoint import make


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a tiny checkpoint: shows that it runs, measures nothing")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=2, help="of the processor, for both sides")
    parser.add_argument("--rounds", type=int, help="of each measurement; 3, or 1 in a smoke")
    parser.add_argument(
        "--soak", type=float, metavar="MINUTES", help="of the memory part: 30, or 0.1 in a smoke; 0: none"
    )
    parser.add_argument("--soak-precision", default="exact", help="exact, bf16 or int8")
    parser.add_argument("--models", type=Path, help="a folder that an earlier run made with --keep")
    parser.add_argument("--keep", type=Path, help="make the checkpoint here and leave it")
    parser.add_argument("--only", choices=["speed", "memory"], help="one of the parts")
    return parser.parse_args()


def _measure(chosen: argparse.Namespace, models_dir: Path) -> None:
    import torch  # noqa: PLC0415 - after the project has made it importable
    import xtts_speed  # noqa: PLC0415

    torch.set_num_threads(chosen.threads)
    card = f", {torch.cuda.get_device_name(chosen.device)}" if chosen.device.startswith("cuda") else ""
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} cores, {platform.machine()}, "
          f"{chosen.threads} threads{card}\n")  # fmt: skip
    minutes = chosen.soak if chosen.soak is not None else (0.1 if chosen.smoke else 30.0)
    if chosen.only != "memory":
        xtts_speed.run(
            models_dir, device=chosen.device, threads=chosen.threads, smoke=chosen.smoke, rounds=chosen.rounds
        )
    if chosen.only != "speed" and minutes > 0:
        import xtts_soak  # noqa: PLC0415 - the other part needs no service

        rows = xtts_soak.run(
            models_dir, minutes=minutes, precision=chosen.soak_precision, device=chosen.device, threads=chosen.threads
        )
        print(markdown("XTTS: memory", rows), flush=True)


#: Compiled products that oneDNN keeps; 1024 if nothing is said, which does for one model. Here three share a process, each of
#: which would else find its own thrown out by the others at every turn.
_PRIMITIVES = "4096"


def main() -> None:
    chosen = _arguments()
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _PRIMITIVES)
    if chosen.models is not None:
        _measure(chosen, chosen.models)
    elif chosen.keep is not None:
        _measure(chosen, make(chosen.keep, full=not chosen.smoke))
    else:
        with tempfile.TemporaryDirectory() as folder:
            _measure(chosen, make(Path(folder), full=not chosen.smoke))


if __name__ == "__main__":
    sys.exit(main())
