"""What every `AuditLog` does."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from voicecore.ports import Act, AuditLog, Clock
from voicecore.testing.fakes import FakeClock

ACT = Act(what="voice.delete", who="key_1", objects={"voice_id": "voice_1"}, details={"files": 3, "deep": True})


class AuditLogContract:
    """Subclass it, override `make_log` and `acts`, run pytest."""

    def make_log(self, clock: Clock) -> AuditLog:
        """Another one that writes to the same place; empty at first."""
        raise NotImplementedError

    def acts(self) -> Sequence[Act]:
        """What was written, oldest first."""
        raise NotImplementedError

    @pytest.fixture
    def log(self) -> AuditLog:
        return self.make_log(FakeClock())

    def test_acts_are_read_back_in_their_order(self, log: AuditLog) -> None:
        others = [Act(what=f"act.{number}", who="" if number % 2 else "key_1") for number in range(5)]
        for act in (ACT, *others):
            log.record(act)
        assert list(self.acts()) == [ACT, *others]

    def test_any_text_is_kept_as_it_is(self, log: AuditLog) -> None:
        strange = Act(what="a", who="é\n\u2028\x00", objects={"id": '"}\n{'}, details={"": "😀" * 100})
        log.record(strange)
        log.record(ACT)
        assert list(self.acts()) == [strange, ACT]

    def test_a_log_that_is_opened_again_goes_on(self, log: AuditLog) -> None:
        log.record(ACT)
        self.make_log(FakeClock()).record(ACT)
        log.record(ACT)
        assert list(self.acts()) == [ACT] * 3

    def test_of_many_writers_at_once_no_line_is_lost(self) -> None:
        together = threading.Barrier(6)

        def write(number: int) -> None:
            log = self.make_log(FakeClock())
            together.wait()
            for _ in range(5):
                log.record(Act(what="a", who=str(number)))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(act.who for act in self.acts()) == [str(number) for number in range(6) for _ in range(5)]
