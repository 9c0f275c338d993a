"""HTTP/1.1 for httpx on asyncio's own connections: h11 says what goes over them, httpx what it means.

It takes half the processor time of httpx's own transport (docs/adr/0044). Guarantees: no request is repeated; an error
before a connection stands is `httpx.ConnectError`, `httpx.ConnectTimeout` or `httpx.PoolTimeout`, and nothing of the
request has left; every later one is another `httpx.TransportError`, and the request may have arrived. A connection on
which anything comes without a request is closed. Where the environment names a proxy, httpx's own transport is used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar
from urllib.request import getproxies

import h11
import httpx

IDLE_SECONDS = 30.0
"""A connection that was not used for so long is closed: servers close theirs after 60 seconds and more."""

LONGEST_HEAD = 100 * 1024
MOST_UNREAD = 1024 * 1024
"""Bytes: while so many have arrived and were not taken yet, the other side has to wait."""

NEXT_ADDRESS_AFTER = 0.25
"""Seconds after which a host's next address is tried beside the one before (RFC 8305)."""

Origin = tuple[str, str, int | None]
T = TypeVar("T")


def transport_for(tls: ssl.SSLContext, connections: int) -> httpx.AsyncBaseTransport | None:
    """Return a transport with at most so many connections; `None`, for httpx's own, where a proxy is configured."""
    proxies = getproxies()
    if any(proxies.get(scheme) for scheme in ("http", "https", "all")):
        return None
    return AsyncioTransport(tls, connections)


class AsyncioTransport(httpx.AsyncBaseTransport):
    """Kept-alive connections, each for one request at a time.

    connections: how many there are at most; a further request waits as long as its timeout for the pool says.
    """

    def __init__(self, tls: ssl.SSLContext, connections: int, idle_seconds: float = IDLE_SECONDS) -> None:
        self._tls = tls
        self._free = asyncio.Semaphore(connections)
        self._idle_seconds = idle_seconds
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer as soon as its head is there. Raises `httpx.TransportError`."""
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        await _within(self._free.acquire(), timeouts.get("pool"), httpx.PoolTimeout)
        connection: _Connection | None = None
        try:
            content = await request.aread()
            connection = self._take(_origin(request.url)) or await self._connect(request.url, timeouts.get("connect"))
            with _as_httpx_error(request):
                await connection.send(request, content, timeouts.get("write"))
                head = await connection.head(timeouts.get("read"))
        except BaseException:
            self._give_back(connection, is_usable=False)
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(self, connection, request, timeouts.get("read")),
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    async def aclose(self) -> None:
        """Close what is idle; connections in use are closed with their answers."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()

    def _take(self, origin: Origin) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            is_fresh = monotonic() - connection.idle_since < self._idle_seconds
            if connection.origin == origin and is_fresh and not connection.wire.is_over:
                return connection
            connection.abort()
        return None

    async def _connect(self, url: httpx.URL, seconds: float | None) -> _Connection:
        host, tls = url.raw_host.decode("ascii"), self._tls if url.scheme == "https" else None
        opening = asyncio.get_running_loop().create_connection(
            _Wire,
            host,
            url.port or (443 if tls else 80),
            ssl=tls,
            server_hostname=host if tls else None,
            happy_eyeballs_delay=NEXT_ADDRESS_AFTER,
        )
        try:
            _transport, wire = await _within(opening, seconds, httpx.ConnectTimeout)
        except (OSError, UnicodeError) as error:  # the latter of a name that no DNS has room for
            raise httpx.ConnectError(str(error)) from error
        return _Connection(_origin(url), wire)

    def _give_back(self, connection: _Connection | None, *, is_usable: bool) -> None:
        if connection is not None and is_usable and connection.is_reusable():
            self._idle.append(connection)
        elif connection is not None:
            connection.abort()
        self._free.release()


class _Connection:
    """One connection: what h11 knows of it, and the bytes."""

    def __init__(self, origin: Origin, wire: _Wire) -> None:
        self.origin = origin
        self.wire = wire
        self.idle_since = 0.0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)

    async def send(self, request: httpx.Request, content: bytes, seconds: float | None) -> None:
        """Send a request whole. What it raises after the first byte says nothing of the answer, which may be there."""
        http = self._http
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        pieces = [http.send(head), http.send(h11.Data(data=content)) if content else b"", http.send(h11.EndOfMessage())]
        self.wire.is_expected = True
        await _within(self.wire.write(b"".join(piece for piece in pieces if piece)), seconds, httpx.WriteTimeout)

    async def head(self, seconds: float | None) -> h11.Response:
        """Return the head of the answer, without those that only announce it (1xx)."""
        while True:
            event = await self._next_event(seconds)
            if isinstance(event, h11.Response):
                return event
            if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                continue
            raise h11.RemoteProtocolError(f"{type(event).__name__} came instead of an answer")

    async def body(self, seconds: float | None) -> AsyncIterator[bytes]:
        """Return the pieces of the answer's body, undone of what was done for the way only (chunks)."""
        while isinstance(event := await self._next_event(seconds), h11.Data):
            yield bytes(event.data)

    async def _next_event(self, seconds: float | None) -> h11.Event | type[h11.PAUSED]:
        http = self._http
        while True:
            event = http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            data = await self.wire.read(seconds)
            if not data and http.their_state is h11.SEND_RESPONSE:
                raise h11.RemoteProtocolError("Server disconnected without sending a response.")
            http.receive_data(data)

    def is_reusable(self) -> bool:
        """Return whether another request may follow; makes the connection ready for it."""
        http, wire = self._http, self.wire
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
            return False
        if wire.is_over or wire.has_data() or http.trailing_data[0]:
            return False
        http.start_next_cycle()
        wire.is_expected = False
        self.idle_since = monotonic()
        return True

    def abort(self) -> None:
        """Close it at once."""
        self.wire.transport.abort()

    async def close(self) -> None:
        """Close it, and wait until that is done."""
        self.abort()
        await self.wire.closed


class _Body(httpx.AsyncByteStream):
    """The body of an answer; when it is closed, its connection is free again, or closed if not all was read."""

    def __init__(
        self, transport: AsyncioTransport, connection: _Connection, request: httpx.Request, seconds: float | None
    ) -> None:
        self._transport = transport
        self._connection: _Connection | None = connection
        self._request = request
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._connection is not None:
            with _as_httpx_error(self._request):
                async for piece in self._connection.body(self._seconds):
                    yield piece

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport._give_back(connection, is_usable=True)


class _Wire(asyncio.Protocol):
    """The bytes of a connection. `is_over`: nothing more will come, or something came that nobody asked for."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_expected = False
        self.is_over = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received: list[bytes] = []
        self._unread = 0
        self._fault: Exception | None = None
        self._arrived: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._is_full = False

    def has_data(self) -> bool:
        """Return whether bytes have arrived that nobody took."""
        return bool(self._received)

    async def read(self, seconds: float | None) -> bytes:
        """Return what has arrived, at least a byte; nothing at the end. Raises `TimeoutError`, `OSError`."""
        if not self._received and not self.is_over:
            self._arrived = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(seconds):
                await self._arrived
        if self._received:
            data = b"".join(self._received)
            self._received.clear()
            if self._unread > MOST_UNREAD:
                self.transport.resume_reading()
            self._unread = 0
            return data
        if self._fault is not None:
            raise self._fault
        return b""

    async def write(self, data: bytes) -> None:
        """Hand over what is to be sent, and wait while the other side is slow to take it.

        A connection that is cut meanwhile is no error here: the answer may have come before.
        """
        self.transport.write(data)
        if self._is_full and not self.is_over:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if not self.is_expected:
            self.is_over = True
            self.transport.abort()
            return
        self._received.append(data)
        was_enough, self._unread = self._unread > MOST_UNREAD, self._unread + len(data)
        if self._unread > MOST_UNREAD and not was_enough:
            self.transport.pause_reading()
        _set(self._arrived)

    def eof_received(self) -> bool:
        self.is_over = True
        _set(self._arrived)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        self._fault = exc
        _set(self._arrived)
        _set(self._drained)
        _set(self.closed)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _set(self._drained)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port


def _set(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


async def _within(waiting: Awaitable[T], seconds: float | None, late: type[httpx.TimeoutException]) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await waiting
    except TimeoutError as error:
        raise late(str(error)) from error


@contextmanager
def _as_httpx_error(request: httpx.Request) -> Iterator[None]:
    """Raise what went wrong on a connection as httpx's own transport does."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except OSError as error:
        raise httpx.ReadError(str(error), request=request) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error), request=request) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error), request=request) from error
