"""Claim and settle one request at a time, for tests of the state database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.rows import driver_rows
from connector.state.run_state import RunState
from connector.state.schema import SENT
from entities.names import related_to

_TURNS = "SELECT entity, attempts, not_before, target, wanted_at, is_stock_out, waits FROM turns"
_PENDING = """
    SELECT entity, attempts, not_before, id, wanted_at, COALESCE(wanted = 0, false), wait IS NOT NULL
    FROM targets WHERE state = 'pending'
"""


def claim(state: State, held: Lease, now: datetime, spec: ClaimSpec) -> list[Message]:
    """Claim due messages for one request."""
    return RunState(state, held, related_to(held.entity)).settle([BatchResult([], then=spec)], now)[0]


def settle(
    state: State,
    held: Lease,
    outcomes: Sequence[MessageOutcome],
    now: datetime,
    *,
    recheck_at: datetime | None = None,
    then: ClaimSpec | None = None,
) -> list[Message]:
    """Store the outcomes of one request and claim the messages of the next one.

    Outcomes that are all "sent" are stored by the same short path that a push uses for them.
    """
    sent = [one.message for one in outcomes]
    if outcomes and recheck_at is None and list(outcomes) == [MessageOutcome(one, SENT) for one in sent]:
        return RunState(state, held, related_to(held.entity)).settle([BatchResult([], then=then, sent=sent)], now)[0]
    return RunState(state, held, related_to(held.entity)).settle([BatchResult(outcomes, recheck_at, then)], now)[0]


def assert_turns(state: State) -> None:
    """Assert that the table `turns` has exactly the pending targets, with the same values."""
    with state.read() as connection:
        kept, pending = (sorted(driver_rows(connection, query)) for query in (_TURNS, _PENDING))
    assert [row[:5] for row in kept] == [row[:5] for row in pending]
    assert [tuple(map(bool, row[5:])) for row in kept] == [tuple(map(bool, row[5:])) for row in pending]
