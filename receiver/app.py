"""Receive Acumatica's push notifications, so that the next sync starts at once. Polling remains authoritative.

A notification is a `POST /notify/ENTITY` with a JSON body (`Id`, `Query`, `Inserted`, …) and the secret in a header. It
becomes a wake-up in the state database, which a pausing run sees at once. If no run works on the entity, one is
started. If that fails, it is reported and nothing is lost: the wake-up stays, and the next scheduled run syncs. The
rows of a notification are neither trusted nor stored; the changes are read from Acumatica. A repeated notification
counts once.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connector.state.coordination import wakeups
from connector.state.engine import State
from connector.state.faults import StateError

LARGEST_BODY = 1_000_000
STARTS_REST = timedelta(seconds=15)
"""How long no further run of an entity is started after one: a run needs some seconds until it works."""


class Refused(Exception):
    """A request that is refused: the status code of the response, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class NotStarted(Exception):
    """No run could be started; the message says why."""


Start = Callable[[str], Awaitable[None]]
"""Start a run of an entity. Raises `NotStarted`."""


def create_app(
    state: State,
    *,
    secret: str,
    header: str,
    entities: Sequence[str],
    now: Callable[[], datetime],
    start: Start | None = None,
    on_message: Callable[[str], object] = lambda _on_message: None,
) -> Starlette:
    """Return the application.

    Args:
        state: The state database.
        secret: What every notification has to carry in its `header`.
        header: The name of that header.
        entities: The names that may end the address; several are separated by commas.
        now: Returns the current time.
        start: Starts a run of an entity; None if runs are not to be started.
        on_message: Called with a message about each run that was started or could not be.
    """
    starter = None if start is None else _Starter(state, start, now, on_message)

    async def notify(request: Request) -> Response:
        try:
            if not hmac.compare_digest(request.headers.get(header, "").encode(), secret.encode()):
                raise Refused(401, f"the header {header} does not hold the secret")
            named = request.path_params["entity"].split(",")
            unknown = [name for name in named if name not in entities]
            if unknown:
                raise Refused(
                    404, f"there is no entity {unknown[0]!r}; the address ends in one of {', '.join(entities)}"
                )
            query, number = _identity(await _body(request))
            # the entities are part of the identity: one query may be sent to the addresses of several
            notification = (f"{','.join(named)} {query}", number)
            if await run_in_threadpool(wakeups.notified, state, notification, named, now()):
                # after the response, because Acumatica waits for it and Prefect may be slow
                started = None if starter is None else BackgroundTask(starter.start, named)
                return Response(status_code=204, background=started)
        except Refused as refused:
            return PlainTextResponse(f"{refused}\n", status_code=refused.status)
        except StateError as error:  # Acumatica sends a notification again that was answered with 5xx
            return PlainTextResponse(f"{error}\n", status_code=503)
        return Response(status_code=204)

    return Starlette(routes=[Route("/notify/{entity}", notify, methods=["POST"])])


class _Starter:
    """Starts runs of entities on which no run works."""

    def __init__(
        self, state: State, start: Start, now: Callable[[], datetime], on_message: Callable[[str], object]
    ) -> None:
        self._state, self._start, self._now, self._on_message = state, start, now, on_message
        self._started: dict[str, datetime] = {}
        self._one_at_a_time = asyncio.Lock()

    async def start(self, named: Sequence[str]) -> None:
        """Start a run of each entity whose wake-up would go unnoticed."""
        async with self._one_at_a_time:
            for entity in named:
                try:
                    if await run_in_threadpool(self._is_needed, entity):
                        await self._start(entity)
                        self._on_message(f"{entity} was woken: a run is started.")
                except (NotStarted, StateError) as error:
                    self._on_message(
                        f"{entity} was woken, but no run could be started. {error} The next scheduled run syncs."
                    )

    def _is_needed(self, entity: str) -> bool:
        now, before = self._now(), self._started.get(entity)
        if before is not None and now - before < STARTS_REST:
            return False
        with self._state.read() as connection:
            if not wakeups.goes_unnoticed(connection, entity, now):
                return False
        self._started[entity] = now
        return True


async def _body(request: Request) -> bytes:
    """Return the body. Raises `Refused` as soon as it exceeds `LARGEST_BODY`."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > LARGEST_BODY:
            raise Refused(413, f"a notification has at most {LARGEST_BODY:,} bytes; let its query select fewer columns")
    return bytes(read)


def _identity(body: bytes) -> tuple[str, str]:
    """Return the notification's query and id, which identify it. Raises `Refused`."""
    try:
        given: Any = json.loads(body)
    except ValueError as error:
        raise Refused(400, "the body is no JSON") from error
    query, number = (given.get(name) if isinstance(given, dict) else None for name in ("Query", "Id"))
    if not isinstance(query, str) or not isinstance(number, str) or not number or len(query) + len(number) > 500:
        raise Refused(400, "the body is no push notification of Acumatica: Query and Id are missing")
    return query, number
