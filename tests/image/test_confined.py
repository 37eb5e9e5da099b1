"""The service and a worker as the container runs them: read-only root, one writable folder, no rights, user 10001."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml

from tests.image import confined
from tests.instruments.free_port import free_port
from tests.instruments.redis_server import RedisServer

COMPOSE_TEXT = (confined.ROOT / "deploy/compose.yaml").read_text("utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
FIRST_KEY = re.search(r"^#   docker compose .* exec api voicecore (keys add .*)$", COMPOSE_TEXT, re.MULTILINE)[1]
PYTHON = str(confined.INSTALLATION / "bin" / "python")
VOICECORE = [PYTHON, "-m", "entrypoints.cli"]
#: How long a test waits for something that takes a fraction of it.
PATIENCE_S = 60.0


class Box:
    """What runs over one volume."""

    def __init__(self, folder, installation, found_by_path):
        self.data, self.log = folder / "data", folder / "log"
        self.data.mkdir()
        self._installation, self._path = installation, found_by_path
        self.variables = {"VOICECORE_PORT": str(free_port()), "VOICECORE_HOST": "127.0.0.1"}
        self._stack = ExitStack()

    def start(self, *command):
        variables = confined.environment(**self.variables, **self._path, HOSTNAME=socket.gethostname())
        process = confined.start(self._installation, self.data, command, variables, self.log)
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process

    def status_of(self, *command):
        return self.start(*command).wait(PATIENCE_S)

    def secret(self, name, text):
        """As compose mounts it: a file, named by a variable."""
        (self.data / name).write_text(text)
        self.variables[f"VOICECORE_{name.upper()}_FILE"] = str(confined.DATA / name)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.variables['VOICECORE_PORT']}"

    def get(self, path, **more):
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE_S, **more)

    def post(self, path, **more):
        return httpx.post(f"{self.url}{path}", timeout=PATIENCE_S, **more)

    def wait_until_ready(self, process):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert process.poll() is None, self.log.read_text("utf-8", "replace")
            try:
                if self.get("/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("it never became ready: " + self.log.read_text("utf-8", "replace"))

    def close(self):
        self._stack.close()


@pytest.fixture
def box(tmp_path, installation, found_by_path):
    made = Box(tmp_path, installation, found_by_path)
    yield made
    made.close()


def finished(box, job_id):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        job = box.get(f"/jobs/{job_id}").json()
        if job["status"] in ("completed", "failed", "cancelled"):
            assert job["status"] == "completed", (job, box.log.read_text("utf-8", "replace"))
            return job
        time.sleep(0.1)
    raise AssertionError("the job never ended: " + box.log.read_text("utf-8", "replace"))


def rights_of(process):
    with Path(f"/proc/{process.pid}/status").open(encoding="utf-8") as file:
        return dict(line.rstrip("\n").replace("\t", " ").split(":", 1) for line in file)


def complaints(box):
    """Lines of the log that a service without trouble does not write."""
    words = ("Traceback", "Read-only", "Permission", "denied", "ERROR")
    return [line for line in box.log.read_text("utf-8", "replace").splitlines() if any(word in line for word in words)]


def spoken(box, text):
    """Have it spoken by the engine that ships, and download it as FLAC."""
    body = {"mode": "dubbing", "source_language": "pt-BR", "text": text}
    answer = box.post("/jobs", json=body)
    assert answer.status_code == 202, answer.text
    job = finished(box, answer.json()["id"])
    assert job["duration"] > 0.3
    sound = box.get(f"/jobs/{job['id']}/download", params={"format": "flac"})
    assert sound.content.startswith(b"fLaC")
    return sound.content


def health(box):
    """The exit status of the image's health check, run as the engine of containers does: beside the service, by its user."""
    words = confined.IMAGE.last("HEALTHCHECK").rest.partition("CMD ")[2]
    return box.status_of(*json.loads(words))


def test_the_service_speaks_learns_and_is_well_with_nothing_writable_but_its_volume(box):
    service = box.start(*VOICECORE, *confined.IMAGE.last("CMD").words())
    box.wait_until_ready(service)
    rights = rights_of(service)
    if os.geteuid() == 0:
        assert set(rights["Uid"].split()) == {str(confined.USER)}
        assert rights["Groups"].split() == []
    assert {int(rights[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert rights["NoNewPrivs"].strip() == "1"
    assert health(box) == 0
    reference = spoken(
        box, "Esta é uma frase que alguém disse para que a sua voz fosse aprendida, e é longa o bastante para isso."
    )
    answer = box.post(
        "/voices/clone",
        data={"name": "Ana", "language": "pt-BR", "consent": "Sim.", "consent_by": "Ana Souza"},
        files={"file": ("a", reference)},
    )
    assert answer.status_code == 202, answer.text
    assert finished(box, answer.json()["job_id"])["voice_id"]
    assert complaints(box) == []
    service.send_signal(signal.Signals[confined.IMAGE.last("STOPSIGNAL").rest])
    assert service.wait(PATIENCE_S) == 0
    assert health(box) != 0, "nobody is there any more"
    assert {path.name.split(".")[0] for path in box.data.iterdir()} <= {
        "voicecore", "blobs", "models", "audit", "mark-key",
    }  # fmt: skip


def test_nothing_can_be_written_beside_the_volume_and_tmp(box):
    for folder in ("/", "/etc", "/var/tmp", str(confined.INSTALLATION), str(confined.INSTALLATION / "bin")):
        assert box.status_of("sh", "-c", f"! touch {folder}/written 2>/dev/null") == 0, folder
    for folder in (str(confined.DATA), "/tmp"):
        assert box.status_of("sh", "-c", f"touch {folder}/written") == 0, folder
    assert [path.name for path in box.data.iterdir()] == ["written"]


def test_a_worker_of_the_same_image_does_the_jobs_and_is_found_well_by_its_check(box, tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as redis:
        box.secret("redis_url", redis.url)
        box.variables["VOICECORE_ENGINE"] = "tone"  # the one that ships has spoken above
        service = box.start(*VOICECORE, "serve")
        worker = box.start(*VOICECORE, *COMPOSE["services"]["worker"]["command"])
        box.wait_until_ready(service)
        assert spoken(box, "Olá, mundo.")
        check = COMPOSE["services"]["worker"]["healthcheck"]["test"][1].replace("$$", "$")
        check = check.replace("voicecore", shlex.join(VOICECORE), 1)
        assert box.status_of("sh", "-c", check) == 0, box.log.read_text("utf-8", "replace")
        assert complaints(box) == []
        # The first key, made as the first lines of compose.yaml say, closes the door to all who have none.
        assert box.get("/jobs").status_code == 200
        assert box.status_of(*VOICECORE, *shlex.split(FIRST_KEY)) == 0
        # A process that looked a moment ago whether there are keys looks again within two seconds.
        end = time.monotonic() + PATIENCE_S
        while box.get("/jobs").status_code != 401 and time.monotonic() < end:
            time.sleep(0.1)
        assert box.get("/jobs").status_code == 401
        assert box.status_of("sh", "-c", check) == 0, "the check of a worker needs no key"
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_S) == 0
        assert box.status_of("sh", "-c", check) != 0, "it has left"
        service.send_signal(signal.SIGTERM)
        assert service.wait(PATIENCE_S) == 0
