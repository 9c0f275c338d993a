"""One request at a time: what is claimed for it, and what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.run_state import RunState
from connector.state.schema import SENT


def claim(state: State, held: Lease, now: datetime, spec: ClaimSpec) -> list[Message]:
    """Claim one request's worth of due messages."""
    return RunState(state, held).settle([BatchResult([], then=spec)], now)[0]


def settle(
    state: State,
    held: Lease,
    outcomes: Sequence[MessageOutcome],
    now: datetime,
    *,
    recheck_at: datetime | None = None,
    then: ClaimSpec | None = None,
) -> list[Message]:
    """Keep what one request brought, and claim the next one's messages; what is simply sent is said as a push says
    it.
    """
    sent = [one.message for one in outcomes]
    if outcomes and recheck_at is None and list(outcomes) == [MessageOutcome(one, SENT) for one in sent]:
        return RunState(state, held).settle([BatchResult([], then=then, sent=sent)], now)[0]
    return RunState(state, held).settle([BatchResult(outcomes, recheck_at, then)], now)[0]
