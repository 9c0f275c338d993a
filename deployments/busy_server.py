"""Retry requests that a busy Prefect server refuses (ADR 0059).

On SQLite, the server answers 503 if another write holds the database, which is usual while runs begin. Prefect's client
retries after 2, 4, 8 and more seconds. Here the pause is a quarter of a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from prefect.exceptions import PrefectHTTPStatusError

from deployments.prefect_settings import settings_with

BUSY = (429, 502, 503)
PAUSE = 0.25
WITHIN = 60.0

Answer = TypeVar("Answer")


async def retry_while_busy(request: Callable[[], Awaitable[Answer]], within: float = WITHIN) -> Answer:
    """Return the answer to an idempotent request, retrying for `within` seconds while the server is busy.

    Raises the last error after that time.
    """
    until = time.monotonic() + within
    with settings_with(client={"max_retries": 0}):
        while True:
            try:
                return await request()
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            except PrefectHTTPStatusError as error:
                if error.response.status_code not in BUSY or time.monotonic() > until:
                    raise
            await asyncio.sleep(PAUSE)
