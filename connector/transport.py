"""HTTP/1.1 for httpx on asyncio's own connections: h11 says what goes over them, httpx what it means.

It takes a fraction of the processor time of httpx's own transport (docs/adr/0044, 0061): the plain exchange is written
and read without h11 (`connector.plain_http`). Guarantees: no request is repeated; an error before a connection stands
is `httpx.ConnectError`, `httpx.ConnectTimeout` or `httpx.PoolTimeout`, and nothing of the request has left; every later
one is another `httpx.TransportError`, and the request may have arrived. A connection on which anything comes without a
request is closed. Where the environment names a proxy, httpx's own transport is used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable
from time import monotonic
from typing import TypeVar
from urllib.request import getproxies

import h11
import httpx

from connector import plain_http
from connector.plain_http import PlainHead
from connector.wire import Wire

IDLE_SECONDS = 30.0
"""A connection that was not used for so long is closed: servers close theirs after 60 seconds and more."""

LONGEST_HEAD = 100 * 1024

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


class WholeResponse(httpx.Response):
    """An answer whose body has come whole, and is not compressed."""

    def __init__(self, head: PlainHead, body: bytes, request: httpx.Request) -> None:
        super().__init__(
            200,
            headers=httpx.Headers(head.headers, encoding="ascii" if head.is_ascii else None),
            stream=httpx.ByteStream(body),
            request=request,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": head.reason},
        )
        self._whole = body

    @property
    def content(self) -> bytes:
        return self._whole


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
        await self._place(timeouts.get("pool"))
        connection: _Connection | None = None
        try:
            content = await request.aread()
            connection = self._take(_origin(request.url)) or await self._connect(request.url, timeouts.get("connect"))
            try:
                await connection.send(request, content, timeouts.get("write"))
                head = await connection.head(request, content, timeouts.get("read"))
            except (OSError, h11.ProtocolError) as error:
                raise _as_httpx_error(error, request) from error
        except BaseException:
            self._give_back(connection, is_usable=False)
            raise
        if isinstance(head, WholeResponse):
            self._give_back(connection, is_usable=True)
            return head
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

    async def _place(self, seconds: float | None) -> None:
        if self._free.locked():
            await _within(self._free.acquire(), seconds, httpx.PoolTimeout)
        else:
            await self._free.acquire()  # at once

    def _take(self, origin: Origin) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            is_fresh = monotonic() - connection.idle_since < self._idle_seconds
            if connection.origin == origin and is_fresh and connection.wire.is_clean():
                return connection
            connection.abort()
        return None

    async def _connect(self, url: httpx.URL, seconds: float | None) -> _Connection:
        host, tls = url.raw_host.decode("ascii"), self._tls if url.scheme == "https" else None
        opening = asyncio.get_running_loop().create_connection(
            Wire,
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
    """One connection: its bytes, and what h11 knows of an exchange that is not plain."""

    def __init__(self, origin: Origin, wire: Wire) -> None:
        self.origin = origin
        self.wire = wire
        self.idle_since = 0.0
        self._http: h11.Connection | None = None

    async def send(self, request: httpx.Request, content: bytes, seconds: float | None) -> None:
        """Send a request whole. What it raises after the first byte says nothing of the answer, which may be there."""
        text = plain_http.text_of(request, content)
        if text is None:
            self._http, text = _by_h11(request, content)
        self.wire.is_expected = True
        try:
            await self.wire.write(text, seconds)
        except TimeoutError as error:
            raise httpx.WriteTimeout(str(error), request=request) from error

    async def head(self, request: httpx.Request, content: bytes, seconds: float | None) -> h11.Response | WholeResponse:
        """Return the head of the answer, without those that only announce it (1xx); all of it where it is plain."""
        if self._http is None:
            pieces = [await self.wire.read(seconds)]
            head = plain_http.head_of(pieces[0])
            if head is not None:
                await self._read_rest(pieces, head.missing(len(pieces[0])), seconds)
                body = head.body_in(pieces)
                if body is not None:
                    return WholeResponse(head, body, request)
            self._http, _text = _by_h11(request, content)
            self._received(self._http, b"".join(pieces))
        while True:
            event = await self._next_event(self._http, seconds)
            if isinstance(event, h11.Response):
                return event
            if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                continue
            raise h11.RemoteProtocolError(f"{type(event).__name__} came instead of an answer")

    async def _read_rest(self, pieces: list[bytes], missing: int, seconds: float | None) -> None:
        """Add to the pieces of an answer what is missing of it, or all that comes until the connection ends."""
        while missing > 0 and (piece := await self.wire.read(seconds)):
            pieces.append(piece)
            missing -= len(piece)

    async def body(self, seconds: float | None) -> AsyncIterator[bytes]:
        """Return the pieces of the answer's body, undone of what was done for the way only (chunks)."""
        http = self._http
        while http is not None and isinstance(event := await self._next_event(http, seconds), h11.Data):
            yield bytes(event.data)

    async def _next_event(self, http: h11.Connection, seconds: float | None) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            self._received(http, await self.wire.read(seconds))

    def _received(self, http: h11.Connection, data: bytes) -> None:
        if not data and http.their_state is h11.SEND_RESPONSE:
            raise h11.RemoteProtocolError("Server disconnected without sending a response.")
        http.receive_data(data)

    def is_reusable(self) -> bool:
        """Return whether another request may follow; makes the connection ready for it."""
        http, wire = self._http, self.wire
        if http is not None:
            is_over = http.our_state is h11.DONE and http.their_state is h11.DONE
            if not is_over or http.trailing_data[0]:
                return False
        if wire.is_over or wire.has_data():
            return False
        self._http = None
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
            try:
                async for piece in self._connection.body(self._seconds):
                    yield piece
            except (OSError, h11.ProtocolError) as error:
                raise _as_httpx_error(error, self._request) from error

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport._give_back(connection, is_usable=True)


def _by_h11(request: httpx.Request, content: bytes) -> tuple[h11.Connection, bytes]:
    """Return an exchange of h11 in which the request was sent, and its text. Raises `h11.LocalProtocolError`."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    pieces = [http.send(head), http.send(h11.Data(data=content)) if content else b"", http.send(h11.EndOfMessage())]
    return http, b"".join(piece for piece in pieces if piece)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port


async def _within(waiting: Awaitable[T], seconds: float | None, late: type[httpx.TimeoutException]) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await waiting
    except TimeoutError as error:
        raise late(str(error)) from error


def _as_httpx_error(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """Return what went wrong on a connection as httpx's own transport says it."""
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(str(error), request=request)
    if isinstance(error, OSError):
        return httpx.ReadError(str(error), request=request)
    if isinstance(error, h11.LocalProtocolError):
        return httpx.LocalProtocolError(str(error), request=request)
    return httpx.RemoteProtocolError(str(error), request=request)
