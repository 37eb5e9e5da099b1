"""An orchestrator that knows nothing of voicecore but what it would read, against a real server process.

Its rules are those of the contract: poll after 2 s ten times, 4 s forty times, then 30 s; take the id from `job_id` or
`id`, the state from `status` or `state`, the error from `error`, then `error_message`; multiply progress up to 1 by 100;
give up after five errors in a row. Here its clock runs a hundred times as fast.
"""

from __future__ import annotations

import io
import itertools
import re
import time
import wave
from collections.abc import Iterator

import httpx
import pytest

from .room import PATIENCE_S, recording
from .server_process import Process, serving

FASTER = 100
DONE = {"completed", "success", "done", "finished"}
BAD = {"failed", "error", "cancelled", "canceled", "aborted"}
MAX_BODY = 500_000_000


class JobFailed(Exception):
    pass


class Orchestrator:
    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=PATIENCE_S, headers={"X-API-Key": "none is set"})
        self.progress: list[float] = []

    def healthy(self) -> bool:
        answer = self.client.get("/health")
        return answer.is_success and answer.json()["status"] == "healthy"

    def dub(self, **body: object) -> tuple[str, bytes]:
        job_id = self._id(self.client.post("/jobs", json=body))
        self._wait(job_id)
        answer = self.client.get(f"/jobs/{job_id}/download")
        answer.raise_for_status()
        assert int(answer.headers["content-length"]) <= MAX_BODY
        (name,) = re.findall(r'filename="([^"]+)"', answer.headers["content-disposition"])
        return name, answer.content

    @staticmethod
    def _id(answer: httpx.Response) -> str:
        body = answer.json()
        if not answer.is_success:
            raise JobFailed(body.get("error") or body.get("error_message"))
        return body.get("job_id") or body["id"]

    def _wait(self, job_id: str) -> None:
        pauses = itertools.chain([2] * 10, [4] * 40, itertools.repeat(30))
        errors = 0
        for pause in itertools.islice(pauses, 200):
            time.sleep(pause / FASTER)
            try:
                answer = self.client.get(f"/jobs/{job_id}")
                answer.raise_for_status()
            except httpx.HTTPError:
                errors += 1
                assert errors < 5
                continue
            errors = 0
            job = answer.json()
            progress = job["progress"]
            self.progress.append(progress * 100 if progress <= 1.0 else progress)
            state = job.get("status") or job["state"]
            if state in DONE:
                return
            if state in BAD:
                raise JobFailed(job.get("error") or job.get("error_message"))
        raise AssertionError("never finished")


@pytest.fixture
def orchestrator(server: Process) -> Iterator[Orchestrator]:
    made = Orchestrator(server.url)
    with made.client:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with serving(
        tmp_path_factory.mktemp("server"), VOICECORE_TESTING_TONE='{"step_s": 0.02, "fail_on": "quebre"}'
    ) as process:
        yield process


def test_an_orchestrator_dubs_a_text_and_names_the_file_as_the_service_does(orchestrator: Orchestrator):
    name, audio = orchestrator.dub(
        mode="dubbing", text="Uma frase. " * 40, source_language="pt-BR", target_language="en"
    )
    assert re.fullmatch(r"dubbed_job_[a-z0-9]+\.wav", name)
    with wave.open(io.BytesIO(audio)) as file:
        assert file.getnframes() / file.getframerate() > 10
    assert orchestrator.progress == sorted(orchestrator.progress)
    assert orchestrator.progress[-1] == 100
    assert len(orchestrator.progress) > 1


def test_an_orchestrator_finds_the_service_healthy_where_the_disk_has_room(orchestrator: Orchestrator):
    disk = orchestrator.client.get("/health").json()["checks"]["disk"]["status"]
    assert orchestrator.healthy() == (disk == "ok")


def test_an_orchestrator_reads_why_a_job_failed(orchestrator: Orchestrator):
    with pytest.raises(JobFailed, match="told to fail"):
        orchestrator.dub(mode="dubbing", text="quebre", source_language="pt")


def test_an_orchestrator_reads_why_a_request_was_refused(orchestrator: Orchestrator):
    with pytest.raises(JobFailed, match="does not speak"):
        orchestrator.dub(mode="dubbing", text="oi", source_language="xx")


def test_an_orchestrator_clones_a_voice_and_speaks_with_it(orchestrator: Orchestrator):
    accepted = orchestrator.client.post(
        "/voices/clone",
        data={"name": "Locutora", "language": "pt-BR", "consent": "Ela aceitou por escrito."},
        files={"file": ("a.wav", recording())},
    ).json()
    orchestrator._wait(accepted["job_id"])
    voice_id = orchestrator.client.get(accepted["poll_url"]).json()["voice_id"]
    _, audio = orchestrator.dub(mode="dubbing_with_clone", text="Olá!", source_language="pt-BR", voice_id=voice_id)
    assert audio[:4] == b"RIFF"
