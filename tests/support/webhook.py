"""A webhook that records what it receives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.served import Served


@contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """Yield its address, and the bodies that it received."""
    bodies: list[Any] = []

    async def take(request: Request) -> Response:
        bodies.append(await request.json())
        return Response()

    served = Served(Starlette(routes=[Route("/", take, methods=["POST"])]))
    try:
        yield served.url, bodies
    finally:
        served.close()
