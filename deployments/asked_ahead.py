"""What the worker asks Prefect ahead, for all runs that begin at the same time: each of them would ask the same."""

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
"""Seconds: the runs of one minute are made ready within it."""
CSRF_FOR = 60.0
PATIENCE = 1.5
"""Seconds: a run is not held up any longer."""
_HAS_NO_TOKENS = (404, 422)
"""How a server answers that asks for no token, an old one and one of today."""


@dataclass(frozen=True)
class Answers:
    """What is known. blocks: the documents of ours by the slug of their type, with secrets; None if not known. csrf:
    whether the server asks for tokens.
    """

    blocks: Mapping[str, Mapping[str, Any]] | None = field(default=None, repr=False)
    csrf: bool = True


class AskedAhead:
    """Asks once for all runs that begin together. What cannot be asked for is left to the run itself."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._turn = now, asyncio.Lock()
        self._blocks: Mapping[str, Mapping[str, Any]] | None = None
        self._csrf = True
        self._blocks_at = self._csrf_at = float("-inf")

    async def answers(self, client: PrefectClient) -> Answers:
        """Return them, asked for now or a moment ago."""
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                if self._now() - self._csrf_at > CSRF_FOR:
                    self._csrf, self._csrf_at = await _asks_for_tokens(client), self._now()
                if self._now() - self._blocks_at > BLOCKS_FOR:
                    self._blocks, self._blocks_at = await _blocks(client), self._now()
                return Answers(self._blocks, self._csrf)
        except (httpx.HTTPError, TimeoutError):
            return Answers(None, self._csrf)


async def _blocks(client: PrefectClient) -> Mapping[str, Mapping[str, Any]]:
    named = {"block_documents": {"name": {"any_": [BLOCK_NAME]}}, "include_secrets": True}
    found = await client.request("POST", "/block_documents/filter", json=named)
    return {one["block_type"]["slug"]: one["data"] for one in found.json()}


async def _asks_for_tokens(client: PrefectClient) -> bool:
    try:
        await client.request("GET", "/csrf-token", params={"client": str(uuid4())})
    except PrefectHTTPStatusError as error:
        if error.response.status_code in _HAS_NO_TOKENS:
            return False
        raise
    return True
