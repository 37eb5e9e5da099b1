"""A query parameter's value that cannot be read: what it is, and what to send."""

from __future__ import annotations

from enum import Enum
from typing import Any, Literal, get_args, get_origin

from litestar import Request
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

from entrypoints.http.query_names import shown

_NUMBERS = {int: "a whole number", float: "a number"}


def wrong_value(request: Request[Any, Any, Any], argument: str) -> tuple[str, str] | None:
    """The sentence and the parameter's name.

    Args:
        argument: of the route's handler.

    Returns:
        None, if it is no query parameter that was sent, or its type is not one of those that are known here.
    """
    definition = request.route_handler.parsed_fn_signature.parameters.get(argument)
    if definition is None:
        return None
    name = _sent_as(definition)
    values = request.query_params.getall(name, [])
    hint = how_to_mend(definition)
    # Of several the last one counts.
    return (f"{name} is {shown(values[-1])}; {hint}.", name) if values and hint else None


def how_to_mend(definition: FieldDefinition) -> str | None:
    """What to send, by the parameter's type."""
    kinds = (definition.annotation, *get_args(definition.annotation))
    if words := [word for kind in kinds for word in _words(kind)]:
        return f"choose one of: {', '.join(words)}"
    if bool in kinds:
        return "send true or false"
    return next((f"send {words}{_range(definition)}" for kind, words in _NUMBERS.items() if kind in kinds), None)


def _words(kind: Any) -> list[str]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(each.value) for each in kind]
    return [str(each) for each in get_args(kind)] if get_origin(kind) is Literal else []


def _range(definition: FieldDefinition) -> str:
    limits = definition.kwarg_definition
    if not isinstance(limits, ParameterKwarg):
        return ""
    match limits.ge, limits.le:
        case None, None:
            return ""
        case low, None:
            return f" from {low} up"
        case None, high:
            return f" up to {high}"
        case low, high:
            return f" from {low} to {high}"


def _sent_as(definition: FieldDefinition) -> str:
    limits = definition.kwarg_definition
    return limits.name or definition.name if isinstance(limits, ParameterKwarg) else definition.name
