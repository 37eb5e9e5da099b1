"""Build `models/kokoro/voices.npz`, the 54 voices of Kokoro-82M v1.0, from the npm package `kokoro-js`.

Where each byte comes from: `kokoro-js@1.2.1` (hexgrad and xenova, Apache-2.0), `package/voices/*.bin`, each 510x256
float32, little-endian. Stored as float16, which changes a style by less than 5e-4. The archive is the same, byte for byte, every
time it is built.

    npm pack kokoro-js@1.2.1
    python scripts/build_kokoro_voices.py kokoro-js-1.2.1.tgz models/kokoro/voices.npz
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tarfile
from pathlib import Path, PurePosixPath

import numpy as np

PACKAGE_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
SHAPE = (510, 256)
COUNT = 54
MAX_ROUNDING = 1e-3


def voices_of(package: Path) -> dict[str, np.ndarray]:
    """Name → float16 styles, shape (510, 256), in the order of their names."""
    found: dict[str, np.ndarray] = {}
    with tarfile.open(package) as archive:
        for member in archive.getmembers():
            path = PurePosixPath(member.name)
            if path.parent != PurePosixPath("package/voices") or path.suffix != ".bin":
                continue
            stream = archive.extractfile(member)
            if stream is None:
                continue
            exact = np.frombuffer(stream.read(), "<f4").reshape(SHAPE)
            rounded = exact.astype(np.float16)
            error = float(np.abs(exact - rounded.astype(np.float32)).max())
            if error > MAX_ROUNDING:
                raise SystemExit(f"{path.stem}: float16 changes it by {error:.2g}, more than {MAX_ROUNDING}")
            found[path.stem] = rounded
    return dict(sorted(found.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    digest = hashlib.sha256(arguments.package.read_bytes()).hexdigest()
    if digest != PACKAGE_SHA256:
        raise SystemExit(f"{arguments.package} has sha256 {digest}, expected {PACKAGE_SHA256}")
    voices = voices_of(arguments.package)
    if len(voices) != COUNT:
        raise SystemExit(f"found {len(voices)} voices, expected {COUNT}")
    np.savez_compressed(arguments.output, allow_pickle=False, **voices)
    built = arguments.output.read_bytes()
    print(f"{len(voices)} voices, {len(built) / 1e6:.1f} MB, sha256 {hashlib.sha256(built).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
