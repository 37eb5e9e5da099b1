"""The knobs of RVC as options of a command: the contract's names, ranges and sentences."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from voicecore.conversion import CONVERSION_PARAMETERS, F0Method

#: What was said of them: name in the contract, such as `rvc_pitch`, → value. What was not said is not there; 0 is a value.
Knobs = Mapping[str, Any]

_METHOD = "rvc_f0_method"
#: The seven, by their names in the contract.
KNOBS = (*CONVERSION_PARAMETERS, _METHOD)


def rvc_knobs(command: Callable[..., Any]) -> Callable[..., Any]:
    """The seven `--rvc-…`, as the argument `knobs`."""

    @functools.wraps(command)
    def called(**arguments: Any) -> Any:
        said = {name: arguments.pop(name) for name in KNOBS}
        return command(**arguments, knobs={name: value for name, value in said.items() if value is not None})

    decorated: Callable[..., Any] = called
    methods = [each.value for each in F0Method]
    decorated = click.option(
        option_of(_METHOD), _METHOD, type=click.Choice(methods),
        help="Pitch tracker. Default: rmvpe, or fcpe where the weights of rmvpe are missing.",
    )(decorated)  # fmt: skip
    for name, parameter in reversed(CONVERSION_PARAMETERS.items()):
        decorated = click.option(
            option_of(name), name, type=int if parameter.integer else float, callback=_checked,
            metavar=f"{parameter.minimum:g}..{parameter.maximum:g}",
            help=f"{parameter.meaning}  [default: {parameter.default:g}]",
        )(decorated)  # fmt: skip
    return decorated


def option_of(name: str) -> str:
    """The option of a knob."""
    return "--" + name.replace("_", "-")


def _checked(_context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    # The core's own check: it also knows that NaN is no number of semitones.
    name = parameter.name or ""
    return None if value is None else CONVERSION_PARAMETERS[name].check(name, value)


def tell_conversion(sentences: Sequence[str], index_used: bool | None, reason: str | None) -> None:
    """What the listener should know of a conversion, on stderr."""
    for sentence in sentences:
        click.echo(sentence, err=True)
    if index_used is False:
        click.echo(f"The index was not used: {reason}", err=True)
