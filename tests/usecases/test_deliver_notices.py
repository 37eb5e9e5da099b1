"""Whoever asked is told of the end of a job: at least once, by a signed message, and nobody waits for a slow one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from tests.instruments.webhook_receiver import receiving

from adapters.messengers.http import HttpMessenger
from adapters.stores.memory import MemoryJobStore
from voicecore.errors import InvalidInput, NotDelivered, StorageUnavailable
from voicecore.handling import Handling, Priority
from voicecore.job import JobId, SynthesisJob
from voicecore.language import Language
from voicecore.ports import Messenger, Notice
from voicecore.request import SynthesisRequest
from voicecore.testing.fakes import FakeClock
from voicecore.usecases.deliver_notices import BACKOFF, HOLD, JITTER, DeliverNotices
from voicecore.usecases.receivers import Receivers, Try
from voicecore.usecases.submit_enrolment import NewVoice
from voicecore.webhook import WebhookSigner
from voicecore.webhook_target import WebhookPolicy

PT = Language("pt", "BR")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEEP = timedelta(hours=24)
#: How long a test waits for what takes a fraction of it.
PATIENCE_S = 60.0


@dataclass
class Posts:
    """A messenger that remembers what it was given and answers as it is told; it may wait."""

    answer: Callable[[str], int] = lambda _: 200
    sent: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        del body
        self.sent.append((url, headers))
        return self.answer(url)

    def to(self, host: str) -> int:
        """How many were sent to a host."""
        return sum(urlsplit(url).hostname == host for url, _ in self.sent)


@dataclass
class Office:
    """A store with a clock that the test owns, and the one who delivers."""

    messenger: Messenger = field(default_factory=Posts)
    clock: FakeClock = field(default_factory=FakeClock)
    jitter_s: float = 0.0

    def __post_init__(self) -> None:
        self.store = MemoryJobStore(self.clock)
        self.deliver = self.another()
        self.made = 0

    def another(self, **changes) -> DeliverNotices:
        """One more process over the same store."""
        return DeliverNotices(**{
            "store": self.store, "messenger": self.messenger, "clock": self.clock, "signer": WebhookSigner.parse(SECRET),
            "jitter": lambda: self.jitter_s, **changes,
        })  # fmt: skip

    def ended(self, url: str = "https://a.example/hook", count: int = 1) -> list[JobId]:
        """Cancelled jobs with this webhook: each leaves a notice."""
        ids = []
        for _ in range(count):
            self.made += 1
            job = SynthesisJob(
                id=JobId(f"job_{self.made:06d}"), request=SynthesisRequest(text="Olá.", source_language=PT), engine="tone",
                spoken_language=PT, created_at=self.clock.now(), handling=Handling(webhook_url=url),
            )  # fmt: skip
            self.store.add(job)
            self.store.cancel(job.id, KEEP)
            ids.append(job.id)
        return ids

    def round(self, pause: timedelta = timedelta(0)) -> int:
        """Time passes, then everything due is delivered."""
        self.clock.advance(pause)
        taken = self.deliver()
        assert self.deliver.rest(PATIENCE_S)
        return taken


@pytest.fixture
def office() -> Office:
    return Office()


def test_the_end_of_a_job_reaches_a_real_receiver_which_verifies_it_with_its_own_library(house):
    house.clock.jump(datetime.now(UTC) - house.clock.now())
    with receiving() as receiver:
        handling = Handling(webhook_url=receiver.url, priority=Priority.HIGH)
        submit = replace(house.submit, webhooks=WebhookPolicy(enabled=True, allow_private=True))
        job = submit(SynthesisRequest(text="Bom dia.", source_language=PT), handling=handling)
        assert job.handling == handling
        deliver = DeliverNotices(
            house.store, HttpMessenger(allow_private=True), house.clock, WebhookSigner.parse(SECRET)
        )
        assert deliver() == 0, "nothing is told before the end"
        assert house.run("worker")
        assert deliver() == 1
        assert deliver.rest(PATIENCE_S)
        (got,) = receiver.received
        message = Webhook(SECRET).verify(got.body, got.headers)
        assert message["type"] == "job.completed"
        assert message["data"]["job_id"] == job.id
        assert got.headers["content-type"] == "application/json"
        assert deliver() == 0, "it is told once"


def test_failed_cancelled_and_poisoned_jobs_are_told_of_too(make_house):
    house = make_house()
    office = Office(clock=house.clock)
    office.store = house.store
    office.deliver = office.another()
    submit = replace(house.submit, webhooks=WebhookPolicy(enabled=True))
    handling = Handling(webhook_url="https://a.example/")
    poisoned, cancelled = (
        submit(SynthesisRequest(text=text, source_language=PT), handling=handling) for text in ("Um.", "Dois.")
    )
    house.store.cancel(cancelled.id, KEEP)
    for _ in range(3):
        house.store.claim("w", timedelta(seconds=1), max_tries=3, keep=KEEP)
        house.clock.advance(timedelta(seconds=2))
    assert house.store.claim("w", timedelta(seconds=1), max_tries=3, keep=KEEP) is None
    assert office.round() == 2
    assert {headers["webhook-id"] for _, headers in office.messenger.sent} == {
        f"msg_{poisoned.id}", f"msg_{cancelled.id}"
    }  # fmt: skip


def test_after_a_failure_it_is_tried_again_with_the_same_id_and_a_new_time():
    statuses = iter([500, 200])
    with receiving(lambda _: next(statuses)) as receiver:
        office = Office(messenger=HttpMessenger(allow_private=True))
        office.ended(receiver.url)
        assert office.round() == 1
        assert office.round(BACKOFF[0] / 2) == 0
        assert office.round(BACKOFF[0]) == 1
        assert office.round(KEEP) == 0
        assert len(set(receiver.ids)) == 1
        assert len({each.headers["webhook-timestamp"] for each in receiver.received}) == 2
        assert len({each.body for each in receiver.received}) == 1


@pytest.mark.parametrize("jitter", [0.0, JITTER])
def test_the_pauses_grow_to_six_hours_and_then_it_is_given_up_and_logged_with_the_job(caplog, jitter):
    office = Office(messenger=Posts(lambda _: 503), jitter_s=jitter)
    (job_id,) = office.ended()
    assert office.round() == 1
    for pause in BACKOFF:
        waited = pause * (1 + jitter)
        assert office.round(waited - timedelta(seconds=1)) == 0
        assert office.round(timedelta(seconds=1)) == 1
    assert office.round(timedelta(days=2)) == 0
    assert len(office.messenger.sent) == 1 + len(BACKOFF)
    (given_up,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert job_id in given_up.getMessage()
    assert "503" in given_up.getMessage()
    assert "/hook" not in caplog.text, "the path of an address may hold a key"


def test_a_pause_is_prolonged_by_chance():
    deliver = DeliverNotices(MemoryJobStore(FakeClock()), Posts(), FakeClock(), WebhookSigner.parse(SECRET))
    drawn = {deliver.jitter() for _ in range(100)}
    assert len(drawn) > 50
    assert 0 <= min(drawn) <= max(drawn) <= JITTER


@pytest.mark.parametrize("status", [199, 301, 400, 404, 429, 500])
def test_every_other_status_is_a_failure(status):
    office = Office(messenger=Posts(lambda _: status))
    office.ended()
    assert [office.round(), office.round(BACKOFF[0])] == [1, 1]


def test_a_receiver_that_says_410_is_not_called_again_for_this_job(caplog):
    office = Office(messenger=Posts(lambda _: 410))
    (job_id,) = office.ended()
    assert [office.round(), office.round(KEEP)] == [1, 0]
    assert f"webhook of {job_id}: given up" in caplog.text


def test_of_a_job_that_was_deleted_nothing_is_told(office):
    (job_id,) = office.ended()
    office.store.delete(job_id)
    assert office.round() == 0
    assert office.messenger.sent == []


@pytest.mark.parametrize("tombstone", [False, True])
def test_of_a_job_that_is_deleted_while_its_notice_is_in_hand_nothing_is_told(tombstone):
    office = Office()

    class Deleting(MemoryJobStore):
        def due_notices(self, limit, hold):
            due = super().due_notices(limit, hold)
            for notice in due:
                self.delete(notice.job.id, tombstone=tombstone)
            return due

    office.store = Deleting(office.clock)
    office.deliver = office.another()
    office.ended()
    assert office.round() == 1
    assert office.messenger.sent == []


# --- nobody waits for a slow receiver -------------------------------------------------------------
@contextmanager
def hanging(*hosts: str) -> Iterator[Posts]:
    """A messenger at which these hosts do not answer before the context ends."""
    over = threading.Event()

    def answer(url: str) -> int:
        if urlsplit(url).hostname in hosts:
            over.wait()
            raise NotDelivered("It gave no answer.")
        return 200

    posts = Posts(answer)
    try:
        yield posts
    finally:
        over.set()


def eventually(look: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if look():
            return
        deadline.wait(0.01)
    raise AssertionError("it did not happen")


def test_one_that_hangs_holds_up_no_other():
    with hanging("slow.example") as posts:
        office = Office(messenger=posts)
        office.ended("https://slow.example/", 100)
        office.ended("https://quick.example/", 100)
        office.deliver()
        eventually(lambda: posts.to("quick.example") == 100)
        assert posts.to("slow.example") <= 4


def test_three_that_hang_hold_up_no_other():
    names = ("slow1.example", "slow2.example", "slow3.example")
    with hanging(*names) as posts:
        office = Office(messenger=posts)
        for name in names:
            office.ended(f"https://{name}/", 50)
        office.ended("https://quick.example/", 50)
        office.deliver()
        eventually(lambda: posts.to("quick.example") == 50)


def test_a_long_line_for_one_that_hangs_is_passed_by_once_it_shows():
    with hanging("slow.example") as posts:
        office = Office(messenger=posts)
        office.ended("https://slow.example/", 600)
        office.clock.advance(timedelta(seconds=1))
        office.ended("https://quick.example/", 10)
        office.deliver()
        eventually(lambda: posts.to("slow.example") == 4)
        assert posts.to("quick.example") == 0
        office.clock.advance(timedelta(seconds=3))
        office.deliver()
        eventually(lambda: posts.to("quick.example") == 10)


def test_what_was_left_out_for_a_slow_receiver_comes_again_without_a_failed_try_being_counted():
    working = threading.Event()

    def answer(_: str) -> int:
        if working.is_set():
            return 200
        raise NotDelivered("It gave no answer.")

    office = Office(messenger=Posts(answer))
    office.deliver.tries_at_once = 1
    office.ended(count=20)
    office.round()
    assert len(office.messenger.sent) == 1, "the first without an answer is enough"
    working.set()
    office.clock.advance(HOLD)
    fresh = office.store.due_notices(100, timedelta(0))
    assert sorted(each.tries for each in fresh) == [0] * 19 + [1]
    for _ in range(30):
        office.round(timedelta(minutes=1))
    assert len({headers["webhook-id"] for _, headers in office.messenger.sent}) == 20
    assert len(office.messenger.sent) == 21


# --- at least once ----------------------------------------------------------------------------------
def test_who_dies_between_the_post_and_its_note_leaves_it_to_be_delivered_again_with_the_same_id():
    office = Office()

    class Lost(MemoryJobStore):
        lost = True

        def settle_notice(self, job_id, retry_in):
            if self.lost:
                raise StorageUnavailable
            super().settle_notice(job_id, retry_in)

    office.store = Lost(office.clock)
    office.deliver = office.another()
    office.ended()
    assert office.round() == 1
    office.store.lost = False
    office.deliver = office.another()
    assert office.round(HOLD - timedelta(seconds=1)) == 0, "it is still held"
    assert office.round(timedelta(seconds=1)) == 1
    assert office.round(KEEP) == 0
    first, second = (headers["webhook-id"] for _, headers in office.messenger.sent)
    assert first == second


def test_two_processes_share_the_work_and_tell_each_end_once():
    office = Office()
    both = [office.deliver, office.another()]
    office.ended(count=200)
    for _ in range(4):
        for each in both:
            each()
            assert each.rest(PATIENCE_S)
    ids = [headers["webhook-id"] for _, headers in office.messenger.sent]
    assert len(ids) == len(set(ids)) == 200


def test_a_defect_in_one_try_ends_no_other(caplog):
    def answer(url: str) -> int:
        if "broken" in url:
            raise RuntimeError("a defect")
        return 200

    office = Office(messenger=Posts(answer))
    office.ended("https://broken.example/")
    office.ended(count=5)
    assert office.round() == 6
    assert office.messenger.to("a.example") == 5
    assert "a defect" in caplog.text


def test_once_closed_no_try_begins_and_nothing_is_lost():
    office = Office()
    office.ended(count=3)
    office.deliver.close(PATIENCE_S)
    assert office.deliver() == 0
    assert office.messenger.sent == []
    assert office.another()() == 3


def test_a_try_under_way_gets_its_grace():
    under_way, go_on = threading.Event(), threading.Event()

    def answer(_: str) -> int:
        under_way.set()
        go_on.wait()
        return 200

    office = Office(messenger=Posts(answer))
    office.ended(count=1)
    office.deliver()
    under_way.wait()
    office.deliver.close(0.0)
    go_on.set()
    office.deliver.close(PATIENCE_S)
    assert office.round(KEEP) == 0


# --- who is next ------------------------------------------------------------------------------------
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.sampled_from("abc")),
            st.just(("begin", "")),
            st.tuples(st.sampled_from(["answered", "silent"]), st.integers(0, 9)),
            st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 61.0])),
        ),
        max_size=80,
    )
)
def test_whatever_happens_a_notice_is_tried_once_at_the_most_and_a_receiver_four_times_at_once(steps):
    clock = FakeClock()
    receivers = Receivers(clock, room=1_000, keep_s=30.0)
    office = Office(clock=clock)
    under_way: list[Try] = []
    begun: list[JobId] = []
    taken = 0
    for what, which in steps:
        if what == "take":
            (job_id,) = office.ended(f"https://{which}.example/")
            taken += receivers.take(Notice(office.store.get(job_id), 0))
        elif what == "begin":
            if (current := receivers.begin()) is not None:
                under_way.append(current)
                begun.append(current.notice.job.id)
        elif what == "wait":
            clock.advance(timedelta(seconds=which))
        elif under_way:
            receivers.end(under_way.pop(which % len(under_way)), answered=what == "answered")
        for name in {each.receiver for each in under_way}:
            assert sum(each.receiver == name for each in under_way) <= 4
        assert len(under_way) <= receivers.in_hand() <= taken
    assert len(begun) == len(set(begun))


def test_receivers_are_served_in_turn():
    clock = FakeClock()
    receivers, office = Receivers(clock, room=100, keep_s=30.0), Office(clock=clock)
    for name in "aaabbc":
        (job_id,) = office.ended(f"https://{name}.example/")
        receivers.take(Notice(office.store.get(job_id), 0))
    served = [receivers.begin().receiver[8] for _ in range(6)]
    assert served == ["a", "b", "c", "a", "b", "a"]
    assert receivers.begin() is None


def test_what_was_in_hand_for_too_long_is_left_to_whoever_gets_it_next():
    clock = FakeClock()
    receivers, office = Receivers(clock, room=100, keep_s=30.0), Office(clock=clock)
    (job_id,) = office.ended()
    receivers.take(Notice(office.store.get(job_id), 0))
    clock.advance(timedelta(seconds=31))
    assert receivers.begin() is None
    assert receivers.in_hand() == 0


# --- at the door ------------------------------------------------------------------------------------
def test_without_a_secret_no_job_with_a_webhook_is_accepted_and_nothing_is_left(house):
    handling = Handling(webhook_url="https://a.example/")
    with pytest.raises(InvalidInput, match="VOICECORE_WEBHOOK_SECRET"):
        house.submit(SynthesisRequest(text="Olá.", source_language=PT), handling=handling)
    with pytest.raises(InvalidInput, match="VOICECORE_WEBHOOK_SECRET"):
        house.enrol(NewVoice(name="Ana", language=PT), [], handling=handling)
    assert sum(house.store.counts().values()) == 0


def test_the_priority_of_a_job_is_kept_and_a_plain_one_is_normal(house):
    request = SynthesisRequest(text="Olá.", source_language=PT)
    assert house.submit(request).handling == Handling()
    low = house.submit(request, handling=Handling(priority=Priority.LOW))
    assert house.store.get(low.id).handling.priority is Priority.LOW
