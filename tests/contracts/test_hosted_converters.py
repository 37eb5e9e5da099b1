"""A converter of models is the same converter wherever it runs: the process, and the other slots, must not show."""

from __future__ import annotations

import pytest

from adapters.hosts import ChildProcessHost, LocalHost, SharedHost
from voicecore.ports import ModelParts
from voicecore.testing.contracts.model_converter import ModelConverterContract
from voicecore.testing.shifter import ShifterProvider, shifter_file


def hosted(make, *, scope):
    @pytest.fixture(scope=scope)
    def host():
        made = make()
        yield made
        made.close()

    return host


# One process for all tests of a class, which close what they got of it and ask for it again. In this process the converter
# itself is closed then, as an engine would be.
in_this_process = hosted(lambda: LocalHost(converters={"tone": ShifterProvider()}), scope="function")
in_a_child = hosted(ChildProcessHost, scope="module")
shared = hosted(lambda: SharedHost(LocalHost()).slot(), scope="module")
shared_in_a_child = hosted(lambda: SharedHost(ChildProcessHost()).slot(), scope="module")


class HostedConverter(ModelConverterContract):
    where = ""

    @pytest.fixture(autouse=True)
    def _hosted(self, request):
        self.host = request.getfixturevalue(self.where)

    def open_converter(self):
        return self.host.converter("tone")

    def model(self):
        return ModelParts(shifter_file(40_000), b"1234")

    def other_model(self):
        return ModelParts(shifter_file(40_000, gain=0.8), b"1234")

    def unindexed_model(self):
        return ModelParts(shifter_file(32_000))


class TestConverterInThisProcess(HostedConverter):
    where = "in_this_process"


class TestConverterInAChildProcess(HostedConverter):
    where = "in_a_child"


class TestSharedConverter(HostedConverter):
    where = "shared"


class TestSharedConverterInAChildProcess(HostedConverter):
    where = "shared_in_a_child"
