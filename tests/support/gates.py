"""A TCP proxy in front of a simulator: it relays, or fails in the ways in which a network fails."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

from support.fault_counts import count_fault

Mode = Literal["relay", "drips", "silent", "closes between requests", "speaks something else", "redirects"]
WORDS = {"silent": "never answers", "drips": "sends a byte now and then"}
DRIPS_EVERY = 0.05
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n["


class Gate:
    """Listens on a port of its own; `mode` holds for requests that come from now on.

    `heard` holds the first bytes of each connection, decrypted. `elsewhere` is the target of redirects.
    """

    def __init__(self, behind: str, tls: ssl.SSLContext | None = None) -> None:
        self.mode: Mode = "relay"
        self.url = ""
        self.heard: list[bytes] = []
        self.elsewhere = ""
        self._tls = tls
        self._behind = urlsplit(behind)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(60)

    def close(self) -> None:
        """Cut all connections and stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls))
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}" if self._tls is None else f"https://localhost:{port}"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await reader.read(65_536)
            if self.mode != "relay":
                count_fault(f"host that {WORDS.get(self.mode, self.mode)}")
            self.heard.append(first)
            if self.mode == "silent":
                await reader.read()
            elif self.mode == "drips":
                await self._drip(writer)
            elif self.mode == "speaks something else":
                writer.write(b"220 mail.example.com ESMTP\r\n")
                await writer.drain()
            elif self.mode == "redirects":
                location = f"Location: {self.elsewhere}/there\r\nContent-Length: 0\r\n\r\n"
                writer.write(f"HTTP/1.1 307 Temporary Redirect\r\n{location}".encode())
                await writer.drain()
            elif first:
                await self._relay(first, reader, writer)
        writer.close()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(DRIPS_EVERY)

    async def _relay(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection(self._behind.hostname, self._behind.port)
        to_there.write(first)
        there_first = asyncio.create_task(_pipe(there, writer, stops_when_quiet=self.mode != "relay"))
        here_first = asyncio.create_task(_pipe(reader, to_there))
        _done, left = await asyncio.wait([there_first, here_first], return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        to_there.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, stops_when_quiet: bool = False) -> None:
    """Relay bytes until the end of the stream or, with `stops_when_quiet`, until a pause after the first bytes."""
    piece = await reader.read(65_536)
    while piece:
        writer.write(piece)
        await writer.drain()
        try:
            piece = await asyncio.wait_for(reader.read(65_536), 0.05 if stops_when_quiet else None)
        except TimeoutError:
            return


@contextmanager
def gate(behind: str, tls: ssl.SSLContext | None = None) -> Iterator[Gate]:
    """Yield a gate and close it at the end. With `tls`, clients connect to it over TLS."""
    made = Gate(behind, tls)
    try:
        yield made
    finally:
        made.close()
