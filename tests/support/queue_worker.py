"""A worker process: queues messages, then claims and settles until none is left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connector.state.coordination.lease import Lease
from connector.state.engine import open_state
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import BatchResult, ClaimSpec, MessageOutcome
from connector.state.rows import chunked
from connector.state.run_state import RunState


def work_off(url: str, lease: Lease, count: int, start: Any, done: Any) -> None:
    """Begin when the others do, and put the ids that it claimed into `done`."""
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    state = open_state(url)
    run = RunState(state, lease)
    start.wait(60)
    for keys in chunked([f"SKU-{number:06}" for number in range(count)], 2_000):
        run.commit(Computed(keys, [DesiredValue(key, key, "", key, 10) for key in keys], None), now)
    ids = []
    spec = ClaimSpec("shop", 100, [1])
    [claimed] = run.settle([BatchResult([], then=spec)], now)
    while claimed:
        ids.extend(message.id for message in claimed)
        outcomes = [MessageOutcome(message, "sent") for message in claimed]
        [claimed] = run.settle([BatchResult(outcomes, then=spec)], now)
    state.close()
    done.put(ids)
