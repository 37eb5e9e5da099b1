"""Voice prints as files: the format byte for byte, what was stored before, and damage."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from voicecore import tensorfile
from voicecore.errors import BlobCorrupt, InvalidInput
from voicecore.voice import VoicePrint

#: Written by the first version, as an .npz, and never to be edited: stored voices go on speaking.
OLD_PRINT = base64.b64decode(
    "UEsDBC0AAAAAAAAAIQADMlOT//////////8LABQAX2VuZ2luZS5ucHkBABAAhAAAAAAAAACEAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3"
    "x1MScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICg0LCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
    "ICAgICAgICAgICAgICAgICAgICAgICAKdG9uZVBLAwQtAAAAAAAAACEArVYHDP//////////EQAUAF9tb2RlbF9kaWdlc3QubnB5AQAQAMAAAA"
    "AAAAAAwAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoNjQsKSwgfSAg"
    "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYm"
    "FiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJQSwMELQAAAAAAAAAhAGFWjbL//////////wYAFABoei5ucHkBABAAhAAA"
    "AAAAAACEAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgxLCksIH0gIC"
    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAEClQ1BLAwQtAAAAAAAAACEA3j8BuP//"
    "////////BQAUAG4ubnB5AQAQAJgAAAAAAAAAmAAAAAAAAACTTlVNUFkBAHYAeydkZXNjcic6ICc8aTgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbH"
    "NlLCAnc2hhcGUnOiAoMSwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgCgAA"
    "AAAAAAAAAQAAAAAAAAACAAAAAAAAAFBLAQItAy0AAAAAAAAAIQADMlOThAAAAIQAAAALAAAAAAAAAAAAAACAAQAAAABfZW5naW5lLm5weVBLAQ"
    "ItAy0AAAAAAAAAIQCtVgcMwAAAAMAAAAARAAAAAAAAAAAAAACAAcEAAABfbW9kZWxfZGlnZXN0Lm5weVBLAQItAy0AAAAAAAAAIQBhVo2yhAAA"
    "AIQAAAAGAAAAAAAAAAAAAACAAcQBAABoei5ucHlQSwECLQMtAAAAAAAAACEA3j8BuJgAAACYAAAABQAAAAAAAAAAAAAAgAGAAgAAbi5ucHlQSw"
    "UGAAAAAAQABADfAAAATwMAAAAA"
)
#: As the safetensors library lays it out: length, header padded with blanks, widest numbers first.
GOLDEN = (
    b'\xa8\x00\x00\x00\x00\x00\x00\x00{"__metadata__":{"engine":"tone","model_digest":"ab"},'
    b'"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]}}     '
    b"\x03\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@"
)
DTYPES = ("?", "u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8", ">f4", ">i8")
ARRAYS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "__metadata__"),
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: st_numpy.arrays(dtype, st_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    ),
    max_size=4,
)


def golden_print() -> VoicePrint:
    return VoicePrint("tone", "ab", {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array([3])})


def packed(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def described(begin: int, end: int, shape: object, dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_a_voice_print_is_stored_in_these_very_bytes() -> None:
    assert golden_print().to_bytes() == GOLDEN


def test_the_very_bytes_are_read_as_the_voice_print() -> None:
    read = VoicePrint.from_bytes(GOLDEN)
    assert (read.engine, read.model_digest, read.notes) == ("tone", "ab", ())
    for name, array in golden_print().arrays.items():
        assert read.arrays[name].dtype == array.dtype
        assert np.array_equal(read.arrays[name], array)
        # Libraries that share the memory of an array want to own it.
        assert read.arrays[name].flags.writeable


def test_what_an_engine_has_to_say_of_the_reference_is_not_in_the_file() -> None:
    told = VoicePrint("tone", "ab", golden_print().arrays, ("The reference seems to hold two voices.",))
    assert told.to_bytes() == GOLDEN


def test_a_compressed_print_is_refused_before_it_swells() -> None:
    buffer = io.BytesIO()
    named = {"_engine": np.frombuffer(b"tone", np.uint8), "_model_digest": np.frombuffer(b"ab", np.uint8)}
    np.savez_compressed(buffer, allow_pickle=False, **named, hz=np.zeros(1_000_000, np.uint8))
    with pytest.raises(BlobCorrupt, match="compressed"):
        VoicePrint.from_bytes(buffer.getvalue())


def test_a_print_that_the_first_version_stored_is_still_read() -> None:
    old = VoicePrint.from_bytes(OLD_PRINT)
    assert (old.engine, old.model_digest) == ("tone", "ab" * 32)
    assert old.arrays.keys() == {"hz", "n"}
    assert np.array_equal(old.arrays["hz"], np.array([330.5], np.float32))
    assert np.array_equal(old.arrays["n"], [[0, 1, 2]])
    assert VoicePrint.from_bytes(old.to_bytes()).arrays["hz"] == old.arrays["hz"]


@given(ARRAYS, st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_arrays_of_any_shape_and_byte_order_are_the_same_after_storage(
    arrays: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    data = tensorfile.dump(arrays, metadata)
    assert tensorfile.dump(dict(reversed(arrays.items())), metadata) == data
    read, told = tensorfile.load(data)
    assert told == metadata
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (read[name].shape, read[name].dtype) == (array.shape, array.dtype.newbyteorder("="))
        assert read[name].tobytes() == array.astype(array.dtype.newbyteorder("=")).tobytes()


@pytest.mark.parametrize("array", [np.array([1 + 2j]), np.array(["a"]), np.array([1.0], np.longdouble)])
def test_numbers_that_the_format_has_not_are_refused_when_written(array: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="cannot be stored"):
        tensorfile.dump({"x": array}, {})
    with pytest.raises(InvalidInput):
        tensorfile.dump({"__metadata__": np.zeros(1)}, {})


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 7, b"\0" * 8, b"\xff" * 16, packed(b"[]"), packed(b" {}"), packed(b"{"), packed(b'{"a":NaN}'), packed(b"{}")[:-1],
        packed({}, b"more"),
        packed({"x": described(0, 4, [1])}, b"1234more"),
        packed({"x": described(0, 4, [1])}, b"123"),
        packed({"x": described(0, 4, [2])}, b"1234"),
        packed({"x": described(0, 8, [1])}, b"12345678"),
        packed({"x": described(4, 8, [1])}, b"12345678"),
        packed({"x": described(0, 4, [1]), "y": described(0, 4, [1])}, b"1234"),
        packed({"x": described(0, 4, [1]), "y": described(2, 6, [1])}, b"123456"),
        packed({"x": described(0, 4, [1]), "y": described(8, 12, [1])}, b"1" * 12),
        packed({"x": described(4, 0, [1])}, b"1234"),
        packed({"x": described(-4, 0, [1])}, b"1234"),
        packed({"x": described(0, 4, [-1])}, b"1234"),
        packed({"x": described(0, 4, [1.0])}, b"1234"),
        packed({"x": described(0, 4, [True])}, b"1234"),
        packed({"x": described(0, 4, 1)}, b"1234"),
        packed({"x": described(0, 4, [1] * 33)}, b"1234"),
        packed({"x": described(0, 0, [0, 10**40])}),
        packed({"x": described(0, 4, [2**62, 2**62, 4])}, b"1234"),
        packed({"x": described(0, 4, [2], "BF16")}, b"1234"),
        packed({"x": described(0, 4, [1], ["F32"])}, b"1234"),
        packed({"x": described(0, 2, [2], "BOOL")}, b"\1\2"),
        packed({"x": {**described(0, 4, [1]), "note": "more"}}, b"1234"),
        packed({"x": {"dtype": "F32", "shape": [1]}}, b"1234"),
        packed({"x": None}), packed({"__metadata__": {"a": 1}}), packed({"__metadata__": []}),
        packed(b'{"x":%b,"x":%b}' % ((json.dumps(described(0, 4, [1])).encode(),) * 2), b"1234"),
        packed(b'{"__metadata__":{"a":"b","a":"c"}}'),
        packed(b'{"\xff":1}'), packed(b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
        (1 << 21).to_bytes(8, "little") + b"{" + b" " * (1 << 21),
    ],
)  # fmt: skip
def test_a_file_that_is_not_exactly_of_the_format_is_refused(data: bytes) -> None:
    with pytest.raises(BlobCorrupt):
        tensorfile.load(data)


@pytest.mark.parametrize("metadata", [{}, {"engine": "tone"}, {"model_digest": "ab"}])
def test_arrays_that_do_not_say_whose_they_are_are_no_voice_print(metadata: dict[str, str]) -> None:
    with pytest.raises(BlobCorrupt, match="enrol the voice again"):
        VoicePrint.from_bytes(tensorfile.dump({"hz": np.ones(1)}, metadata))


@given(st.data(), st.sampled_from([GOLDEN, OLD_PRINT]))
def test_a_damaged_print_is_read_or_refused_and_never_raises_anything_else(data: st.DataObject, whole: bytes) -> None:
    cut = data.draw(st.integers(0, len(whole)))
    instead = data.draw(st.binary(max_size=4))
    damaged = whole[:cut] + instead + whole[cut + data.draw(st.integers(0, 9)) :]
    try:
        VoicePrint.from_bytes(damaged)
    except BlobCorrupt as refusal:
        assert "enrol the voice again" in refusal.message  # noqa: PT017 - either it is read, or refused with this error


@given(st.binary(max_size=64))
def test_any_header_is_read_or_refused(text: bytes) -> None:
    try:
        tensorfile.load(packed(b"{" + text))
    except BlobCorrupt as refusal:
        assert refusal.message  # noqa: PT017 - as above
