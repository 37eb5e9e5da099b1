"""Strangers' files: each is refused with its own words, and nothing of it runs."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.rvc.intake.checkpoints import (
    Document,
    good,
    read,
    rezipped,
    saved,
    voice,
    with_code,
    with_config,
    with_tensors,
)
from tests.instruments.tiny_rvc import checkpoint
from voicecore.errors import InvalidInput, ModelCorrupt

ZIP = good("zip")
OLD = good("old")
SPEAKERS = "emb_g.weight"


def refused(data: bytes) -> str:
    with pytest.raises((ModelCorrupt, InvalidInput)) as caught:
        read(data)
    message = caught.value.message
    assert message.endswith(".")
    assert len(message) < 400
    return message


@pytest.mark.parametrize("kind", with_code(Path("nowhere")))
def test_a_pickle_with_code_is_refused_and_nothing_of_it_runs(kind: str, tmp_path: Path) -> None:
    canary = tmp_path / "it-ran"
    data = with_code(canary)[kind]
    message = refused(data)
    assert not canary.exists()
    if kind == "without torch":
        assert "no file that torch has saved" in message
    else:
        assert "nothing of it was run" in message
        assert "'posix.system'" in message or "eval'" in message


def test_the_canary_of_these_tests_does_come_to_life_without_care(tmp_path: Path) -> None:
    for kind, data in with_code(tmp_path / "it-ran").items():
        if kind != "without torch":
            (tmp_path / "it-ran").unlink(missing_ok=True)
            torch.load(io.BytesIO(data), weights_only=False)
            assert (tmp_path / "it-ran").exists(), kind


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "an empty file"),
        (b"just words\n" * 1_000, "no file that torch has saved"),
        (b"\x80\x02", "no file that torch has saved"),
        (b"PK\x03\x04", "damaged or cut short"),
        (OLD[:15], "damaged or cut short"),
        (OLD[:15] + b"\x80\x02}.", "damaged or cut short"),
        (rezipped(ZIP, compression=zipfile.ZIP_DEFLATED), "compressed or encrypted"),
        (rezipped(ZIP, compression=zipfile.ZIP_LZMA), "compressed or encrypted"),
        (rezipped(ZIP, more={"archive/../../../etc/cron.d/x": b"x"}), "leads out of it"),
        (rezipped(ZIP, more={"/etc/cron.d/x": b"x"}), "leads out of it"),
        (rezipped(ZIP, more={"archive\\..\\x": b"x"}), "leads out of it"),
        (rezipped(ZIP, more={"archive/code/__torch__.py": b"x"}), "no part of saved tensors"),
        (rezipped(ZIP, more={"archive/constants.pkl": b"x"}), "no part of saved tensors"),
        (rezipped(ZIP, more={"other/data.pkl": b"x"}), "one folder with one data.pkl"),
        (rezipped(saved([]), more={f"archive/data/{n}": b"" for n in range(9_000)}), "entries; the limit is 8192"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_archive_of_torch_is_refused_before_torch_sees_it(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_a_deflate_bomb_is_refused_unopened() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(300_000_000))
    assert bomb.tell() < 400_000
    assert "compressed or encrypted" in refused(bomb.getvalue())


def test_entries_that_share_their_bytes_are_refused() -> None:
    """Of a bomb without compression: many entries of the directory point to one piece of the file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("archive/data.pkl", b"x" * 100)
        archive.writestr("archive/data/0", bytes(100_000))
        for number in range(1, 60):
            archive.filelist.append(archive.getinfo("archive/data/0"))
            again = zipfile.ZipInfo(f"archive/data/{number}")
            for name in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(again, name, getattr(archive.filelist[1], name))
            archive.filelist[-1] = again
    assert "claims more than" in refused(target.getvalue())


def test_a_pickle_of_absurd_size_is_refused() -> None:
    assert "the limit is 4194304" in refused(saved(voice(info="x" * 5_000_000)))


def test_a_tar_that_begins_like_torchs_old_format_is_not_unpacked(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo(OLD[:15].decode("latin-1")), io.BytesIO())
        archive.addfile(tarfile.TarInfo("../escaped"), io.BytesIO())
    assert "damaged or cut short" in refused(target.getvalue())


@pytest.mark.parametrize("data", [ZIP, OLD], ids=["zip", "old format"])
def test_a_file_cut_short_anywhere_is_refused(data: bytes) -> None:
    for share in np.linspace(0, 1, 40, endpoint=False):
        assert "cut short" in refused(data[: int(share * len(data))]) or share == 0
    assert "cut short" in refused(data[:-1])


def shape_of(name: str) -> tuple[int, ...]:
    return tuple(checkpoint()["weight"][name].shape)


def tensors(**changes: Any) -> Document:
    return with_tensors(lambda weight: weight.update({name.replace("__", "."): each for name, each in changes.items()}))


def all_in_one_storage() -> Document:
    document = checkpoint()
    largest = max(each.numel() for each in document["weight"].values())
    one = torch.zeros(largest, dtype=torch.float16)
    document["weight"] = {name: one[: each.numel()].view(each.shape) for name, each in document["weight"].items()}
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (tensors(emb_g__weight=torch.zeros(1, 1).half().expand(3, 16)), "claims more numbers than the file has"),
        (tensors(enc_p__proj__bias=torch.zeros(1).half().expand(2**40)), "(1099511627776,)"),
        (tensors(emb_g__weight=torch.zeros(1, 1).half().expand(2**40, 16)), "speakers 1099511627776"),
        (all_in_one_storage(), "tensors claim"),
    ],
    ids=["stride 0", "4 TB", "speakers", "one storage"],
)
def test_tensors_that_claim_more_than_the_file_has_are_refused(document: Document, said: str) -> None:
    data = saved(document)
    assert len(data) < 1_000_000
    assert said in refused(data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_by_name(value: float) -> None:
    weight = torch.zeros(shape_of("dec.conv_post.weight")).half()
    weight.view(-1)[-1] = value
    assert "'dec.conv_post.weight' holds values that are not finite" in refused(
        saved(tensors(dec__conv_post__weight=weight))
    )


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (torch.zeros(3, 16, dtype=torch.int64), "torch.int64"),
        (torch.zeros(3, 16, dtype=torch.float64), "torch.float64"),
        (torch.zeros(3, 16, dtype=torch.complex64), "torch.complex64"),
        (torch.zeros(3, 16).to_sparse(), "sparse, quantised"),
        (torch.zeros(3, 16, device="meta"), "sparse, quantised"),
        (torch.zeros(3, 17).half(), "its config makes it (3, 16)"),
        (torch.zeros(16).half(), "no table of speakers"),
        ([[0.0] * 16] * 3, "a list as 'emb_g.weight'"),
        ("words", "a str as 'emb_g.weight'"),
        (torch.nn.Buffer(torch.zeros(3, 16).half()), ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_kinds_of_tensor_are_refused(tensor: Any, said: str) -> None:
    data = saved(tensors(emb_g__weight=tensor))
    if said:
        assert said in refused(data)
    else:
        assert not read(data).tensors[SPEAKERS].any()


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_a_quantised_tensor_is_refused() -> None:
    tensor = torch.quantize_per_tensor(torch.zeros(3, 16), 0.1, 0, torch.qint8)
    assert "quantised" in refused(saved(tensors(emb_g__weight=tensor)))


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (3, 32, "its config makes it"),  # the weights have 16 hidden channels
        (4, 64, "its config makes it"),
        (6, 3, "the model lacks"),
        (6, 1, "the model has"),
        (17, 48_000, "not 48000 Hz"),
        (17, 44_100, "44100 Hz; RVC has"),
        (12, [10, 10, 2, 2, 2], "speaks of 5 and of 4 upsamplings"),
        (12, [], "upsamplings"),
        (2, 10**12, "inter_channels 1000000000000"),
        (6, -1, "n_layers -1"),
        (5, 0, "n_heads 0"),
        (3, True, "True' as hidden_channels"),
        (3, 16.0, "16.0' as hidden_channels"),
        (3, "16", "as hidden_channels"),
        (3, float("nan"), "as hidden_channels"),
        (8, float("nan"), "p_dropout nan"),
        (9, "3", "resblock '3'"),
        (11, [[1] * 65] * 3, "as resblock_dilation_sizes"),
        (10, [3, 7, 2**40], "outside of 1 to 64"),
        (7, 2**62, "kernel_size 4611686018427387904"),
        (7, 2**70, "no short list of small numbers"),
        (7, [[[[1]]]], "no short list of small numbers"),
        (7, None, "no short list of small numbers"),
        (9, "1" * 1_000, "no short list of small numbers"),
    ],
)  # fmt: skip
def test_a_config_that_lies_is_refused(at: int, value: Any, said: str) -> None:
    assert said.lower() in refused(saved(with_config(at, value))).lower()


def test_numbers_of_thousands_of_digits_are_refused() -> None:
    for document in (with_config(2, 10**600), voice(version=10**600), voice(f0=10**600)):
        assert refused(saved(document))
    assert "10000000000000000000" in read(saved(voice(sr=10**600))).notes[0]


def test_a_config_of_lists_within_lists_is_refused_unwritten() -> None:
    lists: list[object] = [0]
    for _ in range(60):
        lists = [lists] * 2
    assert "no short list" in refused(saved(with_config(0, lists)))
    assert "version 'list'" in refused(saved(voice(version=lists)))


def test_a_config_with_numpys_numbers_says_how_to_mend_it() -> None:
    document = voice(config=[np.int64(each) if isinstance(each, int) else each for each in checkpoint()["config"]])
    assert "numbers of numpy" in refused(saved(document))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config": [1, 2, 3]}, "has 3 entries; an RVC voice has 18"),
        ({"config": None}, "no list under 'config'"),
        ({"config": "words"}, "no list under 'config'"),
        ({"config": dict(enumerate(range(18)))}, "no list under 'config'"),
        ({"weight": None}, "no tensors under 'weight'"),
        ({"weight": {}}, "no tensors under 'weight'"),
        ({"weight": [torch.zeros(1)]}, "no tensors under 'weight'"),
        ({"weight": {7: torch.zeros(1)}}, "no short text"),
        ({"weight": {"x" * 1_000: torch.zeros(1)}}, "no short text"),
        ({"weight": {str(n): torch.zeros(1) for n in range(5_000)}}, "5000 tensors; the limit is 4096"),
        ({"weight": {"layer.weight": torch.zeros(1)}}, "no enc_p.emb_phone.weight"),
        ({"version": "v3"}, "version 'v3'; v1 and v2 are known"),
        ({"version": 2}, "version '2'"),
        ({"version": ["v2"]}, "version 'list'"),
        ({"version": "v1"}, "says it is v1, which hears 256 content features a frame; its weights hear 768"),
        ({"f0": 0}, "says f0 0, but it has the tensors"),
        ({"f0": 2}, "says f0 '2'"),
        ({"f0": "1"}, "says f0 '1'"),
        ({"vocoder": "RefineGAN"}, "vocoder is 'RefineGAN'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_layout_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(saved(voice(**changes)))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (torch.zeros(3), "a saved Tensor"),
        ([1, 2], "a saved list"),
        (None, "a saved NoneType"),
        ({"model": {"a": torch.zeros(1)}, "optimizer": {}, "iteration": 1}, "checkpoint of training"),
        ({"encoder.layer.weight": torch.zeros(1)}, "no tensors under 'weight'"),
    ],
)
def test_other_things_that_torch_saves_are_refused(document: Any, said: str) -> None:
    assert said in refused(saved(document))


def test_a_missing_and_a_foreign_tensor_are_named() -> None:
    def lose(weight: dict[str, Any]) -> None:
        del weight["dec.ups.0.weight_v"]

    assert "lacks 1 tensors of its architecture, 'dec.ups.0.weight_v'" in refused(saved(with_tensors(lose)))
    more = tensors(dec__extra=torch.zeros(1))
    assert "has 1 tensors that its architecture has not, 'dec.extra'" in refused(saved(more))


def test_a_tensor_under_both_names_of_weight_norm_is_refused() -> None:
    name = "dec.ups.0.parametrizations.weight.original1"
    twice = with_tensors(lambda weight: weight.update({name: weight["dec.ups.0.weight_v"]}))
    assert "'dec.ups.0.weight_v' twice" in refused(saved(twice))


def harmless(data: bytes) -> None:
    """Refused in words, or read as finite numbers."""
    try:
        found = read(data)
    except (ModelCorrupt, InvalidInput) as error:
        said = error.message
        found = None
    if found is None:
        assert said.endswith(".")
    else:
        assert all(np.isfinite(each).all() for each in found.tensors.values())


CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4)


def changed(data: bytes, changes: list[tuple[float, int]]) -> bytes:
    target = bytearray(data)
    for where, value in changes:
        target[int(where * len(target))] = value
    return bytes(target)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.sampled_from([ZIP, OLD]), changes=CHANGES)
def test_a_file_with_changed_bytes_does_no_harm(data: bytes, changes: list[tuple[float, int]]) -> None:
    harmless(changed(data, changes))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES)
def test_an_archive_whose_pickle_was_changed_with_its_checksum_does_no_harm(changes: list[tuple[float, int]]) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ZIP)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, changed(content, changes) if name.endswith("data.pkl") else content)
    harmless(target.getvalue())
