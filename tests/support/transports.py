"""Clients of a transport under test, and what becomes of a request of theirs."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import httpx
import pytest
from support.certificates import Authority

from connector.http import TransportFault, exchange, fault_of

BODY = b'{"prices":[]}'


class Direct(httpx.AsyncBaseTransport):
    """A transport that is asked without a client, which only makes its requests."""

    def __init__(self, client: httpx.AsyncClient, transport: httpx.AsyncBaseTransport) -> None:
        self._client = client
        self._transport = transport
        self.build_request = client.build_request

    @property
    def timeout(self) -> httpx.Timeout:
        return self._client.timeout

    @timeout.setter
    def timeout(self, timeout: httpx.Timeout) -> None:
        self._client.timeout = timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


Client = httpx.AsyncClient | Direct
Make = Callable[..., Client]


def trusting(authority: Authority | None = None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file) if authority else None)


async def post(client: Client, url: str, body: bytes = BODY, **options: float) -> httpx.Response:
    return await exchange(client, client.build_request("POST", url, content=body), **options)


async def fault_at(client: Client, url: str, body: bytes = BODY, **options: float) -> TransportFault:
    with pytest.raises(httpx.TransportError) as caught:
        await post(client, url, body, **options)
    return fault_of(caught.value)
