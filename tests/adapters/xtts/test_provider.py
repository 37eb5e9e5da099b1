"""How the engine is found and described: without torch, and what is missing in one sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adapters import coqui, torch_device
from adapters.engines.xtts import languages
from adapters.engines.xtts.card import DEFAULT_BATCH, SEGMENT_LIMIT
from adapters.engines.xtts.checkpoint import FOLDER, Checkpoint
from adapters.engines.xtts.intake import intake
from adapters.engines.xtts.languages import TAGS, code
from adapters.engines.xtts.presets import slug, speakers_by_preset, substituted
from adapters.engines.xtts.provider import XttsProvider
from voicecore.engine_settings import EngineSettings, Precision
from voicecore.errors import MissingDependency, MissingModel, ModelCorrupt, NotInstalled
from voicecore.language import Language
from voicecore.profiles import XTTS_PARAMETERS
from voicecore.registry import engine_provider
from voicecore.voice import PRESETS


@pytest.fixture
def settings(tiny_folder: Path) -> EngineSettings:
    return EngineSettings(models_dir=tiny_folder, accepted_licences=frozenset({"xtts"}), device="cpu")


def _published(tiny_folder: Path, tmp_path: Path) -> Path:
    """The tiny checkpoint, whose lock says that it was compared with the published one."""
    folder = Path(shutil.copytree(tiny_folder / FOLDER, tmp_path / FOLDER))
    lock = json.loads((folder / "lock.json").read_text())
    (folder / "lock.json").write_text(json.dumps(lock | {"published": True, "version": "v2.0.3"}))
    return tmp_path


# --- the card ---------------------------------------------------------------------------------------------------------
def test_the_engine_is_found_by_its_name(settings: EngineSettings) -> None:
    provider = engine_provider("xtts", settings)
    assert list(provider.problems()) == []
    assert provider.card().name == "xtts"


def test_card_and_problems_load_neither_torch_nor_coqui(tiny_folder: Path) -> None:
    code_ = (
        "import sys; from pathlib import Path; from voicecore.engine_settings import EngineSettings\n"
        "from voicecore.registry import engine_provider\n"
        f"settings = EngineSettings(models_dir=Path({str(tiny_folder)!r}), accepted_licences=frozenset(['xtts']))\n"
        "provider = engine_provider('xtts', settings)\n"
        "assert not provider.problems() and provider.card().presets\n"
        "assert not {'torch', 'TTS', 'transformers', 'torchaudio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code_], check=True)


def test_the_card_says_what_the_engine_can_do(settings: EngineSettings) -> None:
    card = XttsProvider(settings).card()
    assert card.sample_rate_hz == 24_000
    assert card.segment_limit == SEGMENT_LIMIT
    assert card.parameters == XTTS_PARAMETERS
    assert card.streams_within_segment
    assert card.enrolment is not None
    assert (card.enrolment.method, card.enrolment.min_reference_s, card.enrolment.max_reference_s) == (
        "cloning",
        5,
        300,
    )
    assert "non-commercial" in card.licence
    assert any("non-commercial" in note for note in card.notes)
    assert any("not measured" in note for note in card.notes)


def test_the_card_is_made_once_as_long_as_the_weights_stay(settings: EngineSettings) -> None:
    provider = XttsProvider(settings)
    assert provider.card() is provider.card()


def test_weights_that_were_replaced_have_another_card(tiny_folder: Path, tmp_path: Path, upstream_folder: Path) -> None:
    shutil.copytree(tiny_folder / FOLDER, tmp_path / "models" / FOLDER)
    shutil.copytree(upstream_folder, tmp_path / "sources")
    (tmp_path / "sources" / "vocab.json").write_bytes((upstream_folder / "vocab.json").read_bytes() + b"\n")
    provider = XttsProvider(EngineSettings(models_dir=tmp_path / "models", accepted_licences=frozenset({"xtts"})))
    before = provider.card()
    intake(tmp_path / "sources", tmp_path / "models" / FOLDER)
    assert provider.card().model_digest != before.model_digest


@pytest.mark.parametrize(("asked", "width"), [(0, DEFAULT_BATCH), (3, 3)])
def test_the_batch_is_the_engines_choice_unless_the_operator_says_otherwise(
    settings: EngineSettings, asked: int, width: int
) -> None:
    assert XttsProvider(replace(settings, batch_size=asked)).card().batch_size == width


def test_unpublished_weights_are_said_to_be(settings: EngineSettings, tiny_folder: Path, tmp_path: Path) -> None:
    own = XttsProvider(settings).card()
    assert any("not the published weights" in note for note in own.notes)
    official = XttsProvider(replace(settings, models_dir=_published(tiny_folder, tmp_path))).card()
    assert not any("published" in note for note in official.notes)
    assert official.version == "v2.0.3"


def test_a_precision_that_trades_sound_for_speed_is_said_to_be_unverified(settings: EngineSettings) -> None:
    notes = XttsProvider(replace(settings, precision=Precision.BF16)).card().notes
    assert any("bf16" in note and "unverified" in note for note in notes)
    assert not any("unverified" in note for note in XttsProvider(settings).card().notes)


def test_int8_is_refused_before_anything_is_loaded_with_the_precisions_that_there_are(settings: EngineSettings) -> None:
    provider = XttsProvider(replace(settings, precision=Precision.INT8))
    assert "exact or bf16" in provider.problems()[0]
    with pytest.raises(NotInstalled, match="int8"):
        provider.card()


@pytest.mark.parametrize("listed", [None, 17, [], ["xx"]])
def test_a_config_without_languages_is_no_checkpoint_that_can_speak(
    tiny_folder: Path, tmp_path: Path, listed: object
) -> None:
    folder = Path(shutil.copytree(tiny_folder / FOLDER, tmp_path / FOLDER))
    config = json.loads((folder / "config.json").read_text()) | {"languages": listed}
    (folder / "config.json").write_text(json.dumps(config))
    lock = json.loads((folder / "lock.json").read_text())
    lock["files"]["config.json"]["size"] = (folder / "config.json").stat().st_size
    (folder / "lock.json").write_text(json.dumps(lock))
    provider = XttsProvider(EngineSettings(models_dir=tmp_path, accepted_licences=frozenset({"xtts"})))
    assert "lists no language" in provider.problems()[0]


# --- languages --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "upstream"),
    [
        ("pt", "pt"), ("pt-BR", "pt"), ("pt_pt", "pt"), ("por", "pt"), ("en", "en"), ("en-GB", "en"), ("EN-us", "en"),
        ("zh", "zh-cn"), ("zh-CN", "zh-cn"), ("zh-Hans-CN", "zh-cn"), ("zh-TW", "zh-cn"), ("cmn", "zh-cn"),
        ("ja-JP", "ja"), ("es-MX", "es"), ("fra", "fr"), ("deu", "de"), ("hi-IN", "hi"), ("ar-EG", "ar"), ("ko", "ko"),
    ],
)  # fmt: skip
def test_any_spelling_of_a_language_finds_upstreams_code(settings: EngineSettings, asked: str, upstream: str) -> None:
    assert code(XttsProvider(settings).card().spoken(Language.parse(asked))) == upstream


def test_all_seventeen_languages_are_listed_brazilian_portuguese_first(settings: EngineSettings) -> None:
    listed = XttsProvider(settings).card().languages
    assert [str(each) for each in listed] == list(TAGS.values())
    assert str(listed[0]) == "pt-BR"
    assert len(listed) == 17


def test_a_language_whose_romaniser_is_missing_is_off_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    real = languages.importlib.util.find_spec
    absent = {"pypinyin", "unidic", "unidic_lite"}
    monkeypatch.setattr(languages.importlib.util, "find_spec", lambda name: None if name in absent else real(name))
    spoken = {str(each) for each in languages.spoken_here(TAGS)}
    assert spoken == set(TAGS.values()) - {"zh-CN", "ja"}
    told = languages.notes(TAGS)
    assert len(told) == 2
    assert all("pip install 'voicecore[xtts-cjk]'" in note for note in told)


def test_a_checkpoint_that_was_trained_on_fewer_languages_lists_fewer() -> None:
    assert [str(each) for each in languages.spoken_here(["en", "pt", "vi"])] == ["pt-BR", "en"]


# --- presets ----------------------------------------------------------------------------------------------------------
def test_the_eight_presets_and_every_studio_speaker_can_be_chosen(settings: EngineSettings, tiny_folder: Path) -> None:
    card = XttsProvider(settings).card()
    names = Checkpoint(tiny_folder / FOLDER).speaker_names
    ids = [preset.id for preset in card.presets]
    assert tuple(ids[:8]) == PRESETS
    assert len(set(ids)) == 8 + len(names)
    assert "camilla_holmstrom" in ids
    assert all(preset.languages == card.languages for preset in card.presets)
    assert not any("stand in" in note for note in card.notes)


def test_the_eight_presets_are_eight_speakers_of_the_gender_they_promise(tiny: object, tiny_folder: Path) -> None:
    names = Checkpoint(tiny_folder / FOLDER).speaker_names
    chosen = speakers_by_preset(names)
    assert len({chosen[preset] for preset in PRESETS}) == 8
    assert set(chosen.values()) == set(names) == set(tiny.speakers)


def test_where_a_chosen_speaker_is_missing_another_of_the_gender_stands_in_and_it_is_said() -> None:
    names = ("Somebody Else", "Luis Moray", "Ana Florence")
    chosen = speakers_by_preset(names)
    assert chosen["male_deep"] == "Luis Moray"
    assert chosen["female_warm"] == "Ana Florence"
    assert "male_deep" in substituted(names)
    assert "male_warm" not in substituted(names)
    assert speakers_by_preset(("Nobody Known",))["male_deep"] == "Nobody Known"


def test_a_checkpoint_without_speakers_is_refused() -> None:
    with pytest.raises(ModelCorrupt, match=r"speakers_xtts\.pth"):
        speakers_by_preset(())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Claribel Dervla", "claribel_dervla"), ("Camilla Holmström", "camilla_holmstrom"), ("Alma María", "alma_maria"),
        ("Eugenio Mataracı", "eugenio_mataraci"), ("  Łukasz--Ø. ", "lukasz--o"), ("李雷", ""),
    ],
)  # fmt: skip
def test_a_name_becomes_an_id_of_plain_letters(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_names_that_would_be_one_id_get_two() -> None:
    ids = list(speakers_by_preset(("Ana Maria", "ana maria", "李雷", "female generic")))[8:]
    assert ids == ["ana_maria", "ana_maria_2", "speaker_3", "female_generic_2"]


# --- what keeps it from opening ---------------------------------------------------------------------------------------
def test_the_licence_must_be_accepted(settings: EngineSettings) -> None:
    provider = XttsProvider(replace(settings, accepted_licences=frozenset({"other"})))
    (problem,) = provider.problems()
    assert "VOICECORE_ACCEPT_LICENCES=xtts" in problem
    assert "https://coqui.ai/cpml" in problem
    for refused in (provider.card, provider.open):
        with pytest.raises(NotInstalled, match="non-commercial"):
            refused()


def test_missing_weights_are_told_with_the_command_that_brings_them(settings: EngineSettings, tmp_path: Path) -> None:
    for models_dir in (tmp_path, None):
        provider = XttsProvider(replace(settings, models_dir=models_dir))
        (problem,) = provider.problems()
        assert "voicecore models pull xtts" in problem
        with pytest.raises(MissingModel):
            provider.card()


def test_damaged_weights_are_told_by_the_card_as_by_open(
    settings: EngineSettings, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_folder / FOLDER, tmp_path / FOLDER))
    (folder / "model.safetensors").write_bytes(b"short")
    provider = XttsProvider(replace(settings, models_dir=tmp_path))
    assert "5 bytes" in provider.problems()[0]
    with pytest.raises(NotInstalled, match="5 bytes"):
        provider.card()
    with pytest.raises(ModelCorrupt, match="5 bytes"):
        provider.open()


def test_missing_packages_are_named_with_the_extra(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = coqui.importlib.util.find_spec
    monkeypatch.setattr(
        coqui.importlib.util, "find_spec", lambda name: None if name in ("TTS", "torchcodec") else real(name)
    )
    (problem,) = XttsProvider(settings).problems()
    assert "torchcodec, coqui-tts" in problem
    assert "pip install 'voicecore[xtts]'" in problem
    with pytest.raises(MissingDependency):
        coqui.prepare_coqui()


# --- the device -------------------------------------------------------------------------------------------------------
def test_without_a_card_auto_is_the_processor() -> None:
    import torch

    if torch.cuda.is_available():
        assert torch_device.choose("auto") == "cuda:0"
    else:
        assert torch_device.choose("auto") == "cpu"
    assert torch_device.choose("cpu") == "cpu"


@pytest.mark.parametrize("asked", ["cuda", "cuda:0", "cuda:7"])
def test_a_card_that_is_not_there_is_told_with_the_way_out(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MissingDependency, match=rf"VOICECORE_DEVICE is {asked}.*VOICECORE_DEVICE=cpu"):
        torch_device.choose(asked)


def test_a_number_of_a_card_beyond_the_last_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(MissingDependency, match="2 cards, counted from 0"):
        torch_device.choose("cuda:2")


def test_a_card_that_is_listed_but_does_not_work_is_not_chosen_by_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def no_driver(*_: object, **__: object) -> None:
        raise RuntimeError("no kernel image is available\nsecond line")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch, "ones", no_driver)
    assert torch_device.choose("auto") == "cpu"
    with pytest.raises(MissingDependency, match=r"no kernel image is available\)"):
        torch_device.choose("cuda")


def test_a_torch_for_processors_is_seen_without_loading_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_device.importlib.metadata, "version", lambda _name: "2.13.0+cpu")
    told = torch_device.visible_problem("cuda:1")
    assert told is not None
    assert "built for processors only" in told
    assert torch_device.visible_problem("auto") is None
    monkeypatch.setattr(torch_device.importlib.metadata, "version", lambda _name: "2.13.0+cu130")
    assert torch_device.visible_problem("cuda:1") is None
