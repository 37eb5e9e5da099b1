"""The requests that the store makes of an object store, with its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from secrets import token_bytes, token_hex
from typing import IO, TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, PreconditionError

from adapters.blobs.objectstore.connection import checked_url, connect
from adapters.blobs.objectstore.failures import beyond_the_end, translated
from adapters.blobs.objectstore.record import ATTRIBUTE, attributes_of
from voicecore.errors import NotFound, StorageUnavailable
from voicecore.ports import BlobStat

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult

#: The smallest part that S3 takes; blobs up to this size go in one request.
PART = 5 << 20
#: One, since a part that is on its way when an upload is given up may arrive after the abort, and would stay.
_PARTS_AT_A_TIME = 1
_PAGE = 1_000


class Bucket:
    """Objects below the prefix of `url`."""

    def __init__(self, url: str, patience_s: float) -> None:
        self.url = checked_url(url)
        self._objects = connect(self.url, patience_s)

    def put(self, stat: BlobStat, content: bytes | IO[bytes]) -> None:
        """Store an object in one step; in parts of which nobody sees anything before the last, if it is large."""
        try:
            with self._translated():
                obstore.put(
                    self._objects,
                    stat.key,
                    content,
                    attributes=attributes_of(stat),
                    use_multipart=stat.size > PART,
                    chunk_size=PART,
                    max_concurrency=_PARTS_AT_A_TIME,
                )
        except FileNotFoundError as error:
            raise StorageUnavailable(f"The object store {self.url} lost an upload half-way: try again.") from error

    def look(self, key: str) -> GetResult | None:
        """The object without its bytes, or None.

        Asks for one byte, since an answer without a body never says why: a missing bucket would look like a missing object.
        """
        try:
            answer = self.get(key, 0, 1)
            if answer is None:
                with self._translated():
                    answer = obstore.get(self._objects, key, options={"head": True})
        except (FileNotFoundError, NotFound):
            return None
        return answer

    def get(self, key: str, start: int, end: int, *, e_tag: str | None = None) -> GetResult | None:
        """The object from byte `start` to `end`, or None if it ends before. Raises `NotFound`, and PreconditionError if
        its version is not `e_tag`.
        """
        options: GetOptions = {"range": (start, end)}
        if e_tag is not None:
            options["if_match"] = e_tag
        try:
            with self._translated():
                return obstore.get(self._objects, key, options=options)
        except FileNotFoundError as error:
            raise NotFound(f"There is no blob {key}.") from error
        except BaseError as error:
            if beyond_the_end(error):
                return None
            raise

    def bytes_of(self, answer: GetResult) -> bytes:
        """What the server sends after its answer's headers."""
        with self._translated():
            return bytes(answer.bytes())

    def more(self, key: str, e_tag: str | None, start: int, end: int) -> bytes:
        """Bytes of the version `e_tag`. Raises StorageUnavailable if that is not there any more."""
        try:
            answer = self.get(key, start, end, e_tag=e_tag)
        except (PreconditionError, NotFound) as error:
            message = f"The blob {key} was replaced or deleted while it was read: open it again."
            raise StorageUnavailable(message) from error
        return b"" if answer is None else self.bytes_of(answer)

    def delete(self, key: str) -> bool:
        """Remove the object; False if the server says that it was not there, which S3 never does."""
        try:
            with self._translated():
                obstore.delete(self._objects, key)
        except FileNotFoundError:
            return False
        return True

    def listed(self, folder: str) -> Iterator[BlobStat]:
        """Everything below the folder in the server's order, a page at a time; without digests."""
        with self._translated():
            pages = iter(obstore.list(self._objects, folder or None, chunk_size=_PAGE))
        while True:
            with self._translated():
                page = next(pages, None)
            if page is None:
                return
            for meta in page:
                yield BlobStat(meta["path"], meta["size"], "", meta["last_modified"])

    def probe(self) -> Sequence[str]:
        """What is wrong, found by writing, reading, listing and deleting a small object.

        Raises:
            StorageUnavailable: one of them fails.
        """
        # No key begins with a dot, so this is no blob, and no listing of blobs shows it.
        name = f".probe-{token_hex(8)}"
        content = token_bytes(32)
        try:
            with self._translated():
                obstore.put(self._objects, name, content, attributes={ATTRIBUTE: name}, use_multipart=False)
                answer = obstore.get(self._objects, name)
                found, kept = bytes(answer.bytes()), answer.attributes.get(ATTRIBUTE)
                listed = any(len(page) for page in obstore.list(self._objects, chunk_size=_PAGE))
                obstore.delete(self._objects, name)
        except FileNotFoundError:
            return [
                f"The object store {self.url} does not find what was just written there: use one that does at once."
            ]
        if found != content or not listed:
            return [f"The object store {self.url} does not give back what was written there: see its log."]
        if kept != name:
            return [f"The object store {self.url} does not keep metadata of objects: use one that does."]
        return []

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.url)
