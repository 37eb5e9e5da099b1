"""Every job store does what the model does, whatever the order of moves."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from hypothesis import settings

from adapters.stores.memory import MemoryJobStore
from adapters.stores.sqlite import SqliteDatabase, SqliteJobStore
from voicecore.ports import Clock
from voicecore.testing.job_machine import JobStoreMachine


class MemoryMachine(JobStoreMachine):
    def make_store(self, clock: Clock) -> MemoryJobStore:
        return MemoryJobStore(clock)


class SqliteMachine(JobStoreMachine):
    def make_store(self, clock: Clock) -> SqliteJobStore:
        self.folder = TemporaryDirectory()
        return SqliteJobStore(SqliteDatabase(self.folder.name), clock)

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestMemoryJobStore = MemoryMachine.TestCase
TestMemoryJobStore.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestSqliteJobStore = SqliteMachine.TestCase
TestSqliteJobStore.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
