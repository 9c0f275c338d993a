"""What is stored of a waiting message: since when it waits, when it is due again, and whether the wait was reported."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.messages import message
from support.moment import NOW

from connector.magento.batches import RowResult
from connector.state.queue.wait import Wait
from entities.base import RunContext
from tasks.waits import waits_on

Contexts = Callable[..., RunContext[Any]]
UNPAID = RowResult("waits", "Not paid yet.", wait="awaiting_payment")


@pytest.mark.parametrize(
    ("before", "since"),
    [
        (None, NOW),
        (Wait("awaiting_payment", NOW - timedelta(hours=3)), NOW - timedelta(hours=3)),
        (Wait("on_hold", NOW - timedelta(hours=3)), NOW),
    ],
)
def test_it_waits_since_it_began_to_wait_for_this(make_context: Contexts, before: Wait | None, since: Any) -> None:
    """The time of waiting counts while the reason is the same; another reason starts it again."""
    context = make_context()
    became = waits_on(context, message(wait=before), UNPAID, NOW)
    assert became.wait == Wait("awaiting_payment", since)
    assert (became.state, became.cause, became.reason) == ("pending", None, "Not paid yet.")
    assert context.remarks.waiting == {"A": "awaiting_payment"}


@pytest.mark.parametrize(("waited", "pause"), [(0, 1), (2, 5), (10, 15), (100, 60)])
def test_it_is_checked_ever_more_rarely(make_context: Contexts, waited: int, pause: int) -> None:
    """By the minutes that it has waited."""
    before = Wait("awaiting_payment", NOW - timedelta(minutes=waited))
    became = waits_on(make_context(), message(wait=before), UNPAID, NOW)
    assert became.not_before == NOW + timedelta(minutes=pause)


@pytest.mark.parametrize(("attempts", "left"), [(1, 0), (2, 1), (5, 1)])
def test_waiting_uses_no_attempt(make_context: Contexts, attempts: int, left: int) -> None:
    """And what was tried days ago does not count against what is tried when the wait is over."""
    assert waits_on(make_context(), message(attempts=attempts), UNPAID, NOW).attempts == left


@pytest.mark.parametrize(
    ("days", "reported_at", "tells"),
    [(6, None, False), (7, None, True), (30, None, True), (30, NOW - timedelta(9), False)],
)
def test_a_person_is_reported_once(make_context: Contexts, days: int, reported_at: Any, tells: bool) -> None:
    """A wait is reported once, after seven days."""
    context = make_context()
    before = Wait("awaiting_payment", NOW - timedelta(days=days), None, reported_at)
    became = waits_on(context, message(wait=before), UNPAID, NOW)
    assert bool(context.remarks.notes) == tells
    assert became.wait is not None and became.wait.reported_at == (NOW if tells else reported_at)
