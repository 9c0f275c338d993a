"""Read Blocks and the use of CSRF tokens from Prefect, once for all runs that begin together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import PrefectHTTPStatusError

from flows.blocks import BLOCK_NAME

BLOCKS_FOR = 2.0
"""Seconds for which Blocks are reused: the runs of one minute are started within it."""
CSRF_FOR = 60.0
"""Seconds for which the server's use of CSRF tokens is remembered."""
PATIENCE = 1.5
"""Seconds after which a run starts without prefetched data."""
_NO_CSRF = (404, 422)
"""The status codes with which old and current servers without CSRF protection answer a request for a token."""


@dataclass(frozen=True)
class Prefetched:
    """What was read for a run.

    blocks: our Block documents, with secrets, by the slug of their type; None if the run has to read them.
    csrf: whether the server requires CSRF tokens.
    """

    blocks: Mapping[str, Mapping[str, Any]] | None = field(default=None, repr=False)
    csrf: bool = True


class Prefetch:
    """Reads once for all runs that begin together. If a read fails, the run reads for itself."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, asyncio.Lock()
        self._blocks: Mapping[str, Mapping[str, Any]] | None = None
        self._csrf = True
        self._blocks_at = self._csrf_at = float("-inf")

    async def read(self, client: PrefectClient) -> Prefetched:
        """Return what a run needs, read now or for another run a moment ago."""
        try:
            async with asyncio.timeout(PATIENCE), self._lock:
                if self._now() - self._csrf_at > CSRF_FOR:
                    self._csrf, self._csrf_at = await _requires_csrf(client), self._now()
                if self._now() - self._blocks_at > BLOCKS_FOR:
                    self._blocks, self._blocks_at = await _blocks(client), self._now()
                return Prefetched(self._blocks, self._csrf)
        except (httpx.HTTPError, TimeoutError):
            return Prefetched(None, self._csrf)


async def _blocks(client: PrefectClient) -> Mapping[str, Mapping[str, Any]]:
    query = {"block_documents": {"name": {"any_": [BLOCK_NAME]}}, "include_secrets": True}
    response = await client.request("POST", "/block_documents/filter", json=query)
    return {document["block_type"]["slug"]: document["data"] for document in response.json()}


async def _requires_csrf(client: PrefectClient) -> bool:
    try:
        await client.request("GET", "/csrf-token", params={"client": str(uuid4())})
    except PrefectHTTPStatusError as error:
        if error.response.status_code in _NO_CSRF:
            return False
        raise
    return True
