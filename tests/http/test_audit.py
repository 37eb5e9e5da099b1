"""What was done is in the audit log: one line an act, with who and what, and nothing that anybody said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from litestar.routes import HTTPRoute

from adapters.audit import entries, verify
from entrypoints.http.app import create_app
from tests.instruments.tones import recording
from voicecore.access import Scope
from voicecore.testing.shifter import ShifterIntake, shifter_file

from .people import MOST, Person, acting, person
from .room import Room, furnished

#: Routes that somebody must say of whether they are audited.
OF_THAT_KIND = re.compile(r"^DELETE |clone|mix|voices|models|consents|/keys|cleanup")
#: What changes nothing that must be known later.
NOT_AUDITED = {
    "POST /jobs", "POST /jobs/{job_id:str}/cancel", "PATCH /voices/{voice_id:str}", "POST /quality-profiles",
    "PATCH /quality-profiles/{engine:str}/{profile_id:str}", "DELETE /quality-profiles/{engine:str}/{profile_id:str}",
    "POST /quality-profiles/{engine:str}/{profile_id:str}/duplicate",
    "POST /quality-profiles/{engine:str}/{profile_id:str}/set-default", "POST /consents",
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    from dependency_injector import providers

    folder = tmp_path_factory.mktemp("data")
    with furnished(folder, override=lambda made: made.intake.override(providers.Object(ShifterIntake()))) as made:
        yield made


@pytest.fixture(scope="module")
def root(room: Room) -> Iterator[Person]:
    with person(room, "Root", [Scope.ADMIN]) as made:
        yield made


@pytest.fixture(scope="module")
def ana(room: Room) -> Iterator[Person]:
    with person(room, "Ana", MOST) as made:
        yield made


def clone(room: Room, root: Person, ana: Person) -> dict[str, str]:
    with acting(room, ana) as hers:
        job = hers.enrolled("Voz da Ana", consent_by="Ana Maria", consent="Eu, Ana, consinto.")
    return {"job_id": job["id"], "voice_id": job["voice_id"], "consent_id": job["id"].replace("job_", "cons_")}


def revoke_consent(room: Room, root: Person, ana: Person) -> dict[str, str]:
    consent = ana.client.post("/consents", json={"by": "Ana Maria"}).json()["id"]
    assert ana.client.delete(f"/consents/{consent}").status_code == 200
    return {"consent_id": consent}


def mix(room: Room, root: Person, ana: Person) -> dict[str, str]:
    parts = [{"preset": "female_warm", "weight": 1}, {"preset": "male_deep", "weight": 1}]
    answer = ana.client.post("/voices/mix", json={"name": "Mistura", "language": "pt-BR", "parts": parts}).json()
    return {"job_id": answer["job_id"], "voice_id": answer["job_id"].replace("job_", "voice_")}


def delete_voice(room: Room, root: Person, ana: Person) -> dict[str, str]:
    voice = ana.client.get("/voices").json()["voices"][0]["id"]
    assert ana.client.delete(f"/voices/{voice}").status_code == 200
    return {"voice_id": voice}


def delete_job(room: Room, root: Person, ana: Person) -> dict[str, str]:
    job = ana.client.get("/jobs").json()["jobs"][0]["id"]
    assert ana.client.delete(f"/jobs/{job}").status_code == 200
    return {"job_id": job}


def add_model(room: Room, root: Person, ana: Person) -> dict[str, str]:
    files = {"pth_file": ("a.pth", shifter_file(), "application/octet-stream")}
    model = root.client.post("/rvc-models", data={"name": "Luísa"}, files=files)
    assert model.status_code == 201, model.text
    return {"model_id": model.json()["id"]}


def delete_model(room: Room, root: Person, ana: Person) -> dict[str, str]:
    model = root.client.get("/rvc-models").json()["models"][0]["id"]
    assert root.client.delete(f"/rvc-models/{model}").status_code == 200
    return {"model_id": model}


def make_key(room: Room, root: Person, ana: Person) -> dict[str, str]:
    return {"key_id": root.client.post("/admin/keys", json={"name": "Bia", "scopes": ["speak"]}).json()["id"]}


def rotate_key(room: Room, root: Person, ana: Person) -> dict[str, str]:
    key = root.client.get("/admin/keys").json()["keys"][-1]["id"]
    assert root.client.post(f"/admin/keys/{key}/rotate").status_code == 200
    return {"key_id": key}


def revoke_key(room: Room, root: Person, ana: Person) -> dict[str, str]:
    key = root.client.get("/admin/keys").json()["keys"][-1]["id"]
    assert root.client.delete(f"/admin/keys/{key}").status_code == 200
    return {"key_id": key}


def clean_up(room: Room, root: Person, ana: Person) -> dict[str, str]:
    # What is only tried leaves no line: nobody removed anything.
    assert root.client.post("/admin/cleanup?dry_run=true").status_code == 200
    assert root.client.post("/admin/cleanup").status_code == 200
    return {}


Doing = Callable[[Room, Person, Person], dict[str, str]]
#: In this order: what is deleted is made before.
ACTS: dict[str, tuple[str, Doing]] = {
    "POST /voices/clone": ("voice.clone", clone),
    "DELETE /voices/{voice_id:str}": ("voice.delete", delete_voice),
    "POST /voices/mix": ("voice.mix", mix),
    "DELETE /jobs/{job_id:str}": ("job.delete", delete_job),
    "POST /rvc-models": ("model.add", add_model),
    "DELETE /rvc-models/{model_id:str}": ("model.delete", delete_model),
    "POST /admin/keys": ("key.make", make_key),
    "POST /admin/keys/{key_id:str}/rotate": ("key.rotate", rotate_key),
    "DELETE /admin/keys/{key_id:str}": ("key.revoke", revoke_key),
    "DELETE /consents/{consent_id:str}": ("consent.revoke", revoke_consent),
    "POST /admin/cleanup": ("cleanup", clean_up),
}


def folder_of(room: Room) -> Path:
    return room.service.settings.data_dir


@pytest.mark.parametrize("route", ACTS)
def test_each_act_is_one_line_with_who_and_what(room: Room, root: Person, ana: Person, route: str):
    what, do = ACTS[route]
    before = len(list(entries(folder_of(room))))
    objects = do(room, root, ana)
    (line,) = [entry.line for entry in list(entries(folder_of(room)))[before:]]
    assert (line["what"], line["objects"]) == (what, objects)
    assert line["who"] in (root.id, ana.id)
    assert verify(folder_of(room)).problem is None


def test_every_route_that_changes_something_is_audited_or_said_not_to_be(room: Room):
    changing = {
        f"{method} {route.path}"
        for route in create_app(room.service).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method not in ("GET", "HEAD", "OPTIONS")
    }
    # Other dialects of these are the same acts, done by the same use cases: /v1/….
    unknown = {each for each in changing if " /v1/" not in each} - ACTS.keys() - NOT_AUDITED
    assert [each for each in unknown if OF_THAT_KIND.search(each)] == []
    assert ACTS.keys() <= changing


def test_no_text_name_or_key_is_in_the_log(room: Room, root: Person, ana: Person):
    log = (folder_of(room) / "audit.jsonl").read_text("utf-8")
    for word in ("Ana", "Maria", "consinto", "Mistura", "Luísa", "Bia", root.text, ana.text, "vk_"):
        assert word not in log
    (cloned,) = [entry.line for entry in entries(folder_of(room)) if entry.line["what"] == "voice.clone"]
    assert len(cloned["details"]["consent_sha256"]) == 64


def test_what_cannot_be_written_down_is_not_done(room: Room, root: Person, ana: Person):
    with acting(room, ana) as hers:
        job = hers.spoken()
    log = folder_of(room) / "audit.jsonl"
    kept = log.read_bytes()
    log.write_bytes(b"no log\n")
    try:
        assert ana.client.delete(f"/jobs/{job['id']}").status_code == 503
        answer = ana.client.post(
            "/voices/clone",
            data={"name": "X", "language": "pt-BR", "consent_by": "Ana"},
            files={"file": ("a.wav", recording(), "audio/wav")},
        )
        assert answer.status_code == 503
        assert "audit log" in answer.json()["detail"]
    finally:
        log.write_bytes(kept)
    assert ana.client.get(f"/jobs/{job['id']}").status_code == 200
    assert [
        job for job in ana.client.get("/jobs").json()["jobs"] if job["mode"] == "clone" and job["status"] == "queued"
    ] == []
    assert [stat.key for stat in room.service.blobs.list("uploads/")] == []


def test_reading_and_what_is_refused_leave_no_line(room: Room, root: Person, ana: Person):
    before = len(list(entries(folder_of(room))))
    for path in ("/jobs", "/voices", "/admin/keys", "/rvc-models"):
        root.client.get(path)
    assert ana.client.delete("/jobs/job_none").status_code == 404
    assert ana.client.post("/admin/keys", json={"name": "C", "scopes": ["admin"]}).status_code == 403
    assert root.client.post("/admin/keys", json={"name": "Ana", "scopes": ["speak"]}).status_code == 409
    assert len(list(entries(folder_of(room)))) == before
