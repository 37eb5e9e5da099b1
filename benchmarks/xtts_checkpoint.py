"""A random checkpoint to measure with: what XTTS costs does not depend on its weights, but on how many tokens it makes.

So the length is wired into it (`tests/instruments/tiny_xtts.py` says how): n signs of text give about 20 + n tokens of sound. Its
vocabulary has single signs, so a text of 24 tokens gives 44; the released one has about 12 text tokens for 44 of sound.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: The instruments that tests have; the package under measurement is the installed one.
sys.path.insert(0, str(ROOT))

from tests.instruments import tiny_xtts  # noqa: E402

from adapters.engines.xtts.checkpoint import FOLDER  # noqa: E402
from adapters.engines.xtts.intake import intake  # noqa: E402
from adapters.engines.xtts.upstream import Widths, build  # noqa: E402

TOKENS_PER_SIGN = 1.0


def make(folder: Path, *, full: bool) -> Path:
    """A folder of models with `xtts/` in it: 1.9 GB in about a minute if `full`, else the tiny one of the tests."""
    sources = folder / "sources"
    tiny_xtts.make(sources, full=full)
    if full:
        _wire(sources)
    intake(sources, folder / "models" / FOLDER, version="random")
    for each in sources.iterdir():
        each.unlink()
    return folder / "models"


def _wire(sources: Path) -> None:
    """The instrument wires the tiny checkpoint only: the full one is as long as the decoder lets it be."""
    import torch  # noqa: PLC0415 - after the project has made it importable

    weights = sources / "model.pth"
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = build(sources / "config.json", sources / "vocab.json", Widths())
        model.load_state_dict(torch.load(weights, weights_only=True)["model"])
        tiny_xtts._wire_length(model.gpt, per_token=TOKENS_PER_SIGN)  # noqa: SLF001
        torch.save({"model": model.state_dict()}, weights)
