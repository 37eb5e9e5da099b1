"""The command tree, and what happens when a command fails."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Sequence
from typing import Any

import click

#: Command → where it is, and its line in the overview. The line is here so that the overview imports no command.
_COMMANDS = {
    "say": ("entrypoints.cli.say:say", "Speak a text into a file or to stdout."),
    "listen": ("entrypoints.cli.listen:listen", "Hear a job of a service while it is made."),
    "serve": ("entrypoints.cli.serve:serve", "Run the REST service."),
    "wyoming": ("entrypoints.cli.wyoming:wyoming", "Speak for Home Assistant."),
    "worker": ("entrypoints.cli.worker:worker", "Run jobs for a service, on this or another machine."),
    "workers": ("entrypoints.cli.workers:workers", "List the workers of a service."),
    "clone": ("entrypoints.cli.clone:clone", "Learn a voice from recordings."),
    "convert": ("entrypoints.cli.convert:convert", "Give recorded speech another voice."),
    "voices": ("entrypoints.cli.voices:voices", "List, show, mix, rename, delete voices, and hear their sample."),
    "rvc": ("entrypoints.cli.rvc:rvc", "Add, list, show, remove conversion models."),
    "jobs": ("entrypoints.cli.jobs:jobs", "List, show, wait for, download, cancel, delete jobs."),
    "cleanup": ("entrypoints.cli.cleanup:cleanup", "Remove what has expired, or say what that would be."),
    "detect": ("entrypoints.cli.detect:detect", "Say whether a file was made by this service."),
    "models": ("entrypoints.cli.models:models", "List, verify, fetch and try model files."),
    "keys": ("entrypoints.cli.keys:keys", "Add, list, rotate, revoke API keys."),
    "audit": ("entrypoints.cli.audit:audit", "Show and verify the log of what was done."),
    "doctor": ("entrypoints.cli.doctor:doctor", "Show what works, what is off, and how to turn it on."),
}


class _Overview(click.Group):
    """Imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"voicecore {importlib.metadata.version('voicecore')}")
        ctx.exit()


@click.group(cls=_Overview, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def voicecore(*, debug: bool) -> None:
    """Text to speech and voice matching, on your own machine.

    Settings come from VOICECORE_* variables. Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 something is
    not installed, 4 not found, 5 the service cannot be reached, 130 interrupted.
    """
    del debug  # read by `run`, which is outside of click


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. An error is one line on stderr, without a traceback unless `--debug`."""
    debug = _debug(arguments)
    try:
        result: Any = voicecore.main(list(arguments), prog_name="voicecore", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as wrong:
        if debug:
            raise
        return _say_wrong_usage(wrong)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("voicecore: interrupted\n")
        return 130
    except Exception as error:
        if debug:
            raise
        return _say_error(error)
    return result if isinstance(result, int) else 0


def _debug(arguments: Sequence[str]) -> bool:
    """Whether `--debug` stands before the command."""
    for argument in arguments:
        if not argument.startswith("-"):
            return False
        if argument == "--debug":
            return True
    return False


def _say_wrong_usage(wrong: click.ClickException) -> int:
    where = wrong.ctx.command_path if isinstance(wrong, click.UsageError) and wrong.ctx is not None else "voicecore"
    hint = f" (see '{where} --help')" if isinstance(wrong, click.UsageError) else ""
    message = wrong.format_message().rstrip(".").replace("\n", " ")
    sys.stderr.write(f"voicecore: {message}.{hint}\n")
    return 2


def _say_error(error: Exception) -> int:
    from entrypoints.cli.exits import Exit, exit_code, os_error_sentence  # noqa: PLC0415 - loads numpy
    from voicecore.errors import VoiceCoreError  # noqa: PLC0415

    if isinstance(error, VoiceCoreError):
        sys.stderr.write(f"voicecore: {error.message}\n")
        return exit_code(error)
    if isinstance(error, OSError):
        sys.stderr.write(f"voicecore: {os_error_sentence(error)}\n")
        return Exit.FAILED
    # A defect of ours: still one line, and the way to see more.
    sys.stderr.write(
        f"voicecore: unexpected {type(error).__name__}: {error}; run 'voicecore --debug …' and report it\n"
    )
    return Exit.FAILED
