"""How many requests are under way at once: never more than allowed, the longest waiting first, none lost."""

import asyncio

import pytest

from entities.request_limit import RequestLimit


class Requests:
    """Requests that take places in a limit, in the order in which they are begun, and stay until they are let go."""

    def __init__(self, limit: RequestLimit) -> None:
        self.limit = limit
        self.under_way: list[int] = []
        self.answered: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def begin(self, *numbers: int) -> None:
        for number in numbers:
            self.answered[number] = asyncio.Event()
            self.tasks[number] = asyncio.create_task(self._request(number))
        await self.settled()

    async def answer(self, *numbers: int) -> None:
        for number in numbers:
            self.answered[number].set()
        await self.settled()

    async def settled(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def _request(self, number: int) -> None:
        async with self.limit:
            self.under_way.append(number)
            await self.answered[number].wait()
            self.under_way.remove(number)


async def test_the_longest_waiting_goes_next() -> None:
    """Two of five are under way; each answer lets the next one go, in the order in which they came."""
    requests = Requests(RequestLimit(2))
    await requests.begin(1, 2, 3, 4, 5)
    seen = [list(requests.under_way)]
    for number in (2, 1, 3):
        await requests.answer(number)
        seen.append(list(requests.under_way))
    assert seen == [[1, 2], [1, 3], [3, 4], [4, 5]]
    await requests.answer(4, 5)


async def test_who_comes_late_does_not_overtake() -> None:
    """A request that comes while others wait goes behind them, also where a place has just become free."""
    requests = Requests(RequestLimit(1))
    await requests.begin(1, 2)
    requests.answered[1].set()
    await requests.begin(3)
    assert requests.under_way == [2]
    await requests.answer(2, 3)


async def test_fewer_are_allowed_for_a_while() -> None:
    """Where fewer are allowed what is under way ends, and nothing follows until there is room; then more go again."""
    limit = RequestLimit(3)
    requests = Requests(limit)
    await requests.begin(1, 2, 3, 4, 5, 6)
    limit.allowed = lambda: 1
    await requests.answer(1, 2)
    assert requests.under_way == [3]
    await requests.answer(3)
    assert requests.under_way == [4]
    limit.allowed = lambda: 3
    await requests.answer(4)
    assert requests.under_way == [5, 6]
    await requests.answer(5, 6)


@pytest.mark.parametrize(("allowed", "under_way"), [(0, 1), (9, 3)])
async def test_one_goes_always_and_never_more_than_the_settings_say(allowed: int, under_way: int) -> None:
    """Whatever is allowed at the moment, a run goes on, and Concurrency is the most."""
    limit = RequestLimit(3)
    limit.allowed = lambda: allowed
    requests = Requests(limit)
    await requests.begin(1, 2, 3, 4)
    assert len(requests.under_way) == under_way
    while requests.under_way:
        await requests.answer(*requests.under_way)


@pytest.mark.parametrize("just_given", [True, False])
async def test_a_cancelled_request_leaves_its_place_to_the_next(just_given: bool) -> None:
    """Cancelled while it waits, or in the moment in which its place was given: the next one goes."""
    requests = Requests(RequestLimit(1))
    await requests.begin(1, 2, 3)
    if just_given:
        requests.answered[1].set()
        await asyncio.sleep(0)
    requests.tasks[2].cancel()
    await requests.answer(1)
    assert requests.under_way == [3]
    await requests.answer(3)
    await requests.begin(4, 5)
    assert requests.under_way == [4], "no place was lost, and none was made"
    await requests.answer(4, 5)
