"""RVC where a service runs it: in the model process, from the upload to the sound, with its voices kept between jobs."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import psutil
import pytest

from adapters.converters.rvc.intake import RvcIntake
from adapters.converters.rvc.provider import RvcProvider
from adapters.hosts import ChildProcessHost, SharedHost
from tests.http.room import eventually
from tests.instruments import tiny_rvc
from tests.instruments.rvc_speech import speech
from voicecore.audio import Audio
from voicecore.conversion import ConversionSettings, F0Method
from voicecore.engine_settings import EngineSettings
from voicecore.errors import EngineCrashed, MissingModel, ModelCorrupt
from voicecore.ports import ModelParts

PATIENCE_S = 180
SETTINGS = ConversionSettings(model_id="rvc_a", f0_method=F0Method.HARVEST)


@pytest.fixture(scope="module")
def engine_settings(contentvec_models):
    return EngineSettings(models_dir=contentvec_models, device="cpu")


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """A stranger's files, through the door."""
    folder = tmp_path_factory.mktemp("upload")
    return RvcIntake().take_in(tiny_rvc.make_voice(folder), tiny_rvc.make_index(folder, count=200))


@pytest.fixture(scope="module")
def host(engine_settings):
    host = ChildProcessHost(threads=1, settings=engine_settings)
    yield host
    host.close()


def test_the_model_process_makes_the_sound_that_this_process_makes(host, engine_settings, taken_in):
    facts, parts = taken_in
    audio = speech(1.5)
    here = RvcProvider(engine_settings).open(threads=1)
    there = host.converter("rvc")
    for converter in (here, there):
        converter.load(SETTINGS.model_id, parts)
    (ours, our_report), (theirs, their_report) = (each.convert(audio, SETTINGS) for each in (here, there))
    here.close()
    assert theirs.sample_rate_hz == facts.sample_rate_hz
    assert np.array_equal(ours.samples, theirs.samples)
    assert our_report == their_report
    assert their_report.index_used is True


def test_a_second_voice_loads_neither_the_encoder_nor_the_tracker_again(host, taken_in):
    parts = taken_in[1]
    converter = host.converter("rvc")
    converter.load("rvc_a", parts)
    converter.convert(speech(1.0), SETTINGS)
    pid = host.pid
    converter.load("rvc_b", ModelParts(parts.voice))
    _, report = converter.convert(speech(1.0), dataclasses.replace(SETTINGS, model_id="rvc_b"))
    assert report.index_used is False
    assert report.reason
    assert converter.holds("rvc_a")
    assert host.pid == pid


def test_errors_keep_their_kind_and_their_mend_on_the_way(host, taken_in):
    converter = host.converter("rvc")
    with pytest.raises(ModelCorrupt):
        converter.load("rvc_bad", ModelParts(taken_in[1].voice[:1000]))
    with pytest.raises(MissingModel, match="voicecore models pull contentvec"):
        ChildProcessHost(settings=EngineSettings()).converter("rvc")


def test_a_conversion_called_off_ends_in_its_midst_and_the_next_works(engine_settings, taken_in):
    host = ChildProcessHost(threads=1, settings=engine_settings)
    try:
        converter = host.converter("rvc")
        converter.load(SETTINGS.model_id, taken_in[1])
        long = Audio(np.tile(speech(10.0).samples, 30), 16_000)
        raised = []

        def convert():
            try:
                converter.convert(long, SETTINGS)
            except EngineCrashed as error:
                raised.append(error)

        child = psutil.Process(host.pid)
        before = child.cpu_times().user
        thread = threading.Thread(target=convert)
        thread.start()
        # The five minutes take much more of the processor.
        eventually(lambda: child.cpu_times().user > before + 0.3, "the beginning of the conversion")
        host.interrupt()
        thread.join(PATIENCE_S)
        assert len(raised) == 1
        assert not child.is_running()
        converter = host.converter("rvc")
        assert not converter.holds(SETTINGS.model_id)
        converter.load(SETTINGS.model_id, taken_in[1])
        assert converter.convert(speech(1.0), SETTINGS)[0].peak > 0
    finally:
        host.close()


def test_slots_share_encoder_and_voices_and_each_hears_its_own_voice(engine_settings, taken_in):
    parts = taken_in[1]
    shared = SharedHost(ChildProcessHost(threads=1, settings=engine_settings))
    slots = [shared.slot() for _ in range(2)]
    audio = speech(1.0)
    wanted = [dataclasses.replace(SETTINGS, model_id="rvc_a"), dataclasses.replace(SETTINGS, model_id="rvc_b", pitch=5)]
    try:
        heard = [[], []]

        def job(number):
            converter = slots[number].converter("rvc")
            for _ in range(3):
                if not converter.holds(wanted[number].model_id):
                    converter.load(wanted[number].model_id, parts)
                heard[number].append(converter.convert(audio, wanted[number])[0].samples)

        threads = [threading.Thread(target=job, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        for each in heard:
            assert len(each) == 3
            assert all(np.array_equal(each[0], other) for other in each)
        assert not np.array_equal(heard[0][0], heard[1][0])
    finally:
        for slot in slots:
            slot.close()
