"""Messages without an answer: Magento is asked about them, and what it shows decides."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from support.moment import NOW

from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.sync import ledger
from entities.base import RunContext
from entities.events import AnswersFound, Events
from entities.run_state import RunState
from tasks.settle import settle_unknown


@asynccontextmanager
async def no_connection() -> AsyncIterator[None]:
    yield


@pytest.fixture
def context(make_context: Callable[..., RunContext[Any]]) -> RunContext[Any]:
    """A context whose entity keeps what it was asked."""
    made = make_context(asked=[], recheck_after=lambda: timedelta(seconds=60))
    made.shop.client = no_connection  # type: ignore[method-assign,assignment]
    return made


def without_answer(context: RunContext[Any], *keys: str) -> None:
    wanted = [DesiredValue(key, key, "", key, 10) for key in keys]
    context.state.commit(Computed(list(keys), wanted, None), NOW)
    [claimed] = context.state.settle([BatchResult([], then=ClaimSpec("shop", 10, [1]))], NOW)
    assert len(claimed) == len(keys)


def answered_with(context: RunContext[Any], states: dict[str, str]) -> None:
    """The entity finds that out of Magento; messages of which `states` says nothing cannot be decided yet."""

    async def settle(_context: Any, _client: Any, unknown: Sequence[Message]) -> list[MessageOutcome]:
        context.entity.asked.extend(one.key for one in unknown)  # type: ignore[attr-defined]
        return [MessageOutcome(one, states[one.key]) for one in unknown if one.key in states]

    context.entity.settle = settle  # type: ignore[method-assign]


def live(state: RunState) -> dict[str, str]:
    with state.read() as connection:
        return {one.key: one.state for one in messages.live(connection, "price", ["A", "B", "C"], [])}


async def test_nothing_is_asked_where_every_answer_came(context: RunContext[Any]) -> None:
    """No connection is opened for nothing."""
    context.shop.client = None  # type: ignore[method-assign,assignment]
    await settle_unknown(context)
    assert context.entity.asked == []  # type: ignore[attr-defined]


async def test_what_may_still_be_applied_is_waited_for_first(context: RunContext[Any]) -> None:
    """What turns out to be without an answer while it is waited for is decided with the rest."""

    async def before_settle(_context: Any) -> None:
        without_answer(context, "A")

    context.entity.before_settle = before_settle  # type: ignore[method-assign]
    answered_with(context, {"A": "sent"})
    await settle_unknown(context)
    assert context.entity.asked == ["A"]  # type: ignore[attr-defined]


async def test_what_magento_shows_decides(context: RunContext[Any]) -> None:
    """Shown: sent. Not shown: sent again, or failed. What cannot be decided yet is left as it is."""
    without_answer(context, "A", "B", "C")
    answered_with(context, {"A": "sent", "B": "pending"})
    heard: list[Any] = []
    context.events = Events(heard.append)
    await settle_unknown(context)
    assert live(context.state) == {"B": "pending", "C": "sending"}
    assert heard == [AnswersFound("price", sent=1, failed=0)]
    with context.state.read() as connection:
        confirmed = ledger.of_records(connection, "price", ["A", "B", "C"], [])
    assert {key: row.value for (key, _source), row in confirmed.items()} == {"A": 10}


@pytest.mark.parametrize("again", [60, None])
async def test_a_late_request_is_searched_for(context: RunContext[Any], again: int | None) -> None:
    """What Magento shows now may change: a value is read again when no request can be under way any more."""
    context.entity.recheck_after = lambda: None if again is None else timedelta(seconds=again)  # type: ignore[method-assign]
    without_answer(context, "A")
    answered_with(context, {"A": "sent"})
    await settle_unknown(context)
    with context.state.read() as connection:
        due_rechecks = [
            [row.key for row in ledger.due_rechecks(connection, "price", NOW + timedelta(seconds=after))]
            for after in (59, 60)
        ]
    assert due_rechecks == ([[], []] if again is None else [[], ["A"]])
