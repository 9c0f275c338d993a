"""Routes and how they are found by a path.

A route is a service of Magento: its interface, method and implementation name the topic and the results of the queue.
Each area is a module that contributes its routes. The first route whose method and parts match takes the request, and
routes with fewer path parameters come first. So a wrong method may match another route (a product named "base-prices").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.magento import php
from sandbox.magento.errors import no_route
from sandbox.magento.typed import Parameter

if TYPE_CHECKING:
    from sandbox.magento.state import Shop


@dataclass
class Call:
    """One call of a service: the shop, the store view of the path, and the service's parameters by name.

    `applied`: whether a write changed anything; a service that may refuse all its rows with status 200 says so here.
    """

    shop: Shop
    store_id: int
    given: dict[str, Any]
    base_url: str = ""
    applied: bool = True


Service = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """`template` is the path below the version (`products/:sku`); `resource` None: open to everyone.

    `question`: a POST that changes nothing. `into`: the body's object that path parameters are also written to (Magento
    overwrites the ids in the body of a PUT). `msi`: exists only with the inventory modules.
    """

    method: str
    template: str
    service: Service
    parameters: tuple[Parameter, ...] = ()
    resource: str | None = None
    interface: str = ""
    operation: str = ""
    implementation: str = ""
    version: str = "V1"
    question: bool = False
    into: str | None = None
    msi: bool = False
    parts: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", (self.version, *self.template.split("/")))

    @property
    def topic(self) -> str:
        """The queue's name of the service."""
        return f"async.{self.interface}.{self.operation}.{self.method}".replace("\\", ".").lower()

    @property
    def written(self) -> bool:
        """Whether a request to it is a write."""
        return self.method != "GET" and not self.question


class Router:
    """All routes of a shop."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Create it from the routes of all areas."""
        self._fixed: dict[tuple[str, tuple[str, ...]], Route] = {}
        self._open: dict[tuple[str, int], list[Route]] = {}
        self._bulk: dict[tuple[str, tuple[str, ...]], Route] = {}
        for route in sorted(routes, key=lambda one: sum(part.startswith(":") for part in one.parts)):
            self._bulk.setdefault((route.method, tuple(_bulk_part(part) for part in route.parts)), route)
            if any(part.startswith(":") for part in route.parts):
                self._open.setdefault((route.method, len(route.parts)), []).append(route)
            else:
                self._fixed[route.method, route.parts] = route

    def match(self, method: str, path: str, *, msi: bool = True) -> tuple[Route, dict[str, str]]:
        """Return the route of an encoded path and its parameters. Raises `Refusal` 404."""
        parts = tuple(path.strip("/").split("/"))
        route = self._fixed.get((method, parts))
        if route is not None and (msi or not route.msi):
            return route, {}
        for route in self._open.get((method, len(parts)), ()):
            if (msi or not route.msi) and _fits(route.parts, parts):
                pairs = zip(route.parts, parts, strict=True)
                return route, {name[1:]: unquote(part) for name, part in pairs if name.startswith(":")}
        raise no_route()

    def match_bulk(self, method: str, path: str, *, msi: bool = True) -> Route:
        """Return the route of a bulk path, in which `byName` stands for each parameter. Raises `Refusal` 404."""
        route = self._bulk.get((method, tuple(path.strip("/").split("/"))))
        if route is None or (route.msi and not msi):
            raise no_route()
        return route


def _bulk_part(part: str) -> str:
    return f"by{php.upper_camel(part[1:])}" if part.startswith(":") else part


def _fits(template: Sequence[str], parts: Sequence[str]) -> bool:
    return all(own.startswith(":") or own == part for own, part in zip(template, parts, strict=True))


def with_path(body: Any, route: Route, path: Mapping[str, str]) -> Any:
    """Return the body with the path's parameters, which override its own; the last one is the object's id."""
    if not path:
        return body
    merged = dict(body) if isinstance(body, dict) else {}
    merged |= path
    if route.into is not None:
        inner = next((name for name in (route.into, php.snake(route.into)) if isinstance(merged.get(name), dict)), None)
        if inner is not None:
            name, value = list(path.items())[-1]
            merged[inner] = {**merged[inner], php.snake(name): value}
    return merged
