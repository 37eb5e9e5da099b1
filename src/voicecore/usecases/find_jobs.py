"""Find jobs by what a person remembers of them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from voicecore.errors import require
from voicecore.job import SynthesisJob
from voicecore.ports import JobPage, JobQuery, JobStore
from voicecore.request import EnrolmentRequest, MixRequest, SynthesisRequest

#: Jobs that are looked at for one answer: some tenths of a second. Stores have no index of texts, and Redis could have none.
LOOKED_AT = 2_000
LONGEST_SEARCH = 200
#: Letters of an id that are meant as one: a shorter word stands in many by chance.
LEAST_OF_ID = 8
_PAGE = 200


@dataclass(frozen=True, slots=True)
class FoundJobs:
    """A page of a search, newest first.

    Attributes:
        total: all jobs that the query's owner, status and mode admit, found or not.
        looked_at: jobs that were looked at for it; fewer than asked for may be found among them, or none.
        next_cursor: where to go on; None when all were looked at.
    """

    total: int
    jobs: tuple[SynthesisJob, ...]
    looked_at: int
    next_cursor: str | None


def find_jobs(store: JobStore, query: JobQuery, search: str) -> FoundJobs:
    """The next jobs of the query in which every word of the search stands: in the text, a name, the preset, profile or engine, or
    in the id of the job, its voice or model, of which at least `LEAST_OF_ID` letters count.

    Neither case nor accents count, and a word may be part of one. At most `LOOKED_AT` jobs are looked at.

    Args:
        search: 1..200 characters, not only blanks.

    Raises:
        InvalidInput: for a search that is empty or too long, and as `JobStore.page`.
    """
    words = plain(search).split()
    require(
        bool(words) and len(search) <= LONGEST_SEARCH,
        f"search has {len(search)} characters; give 1 to {LONGEST_SEARCH}, not only blanks.",
        field="search",
    )
    found: list[SynthesisJob] = []
    looked_at, total, cursor = 0, 0, query.cursor
    while True:
        asked = replace(query, limit=min(_PAGE, LOOKED_AT - looked_at), cursor=cursor)
        page, missing = store.page(asked), query.limit - len(found)
        while len(hits := _hits(page, words)) > missing:
            # The page shall end with the last one that there is room for, so that the next begins behind it.
            page = store.page(replace(asked, limit=hits[missing - 1] + 1))
        found += [page.jobs[number] for number in hits]
        looked_at, total, cursor = looked_at + len(page.jobs), page.total, page.next_cursor
        if cursor is None or len(found) >= query.limit or looked_at >= LOOKED_AT:
            return FoundJobs(total, tuple(found), looked_at, cursor)


def _hits(page: JobPage, words: list[str]) -> list[int]:
    return [number for number, job in enumerate(page.jobs) if _fits(job, words)]


def _fits(job: SynthesisJob, words: list[str]) -> bool:
    said, ids = _said(job), _ids(job)
    return all(word in said or (len(word) >= LEAST_OF_ID and word in ids) for word in words)


def plain(text: str) -> str:
    """The text as it is compared: without case and without accents."""
    # Twice, since what a letter stands for may have a case of its own, as in ℡, and a letter without case marks again.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _said(job: SynthesisJob) -> str:
    own: tuple[str, ...]
    match request := job.request:
        case SynthesisRequest():
            own = (request.text, request.voice_preset if request.voice_id is None else "")
        case EnrolmentRequest() | MixRequest():
            own = (request.name, request.description)
        case _:
            own = ()
    return plain("\n".join((job.engine, job.quality_profile_id or "", *own)))


def _ids(job: SynthesisJob) -> str:
    voice = job.request.voice_id if isinstance(job.request, SynthesisRequest) else None
    model = None if job.conversion is None else job.conversion.model_id
    return "\n".join((job.id, voice or "", model or ""))
