"""The converter of tests in hosts: what it needs, what it makes alone, and threads that use it at the same time."""

from __future__ import annotations

import json
import threading
import time

from voicecore.conversion import ConversionSettings
from voicecore.engine import Utterance
from voicecore.language import Language
from voicecore.ports import ModelParts
from voicecore.testing.shifter import PLAN_VARIABLE, Shifter, shifter_file

PT = Language("pt", "BR")
PATIENCE_S = 60.0
MODEL = ConversionSettings(model_id="rvc_a")
PARTS = ModelParts(shifter_file(), b"12")


def eventually(look):
    until = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < until
        time.sleep(0.005)


def in_threads(*works):
    """Run them at the same time; what each returned or raised, in order."""
    results = [None] * len(works)

    def run(number):
        try:
            results[number] = works[number]()
        except Exception as error:  # noqa: BLE001
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
    return results


def plan(monkeypatch, **fields):
    monkeypatch.setenv(PLAN_VARIABLE, json.dumps(fields))


def ready(host):
    """A host's converter that holds the model."""
    converter = host.converter("tone")
    if not converter.holds(MODEL.model_id):
        converter.load(MODEL.model_id, PARTS)
    return converter


def alone(audio, parts=PARTS):
    converter = Shifter()
    converter.load(MODEL.model_id, parts)
    return converter.convert(audio, MODEL)[0].samples


def speak(engine, text, name="u"):
    engine.admit(
        Utterance(id=name, text=text, language=PT, voice="female_generic", parameters={"speed": 1.0})
    )  # fmt: skip
    return engine.step()[0].samples
