"""Conversion models are taken in whole or not at all, and go without a trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from tests.usecases.test_converting_recordings import send
from tests.usecases.test_converting_speech import ask, done

from voicecore.errors import (
    Conflict,
    DiskFull,
    InvalidInput,
    ModelCorrupt,
    NameTaken,
    NotFound,
    NotInstalled,
    StorageUnavailable,
)
from voicecore.testing.samples import conversion_model
from voicecore.testing.shifter import ShifterIntake, shifter_file

KEEP = timedelta(hours=24)


class Untouched:
    """An intake that must not be asked."""

    def take_in(self, weights, index):
        raise AssertionError(f"{weights} and {index} were read")


@pytest.fixture
def files(tmp_path):
    weights, index = tmp_path / "a.pth", tmp_path / "a.index"
    weights.write_bytes(shifter_file(48_000))
    index.write_bytes(b"12345")
    return weights, index


def test_a_model_is_listed_with_what_is_known_of_it_and_its_files_are_stored(house, files):
    model = house.add_model(" Luísa ", *files, description="Clara")
    assert house.catalog.models.get(model.id) == model
    assert (model.name, model.description, model.version, model.f0, model.sample_rate_hz, model.vectors) == (
        "Luísa", "Clara", "v2", True, 48_000, 5,
    )  # fmt: skip
    assert model.id.startswith("rvc_")
    assert house.stored("models/") == [f"models/{model.id}/index.safetensors", f"models/{model.id}/voice.safetensors"]
    assert model.size_bytes == sum(house.blobs.stat(key).size for key in house.stored("models/"))
    assert all(path.exists() for path in files)


def test_a_model_without_index_has_one_file_and_says_what_its_intake_noted(house, files):
    model = house.add_model("Luísa", files[0])
    assert house.stored("models/") == [f"models/{model.id}/voice.safetensors"]
    assert (model.has_index, model.notes) == (False, ("It has no index.",))


@pytest.mark.parametrize(
    ("name", "error"), [("luísa", NameTaken), ("LUÍSA ", NameTaken), ("", InvalidInput), ("a" * 101, InvalidInput)]
)
def test_names_are_refused_before_the_work(house, files, name, error):
    house.model()
    with pytest.raises(error):
        replace(house.add_model, intake=Untouched())(name, *files)
    with pytest.raises(error):
        house.add_model.check(name)


def test_too_many_models_are_refused_before_the_work(make_house, files):
    house = make_house(limits={"max_rvc_models": 1})
    house.model()
    with pytest.raises(Conflict, match="limit; delete one"):
        replace(house.add_model, intake=Untouched())("Outra", *files)


def test_a_model_for_which_there_is_no_room_is_refused_and_nothing_of_it_stays(make_house, files):
    house = make_house(limits={"max_rvc_stored_bytes": 60})
    house.add_model("Luísa", files[0])
    before = house.stored()
    with pytest.raises(Conflict, match="60"):
        house.add_model("Outra", *files)
    assert house.stored() == before
    house.catalog.models.add(conversion_model("rvc_big", "Big"))
    with pytest.raises(Conflict):
        replace(house.add_model, intake=Untouched())("Outra", *files)


def test_files_that_are_no_model_leave_nothing(house, files):
    files[0].write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(ModelCorrupt):
        house.add_model("Luísa", *files)
    assert house.stored() == []
    assert house.catalog.models.all() == ()


@pytest.mark.parametrize("fails_at", ["voice", "index"])
def test_a_full_disk_half_way_leaves_nothing(house, files, monkeypatch, fails_at):
    truth = house.blobs.put

    def put(key, data):
        if fails_at in key:
            raise DiskFull
        return truth(key, data)

    monkeypatch.setattr(house.blobs, "put", put)
    with pytest.raises(DiskFull):
        house.add_model("Luísa", *files)
    assert house.stored() == []
    assert house.catalog.models.all() == ()


def test_a_name_that_was_taken_meanwhile_leaves_nothing(house, files):
    class Slow(ShifterIntake):
        def take_in(self, weights, index):
            house.catalog.models.add(conversion_model("rvc_quick", "Luísa"))
            return super().take_in(weights, index)

    with pytest.raises(NameTaken):
        replace(house.add_model, intake=Slow())("luísa", *files)
    assert house.stored() == []
    assert [each.id for each in house.catalog.models.all()] == ["rvc_quick"]


def test_models_that_are_added_at_the_same_time_do_not_pass_the_limit_and_leave_nothing(make_house, files):
    house = make_house(limits={"max_rvc_models": 2})
    together = Barrier(6)

    class Slow(ShifterIntake):
        def take_in(self, weights, index):
            together.wait(60)  # all of them have found room
            return super().take_in(weights, index)

    def add(number):
        try:
            return replace(house.add_model, intake=Slow())(f"Modelo {number}", *files).id
        except Conflict as error:
            return error.message

    with ThreadPoolExecutor(6) as threads:
        came = list(threads.map(add, range(6)))
    assert came.count("There are 2 conversion models, which is the limit; delete one first.") == 4
    added = {each for each in came if each.startswith("rvc_")}
    assert {each.id for each in house.catalog.models.all()} == added
    assert {key.split("/")[1] for key in house.stored("models/")} == added


def test_models_that_are_added_at_the_same_time_do_not_pass_the_room_for_all_of_them(make_house, files):
    size = make_house().add_model("Luísa", *files).size_bytes
    house = make_house(limits={"max_rvc_stored_bytes": 2 * size})
    together = Barrier(4)

    class Together(ShifterIntake):
        def take_in(self, weights, index):
            together.wait(60)  # all of them found room when they were asked for
            return super().take_in(weights, index)

    def add(number):
        try:
            return replace(house.add_model, intake=Together())(f"Voz {number}", *files)
        except Conflict as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(add, range(4)))
    refused = [each for each in made if isinstance(each, Conflict)]
    assert len(refused) == 2
    assert all("the limit is" in error.message for error in refused)
    assert len(house.catalog.models.all()) == 2
    assert len(house.stored("models/")) == 4


def test_a_catalogue_that_did_not_answer_may_have_the_model_so_its_files_stay_until_they_are_swept(
    house, files, monkeypatch
):
    def away(_item, **_):
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(house.catalog.models, "add", away)
        with pytest.raises(StorageUnavailable):
            house.add_model("Luísa", *files)
    assert len(house.stored("models/")) == 2
    house.purge(deep=True)
    assert len(house.stored("models/")) == 2
    house.clock.advance(timedelta(hours=1, seconds=1))
    house.purge()
    assert house.stored("models/") == []


def test_sweeping_touches_no_listed_model(house, files):
    house.add_model("Luísa", *files)
    house.clock.advance(timedelta(days=300))
    house.purge(deep=True)
    assert len(house.stored("models/")) == 2


def test_where_nothing_reads_models_the_refusal_says_how_to_install_it(house, files):
    with pytest.raises(NotInstalled, match=r"voicecore\[rvc\]"):
        replace(house.add_model, intake=None)("Luísa", *files)


# --- deletion ---------------------------------------------------------------------------------------------------------
def test_a_deleted_model_leaves_neither_files_nor_segments_and_finished_audio_stays(house):
    job = done(house, ask(house))
    other = house.model("Outra", gain=0.9)
    done(house, ask(house, "Outra frase."))
    model = house.catalog.models.get(job.conversion.model_id)
    assert house.delete_model(model.id) == 6
    assert house.stored("models/") == [f"models/{other.id}/index.safetensors", f"models/{other.id}/voice.safetensors"]
    assert not any(model.id in key for key in house.stored())
    assert len(house.stored("segments/")) == 4
    assert house.audio(job).peak > 0
    with pytest.raises(NotFound):
        house.delete_model(model.id)


@pytest.mark.parametrize("make", [ask, send])
@pytest.mark.parametrize("running", [False, True])
def test_a_model_that_a_job_needs_is_not_deleted_and_the_job_is_named(house, make, running):
    job = make(house)
    if running:
        house.store.claim("worker", house.limits.lease, max_tries=3, keep=KEEP)
    with pytest.raises(Conflict, match=job.id):
        house.delete_model(job.conversion.model_id)
    assert house.stored("models/")
    house.store.cancel(job.id, KEEP)
    assert house.delete_model(job.conversion.model_id) >= 1


def test_a_job_that_waits_behind_hundreds_is_found(house):
    needed = ask(house)
    for _ in range(250):
        house.submit(replace(needed.request, conversion=None))
    with pytest.raises(Conflict, match=needed.id):
        house.delete_model(needed.conversion.model_id)


def test_a_name_is_free_again_after_deletion_and_the_new_model_is_another_one(house):
    first = house.model()
    job = done(house, ask(house))
    house.delete_model(first.id)
    second = house.model(gain=0.9)
    assert second.id != first.id
    again = done(house, ask(house))
    assert again.segments.cached == 0
    assert house.audio(again).samples.tobytes() != house.audio(job).samples.tobytes()
