"""`voicecore doctor`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict

import click

from entrypoints.cli import checks_distributed, checks_install, checks_running
from entrypoints.cli.exits import Exit
from entrypoints.cli.finding import Finding, State, judged
from entrypoints.cli.options import as_json
from entrypoints.cli.progress import spinner
from entrypoints.cli.tables import show_json, show_table
from entrypoints.settings import load

Check = tuple[str, State, Callable[[], Iterator[Finding]]]


@click.command()
@as_json
def doctor(*, json_wanted: bool) -> int:
    """Show what works, what is off, and how to turn it on.

    Exit code 0 if speaking works, and the Redis and the object store that the settings name do; else 1.
    """
    settings = load()
    checks: tuple[Check, ...] = (
        ("Python", State.ERROR, checks_install.check_python),
        ("import names", State.ERROR, checks_install.check_import_names),
        ("extras", State.WARNING, checks_install.check_extras),
        ("espeak-ng", State.OFF, checks_install.check_espeak),
        ("models", State.WARNING, lambda: checks_install.check_models(settings.weights_dir)),
        ("speaking", State.ERROR, lambda: checks_running.check_speaking(settings)),
        ("voice conversion (RVC)", State.WARNING, lambda: checks_running.check_conversion(settings)),
        ("audio formats", State.WARNING, checks_running.check_codecs),
        ("data folder", State.WARNING, lambda: checks_running.check_data_folder(settings)),
        ("SQLite", State.WARNING, checks_install.check_sqlite),
        ("Redis", State.ERROR, lambda: checks_distributed.check_redis(settings)),
        ("object store", State.ERROR, lambda: checks_distributed.check_audio_place(settings)),
        ("service", State.WARNING, lambda: checks_running.check_port(settings)),
    )
    found: list[Finding] = []
    with spinner("looking") as told:
        for what, otherwise, check in checks:
            told(what)
            with judged(what, found.append, otherwise=otherwise):
                found.extend(check())
    # Both are off unless the settings name them; a service that is told to use them does not start without.
    broken = [each.what for each in found if each.what in ("Redis", "object store") and each.state is State.ERROR]
    speaks = any(each.what.startswith("speaking") and each.state is State.OK for each in found)
    if json_wanted:
        show_json({"speaks": speaks, "findings": [asdict(each) for each in found]})
    else:
        show_table(
            ("what", "state", "seen", "how to mend"),
            [(each.what, each.state.value, each.detail, each.mend) for each in found],
        )
        failing = [*([] if speaks else ["speaking"]), *dict.fromkeys(broken)]
        sys.stderr.write(f"voicecore: not working: {', '.join(failing)}; see the table\n" if failing else "")
    return Exit.OK if speaks and not broken else Exit.FAILED
