"""On what networks of torch run: shared by the engines and converters that use it."""

from __future__ import annotations

import importlib.metadata
import os

from voicecore.errors import MissingDependency

_MEND = "install a torch that is built for your card (https://pytorch.org/get-started) or set VOICECORE_DEVICE=cpu"


def visible_problem(device: str) -> str | None:
    """What can be said without loading torch: a card is asked for, and the installed torch knows none."""
    if not device.startswith("cuda"):
        return None
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    if version.endswith("+cpu"):
        return f"VOICECORE_DEVICE is {device}, but torch {version} is built for processors only: {_MEND}."
    return None


def choose(device: str) -> str:
    """`cpu`, or `cuda:N` of a card that has just added two numbers.

    Args:
        device: as in `EngineSettings.device`.

    Raises:
        MissingDependency: if a card is asked for and there is none, or it does not work with this torch.
    """
    if device == "cpu":
        return device
    import torch  # noqa: PLC0415 - optional, and heavy

    if device == "auto":
        return "cuda:0" if torch.cuda.is_available() and _failure("cuda:0") is None else "cpu"
    if not torch.cuda.is_available():
        raise MissingDependency(
            f"VOICECORE_DEVICE is {device}, but torch {torch.__version__} finds no graphics card: {_MEND}."
        )
    wanted = "cuda:0" if device == "cuda" else device
    if int(wanted.partition(":")[2]) >= (count := torch.cuda.device_count()):
        raise MissingDependency(f"VOICECORE_DEVICE is {device}, but there are {count} cards, counted from 0.")
    if (failure := _failure(wanted)) is not None:
        raise MissingDependency(f"The card {wanted} does not work with torch {torch.__version__} ({failure}): {_MEND}.")
    return wanted


def use_threads(threads: int | None) -> None:
    """How many threads one operator may use on the processor, in this process; None leaves torch's own choice."""
    if threads is not None:
        import torch  # noqa: PLC0415 - optional, and heavy

        torch.set_num_threads(threads)


def keep_compiled(most: int) -> None:
    """How many compiled operators oneDNN keeps in this process; what its user has set by the same variable stays.

    It compiles each for one shape and keeps 1 024, so a process that hears sound of every length grows by 350 MB before it stops.
    To be called before the first operator runs: later calls change nothing.
    (https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html)
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(most))


def _failure(device: str) -> str | None:
    """What a card says that is listed but cannot be used: too old for this build, or no driver that fits."""
    import torch  # noqa: PLC0415 - optional, and heavy

    try:
        torch.ones(1, device=device).add_(1).item()
    except RuntimeError as error:
        return str(error).partition("\n")[0]
    return None
