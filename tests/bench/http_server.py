"""The least HTTP server that will do: keep-alive, Content-Length, one function from request to answer.

The sandbox checks and remembers everything and takes a millisecond a request; here an answer takes some hundredths of
one, so that what is measured is the connector and its opponents.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from sandbox.serve import listen

Handler = Callable[[str, str, bytes], "tuple[int, bytes] | Awaitable[tuple[int, bytes]]"]
_HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._waiting = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._waiting[:end])
            size = _content_length(head)
            if len(self._waiting) < end + 4 + size:
                return
            body = bytes(self._waiting[end + 4 : end + 4 + size])
            del self._waiting[: end + 4 + size]
            method, target, _version = head.split(b"\r\n", 1)[0].decode().split(" ")
            answer = self._handler(method, target, body)
            if isinstance(answer, tuple):
                self._answer(*answer)
            else:
                task = asyncio.ensure_future(self._answer_later(answer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _answer_later(self, answer: Awaitable[tuple[int, bytes]]) -> None:
        self._answer(*(await answer))

    def _answer(self, status: int, body: bytes) -> None:
        self._transport.writelines((_HEAD % (status, len(body)), body))


def _content_length(head: bytes) -> int:
    place = head.lower().find(b"\r\ncontent-length:")
    return 0 if place < 0 else int(head[place + 17 :].split(b"\r\n", 1)[0])


def serve(handler: Handler) -> None:
    """Answer on a free port of loopback, which is printed, until SIGTERM."""
    asyncio.run(_serve(handler))


async def _serve(handler: Handler) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    listening = listen()
    server = await loop.create_server(lambda: _Connection(handler), sock=listening)
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    await stopped.wait()
    server.close()
