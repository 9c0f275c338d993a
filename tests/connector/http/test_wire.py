"""How long bytes are waited for on one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.raw_server import listening

from connector.wire import Wire


@asynccontextmanager
async def connected(says: asyncio.Queue[bytes]) -> AsyncIterator[Wire]:
    """A connection to a server that says what is put into the queue."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await says.get():
            writer.write(data)

    async with listening(serve) as port:
        transport, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port)
        wire.is_expected = True
        try:
            yield wire
        finally:
            says.put_nowait(b"")
            transport.abort()
            await wire.closed


async def test_a_time_that_is_shorter_than_the_one_before():
    """Each wait ends by its own time, whatever the one before was given."""
    says: asyncio.Queue[bytes] = asyncio.Queue()
    async with connected(says) as wire:
        says.put_nowait(b"a")
        assert await wire.read(60) == b"a"
        async with asyncio.timeout(30):
            with pytest.raises(TimeoutError):
                await wire.read(0.01)


@pytest.mark.parametrize("longer", [60.0, None])
async def test_a_time_that_is_longer_than_the_one_before(longer: float | None):
    """The end of the time before does not end the wait that follows."""
    says: asyncio.Queue[bytes] = asyncio.Queue()
    async with connected(says) as wire:
        says.put_nowait(b"a")
        assert await wire.read(0.05) == b"a"
        asyncio.get_running_loop().call_later(0.1, says.put_nowait, b"b")
        assert await wire.read(longer) == b"b"


async def test_a_cancelled_wait():
    """The timer that it leaves behind does no harm to the wait that follows."""
    says: asyncio.Queue[bytes] = asyncio.Queue()
    async with connected(says) as wire:
        waiting = asyncio.create_task(wire.read(0.05))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        asyncio.get_running_loop().call_later(0.1, says.put_nowait, b"b")
        assert await wire.read(5) == b"b"
