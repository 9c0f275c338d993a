"""Requests to a Prefect server that is busy.

With SQLite the server refuses a write with 503 when another one was quicker, which is usual while runs begin. Prefect's
own client repeats it after 2, 4, 8 and more seconds; here it is repeated within a quarter of one.
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


async def repeated(request: Callable[[], Awaitable[Answer]], within: float = WITHIN) -> Answer:
    """Return the answer. The request must be one that may be repeated. Raise the last error if the server still refuses
    after `within` seconds.
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
