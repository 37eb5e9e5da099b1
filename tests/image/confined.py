"""A process as it runs in our container: its root read-only, /tmp of its own, no capability, user 10001.

No engine of containers is needed: `unshare` gives a mount namespace, `setpriv` drops the rest. What the container's volume is,
is bound to `DATA`; the installation to `INSTALLATION`, since its real place may be where strangers may not look.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.instruments.containerfile import stages

ROOT = Path(__file__).parents[2]
_, (_BUILD, IMAGE) = stages(ROOT / "Containerfile")
USER = 10001
#: A folder that every Linux has (Filesystem Hierarchy Standard 3.0), on which nothing of ours lies.
_STAGE = Path("/mnt")
INSTALLATION, DATA = _STAGE / "installation", _STAGE / "data"

_MOUNTS = """set -e
mount -t tmpfs -o mode=755 tmpfs {stage}
mkdir {stage}/installation {stage}/data {stage}/python
mount --bind "$1" {stage}/installation
mount --bind "$2" {stage}/data
if [ -n "$4" ]; then  # the interpreter lies where only its owner may look
    mount --bind "$3" {stage}/python
    mount -t tmpfs -o mode=755 tmpfs "$4"
    mkdir -p "$3"
    mount --bind {stage}/python "$3"
    mount -o remount,bind,ro "$3"
    mount -o remount,ro "$4"
fi
mount -t tmpfs -o size=256m,mode=1777,noexec,nosuid,nodev tmpfs /tmp
mount -o remount,bind,ro {stage}/installation
mount -o remount,ro {stage}
mount -o remount,bind,ro /
cd /
shift 4
exec "$@"
"""


def environment(**more: str) -> dict[str, str]:
    """What the image sets, with its own places replaced by those of the test."""
    places = {"/opt/voicecore": str(INSTALLATION), "/data": str(DATA)}
    found = IMAGE.environment()
    for name, value in found.items():
        for place, here in places.items():
            value = value.replace(place, here)  # noqa: PLW2901
        found[name] = value
    return found | more


def _closed(path: Path) -> str:
    """The uppermost folder on the way to `path` that others may not pass; empty if they may pass all."""
    return next((str(each) for each in reversed(path.parents) if not each.stat().st_mode & stat.S_IXOTH), "")


def start(
    installation: Path, data: Path, command: Sequence[str], variables: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start `command`. The process that is returned is the command itself: what stands before it replaces itself.

    Raises `RuntimeError` where nothing can be confined: such tests fail, they are not skipped.
    """
    for tool in ("unshare", "setpriv"):
        if shutil.which(tool) is None:
            raise RuntimeError(f"There is no {tool} for the tests of the image: install Debian's util-linux.")
    root = os.geteuid() == 0
    space = ["unshare", "--mount", "--propagation", "private", *([] if root else ["--user", "--map-root-user"])]
    user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if root else []
    rights = ["setpriv", *user, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    if root:
        os.chown(data, USER, USER)
    interpreter = Path(sys.base_prefix)
    places = [str(installation), str(data), str(interpreter), _closed(interpreter)]
    with log.open("ab") as sink:
        return subprocess.Popen(
            [*space, "sh", "-c", _MOUNTS.format(stage=_STAGE), "sh", *places, *rights, *command],
            env=dict(variables), stdout=sink, stderr=sink, stdin=subprocess.DEVNULL,
        )  # fmt: skip
