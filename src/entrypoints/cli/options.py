"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def as_json(command: Command) -> Command:
    """`--json`, as the argument `json_wanted`."""
    return click.option("--json", "json_wanted", is_flag=True, help="Answer in JSON.")(command)


def service_url(command: Command) -> Command:
    """`--url`, as the argument `url`: a running service, or None for the one in this process."""
    return click.option(
        "--url",
        envvar="VOICECORE_URL",
        help="A running service, such as http://127.0.0.1:8004. Default: the data folder of this machine.",
    )(command)


def run_by_default(group: click.Context, command: click.Command) -> Any:
    """Run a subcommand that was not named, with its defaults and environment variables; its result."""
    with command.make_context(command.name, [], parent=group) as context:
        return command.invoke(context)
