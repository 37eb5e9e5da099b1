"""What each route takes, and where what it does not take is left alone.

The first is read from the routes themselves, once, when the application is made. The second is decided here and nowhere
else, by address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import BaseRoute, HTTPRoute, WebSocketRoute

from entrypoints.http.dialects import renderer_of
from entrypoints.http.problems import as_problem
from entrypoints.http.query_names import QueryNames
from entrypoints.http.route_rule import RouteRule

if TYPE_CHECKING:
    from litestar._kwargs.parameter_definition import ParameterDefinition

#: Addresses, and with a slash at the end what lies below them, whose answer no parameter changes, and which are asked by those
#: who add some of their own: pages by links and caches (`/?utm_source=…`), probes and scrapers by their configuration
#: (`/metrics?name[]=…`). A refusal would have a service that is well restarted, and harms more than a word that is passed over.
LEFT_ALONE = ("/", "/studio/", "/openapi.json", "/schema", "/schema/", "/health", "/live", "/ready", "/metrics")

Rules = Mapping[BaseRouteHandler, RouteRule]


def is_strict(path: str) -> bool:
    """Whether a query parameter or a body that a route of this address does not take is refused there.

    It is not where another service's dialect is spoken, which its errors tell: OpenAI and ElevenLabs pass over what they do
    not know, and their clients send what they like (`extra_query`, `default_query`, `additional_query_parameters`,
    `api-version`).
    """
    if renderer_of(path, as_problem) is not as_problem:
        return False
    return not any(
        path == each or (each.endswith("/") and each != "/" and path.startswith(each)) for each in LEFT_ALONE
    )


def rules_of(routes: Iterable[BaseRoute]) -> Rules:
    """What each handler takes; one that is not in here takes all."""
    return {handler: rule for route in routes if is_strict(route.path) for handler, rule in _of_route(route)}


def _of_route(route: BaseRoute) -> Iterator[tuple[BaseRouteHandler, RouteRule]]:
    if isinstance(route, HTTPRoute):
        # The framework's own answer to OPTIONS has no parameters, and is asked with those of the request that will follow.
        for method, (handler, model) in route.route_handler_map.items():
            if method != "OPTIONS":
                # Bodies are read by hand here, and described so that others know of them.
                yield handler, RouteRule(_names(model.expected_query_params), _describes_body(handler))
    elif isinstance(route, WebSocketRoute) and route.handler_parameter_model is not None:
        yield (
            route.route_handler,
            RouteRule(_names(route.handler_parameter_model.expected_query_params), reads_body=False),
        )
    else:
        raise TypeError(f"It is not known what a {type(route).__name__} takes.")


def _describes_body(handler: HTTPRouteHandler) -> bool:
    return handler.operation_class().request_body is not None


def _names(parameters: Iterable[ParameterDefinition]) -> QueryNames:
    taken = list(parameters)
    return QueryNames(
        frozenset(each.field_alias for each in taken), frozenset(each.field_alias for each in taken if each.is_sequence)
    )
