"""The bytes of one connection, on asyncio: what has arrived, what is to be sent, and how long either is waited for."""

from __future__ import annotations

import asyncio
import select
from math import inf

MOST_UNREAD = 1024 * 1024
"""Bytes: while so many have arrived and were not taken yet, the other side has to wait."""


class Wire(asyncio.Protocol):
    """The bytes of a connection. `is_over`: nothing more will come, or something came that nobody asked for."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.is_expected = False
        self.is_over = False
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._received: list[bytes] = []
        self._unread = 0
        self._fault: Exception | None = None
        self._arrived: asyncio.Future[None] | None = None
        self._late_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None
        self._is_full = False

    def is_clean(self) -> bool:
        """Return whether nothing has arrived since the last answer, not even bytes that the event loop has not read."""
        return not self.is_over and not _is_readable(self.transport.get_extra_info("socket").fileno())

    def has_data(self) -> bool:
        """Return whether bytes have arrived that nobody took."""
        return bool(self._received)

    async def read(self, seconds: float | None) -> bytes:
        """Return what has arrived, at least a byte; nothing at the end. Raises `TimeoutError`, `OSError`."""
        if not self._received and not self.is_over:
            self._arrived = self._loop.create_future()
            self._watch(seconds)
            await self._arrived
        if self._received:
            data = self._received[0] if len(self._received) == 1 else b"".join(self._received)
            self._received.clear()
            if self._unread > MOST_UNREAD:
                self.transport.resume_reading()
            self._unread = 0
            return data
        if self._fault is not None:
            raise self._fault
        return b""

    async def write(self, data: bytes, seconds: float | None) -> None:
        """Hand over what is to be sent, and wait while the other side is slow to take it. Raises `TimeoutError`.

        A connection that is cut meanwhile is no error here: the answer may have come before.
        """
        self.transport.write(data)
        if self._is_full and not self.is_over:
            self._drained = self._loop.create_future()
            async with asyncio.timeout(seconds):
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
        if self._timer is not None:
            self._timer.cancel()
        _set(self._arrived)
        _set(self._drained)
        _set(self.closed)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        _set(self._drained)

    def _watch(self, seconds: float | None) -> None:
        """Have the wait for bytes end after so long. One timer serves many waits: what is due later keeps it, and is
        checked when it fires.
        """
        self._late_at = inf if seconds is None else self._loop.time() + seconds
        if self._late_at == inf:
            return
        if self._timer is not None and self._timer.when() > self._late_at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._late_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._arrived is None or self._arrived.done() or self._late_at == inf:
            return
        if self._loop.time() < self._late_at:
            self._timer = self._loop.call_at(self._late_at, self._ring)
        else:
            self._arrived.set_exception(TimeoutError())


def _is_readable(descriptor: int) -> bool:
    if not hasattr(select, "poll"):  # on Windows
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _set(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
