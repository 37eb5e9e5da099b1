"""Recordings of thirteen people, from Debian packages, for tests only: fetched into a cache, never vendored.

    python -m tests.instruments.human_speech        # fetch (about 260 MB once), then list the speakers

Needs `apt-get` and `dpkg-deb`, but no root unless the package lists must first be updated. Licences: LibriVox (public domain) in
`pocketsphinx-testdata`; Asterisk prompts CC-BY-SA-3.0 and (Menardi) CC-BY-SA; Tux Paint stamps GPL-2. The Asterisk voices are
taken in G.722 (16 kHz) so that a telephone's band does not stand for a speaker; Menardi exists at 8 kHz only and stays as the one
telephone reference. Of Tux Paint only those folders are named here that one person read (checked with `speaker_judge`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicecore.audio import Audio

_STAMPS = "tuxpaint-stamps-default"
_ASTERISK = "usr/share/asterisk/sounds"
_TUXPAINT = "usr/share/tuxpaint/stamps"
#: Before a package that could not be had is asked for again: mirrors stutter.
_PAUSES_S = (5, 20, 60)
#: Clips of useful speech; shorter ones are single words.
MIN_CLIP_S, MAX_CLIP_S = 1.5, 9.0
_INSTALL_HINT = "human speech for the tests comes from Debian packages: run on Debian or Ubuntu, with `apt-get update` done once as root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One person's clips.

    Attributes:
        package: the Debian package that holds them.
        globs: patterns under the unpacked package.
        band: what the recording lets through, for reading the results.
    """

    name: str
    language: str
    package: str
    globs: tuple[str, ...]
    band: str = "wide"


def _stamps(language: str, *folders: str) -> Speaker:
    globs = tuple(f"{_TUXPAINT}/{folder}/**/*_desc_{language}.ogg" for folder in folders)
    return Speaker(name=f"tuxpaint-{language}", language=language, package=_STAMPS, globs=globs)


def _asterisk(language: str, folder: str) -> Speaker:
    package = f"asterisk-core-sounds-{language}-g722"
    return Speaker(name=folder, language=language, package=package, globs=(f"{_ASTERISK}/{folder}/*.g722",))


SPEAKERS = (
    Speaker(
        name="librivox", language="en", package="pocketsphinx-testdata",
        globs=("usr/share/pocketsphinx/test/data/librivox/*.wav",),
    ),
    _asterisk("en", "en_US_f_Allison"),
    _asterisk("fr", "fr_CA_f_June"),
    _asterisk("it", "it_IT_m_Carlo"),
    _asterisk("ru", "ru_RU_f_IvrvoiceRU"),
    Speaker(
        name="it_IT_f_Menardi", language="it", package="asterisk-prompt-it-menardi-wav", band="telephone",
        globs=(f"{_ASTERISK}/it_IT_f_Menardi/*.wav",),
    ),
    _stamps("be", "food/fruit", "town/houses"),
    _stamps("bg", "household"),
    _stamps("el", "town/houses", "animals/birds"),
    _stamps("es", "animals/mammals", "food/fruit"),
    _stamps("fr", "household"),
    _stamps("ro", "household"),
    _stamps("ru", "animals/mammals", "animals/birds"),
)  # fmt: skip


def cache_folder() -> Path:
    """`$VOICECORE_TESTING_CACHE/human-speech`, or `voicecore-tests/human-speech` in the user's cache."""
    chosen = os.environ.get("VOICECORE_TESTING_CACHE")
    if chosen:
        return Path(chosen, "human-speech")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "voicecore-tests", "human-speech")


def fetch() -> Path:
    """Download and unpack the packages that are not in the cache yet; the folder with one subfolder a package.

    Raises:
        RuntimeError: where there is no apt, or a package cannot be had.
    """
    folder = cache_folder()
    if not _missing(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # Another process of the tests may be at it: then all is there afterwards.
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if missing := _missing(folder):
            _fetch(folder, missing)
    return folder


def _missing(folder: Path) -> list[str]:
    return [name for name in sorted({each.package for each in SPEAKERS}) if not (folder / name).is_dir()]


def _fetch(folder: Path, missing: list[str]) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise RuntimeError(f"apt-get and dpkg-deb are missing here; {_INSTALL_HINT}.")
    downloads = folder / f"downloads-{os.getpid()}"
    downloads.mkdir(parents=True)
    try:
        if not _downloaded(downloads, missing):
            raise RuntimeError(f"apt-get could not download {', '.join(missing)}; {_INSTALL_HINT}.")
        for name in missing:
            (archive,) = downloads.glob(f"{name}_*.deb")
            unpacked = downloads / name
            if _run(downloads, "dpkg-deb", "-x", str(archive), str(unpacked)) != 0:
                raise RuntimeError(f"dpkg-deb could not unpack {archive.name}.")
            unpacked.rename(folder / name)
    finally:
        shutil.rmtree(downloads)


def _downloaded(downloads: Path, names: list[str]) -> bool:
    for pause_s in (0, *_PAUSES_S):
        time.sleep(pause_s)
        if _run(downloads, "apt-get", "download", *names) == 0:
            return True
        _run(downloads, "apt-get", "update")
    return _run(downloads, "apt-get", "download", *names) == 0


def clips(speaker: Speaker, *, seconds: float, skip_s: float = 0.0) -> list[Audio]:
    """Clips of 1.5 to 9 s in the order of their paths that last at least `seconds` together, after leaving out `skip_s` seconds.

    `skip_s` keeps the clips that enrol apart from the clips that judge.

    Raises:
        RuntimeError: when the speaker has too few.
    """
    root = fetch() / speaker.package
    taken: list[Audio] = []
    for path in sorted(chain.from_iterable(root.glob(pattern) for pattern in speaker.globs)):
        if not path.stat().st_size:
            continue
        audio = _read(path)
        if not MIN_CLIP_S <= audio.duration_s <= MAX_CLIP_S or audio.peak < 0.02:
            continue
        if skip_s > 0:
            skip_s -= audio.duration_s
            continue
        taken.append(audio)
        if sum(each.duration_s for each in taken) >= seconds:
            return taken
    raise RuntimeError(f"{speaker.name} has fewer than {seconds} s of speech in {speaker.package}.")


def _run(folder: Path, *command: str) -> int:
    return subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL).returncode


def _read(path: Path) -> Audio:
    if path.suffix == ".g722":
        samples, rate = _read_g722(path)
    else:
        import soundfile

        frames, rate = soundfile.read(path, dtype="float32", always_2d=True)
        samples = frames.mean(axis=1)
    return Audio(np.clip(samples, -1.0, 1.0).astype(np.float32), int(rate))


def _read_g722(path: Path) -> tuple[NDArray[np.float32], int]:
    """Raw G.722 has no header: 64 kbit/s, 16 kHz, mono."""
    import av

    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.float32) / 32768.0, 16_000


if __name__ == "__main__":
    fetch()
    for each in SPEAKERS:
        found = clips(each, seconds=10)
        length_s = sum(clip.duration_s for clip in found)
        print(f"{each.name:22} {each.language:3} {each.band:10} {len(found):2} clips, {length_s:4.1f} s")
