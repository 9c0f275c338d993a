"""Whether prices leave room for stock: who yields to whom, how often that is asked, and when the waiting ends."""

from typing import Any

import pytest
from support.moment import NOW
from support.queue import claim, settle

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.run_state import RunState
from entities.base import Urgency
from tasks.stock_priority import StockPriority


def held_by(state: State, entity: str) -> Lease:
    taken = lease.acquire(state, entity, "the test", NOW)
    assert isinstance(taken, Lease)
    return taken


def queued(state: State, entity: str) -> Lease:
    held = held_by(state, entity)
    RunState(state, held).commit(Computed(["A"], [DesiredValue("A", "A", "", "A", 10)], None), NOW)
    return held


def sent(state: State, held: Lease) -> None:
    claimed = claim(state, held, NOW, ClaimSpec("shop", 10, [1]))
    settle(state, held, [MessageOutcome(one, "sent") for one in claimed], NOW)


@pytest.mark.parametrize(
    ("urgency", "connections", "due", "waits"),
    [
        (Urgency.YIELDS, 4, "inventory", True),
        (Urgency.YIELDS, 2, "inventory", True),
        (Urgency.YIELDS, 1, "inventory", False),  # its only connection never waits
        (Urgency.YIELDS, 4, "order", False),  # only stock goes first
        (Urgency.YIELDS, 4, "", False),
        (Urgency.USUAL, 4, "inventory", False),
        (Urgency.FIRST, 4, "inventory", False),  # not for itself
    ],
)
async def test_who_yields(
    state: State, make_context: Any, urgency: Urgency, connections: int, due: str, waits: bool
) -> None:
    """Prices do, with all connections but the first, while a quantity is due."""
    if due:
        queued(state, due)
    context = make_context(urgency=urgency, connections=connections)
    assert StockPriority().stock_waits(context) == waits


async def test_it_is_asked_once_a_second(state: State, make_context: Any) -> None:
    """Four connections ask before every request; the state database answers once a second."""
    held, room, context = (
        queued(state, "inventory"),
        StockPriority(),
        make_context(urgency=Urgency.YIELDS, connections=4),
    )
    assert room.stock_waits(context)
    sent(state, held)
    context.clock.advance(0.999)
    assert room.stock_waits(context), "the answer of a moment ago"
    context.clock.advance(0.001)
    assert not room.stock_waits(context)


async def test_waiting_ends_when_stock_is_through(state: State, make_context: Any, monkeypatch: Any) -> None:
    """It is looked for every second, and no second longer than stock waits."""
    held, room, context = (
        queued(state, "inventory"),
        StockPriority(),
        make_context(urgency=Urgency.YIELDS, connections=4),
    )
    sleep = context.clock.sleep

    async def slept(seconds: float) -> None:
        if len(context.clock.slept) == 2:
            sent(state, held)
        await sleep(seconds)

    monkeypatch.setattr(context.clock, "sleep", slept)
    await room.wait(context)
    assert context.clock.slept == [1, 1, 1]


async def test_nobody_waits_longer_than_the_first_connection_works(state: State, make_context: Any) -> None:
    """Once it has sent all there was, the others go on to their end; in the next round they wait again."""
    queued(state, "inventory")
    room, context = StockPriority(), make_context(urgency=Urgency.YIELDS, connections=4)
    room.close()
    await room.wait(context)
    assert context.clock.slept == []
    room.open()
    assert room.is_open and room.stock_waits(context)
