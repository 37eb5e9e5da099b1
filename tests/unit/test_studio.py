"""The library's face."""

from __future__ import annotations

import numpy as np
import pytest

import voicecore
from voicecore.audio import join
from voicecore.errors import Conflict, InvalidInput, InvalidText, NotFound, UnsupportedLanguage
from voicecore.studio import Studio
from voicecore.testing.tone import ToneEngine, TonePlan

TEXT = "Bom dia. Esta é uma frase bem mais comprida do que a primeira, e tem uma vírgula. E esta é a última das frases deste texto."


@pytest.fixture
def studio():
    with voicecore.open("tone") as studio:
        yield studio


def test_saying_and_streaming_give_the_same_sound(studio):
    whole = studio.say(TEXT, language="pt-BR", voice="female_warm")
    pieces = [piece.samples for piece in studio.stream(TEXT, language="pt-BR", voice="female_warm")]
    assert len(pieces) > 1
    assert np.array_equal(np.concatenate(pieces), whole.samples)


def test_what_is_said_can_be_written_to_a_file(studio, tmp_path):
    studio.say("Olá", language="pt-BR").write_wav(tmp_path / "ola.wav")
    assert voicecore.Audio.from_wav_bytes((tmp_path / "ola.wav").read_bytes()).duration_s > 0


def test_every_character_belongs_to_a_segment(studio):
    assert "".join(TEXT[each.start : each.end] for each in studio.speech(TEXT).segments) == TEXT


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"text": ""}, InvalidText),
        ({"language": "xx"}, UnsupportedLanguage),
        ({"language": "not a tag"}, UnsupportedLanguage),
        ({"voice": "nobody"}, InvalidInput),
        ({"speed": 9.0}, InvalidInput),
        ({"speed": float("nan")}, InvalidInput),
        ({"loudness": 1.0}, InvalidInput),
        ({"seed": -1}, InvalidInput),
    ],
)
def test_bad_input_is_refused_before_the_stream_begins(studio, changes, error):
    arguments = {"text": "Olá", **changes}
    with pytest.raises(error):
        studio.stream(arguments.pop("text"), **arguments)


def test_a_voice_that_was_enrolled_speaks(studio):
    reference = studio.say("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", voice="male_deep")
    learned = studio.enroll(reference)
    assert not np.array_equal(studio.say("Olá", voice=learned).samples, studio.say("Olá").samples)


def test_a_voice_that_was_mixed_lies_between_its_parts(studio):
    mixed = studio.mix([("female_generic", 1.0), ("male_soft", 3.0)])
    spoken = [studio.say("aaaa", voice=voice).samples for voice in ("female_generic", mixed, "male_soft")]
    low, between, high = (np.argmax(np.abs(np.fft.rfft(samples))) for samples in spoken)
    assert low < between < high


def test_an_abandoned_stream_does_not_disturb_the_next(studio):
    abandoned = studio.stream(TEXT)
    next(abandoned)
    del abandoned
    assert studio.say(TEXT).duration_s > 0


def test_an_unknown_engine_is_named_with_those_there_are():
    with pytest.raises(NotFound, match="tone"):
        voicecore.open("nobody")


def test_a_closed_studio_says_so():
    studio = voicecore.open("tone")
    studio.close()
    with pytest.raises(Conflict, match="closed"):
        studio.say("Olá")


def test_the_public_names_are_these():
    assert set(voicecore.__all__) == {
        "PRESETS", "Audio", "AudioChunk", "EngineCard", "EnrolmentRequest", "JobStatus", "Language", "Mode",
        "OutputFormat", "QualityProfile", "Speech", "Studio", "SynthesisJob", "SynthesisRequest", "Utterance",
        "VoiceCoreError", "VoicePreset", "VoicePrint", "VoiceProfile", "engine_names", "open",
    }  # fmt: skip
    assert all(hasattr(voicecore, name) for name in voicecore.__all__)


def test_two_streams_of_one_studio_cannot_steal_each_others_sound():
    with Studio(ToneEngine(TonePlan(batch_size=4, letters_per_chunk=1))) as studio:
        first = studio.stream("aaaaaaaa")
        alone = next(first)
        with pytest.raises(Conflict, match="another text"):
            studio.say("bbbbbbbb")
        rest = join([alone.samples, *(piece.samples for piece in first)], studio.card.sample_rate_hz)
        assert np.array_equal(rest.samples, studio.say("aaaaaaaa").samples)
