"""The Containerfile says what docs/operations.md promises of the image. What it installs is run in tests/image."""

from __future__ import annotations

import re
from pathlib import Path

from tests.instruments.containerfile import stages

from entrypoints.settings import load

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Containerfile").read_text("utf-8")
ARGUMENTS, (BUILD, IMAGE) = stages(ROOT / "Containerfile")
#: What a build could be made with; none of it is in the last stage.
BUILDERS = re.compile(r"\b(gcc|g\+\+|clang|make|build-essential|apt-get|apk|curl|wget|pip|git)\b")


def test_both_stages_begin_with_one_python_that_is_pinned_by_digest():
    assert (BUILD.base, IMAGE.base) == ("${BASE}", "${BASE}")
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", ARGUMENTS["BASE"])


def test_everything_that_is_copied_is_there_and_not_kept_out_by_the_ignore_file():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert BUILD.copied() == [
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
        "NOTICE",
        "src",
        "models",
        "studio",
    ]
    for path in BUILD.copied():
        assert (ROOT / path).exists(), path
        assert path not in ignored
    assert {".git", ".nox", "deploy/.env", "deploy/secrets"} <= set(ignored)


def test_the_build_gets_all_that_the_wheel_is_made_of():
    """What hatchling reads: the readme and licences of the metadata, the packages, what is included by force, and the studio with
    what builds it.
    """
    import tomllib

    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = document["tool"]["hatch"]["build"]["targets"]["wheel"]
    project = document["project"]
    needed = {project["readme"], *project["license-files"], *wheel["packages"], *wheel["force-include"], "studio",
              "hatch_build.py"}  # fmt: skip
    assert {path.split("/")[0] for path in needed} | {"pyproject.toml"} == set(BUILD.copied())


def test_nothing_is_added_from_an_address_and_the_last_stage_only_gets_the_installation():
    assert "ADD" not in {each.keyword for stage in (BUILD, IMAGE) for each in stage.instructions}
    assert [each.words() for each in IMAGE.every("COPY")] == [["--from=build", "/opt/voicecore", "/opt/voicecore"]]
    assert not any(BUILDERS.search(each.rest) for each in IMAGE.every("RUN"))


def test_it_runs_as_an_unprivileged_user_from_the_first_command_on():
    order = [each.keyword for each in IMAGE.instructions]
    assert IMAGE.last("USER").rest == "10001:10001"
    assert order.count("USER") == 1
    assert all(order.index("USER") < order.index(each) for each in ("HEALTHCHECK", "ENTRYPOINT", "CMD"))
    assert "RUN" not in order[order.index("USER") :], "what runs later belongs to the user who may then change it"


def test_one_image_has_two_commands_and_ends_by_the_signal_that_drains():
    from tests.docs.test_deploy import COMPOSE

    assert IMAGE.last("ENTRYPOINT").words() == ["voicecore"]
    assert IMAGE.last("CMD").words() == ["serve"]
    assert COMPOSE["services"]["worker"]["command"] == ["worker"]
    assert IMAGE.last("STOPSIGNAL").rest == "SIGTERM"


def test_its_environment_is_understood_and_its_data_lies_in_the_volume():
    environment = IMAGE.environment()
    settings = load({name: value for name, value in environment.items() if name.startswith("VOICECORE_")})
    assert IMAGE.last("VOLUME").rest == str(settings.data_dir)
    assert IMAGE.last("EXPOSE").rest == str(settings.port)
    assert settings.host == "0.0.0.0"
    assert (environment["PYTHONDONTWRITEBYTECODE"], environment["HOME"]) == ("1", "/tmp"), "its root is read-only"


def test_it_is_looked_at_by_python_and_says_what_it_is():
    check = IMAGE.last("HEALTHCHECK").rest
    assert re.search(r'CMD \["python", "-c", ', check)
    assert "/ready" in check
    labels = IMAGE.last("LABEL").rest
    for name in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{name}=" in labels


def test_no_secret_and_no_model_is_put_into_it():
    assert not re.search(r"(?i)password|secret|token|api_?key", TEXT)
    assert "models pull" not in TEXT
