"""Multipart bodies arrive in pieces of any size, and mean the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Request
from litestar.exceptions import InternalServerException

from entrypoints.http.uploads import MAX_FIELD_BYTES, Form, FormReader, UploadLimits, body_of
from voicecore.errors import InvalidInput, TooLarge

BODY = (
    b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nJo\xc3\xa3o\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="../a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    + bytes(range(256)) * 3
    + b'\r\n--x\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n--x--\r\n'
)


def parsed(chunks: Iterable[bytes], *, max_file_bytes: int = 10_000, max_body_bytes: int = 10_000_000):
    """The fields and the files of a body that comes in these chunks."""

    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    limits = UploadLimits(admit=lambda _name, _form: None, max_body_bytes=max_body_bytes, max_file_bytes=max_file_bytes)
    with Form() as form:
        asyncio.run(FormReader(form, "x", limits).read(arriving()))
        return form.fields, [(name, file.read()) for name, file in form.files]


def heard(*events: dict) -> Request:
    """A request whose server says this, one after the other."""
    coming = iter(events)

    async def receive() -> dict:
        return next(coming)

    route = SimpleNamespace(resolve_request_max_body_size=lambda: None)
    return Request({"type": "http", "headers": [], "state": {}, "route_handler": route}, receive=receive)


def test_a_body_whose_client_goes_away_in_the_middle_is_refused_and_is_no_defect():
    request = heard({"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"})

    async def read() -> None:
        body = body_of(request)
        assert await anext(body) == b"{"
        with pytest.raises(InvalidInput, match="ended in the middle"):
            await anext(body)
        request.is_connected = False
        with pytest.raises(InternalServerException, match="consumed"):
            await anext(body_of(request))

    asyncio.run(read())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, len(BODY) - 1), max_size=12))
def test_wherever_a_body_is_cut_it_means_the_same(cuts: list[int]):
    places = [0, *sorted(set(cuts)), len(BODY)]
    chunks = [BODY[start:end] for start, end in pairwise(places)]
    fields, files = parsed(chunks)
    assert fields == [("name", "João"), ("empty", "")]
    assert files == [("file", bytes(range(256)) * 3)]


def test_a_line_end_behind_the_last_boundary_may_come_alone():
    assert parsed([BODY[:-2], BODY[-2:]])[0] == [("name", "João"), ("empty", "")]


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400))
def test_whatever_comes_it_is_read_or_refused(data: bytes):
    for body in (data, b"--x\r\n" + data, BODY[:150] + data):
        with suppress(InvalidInput):  # anything else fails the test
            parsed([body])


def test_a_body_that_stops_early_is_refused():
    with pytest.raises(InvalidInput, match="multipart"):
        parsed([BODY[:-10]])


def test_limits_of_files_fields_body_and_parts_hold():
    with pytest.raises(TooLarge, match="file"):
        parsed([BODY], max_file_bytes=700)
    with pytest.raises(TooLarge, match="body"):
        parsed([BODY[:50], BODY[50:]], max_body_bytes=100)
    field = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    with pytest.raises(TooLarge, match="fields"):
        parsed([field, b"y" * (MAX_FIELD_BYTES + 1)])
    with pytest.raises(TooLarge, match="parts"):
        parsed([field + b"1\r\n"] * 41)


def test_a_field_that_is_not_utf_8_is_refused_by_name():
    with pytest.raises(InvalidInput) as refusal:
        parsed([b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--'])
    assert refusal.value.field == "a"
