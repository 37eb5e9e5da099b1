"""Fetching models that are turned into another form before they are used: the sources come, are compared, and go again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from adapters.modelfiles.locate import compare
from adapters.modelfiles.manifest import Model
from adapters.modelfiles.pull import pull
from entrypoints.cli.progress import byte_bar
from voicecore.errors import InvalidInput, MissingDependency, MissingModel, ModelCorrupt

#: Below the folder of models: what is being fetched, and stays after an interruption.
INCOMING = ".incoming"
#: Models that are read with torch and safetensors alone.
_WITHOUT_COQUI = frozenset({"contentvec", "rmvpe"})


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a `pull`.

    Attributes:
        folder: where the model is.
        unpinned: file → sha256 of what nobody has published a digest of, as it was written into the lock.
        fresh: whether anything was done; False for a model that was there and right.
    """

    folder: Path
    unpinned: Mapping[str, str]
    fresh: bool = True


def take(model: Model, models_dir: Path, origin: str | None, *, unpublished: bool, accepted: frozenset[str]) -> Taken:
    """Fetch the model, or take it from a folder, and put it into its form for use.

    Args:
        origin: a folder with the publisher's files or one's own, which are left there; None fetches them.
        unpublished: whether files may differ from the published ones.
        accepted: names of the models whose licence the operator has accepted.

    Raises:
        InvalidInput: if the licence is not accepted, or `origin` is a URL.
        MissingDependency: if the packages that read the files are missing.
        ModelCorrupt, MissingModel, StorageUnavailable: as `pull`, and if a file is not what was published.
    """
    if model.must_accept and model.name not in accepted:
        raise InvalidInput(
            f"{model.title} is under the {model.licence}: {model.licence_summary} Read {model.licence_url}; if you accept it, "
            f"say --accept-licence {model.name} or set VOICECORE_ACCEPT_LICENCES={model.name}."
        )
    if origin is not None and "://" in origin:
        raise InvalidInput(
            f"The model {model.name!r} has {len(model.files)} files, so a URL cannot be all of it; give a folder."
        )
    _must_have_packages(model)
    if origin is None and _usable(model, models_dir):
        return Taken(models_dir / model.stored, {}, fresh=False)
    if origin is not None:
        return _convert(model, Path(origin).expanduser(), models_dir, unpublished=unpublished)
    incoming = models_dir / INCOMING
    for file in model.files:
        present = incoming / file.path
        if not (present.is_file() and file.pinned and not compare(file, (present,))[1]):
            with byte_bar(file.path.name) as watch:
                pull(file, incoming, None, watch)
    taken = _convert(model, incoming / model.stored, models_dir, unpublished=False)
    shutil.rmtree(incoming / model.stored)
    return taken


def _convert(model: Model, sources: Path, models_dir: Path, *, unpublished: bool) -> Taken:
    # OpenVoice is published in a folder of that name.
    sources = next((each for each in (sources, sources / "converter") if _holds(each, model)), sources)
    unpinned: dict[str, str] = {}
    published = any(file.pinned for file in model.files)
    for file in model.files:
        path = sources / file.path.name
        if not path.is_file():
            names = ", ".join(each.path.name for each in model.files)
            raise MissingModel(f"There is no {file.path.name} in {sources}; give a folder with {names}.")
        found, wrong = compare(file, (path,))
        if wrong and not unpublished:
            raise ModelCorrupt(
                f"{wrong} It is not the file that was published: add --unpublished if it is meant, a fine-tuned one for example."
            )
        published = published and not wrong
        if wrong or not file.pinned:
            unpinned[file.path.name] = found
    return Taken(_INTAKES[model.stored](model, sources, models_dir, published), unpinned)


def _holds(folder: Path, model: Model) -> bool:
    return all((folder / file.path.name).is_file() for file in model.files)


def _usable(model: Model, models_dir: Path) -> bool:
    """Whether what is there would be opened: asked of its reader, who knows more of the lock than `verdicts`."""
    try:
        _READERS[model.stored](models_dir / model.stored)
    except (MissingModel, ModelCorrupt):
        return False
    return True


def _must_have_packages(model: Model) -> None:
    """Before gigabytes are fetched that could not be read."""
    from adapters.coqui import missing_packages  # noqa: PLC0415 - for these models only

    if model.stored in _WITHOUT_COQUI:
        missing, extra = [each for each in ("torch", "safetensors") if find_spec(each) is None], "rvc"
    else:
        missing, extra = missing_packages(), "xtts"
    if missing:
        raise MissingDependency(f"Reading this model needs {', '.join(missing)}: pip install 'voicecore[{extra}]'.")


def _xtts(model: Model, sources: Path, models_dir: Path, published: bool) -> Path:
    from adapters.engines.xtts.intake import intake  # noqa: PLC0415 - loads torch

    target = models_dir / model.stored
    intake(sources, target, version=model.version if published else "", published=published)
    return target


def _openvoice(_model: Model, sources: Path, models_dir: Path, _published: bool) -> Path:
    from adapters.converters.openvoice.intake import intake  # noqa: PLC0415 - loads torch

    return intake(sources, models_dir)


def _contentvec(_model: Model, sources: Path, models_dir: Path, _published: bool) -> Path:
    from adapters.converters.rvc.content.intake import intake  # noqa: PLC0415 - loads torch

    return intake(sources, models_dir)


def _rmvpe(_model: Model, sources: Path, models_dir: Path, _published: bool) -> Path:
    from adapters.converters.rvc.f0.rmvpe.intake import intake  # noqa: PLC0415 - loads torch

    return intake(sources, models_dir)


def _read_xtts(folder: Path) -> None:
    from adapters.engines.xtts.checkpoint import Checkpoint  # noqa: PLC0415 - for this model only

    Checkpoint(folder).verify()


def _read_openvoice(folder: Path) -> None:
    from adapters.converters.openvoice import stored  # noqa: PLC0415 - for this model only

    stored.check(stored.find(folder.parent))


def _read_contentvec(folder: Path) -> None:
    from adapters.converters.rvc.content import stored  # noqa: PLC0415 - for this model only

    stored.verify(stored.find(folder.parent))


def _read_rmvpe(folder: Path) -> None:
    from adapters.converters.rvc.f0.rmvpe import stored  # noqa: PLC0415 - for this model only

    stored.check(stored.find(folder.parent))


_INTAKES: Mapping[str, Callable[[Model, Path, Path, bool], Path]] = MappingProxyType(
    {
        "xtts": _xtts,
        "openvoice": _openvoice,
        "contentvec": _contentvec,
        "rmvpe": _rmvpe,
    }
)
_READERS: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "xtts": _read_xtts,
        "openvoice": _read_openvoice,
        "contentvec": _read_contentvec,
        "rmvpe": _read_rmvpe,
    }
)
