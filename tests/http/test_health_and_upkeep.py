"""`/health`, `/live`, `/ready`, `/admin`, `/`, and what every answer carries."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from entrypoints.http.health import grade_disk, overall
from voicecore.access import KeyId, key_text
from voicecore.errors import BlobCorrupt, DiskFull, StorageUnavailable
from voicecore.ports import JobStore
from voicecore.testing.tone import ToneProvider

from .room import HELLO, PATIENCE_S, Room, eventually, furnished, recording, refused


def test_health_says_healthy_with_every_check_of_the_contract(shared: Room):
    answer = shared.client.get("/health")
    health = answer.json()
    assert answer.status_code == 200
    assert health["service"] == "audio-voice"
    assert health["checks"].keys() == {"job_store", "disk", "engine", "conversion", "workers"}
    # The disk of the machine that runs the tests may really be full, and that alone may show.
    others = [check["status"] for name, check in health["checks"].items() if name != "disk"]
    assert others == ["ok"] * 4
    assert (
        health["status"]
        == {"ok": "healthy", "warning": "degraded", "error": "unhealthy"}[health["checks"]["disk"]["status"]]
    )
    assert health["checks"]["disk"]["free_gb"] > 0
    assert health["checks"]["engine"]["engine"] == "tone"
    assert health["checks"]["workers"]["active"] == 1
    assert health["timestamp"].endswith("Z")
    assert re.fullmatch(r"\d+\.\d+\.\d+", health["version"])


def test_health_says_whether_the_model_is_in_memory_and_an_idle_one_is_no_error(room: Room):
    idle = room.client.get("/health").json()["checks"]["engine"]
    assert (idle["status"], idle["model_loaded"]) == ("ok", False)
    assert "next job" in idle["detail"]
    room.spoken()
    assert room.client.get("/health").json()["checks"]["engine"] == {
        "status": "ok", "engine": "tone", "model_loaded": True,
    }  # fmt: skip


def test_the_workers_page_tells_what_the_engines_tell_each_and_together(room: Room):
    room.spoken()
    announce = next(chore for chore in room.service.crew.chores if chore.name == "announce")
    announce.do()
    page = room.client.get("/admin/workers").json()
    gauges = page["workers"][0]["gauges"]
    assert gauges["tone"]["steps_total"] >= 1.0
    assert page["gauges"] == gauges


@pytest.mark.parametrize(
    ("free", "grade"), [(100, "ok"), (11, "ok"), (10, "warning"), (6, "warning"), (5, "error"), (0, "error")]
)
def test_the_disk_warns_at_a_tenth_and_fails_at_a_twentieth(free: int, grade: str):
    assert grade_disk(free * 2**30, 100 * 2**30).status == grade
    assert grade_disk(free * 2**30, 100 * 2**30).free_gb == free


def test_the_worst_check_decides():
    assert overall(["ok", "ok"]) == "healthy"
    assert overall(["ok", "warning"]) == "degraded"
    assert overall(["warning", "error", "ok"]) == "unhealthy"


def test_without_a_worker_the_service_is_alive_but_neither_healthy_nor_ready(tmp_path: Path):
    with furnished(tmp_path, start=False) as room:
        assert room.client.get("/live").json() == {"status": "alive"}
        unhealthy = room.client.get("/health")
        assert (unhealthy.status_code, unhealthy.json()["status"]) == (503, "unhealthy")
        assert unhealthy.json()["checks"]["workers"]["active"] == 0
        ready = room.client.get("/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        room.service.open()
        assert room.client.get("/ready").status_code == 200


class LostStore:
    """A job store whose disk has gone away."""

    def __init__(self, real: JobStore) -> None:
        self.close = real.close

    def __getattr__(self, name: str):
        def unavailable(*_: object, **__: object):
            raise StorageUnavailable

        return unavailable


def test_without_its_store_the_service_says_so_and_when_to_come_back(room: Room):
    room.service.store = LostStore(room.service.store)
    assert room.client.get("/health").status_code == 503
    assert room.client.get("/health").json()["checks"]["job_store"]["status"] == "error"
    assert room.client.get("/ready").status_code == 503
    assert room.client.get("/live").status_code == 200
    answer = room.client.get("/jobs")
    assert refused(answer, 503)["code"] == "storage_unavailable"
    assert int(answer.headers["retry-after"]) > 0


def test_a_full_disk_is_told_with_the_file_but_not_with_the_folders_of_the_machine(
    room: Room, monkeypatch: pytest.MonkeyPatch
):
    folder = room.service.settings.data_dir

    def full(*_: object, **__: object):
        raise DiskFull(f"The disk of {folder / 'voicecore.sqlite3'} is full: free some space and try again.")

    monkeypatch.setattr(type(room.service.store), "add", full)
    answer = room.client.post("/jobs", json=HELLO)
    assert refused(answer, 503, word="disk of voicecore.sqlite3 is full")["code"] == "disk_full"
    assert str(folder) not in answer.text
    assert int(answer.headers["retry-after"]) > 0


def test_no_check_and_no_event_tells_the_folders_of_the_machine(room: Room, monkeypatch: pytest.MonkeyPatch):
    folder = room.service.settings.data_dir
    place = folder / "voicecore.sqlite3"

    def damaged(*_: object, **__: object):
        raise StorageUnavailable(f"{place} is damaged: restore it from a backup.")

    def gone(*_: object, **__: object):
        raise BlobCorrupt(f"{place} is damaged: restore it from a backup.")

    job = room.spoken()
    with monkeypatch.context() as broken:
        broken.setattr(type(room.service.store), "counts", damaged)
        broken.setattr(ToneProvider, "problems", lambda _: [f"There is nothing in {folder}."])
        for path in ("/health", "/ready", "/engines"):
            answer = room.client.get(path).text
            assert str(folder) not in answer
        assert "voicecore.sqlite3 is damaged" in room.client.get("/ready").text
    monkeypatch.setattr(type(room.service.blobs), "open", gone)
    heard = room.client.get(f"/jobs/{job['id']}/stream?sse=true").text
    assert "voicecore.sqlite3 is damaged" in heard
    assert str(folder) not in heard


def test_a_socket_s_last_word_tells_no_folders_either(room: Room, monkeypatch: pytest.MonkeyPatch):
    folder = room.service.settings.data_dir

    def full(*_: object, **__: object):
        raise DiskFull(f"The disk of {folder / 'voicecore.sqlite3'} is full: free some space and try again.")

    monkeypatch.setattr(type(room.service.store), "add", full)
    with connect(room.url.replace("http", "ws", 1) + "/ws/speak", open_timeout=PATIENCE_S) as socket:
        for said in ({"type": "start", "source_language": "pt-BR", "mode": "dubbing"}, {"type": "text", "text": "Oi."}):
            socket.send(json.dumps(said))
        socket.send(json.dumps({"type": "end"}))
        heard = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                heard.append(json.loads(socket.recv(timeout=PATIENCE_S)))
    assert "disk of voicecore.sqlite3 is full" in heard[-1]["detail"]
    assert str(folder) not in str(heard)


def test_a_draining_service_refuses_new_work_and_still_serves_what_it_has(room: Room):
    done = room.spoken()
    room.service.draining = True
    clone = room.client.post(
        "/voices/clone", data={"name": "A", "language": "pt", "consent_by": "A"}, files={"file": ("a", recording())}
    )
    for answer in (room.client.post("/jobs", json=HELLO), clone):
        assert refused(answer, 503)["code"] == "draining"
        assert int(answer.headers["retry-after"]) > 0
    assert room.client.get("/ready").status_code == 503
    assert room.client.get("/health").status_code == 200
    assert room.client.get(done["audio_url"]).status_code == 200


def test_a_full_queue_is_a_429_that_says_when_to_come_back(tmp_path: Path):
    with furnished(tmp_path, start=False, max_queued=2) as room:
        room.submit()
        room.submit(text="Outro.")
        answer = room.client.post("/jobs", json={**HELLO, "text": "Mais um."})
        assert refused(answer, 429)["code"] == "queue_full"
        assert int(answer.headers["retry-after"]) > 0


def test_cleanup_removes_what_expired_and_deep_cleanup_all_that_is_finished_but_no_voice_and_no_running_job(room: Room):
    voice = room.enrolled()["voice_id"]
    done = room.spoken()["id"]
    plain = room.client.post("/admin/cleanup").json()
    assert plain["jobs_removed"] == 0
    room.gate.opened.clear()
    running = room.submit(text="Ainda falando.")["id"]
    eventually(lambda: room.client.get(f"/jobs/{running}").json()["status"] == "processing")
    deep = room.client.post("/admin/cleanup?deep=true").json()
    assert deep["jobs_removed"] == 2
    assert deep["files_deleted"] > 0
    assert deep["bytes_freed"] > 0
    assert room.client.get(f"/voices/{voice}").status_code == 200
    assert room.client.get(f"/jobs/{done}").status_code in (404, 410)
    room.gate.opened.set()
    assert room.finished(running)["status"] == "completed"
    refused(room.client.post("/admin/cleanup?deep=maybe"), 400, "deep")


def test_a_trial_of_the_cleanup_answers_what_it_would_remove_and_removes_nothing(room: Room):
    done = room.spoken()["id"]
    before = room.client.get("/admin/stats").json()
    assert room.client.post("/admin/cleanup?dry_run=true").json()["jobs_removed"] == 0
    tried = [room.client.post("/admin/cleanup?deep=true&dry_run=true").json() for _ in range(2)]
    assert tried[0] == tried[1]
    assert tried[0]["dry_run"]
    assert "nothing was removed" in tried[0]["message"]
    assert room.client.get("/admin/stats").json() == before
    did = room.client.post("/admin/cleanup?deep=true").json()
    assert not did["dry_run"]
    for what in ("jobs_removed", "files_deleted", "bytes_freed"):
        assert did[what] == tried[0][what] > 0
    assert room.client.get(f"/jobs/{done}").status_code in (404, 410)
    refused(room.client.post("/admin/cleanup?dry_run=perhaps"), 400, "dry_run")


def test_the_statistics_count_jobs_voices_and_files(room: Room):
    room.enrolled()
    room.spoken()
    stats = room.client.get("/admin/stats").json()
    assert stats["jobs"]["total"] == 2
    assert stats["jobs"]["by_status"] == {"queued": 0, "processing": 0, "completed": 2, "failed": 0, "cancelled": 0}
    assert stats["voices"]["total"] == 1
    assert stats["voices"]["storage_mb"] > 0
    assert stats["cache"]["files"] >= 1
    assert stats["cache"]["bytes"] > 0
    assert stats["audio"]["files"] >= 2


def test_the_root_leads_to_everything(shared: Room):
    index = shared.client.get("/").json()
    for link in (index["openapi"], index["health"], *index["links"]):
        assert shared.client.get(link).status_code == 200, link


@pytest.mark.parametrize("path", ["/", "/health", "/jobs", "/nothing", "/jobs/none/download", "/openapi.json"])
def test_every_answer_has_a_request_id_and_keeps_browsers_from_guessing(shared: Room, path: str):
    headers = shared.client.get(path).headers
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-store"
    assert not [name for name in headers if name.startswith("access-control")]


def test_a_plain_request_id_is_kept_and_a_strange_one_replaced(shared: Room):
    assert shared.client.get("/", headers={"X-Request-Id": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    key = key_text(KeyId("key_" + "a" * 20), "b" * 32)
    for strange in ("x" * 65, "a b", "a;b", "", key, f"re.{key}"):
        assert shared.client.get("/", headers={"X-Request-Id": strange}).headers["x-request-id"] != strange


def test_other_origins_get_no_permission(shared: Room):
    answer = shared.client.options(
        "/jobs", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in answer.headers


def test_unknown_addresses_and_methods_are_problems_too(shared: Room):
    refused(shared.client.get("/nothing"), 404)
    refused(shared.client.put("/jobs", json={}), 405)
    refused(shared.client.delete("/health"), 405)


def test_a_defect_tells_the_client_a_request_id_and_the_log_everything(room: Room, caplog: pytest.LogCaptureFixture):
    secret = secrets.token_hex(8)

    class Broken(LostStore):
        def counts(self):
            raise RuntimeError(secret)

    room.service.store = Broken(room.service.store)
    with caplog.at_level(logging.ERROR):
        answer = room.client.get("/admin/stats")
    problem = refused(answer, 500)
    assert problem["code"] == "internal_error"
    assert secret not in answer.text
    assert "RuntimeError" not in answer.text
    assert problem["request_id"] in caplog.text
    assert secret in caplog.text


def test_texts_and_names_never_reach_the_log(room: Room, caplog: pytest.LogCaptureFixture):
    word = "segredo" + secrets.token_hex(4)
    with caplog.at_level(logging.DEBUG):
        room.spoken(text=f"Isto é {word}.")
        room.client.post("/jobs", json={**HELLO, "text": word, "speed": 9})
        room.client.post("/jobs", content='{"text": "%s' % word, headers={"content-type": "application/json"})  # noqa: UP031
        room.enrolled(name=word)
    assert word not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("voicecore", "litestar", "uvicorn"))
    )
