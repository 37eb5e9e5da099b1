"""Every engine that needs no weights, and the engine behind a process, keep the contract of `SpeechEngine`."""

from __future__ import annotations

import pytest

from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from voicecore.testing.contracts.speech_engine import SpeechEngineContract
from voicecore.testing.tone import ToneEngine, TonePlan, ToneProvider
from voicecore.testing.watermark import ToneWatermarker
from voicecore.usecases.watermarked import WatermarkedEngine


class TestToneEngine(SpeechEngineContract):
    @pytest.fixture
    def engine(self):
        engine = ToneEngine()
        yield engine
        engine.close()


class TestToneEngineInChunks(SpeechEngineContract):
    @pytest.fixture
    def engine(self):
        engine = ToneEngine(TonePlan(letters_per_chunk=3, batch_size=4))
        yield engine
        engine.close()


class TestEngineInAChildProcess(SpeechEngineContract):
    """The remote engine is an engine like any other: the process must not show."""

    @pytest.fixture
    def engine(self):
        host = ChildProcessHost()
        yield host.engine("tone")
        host.close()


class TestSharedEngine(SpeechEngineContract):
    """What a slot gets of an engine that others may use, too, is an engine like any other."""

    @pytest.fixture
    def engine(self):
        slot = SharedHost(LocalHost({"tone": ToneProvider()})).slot()
        yield slot.engine("tone")
        slot.close()


class TestSharedEngineInAChildProcess(SpeechEngineContract):
    """As a service with `VOICECORE_SHARE_MODEL` uses it."""

    @pytest.fixture
    def engine(self):
        slot = SharedHost(ChildProcessHost()).slot()
        yield slot.engine("tone")
        slot.close()


class TestEngineBehindAWatermark(SpeechEngineContract):
    """Whole utterances, marked, and otherwise the engine that it was."""

    @pytest.fixture
    def engine(self):
        engine = WatermarkedEngine(ToneEngine(TonePlan(letters_per_chunk=3, batch_size=4)), ToneWatermarker())
        yield engine
        engine.close()
