"""Model files: the manifest, verifying, and fetching with resume."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import httpx
import pytest

from adapters.engines.kokoro import weights
from adapters.modelfiles import data_path
from adapters.modelfiles.locate import find, look, verify
from adapters.modelfiles.manifest import ModelFile, read_manifest
from adapters.modelfiles.pull import pull
from adapters.modelfiles.refresh import refresh
from tests.cli.shell import Result
from voicecore.errors import InvalidInput, MissingModel, ModelCorrupt, StorageUnavailable

Command = Callable[..., Result]

DATA = bytes(range(256)) * 4_000
FILE = ModelFile(
    path=PurePosixPath("toy/model.bin"), size=len(DATA), sha256=hashlib.sha256(DATA).hexdigest(),
    url="https://models.example/toy-v1.bin",
)  # fmt: skip


def quiet(_done: int, _total: int) -> None:
    """Watches nothing."""


# --- the manifest -----------------------------------------------------------------------------------------------------
def test_every_shipped_model_file_is_in_the_manifest_with_its_digest(tmp_path: Path) -> None:
    root = data_path("manifest.json").parent
    shipped = {str(file.path): file for model in read_manifest() for file in model.files if file.shipped}
    present = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.suffix != ".md"}
    assert set(shipped) == present - {"manifest.json"}
    assert [verdict.problem for file in shipped.values() if (verdict := verify(file, tmp_path)).problem] == []


def test_the_manifest_and_the_engine_mean_the_same_weights() -> None:
    file = next(file for model in read_manifest() if model.name == "kokoro" for file in model.files)
    assert (file.sha256, file.size) == (weights.MODEL_SHA256, weights.MODEL_BYTES)
    assert file.packages == weights.PART_PACKAGES


def test_the_manifest_finds_the_weights_where_the_engine_does(tmp_path: Path) -> None:
    file = next(file for model in read_manifest() if model.name == "kokoro" for file in model.files)
    folder_file = tmp_path / "kokoro" / "model.onnx"
    folder_file.parent.mkdir()
    folder_file.write_bytes(b"")
    assert list(find(file, tmp_path)) == weights.locate(tmp_path) == [folder_file]


def test_every_model_names_licence_and_origin() -> None:
    for model in read_manifest():
        assert model.licence
        assert model.origin
        assert model.files
        for file in model.fetchable:
            assert file.url is None or file.url.startswith("https://")


def test_refreshing_the_manifest_writes_the_digests_of_what_ships(tmp_path: Path) -> None:
    (tmp_path / "toy.bin").write_bytes(DATA)
    fetched = {"path": "far.bin", "size": 1, "sha256": "0", "url": "https://models.example/far.bin"}
    entry = {"name": "toy", "title": "Toy", "licence": "MIT", "origin": "here",
             "files": [{"path": "toy.bin", "shipped": True}, fetched]}  # fmt: skip
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"models": [entry]}))
    assert refresh(manifest) == 1
    assert refresh(manifest) == 0
    shipped, other = json.loads(manifest.read_text())["models"][0]["files"]
    assert (shipped["size"], shipped["sha256"]) == (FILE.size, FILE.sha256)
    assert other == fetched


@pytest.mark.parametrize("path", ["../outside.bin", "/etc/passwd", "a/../../b"])
def test_a_manifest_cannot_name_files_outside_of_its_folder(tmp_path: Path, path: str) -> None:
    entry = {"name": "toy", "title": "Toy", "licence": "MIT", "origin": "here",
             "files": [{"path": path, "size": 1, "sha256": "0"}]}  # fmt: skip
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"models": [entry]}))
    with pytest.raises(ModelCorrupt, match="leaves the folder"):
        read_manifest(manifest)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"models": [{"name": "toy"}]}', '{"models": [{"surprise": 1}]}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(text)
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        read_manifest(manifest)


# --- verify -----------------------------------------------------------------------------------------------------------
def test_a_wrong_digest_is_told_with_the_file_and_both_digests(tmp_path: Path) -> None:
    path = tmp_path / FILE.path
    path.parent.mkdir()
    wounded = DATA[:-1] + b"\0"
    path.write_bytes(wounded)
    assert not look(FILE, tmp_path).problem  # the size is right
    problem = verify(FILE, tmp_path).problem
    assert str(path) in problem
    assert FILE.sha256 in problem
    assert hashlib.sha256(wounded).hexdigest() in problem
    path.write_bytes(DATA)
    assert not verify(FILE, tmp_path).problem


def test_verify_ends_with_1_and_names_what_is_wrong(command: Command, tmp_path: Path) -> None:
    wrong = tmp_path / "data" / "models" / "kokoro" / "model.onnx"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"not a model")
    done = command("models", "verify")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert str(wrong) in done.err
    assert weights.MODEL_SHA256 in done.err
    assert hashlib.sha256(b"not a model").hexdigest() in done.err
    assert b"kokoro/voices.npz: ok" in done.out
    by_name = {each["file"]: each for each in command("models", "verify", "--json").json["models"]}
    assert by_name["kokoro/model.onnx"]["ok"] is False
    assert by_name["kokoro/vocab.json"]["ok"] is True


def test_list_shows_every_model_with_its_licence(command: Command) -> None:
    listed = command("models", "list")
    assert listed.code == 0
    for model in read_manifest():
        assert f"{model.name}\t{model.licence}".encode() in listed.out
    told = command("models", "list", "--json").json
    assert {each["model"] for each in told["models"]} == {m.name for m in read_manifest() if not m.stored}
    assert {each["model"] for each in told["absent"]} == {m.name for m in read_manifest() if m.stored}


# --- pull -------------------------------------------------------------------------------------------------------------
@dataclass
class Origin:
    """A web server with one file; it can break off, and forget how to resume."""

    data: bytes = DATA
    stop_after: int | None = None
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, origin: Origin, *arguments: object) -> None:
        self.origin = origin
        super().__init__(*arguments)

    def do_GET(self) -> None:
        origin, asked = self.origin, self.headers.get("Range")
        origin.asked.append(asked)
        if self.path != "/toy-v1.bin":
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and origin.ranges else 0
        body = origin.data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(origin.data) - 1}/{len(origin.data)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: origin.stop_after])

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _ThisMachine(httpx.BaseTransport):
    """Brings what is meant for https://models.example to the server of the test; https itself is httpx's business."""

    def __init__(self, port: int) -> None:
        self._port, self._inner = port, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def web(origin: Origin) -> Iterator[httpx.Client]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, origin)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with httpx.Client(transport=_ThisMachine(server.server_port)) as client:
            yield client
        server.shutdown()
        thread.join()


def test_a_file_comes_whole_from_a_url(tmp_path: Path, web: httpx.Client) -> None:
    seen: list[tuple[int, int]] = []
    path = pull(FILE, tmp_path, None, lambda done, total: seen.append((done, total)), client=web)
    assert path == tmp_path / "toy" / "model.bin"
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert [each.name for each in path.parent.iterdir()] == ["model.bin"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on_where_it_stopped(
    tmp_path: Path, web: httpx.Client, origin: Origin, *, ranges: bool
) -> None:
    origin.stop_after, origin.ranges = 300_000, ranges
    with pytest.raises(StorageUnavailable, match="run the command again"):
        pull(FILE, tmp_path, None, quiet, client=web)
    assert not (tmp_path / FILE.path).exists()
    have = (tmp_path / "toy" / "model.bin.part").stat().st_size
    assert 0 < have <= 300_000
    origin.stop_after = None
    assert pull(FILE, tmp_path, None, quiet, client=web).read_bytes() == DATA
    assert origin.asked == [None, f"bytes={have}-"]


def test_what_has_another_digest_never_gets_the_files_name(tmp_path: Path, web: httpx.Client, origin: Origin) -> None:
    origin.data = DATA[:-1] + b"\0"
    with pytest.raises(ModelCorrupt, match=FILE.sha256):
        pull(FILE, tmp_path, None, quiet, client=web)
    assert list((tmp_path / "toy").iterdir()) == []


def test_what_is_longer_than_it_should_be_is_cut_off_and_deleted(
    tmp_path: Path, web: httpx.Client, origin: Origin
) -> None:
    origin.data = DATA + b"more"
    with pytest.raises(ModelCorrupt, match="more than"):
        pull(FILE, tmp_path, None, quiet, client=web)
    assert list((tmp_path / "toy").iterdir()) == []


def test_what_is_not_at_the_url_is_missing(tmp_path: Path, web: httpx.Client) -> None:
    with pytest.raises(MissingModel, match="404"):
        pull(FILE, tmp_path, "https://models.example/other.bin", quiet, client=web)


def test_a_redirect_to_plain_http_is_refused(tmp_path: Path) -> None:
    redirect = httpx.MockTransport(
        lambda _request: httpx.Response(302, headers={"Location": "http://models.example/x"})
    )
    with httpx.Client(transport=redirect, follow_redirects=True) as client, pytest.raises(InvalidInput, match="https"):
        pull(FILE, tmp_path, None, quiet, client=client)


@pytest.mark.parametrize("url", ["http://models.example/x", "ftp://models.example/x", "file:///etc/passwd"])
def test_only_https_is_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInput, match="https"):
        pull(FILE, tmp_path, url, quiet)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["toy/model.bin", "model.bin", "toy-v1.bin"])
def test_a_folder_may_hold_the_file_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    source = tmp_path / "source" / name
    source.parent.mkdir(parents=True)
    source.write_bytes(DATA)
    assert pull(FILE, tmp_path / "models", str(tmp_path / "source"), quiet).read_bytes() == DATA
    assert source.read_bytes() == DATA


def test_a_folder_without_the_file_is_told_with_its_names(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"toy-v1\.bin"):
        pull(FILE, tmp_path / "models", str(tmp_path), quiet)
    assert list(tmp_path.iterdir()) == []


def test_an_older_good_file_stays_when_a_new_one_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "models" / FILE.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"older")
    (tmp_path / "model.bin").write_bytes(b"bad")
    with pytest.raises(ModelCorrupt):
        pull(FILE, tmp_path / "models", str(tmp_path), quiet)
    assert path.read_bytes() == b"older"


def test_a_full_or_closed_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(DATA)
    (tmp_path / "models").write_bytes(b"a file where a folder should be")
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        pull(FILE, tmp_path / "models", str(tmp_path), quiet)


def test_without_packages_or_url_there_is_nothing_to_fetch_from(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="--from"):
        pull(replace(FILE, url=None), tmp_path, None, quiet)


def test_pull_ends_with_3_where_the_folder_lacks_the_model(command: Command, tmp_path: Path) -> None:
    done = command("models", "pull", "kokoro", "--from", str(tmp_path))
    assert done.code == 3
    assert "kokoro-v1.0.int8.onnx" in done.err
    assert done.err.count("\n") == 1


def test_pull_ends_with_3_and_leaves_nothing_where_the_bytes_are_wrong(command: Command, tmp_path: Path) -> None:
    (tmp_path / "kokoro-v1.0.int8.onnx").write_bytes(b"not a model")
    done = command("models", "pull", "kokoro", "--from", str(tmp_path))
    assert done.code == 3
    assert weights.MODEL_SHA256 in done.err
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_pull_takes_the_installed_packages_and_the_engine_finds_the_result(command: Command, tmp_path: Path) -> None:
    done = command("models", "pull", "kokoro", "--json")
    assert done.code == 0, done.err
    assert weights.locate(tmp_path / "data" / "models") == [Path(done.json["files"][0])]
    weights.check_size(tmp_path / "data" / "models")
    before = Path(done.json["files"][0]).stat().st_mtime_ns
    assert command("models", "pull", "kokoro").code == 0
    assert Path(done.json["files"][0]).stat().st_mtime_ns == before  # it is right already


# --- models that are stored in another form -----------------------------------------------------------------------------
def test_a_model_that_may_be_absent_is_no_fault_and_the_way_to_get_it_is_told(command: Command) -> None:
    listed, verified = command("models", "list"), command("models", "verify")
    for done in (listed, verified):
        assert b"voicecore models pull xtts" in done.out
        assert b"voicecore models pull openvoice" in done.out
    assert verified.code == 0


def test_a_licence_that_is_not_accepted_is_told_with_its_terms_and_nothing_is_asked(
    command: Command, tmp_path: Path
) -> None:
    done = command("models", "pull", "xtts", "--from", str(tmp_path))
    assert done.code == 2
    assert done.err.count("\n") == 1
    for told in ("non-commercial", "https://coqui.ai/cpml", "--accept-licence xtts", "VOICECORE_ACCEPT_LICENCES=xtts"):
        assert told in done.err
    assert not (tmp_path / "data" / "models").exists()


def _stored(folder: Path) -> Path:
    """A model in its form for use, as the lock describes it."""
    place = folder / "data" / "models" / "xtts"
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(DATA)
    pin = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    (place / "lock.json").write_text(json.dumps({"format": 1, "files": {"model.safetensors": pin}}))
    return place


def test_a_stored_model_is_compared_with_its_lock(command: Command, tmp_path: Path) -> None:
    place = _stored(tmp_path)
    assert b"xtts/model.safetensors: ok" in command("models", "verify").out
    (place / "model.safetensors").write_bytes(DATA[:-1] + b"\0")
    done = command("models", "verify")
    assert done.code == 1
    assert str(place / "model.safetensors") in done.err
    assert hashlib.sha256(DATA).hexdigest() in done.err
    (place / "model.safetensors").unlink()
    assert "xtts/model.safetensors is missing" in command("models", "verify").err


@pytest.mark.parametrize(
    "text", ["", "[]", '{"files": []}', '{"files": {"../../x": {"size": 1, "sha256": "0"}}}', '{"files": {"a": {}}}']
)
def test_a_lock_that_does_not_read_is_told_with_the_way_to_mend_it(command: Command, tmp_path: Path, text: str) -> None:
    (_stored(tmp_path) / "lock.json").write_text(text)
    done = command("models", "verify")
    assert done.code == 1
    assert "lock.json does not read" in done.err
    assert "voicecore models pull xtts" in done.err


def test_only_stored_models_may_differ_from_the_published_ones(command: Command, tmp_path: Path) -> None:
    done = command("models", "pull", "kokoro", "--from", str(tmp_path), "--unpublished")
    assert done.code == 2
    assert "leave --unpublished out" in done.err


def test_a_file_is_compared_with_whatever_was_published_of_it(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / FILE.path).write_bytes(DATA)
    md5 = hashlib.md5(DATA).hexdigest()
    assert not verify(replace(FILE, sha256=None, md5=md5), tmp_path).problem
    assert md5 in verify(replace(FILE, sha256=None, md5="0" * 32), tmp_path).problem
    assert not verify(replace(FILE, sha256=None), tmp_path).problem
    assert "expected 1" in verify(replace(FILE, sha256=None, size=1), tmp_path).problem
    assert not verify(replace(FILE, sha256=None, size=None), tmp_path).problem


def test_a_file_of_unknown_size_comes_whole_and_a_broken_one_is_told(
    tmp_path: Path, web: httpx.Client, origin: Origin
) -> None:
    unknown = replace(FILE, size=None, sha256=None)
    origin.stop_after = 1_000
    with pytest.raises(StorageUnavailable):
        pull(unknown, tmp_path, None, quiet, client=web)
    origin.stop_after = None
    assert pull(unknown, tmp_path, None, quiet, client=web).read_bytes() == DATA
    assert origin.asked == [None, None]
