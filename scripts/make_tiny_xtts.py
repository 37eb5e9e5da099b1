"""Make an XTTS v2 checkpoint with random weights, in the form that the service loads.

    python scripts/make_tiny_xtts.py MODELS_DIR [--full] [--seed N]

It "speaks" noise: for looking at the machinery without the real weights. `--full` has the dimensions of the released model
(1.9 GB on the disk, twice that while it is made) and is for measurements of speed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.instruments import tiny_xtts

from adapters.engines.xtts.checkpoint import FOLDER
from adapters.engines.xtts.intake import intake


def main() -> None:
    parser = argparse.ArgumentParser(description="Make an XTTS v2 checkpoint with random weights.")
    parser.add_argument("models_dir", type=Path)
    parser.add_argument("--full", action="store_true", help="the dimensions of the released model")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.models_dir) as folder:
        made = tiny_xtts.make(Path(folder), full=options.full, seed=options.seed)
        intake(made, options.models_dir / FOLDER, version="random")
    print(options.models_dir / FOLDER)


if __name__ == "__main__":
    main()
