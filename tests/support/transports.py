"""Clients of a transport under test, and what becomes of a request of theirs."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx
import pytest
from support.certificates import Authority

from connector.http import TransportFault, exchange, fault_of

BODY = b'{"prices":[]}'
Make = Callable[..., httpx.AsyncClient]


def trusting(authority: Authority | None = None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file) if authority else None)


async def post(client: httpx.AsyncClient, url: str, body: bytes = BODY, **options: float) -> httpx.Response:
    return await exchange(client, client.build_request("POST", url, content=body), **options)


async def fault_at(client: httpx.AsyncClient, url: str, body: bytes = BODY, **options: float) -> TransportFault:
    with pytest.raises(httpx.TransportError) as caught:
        await post(client, url, body, **options)
    return fault_of(caught.value)
