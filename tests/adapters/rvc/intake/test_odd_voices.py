"""More of strangers' files: archives that say two things, tensors that are not what they say, and pickles of odd shape."""

from __future__ import annotations

import io
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from adapters.converters.rvc.intake import RvcIntake
from tests.adapters.rvc.intake.checkpoints import good, read, rezipped, saved, voice, with_tensors
from voicecore.errors import InvalidInput, ModelCorrupt

ZIP = good("zip")
NAME = "emb_g.weight"


def refused(data: bytes) -> str:
    with pytest.raises((ModelCorrupt, InvalidInput)) as caught:
        read(data)
    message = caught.value.message
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) < 400
    return message


# --- archives --------------------------------------------------------------------------------------------------------
CENTRAL, END = b"PK\x01\x02", b"PK\x05\x06"


def at_entry(data: bytes, name: bytes, offset: int, value: bytes) -> bytes:
    """The archive with other bytes in the central directory's record of an entry."""
    place = data.rindex(name) - 46
    assert data[place : place + 4] == CENTRAL
    return data[: place + offset] + value + data[place + offset + len(value) :]


def with_zip64(data: bytes, size: int) -> bytes:
    """The archive of which one entry claims, in the fields of large archives, so many bytes."""
    place = data.rindex(b"archive/data/0") - 46
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    record = bytearray(data[place : place + 46 + len(b"archive/data/0")])
    old_extra = struct.unpack_from("<H", record, 30)[0]
    struct.pack_into("<IIHH", record, 20, 0xFFFFFFFF, 0xFFFFFFFF, len(b"archive/data/0"), len(extra))
    behind = data[place + len(record) + old_extra :]
    end = behind.rindex(END)
    directory = bytearray(behind[end:])
    struct.pack_into("<I", directory, 12, struct.unpack_from("<I", directory, 12)[0] + len(extra) - old_extra)
    return data[:place] + bytes(record) + extra + behind[:end] + bytes(directory)


def twice(name: str, content: bytes) -> bytes:
    target = io.BytesIO(rezipped(ZIP))
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(name, content)
    return target.getvalue()


PLAIN = rezipped(ZIP)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lambda: twice("archive/data.pkl", b"\x80\x02}."), "one folder with one data.pkl"),
        (lambda: twice("archive/data/0", b"x" * 32), "one folder with one data.pkl"),
        (lambda: with_zip64(PLAIN, 2**40), "claims more than"),
        (lambda: with_zip64(PLAIN, 2**63), "claims more than"),
        (lambda: at_entry(PLAIN, b"archive/data/0", 42, struct.pack("<I", 2**31)), "damaged or cut short"),
        (lambda: PLAIN.replace(b"archive/data/0", b"archive/data/x", 1), "damaged or cut short"),
        (lambda: at_entry(PLAIN, b"archive/data/0", 8, b"\x01"), "compressed or encrypted"),
        (lambda: at_entry(PLAIN, b"archive/data/0", 16, b"\0\0\0\0"), "damaged or cut short"),
        (lambda: rezipped(ZIP, more={"archive/data/\u0661": b"x"}), "no part of saved tensors"),
        (lambda: rezipped(ZIP, more={"archive/\u202egnp.txt": b"x"}), "no part of saved tensors"),
        (lambda: rezipped(ZIP, more={"x" * 201 + "/data/1": b"x"}), "no part of saved tensors"),
    ],
    ids=[
        "two pickles", "two of one tensor", "1 TB", "8 EB", "elsewhere", "another name", "encrypted", "checksum", "digits",
        "reversed", "long",
    ],
)  # fmt: skip
def test_an_archive_that_says_two_things_or_one_that_is_not_so_is_refused(data: Any, said: str) -> None:
    assert said in refused(data())


def test_a_voice_in_a_folder_of_any_name_with_bytes_before_it_is_read_as_it_is() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ZIP)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("archive/", "Voz da Luísa \u202e引擎/"), old.read(name))
    assert read(target.getvalue()).tensors.keys() == read(ZIP).tensors.keys()


def test_of_two_archives_in_one_file_the_one_that_is_checked_is_the_one_that_is_loaded() -> None:
    target = io.BytesIO(ZIP)
    with zipfile.ZipFile(target, "a") as archive:
        archive.comment = saved([1, 2])
    assert "a saved list" in refused(target.getvalue())


# --- tensors ---------------------------------------------------------------------------------------------------------
class Rebuilt:
    """Pickled, it is a tensor made of a storage as its maker likes; the unpickler allows this."""

    def __init__(self, numbers: int, offset: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> None:
        self._storage = torch.storage.TypedStorage(
            wrap_storage=torch.zeros(numbers, dtype=torch.float16).untyped_storage(),
            dtype=torch.float16,
            _internal=True,
        )
        self._rest = (offset, shape, steps, False, OrderedDict())

    def __reduce__(self) -> tuple[Any, ...]:
        return torch._utils._rebuild_tensor_v2, (self._storage, *self._rest)


def placed(name: str, tensor: Any) -> bytes:
    return saved(with_tensors(lambda weight: weight.update({name: tensor})))


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (Rebuilt(48, 0, (3, 16), (-16, 1)), "damaged or cut short"),
        (Rebuilt(48, 40, (3, 16), (16, 1)), "damaged or cut short"),
        (Rebuilt(48, -1, (3, 16), (16, 1)), "damaged or cut short"),
        (Rebuilt(48, 0, (3, -16), (16, 1)), "damaged or cut short"),
        (Rebuilt(48, 0, (2**31, 2**31), (0, 0)), "speakers 2147483648"),
        (Rebuilt(48, 0, (2**62, 2**62), (0, 0)), "damaged or cut short"),
        (Rebuilt(48, 0, (3, 16), (1, 1)), ""),
        (Rebuilt(18, 0, (3, 16), (1, 1)), "claims more numbers than the file has"),
    ],
    ids=[
        "negative step", "behind the end", "before the begin", "negative size", "4 EB", "beyond counting", "overlapping",
        "overlapping a few",
    ],
)  # fmt: skip
def test_views_of_a_storage_that_are_no_tensors_of_their_own_are_refused_or_harmless(tensor: Any, said: str) -> None:
    data = placed(NAME, tensor)
    if said:
        assert said in refused(data)
    else:
        assert read(data).tensors[NAME].shape == (3, 16)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.zeros(3, 16).to_sparse_csr(),
        lambda: torch.zeros(3, 16).to_sparse_bsr((1, 16)),
        lambda: torch.nested.nested_tensor([torch.zeros(3), torch.zeros(4)]),
        lambda: torch.quantize_per_channel(torch.zeros(3, 16), torch.ones(3), torch.zeros(3), 0, torch.qint8),
        lambda: torch.zeros(3, 16, dtype=torch.bool),
        lambda: torch.zeros(3, 16, dtype=torch.float8_e4m3fn),
        lambda: torch.zeros(3, 16, dtype=torch.uint16),
        lambda: torch.zeros(3, 16, dtype=torch.complex32),
        lambda: torch.zeros(3, 16).storage(),
        lambda: torch.Size([3, 16]),
        lambda: torch.float16,
        lambda: torch.device("cuda"),
        lambda: bytearray(96),
        lambda: {"a": torch.zeros(3, 16)},
    ],
    ids=[
        "csr", "bsr", "nested", "per channel", "bool", "float8", "uint16", "complex", "storage", "size", "dtype", "device",
        "bytes", "dict",
    ],
)  # fmt: skip
def test_things_beside_plain_tensors_are_refused(make: Any) -> None:
    assert refused(placed(NAME, make()))


SHADOWS = ("detach", "dim", "numel", "stride", "element_size", "untyped_storage", "float", "numpy")


@pytest.mark.parametrize("what", [torch.Size, OrderedDict, bytearray, 7, torch.zeros(1)], ids=str)
@pytest.mark.parametrize("name", SHADOWS)
def test_a_tensor_whose_methods_are_hidden_behind_words_of_the_file_is_read_as_the_tensor_that_it_is(
    name: str, what: Any
) -> None:
    parameter = torch.nn.Parameter(torch.ones(3, 16).half(), requires_grad=False)
    setattr(parameter, name, what)
    found = read(placed(NAME, parameter)).tensors[NAME]
    assert (found.shape, bool((found == 1).all())) == ((3, 16), True)


@pytest.mark.parametrize(
    "name", ["dec.\u202eextra", "dec.\ud800", "dec.\0", "../../x", "é" * 100, "\x1b[31mred"], ids=ascii
)
def test_a_name_that_nobody_can_read_is_refused_and_shown_in_readable_letters(name: str) -> None:
    message = refused(placed(name, torch.zeros(1)))
    assert "1 tensors that its architecture has not" in message


# --- pickles ---------------------------------------------------------------------------------------------------------
def with_pickle(pickle: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ZIP)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle if name.endswith("data.pkl") else old.read(name))
    return target.getvalue()


@pytest.mark.parametrize(
    ("pickle", "said"),
    [
        (b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".", "a saved list"),
        (b"\x80\x02" + b"}X\x01\0\0\0a" * 50_000 + b"N" + b"s" * 50_000 + b".", "no tensors under 'weight'"),
        (b"\x80\x02" + b"(" * 200_000 + b".", "damaged or cut short"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\x01" * 10 + b".", "damaged or cut short"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "damaged or cut short"),
        (b"\x80\x02\x94\x96\xff.", "damaged or cut short"),
        (b"\x80\x02cbuiltins\ngetattr\n(K\x01X\x07\0\0\0__doc__tR.", "asks for"),
        (b"\x80\x02ctorch\nload\n(X\x01\0\0\0atR.", "asks for"),
        (b"\x80\x02ctorch.serialization\nadd_safe_globals\n(lptR.", "asks for"),
        (b"\x80\x02(X\x01\0\0\0ai__main__\nA\n.", "damaged or cut short"),
        (b"\x80\x02X\x07\0\0\0storageQ.", "damaged or cut short"),
        (b"\x80\x05\x95\x01\0\0\0\0\0\0\0N.", ""),
    ],
    ids=[
        "lists in lists", "dictionaries in dictionaries", "marks", "a long number", "endless bytes", "no such code", "getattr",
        "load", "allow list", "an instance", "a storage of nothing", "protocol 5",
    ],
)  # fmt: skip
def test_a_pickle_of_odd_shape_is_refused_in_words(pickle: bytes, said: str) -> None:
    assert said in refused(with_pickle(pickle))


def test_a_million_lists_in_lists_do_not_cost_the_child_its_life(tmp_path: Path) -> None:
    deep = tmp_path / "deep.pth"
    deep.write_bytes(with_pickle(b"\x80\x02" + b"]" * 1_000_000 + b"a" * 999_999 + b"."))
    with pytest.raises(ModelCorrupt, match="a saved list"):
        RvcIntake().take_in(deep, None)


def test_a_document_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = voice()
    loop["config"] = [loop["config"]] * 18
    loop["config"][0] = loop["config"]
    assert "no short list" in refused(saved(loop))
