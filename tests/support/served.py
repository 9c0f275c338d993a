"""ASGI applications at an address of this machine: in-process for clients of this process, over a socket for others.

All run in one thread with one event loop, apart from the tests. A request that has arrived is handled to its end, even
if its client no longer waits, as it would be over a network.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Future
from contextlib import suppress
from email.utils import formatdate
from functools import cache
from typing import Any

import httpx
import uvicorn

from connector.http import trust
from connector.transport import AsyncioTransport
from sandbox.faults import App, ConnectionCut, Receive, Scope, Send
from sandbox.serve import listen

LONGEST = 60.0
"""Timeout in seconds: the data of a world after four hundred runs is large."""

_reached: dict[tuple[int, str, int | None], App] = {}
"""By process id (a forked process does not have its parent's thread), host and port."""
_over_network = {kind: kind.handle_async_request for kind in (httpx.AsyncHTTPTransport, AsyncioTransport)}
_over_network_sync = httpx.HTTPTransport.handle_request


class Served:
    """An application behind an address of its own.

    sockets: clients in this process take the socket too.
    """

    def __init__(self, app: App, *, sockets: bool = False) -> None:
        self._socket = listen(backlog=256)
        port = self._socket.getsockname()[1]
        self._address = (os.getpid(), "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"
        self._app = app
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        if not sockets:
            _reached[self._address] = app
        _loop().call_soon_threadsafe(_loop().add_reader, self._socket, self._begin)

    def close(self) -> None:
        """Stop serving. A second call does nothing."""
        _reached.pop(self._address, None)
        asyncio.run_coroutine_threadsafe(self._end(), _loop()).result(LONGEST)

    def _begin(self) -> None:
        """Start the server when the first connection arrives."""
        _loop().remove_reader(self._socket)
        self._server = uvicorn.Server(uvicorn.Config(self._app, log_level="critical", lifespan="off", access_log=False))
        self._serving = asyncio.ensure_future(self._server._serve(sockets=[self._socket]))

    async def _end(self) -> None:
        """Close all connections at once, without waiting for uvicorn's next tick, at which it ends."""
        if self._server is None:
            if self._socket.fileno() >= 0:
                _loop().remove_reader(self._socket)
                self._socket.close()
            return
        self._server.should_exit = self._server.force_exit = True
        if not self._server.started and self._serving is not None:
            await self._serving
            return
        for listening in self._server.servers:
            listening.close()
        for connection in list(self._server.server_state.connections):
            connection.shutdown()
        self._socket.close()


def client(base_url: str = "", **how: Any) -> httpx.Client:
    """Return a client for the requests that a test makes itself.

    It shares the trusted certificates, because loading them takes 30 ms, and keeps no connection alive, so that no
    server closes the one that the next request uses.
    """
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=base_url, verify=trust(), limits=limits, **{"timeout": LONGEST, **how})


@cache
def one_client() -> httpx.Client:
    """Return the shared client for requests with absolute addresses, such as repeated polling."""
    return client()


@cache
def _loop_of(_process: int) -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="served", daemon=True).start()
    return loop


def _loop() -> asyncio.AbstractEventLoop:
    return _loop_of(os.getpid())


def _app_of(request: httpx.Request) -> App | None:
    return _reached.get((os.getpid(), request.url.host, request.url.port))


def _patience(request: httpx.Request) -> float | None:
    limits: dict[str, float | None] = request.extensions.get("timeout", {})
    return limits.get("read")


async def _answer(app: App, request: httpx.Request) -> httpx.Response:
    """Return the application's response, with the date that a server adds.

    Raises `httpx.RemoteProtocolError` where a fault cuts the connection.
    """
    was_cut = False

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal was_cut
        try:
            await app(scope, receive, send)
        except ConnectionCut:
            was_cut = True
            raise

    answer = await httpx.ASGITransport(noted, raise_app_exceptions=False).handle_async_request(request)
    if was_cut:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    headers = [(b"date", formatdate(usegmt=True).encode()), *answer.headers.raw]
    return httpx.Response(answer.status_code, headers=headers, stream=httpx.ByteStream(await answer.aread()))


def _begun(app: App, request: httpx.Request) -> Future[httpx.Response]:
    return asyncio.run_coroutine_threadsafe(_answer(app, request), _loop())


async def _handle(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
    app = _app_of(request)
    if app is None:
        return await _over_network[type(transport)](transport, request)
    await request.aread()
    here = asyncio.get_running_loop()
    arrived = asyncio.Event()

    def notify(_begun: Future[httpx.Response]) -> None:
        with suppress(RuntimeError):  # the loop is closed: the client no longer waits
            here.call_soon_threadsafe(arrived.set)

    # a client that gives up waiting does not cancel the request
    begun = _begun(app, request)
    begun.add_done_callback(notify)
    try:
        async with asyncio.timeout(_patience(request)):
            await arrived.wait()
    except TimeoutError as error:
        raise httpx.ReadTimeout("", request=request) from error
    return begun.result()


def _handle_sync(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
    app = _app_of(request)
    if app is None:
        return _over_network_sync(transport, request)
    request.read()
    try:
        return _begun(app, request).result(_patience(request))
    except TimeoutError as error:
        raise httpx.ReadTimeout("", request=request) from error


for _kind in _over_network:
    _kind.handle_async_request = _handle  # type: ignore[method-assign]
httpx.HTTPTransport.handle_request = _handle_sync  # type: ignore[method-assign]
