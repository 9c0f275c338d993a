"""Questions over several connections: how many at once, in which order the answers come, and what a fault does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from entities.readers import Readers


class Connections:
    """Counts the connections that are opened, and those that are open."""

    def __init__(self) -> None:
        self.opened = self.closed = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        self.opened += 1
        yield self.opened
        self.closed += 1


async def _moments() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_answers_come_in_the_order_of_the_questions() -> None:
    """Three connections for seven questions, the first of them the slowest: none is held by it, all are in order."""
    made, over = Connections(), []
    readers = Readers(made.open, 3)

    async def ask(_client: object, number: int) -> int:
        for _ in range(100 if number == 0 else 2):
            await asyncio.sleep(0)
        over.append(number)
        return number * 10

    assert await readers.ask_all(ask, range(7)) == [0, 10, 20, 30, 40, 50, 60]
    assert over == [1, 2, 3, 4, 5, 6, 0]
    await readers.close()
    assert (made.opened, made.closed) == (3, 3)


async def test_no_more_connections_than_questions_need() -> None:
    """Questions one after the other go over one connection, and none is opened for nothing."""
    made = Connections()
    readers = Readers(made.open, 4)

    async def ask(client: int) -> int:
        await asyncio.sleep(0)
        return client

    assert [await readers.begin(ask) for _ in range(5)] == [1] * 5
    await readers.close()
    await readers.close()
    assert (made.opened, made.closed) == (1, 1)


async def test_never_more_at_once_than_connections() -> None:
    """Of twenty questions as many are under way as there are connections."""
    readers, now, most = Readers(Connections().open, 3), 0, 0

    async def ask(_client: object, _number: int) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    await readers.ask_all(ask, range(20))
    assert most == 3
    await readers.close()


async def test_a_fault_is_raised_and_the_connection_goes_on() -> None:
    """The first fault is what is told; what waits is given up when the readers are closed, which then serve again."""
    made = Connections()
    readers = Readers(made.open, 2)
    answered = []

    async def ask(_client: object, number: int) -> None:
        await asyncio.sleep(0)
        if number == 1:
            raise ValueError("the second one")
        if number > 1:
            await asyncio.Event().wait()
        answered.append(number)

    with pytest.raises(ValueError, match="the second one"):
        await readers.ask_all(ask, range(9))
    await readers.close()
    assert (answered, made.opened, made.closed) == ([0], 2, 2)
    await readers.begin(ask, 0)
    await readers.close()
    assert (answered, made.opened, made.closed) == ([0, 0], 3, 3)


async def test_a_fault_that_nobody_waits_for_is_not_raised_twice(caplog: pytest.LogCaptureFixture) -> None:
    """What was asked ahead and is not wanted any more ends in silence: the sync ended by another fault."""
    readers = Readers(Connections().open, 2)

    async def ask(_client: object) -> None:
        raise ValueError("nobody waits for it")

    readers.begin(ask)
    await _moments()
    await readers.close()
    assert caplog.text == ""
