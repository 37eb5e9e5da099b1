"""Settings from the environment and from a file: read, or refused by name."""

from __future__ import annotations

import json

import pytest

from entrypoints.settings import Settings, load
from voicecore.errors import InvalidInput

NUMBERS = ["VOICECORE_JOB_TIMEOUT_S", "VOICECORE_LEASE_S", "VOICECORE_KEEP_JOBS_H", "VOICECORE_DRAIN_S",
           "VOICECORE_MAX_AUDIO_S"]  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "1e300", "1e9", "abc", ""])
def test_a_number_that_no_service_could_keep_is_refused(name, value):
    with pytest.raises(InvalidInput, match=r"(?i)" + name.removeprefix("VOICECORE_").split("_")[0]):
        load({name: value})


@pytest.mark.parametrize("name", ["DATA_DIR", "MODELS_DIR", "HOST", "ENGINE", "LOG_LEVEL", "PORT"])
def test_an_empty_value_is_refused_and_not_taken_for_the_working_directory_or_every_address(name):
    with pytest.raises(InvalidInput, match=f"VOICECORE_{name}"):
        load({f"VOICECORE_{name}": " "})


@pytest.mark.parametrize(
    "line", ['data_dir = ["a"]', "engine = 5", "engine = true", "port = 8004.5", "port = true", "host = {a = 1}", f"port = '1{'0' * 400}'",
             "drain_s = true", "models_dir = 1979-05-27", 'data_dir = "~no_such_user_here/x"'],
)  # fmt: skip
def test_a_value_of_another_kind_in_the_file_is_refused_by_name(tmp_path, line):
    (tmp_path / "voicecore.toml").write_text(line)
    with pytest.raises(InvalidInput, match="VOICECORE_" + line.split()[0].upper()):
        load({"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml")})


def test_the_environment_wins_over_the_file_and_numbers_may_be_quoted(tmp_path):
    (tmp_path / "voicecore.toml").write_text('port = "9000"\nlease_s = 60\nthreads = 2\n')
    settings = load({"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml"), "VOICECORE_THREADS": "1"})
    assert (settings.port, settings.lease_s, settings.threads) == (9000, 60.0, 1)
    assert settings.limits.lease.total_seconds() == 60


def test_an_unknown_name_is_refused_with_the_nearest_known_one():
    with pytest.raises(InvalidInput, match="VOICECORE_PORT"):
        load({"VOICECORE_PROT": "1"})


def test_the_defaults_hold():
    assert load({}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIS_URL", "redis"), ("REDIS_URL", "http://:hunter2@localhost"), ("REDIS_URL", "unix:///run/redis"),
     *(("REDIS_PREFIX", value) for value in ("a:b", "a*", "a b", "{a}", "é", "...", "-", "a" * 65, "a\n")),
     *(("BLOBS_URL", value) for value in ("bucket", "/folder", "http://:hunter2@x/y", "s3:bucket", "file://", "file:///",
                                          "file://host/x", "file:relative", "file:///a%00b")),
     *(("SLOTS", value) for value in ("0", "-1", "65", "1.5", "1e3", "many")),
     *(("WORKER_ENGINES", value) for value in (",", "a,,b", ",kokoro")),
     *(("WEBHOOK_SECRET", value) for value in ("hunter2", "whsec_", "whsec_hunter2", "whsec_YQ==", "whsec_" + "A" * 200)),
     *(("WEBHOOK_ALLOW_PRIVATE", value) for value in ("maybe", "2", "on"))],
)  # fmt: skip
def test_a_setting_of_many_processes_that_makes_no_sense_is_refused_by_name_and_tells_no_secret(tmp_path, name, value):
    (tmp_path / "voicecore.toml").write_text(f"{name.lower()} = {json.dumps(value)}")
    for environment in ({f"VOICECORE_{name}": value}, {"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml")}):
        with pytest.raises(InvalidInput, match=f"VOICECORE_{name}") as caught:
            load(environment)
        assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    "line", ["redis_url = 5", 'redis_url = ["redis://:hunter2@h"]', "redis_prefix = true", "blobs_url = 1", "slots = 1.0",
             "slots = true", "slots = [1]", "worker_engines = 3", 'worker_engines = ["a", 3]', 'worker_engines = [""]',
             "worker_engines = {a = 1}", 'webhook_secret = ["hunter2"]', "webhook_secret = 12345",
             "webhook_allow_private = 2", 'redis_url = ""', 'webhook_secret = " "'],
)  # fmt: skip
def test_a_setting_of_many_processes_of_another_kind_in_the_file_is_refused_by_name_and_tells_no_secret(tmp_path, line):
    (tmp_path / "voicecore.toml").write_text(line)
    with pytest.raises(InvalidInput, match="VOICECORE_" + line.split()[0].upper()) as caught:
        load({"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml")})
    assert "hunter2" not in caught.value.message


def test_a_file_that_is_no_toml_is_refused_without_its_content(tmp_path):
    (tmp_path / "voicecore.toml").write_text('redis_url = "redis://:hunter2@h" x')
    with pytest.raises(InvalidInput, match="cannot be read") as caught:
        load({"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml")})
    assert "hunter2" not in caught.value.message


def test_settings_hold_no_secret_when_they_are_printed():
    settings = load({"VOICECORE_REDIS_URL": "redis://:hunter2@h", "VOICECORE_WEBHOOK_SECRET": "whsec_" + "YWJj" * 12})
    assert "hunter2" not in repr(settings)
    assert "YWJj" not in repr(settings)


def test_an_engine_named_twice_is_served_once():
    assert load({"VOICECORE_WORKER_ENGINES": "tone, kokoro ,tone"}).worker_engines == ("tone", "kokoro")


@pytest.mark.parametrize("value", ["-1", "257", "99999"])
def test_more_threads_than_memory_could_hold_are_refused(value):
    with pytest.raises(InvalidInput, match=r"VOICECORE_THREADS is .*; give 0 to 256"):
        load({"VOICECORE_THREADS": value})


def test_a_table_comes_as_pairs_or_as_a_table_of_the_file(tmp_path):
    (tmp_path / "voicecore.toml").write_text('[openai_voices]\nmia = "female_warm"\n"a.b" = "Ana: Lu"\n')
    assert load({"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml")}).openai_voices == (
        ("mia", "female_warm"), ("a.b", "Ana: Lu")
    )  # fmt: skip
    of_labs = {"VOICECORE_ELEVENLABS_MODELS": "a=:b", "VOICECORE_ELEVENLABS_VOICES": "c=Ana"}
    assert (load(of_labs).elevenlabs_models, load(of_labs).elevenlabs_voices) == ((("a", ":b"),), (("c", "Ana"),))
    found = load({"VOICECORE_OPENAI_MODELS": "tts-1=xtts:fast, mine = : "})
    assert found.openai_models == (("tts-1", "xtts:fast"), ("mine", ":"))


@pytest.mark.parametrize("value", ["a", "a=", "=b", ",", "a=b,", "a=b,a=c", " "])
def test_a_table_that_is_none_is_refused_by_name(value):
    with pytest.raises(InvalidInput, match="VOICECORE_OPENAI_VOICES"):
        load({"VOICECORE_OPENAI_VOICES": value})


@pytest.mark.parametrize(
    "line", ["openai_voices = 5", 'openai_voices = ["a=b"]', "[openai_voices]\na = 5", "[openai_voices]"]
)
def test_a_table_of_another_kind_in_the_file_is_refused_by_name(tmp_path, line):
    (tmp_path / "voicecore.toml").write_text(line)
    with pytest.raises(InvalidInput, match="VOICECORE_OPENAI_VOICES"):
        load({"VOICECORE_CONFIG": str(tmp_path / "voicecore.toml")})


def test_a_default_language_that_is_none_is_refused_by_name():
    with pytest.raises(InvalidInput, match="VOICECORE_DEFAULT_LANGUAGE"):
        load({"VOICECORE_DEFAULT_LANGUAGE": "Portuguese!"})
