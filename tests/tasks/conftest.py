"""A run's context without a shop and without Acumatica: what the stages decide is tested where they decide it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, open_state
from connector.state.run_state import RunState
from entities.adaptive_batching import AdaptiveBatching
from entities.base import ClaimOrder, QueueRule, RunContext, Urgency
from entities.counters import Counters, Remarks
from entities.defaults import EntityDefaults
from entities.item_rule import ItemRule
from entities.read_plan import ReadPlan


class Toy(EntityDefaults[Any]):
    """An entity that does nothing; a test overrides what it needs."""

    name = "price"
    urgency = Urgency.USUAL
    claim_order = ClaimOrder.BY_KEY
    is_batched = True
    merges_feeds = True

    def __init__(self, **traits: Any) -> None:
        self.__dict__.update(traits)

    def value_text(self, value: int | None) -> str:
        return str(value)


@pytest.fixture
def state(new_database: Callable[..., str]) -> Iterator[State]:
    """A new state database. One kind is enough here: tests/connector/state has both."""
    opened = open_state(new_database("sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def make_context(state: State) -> Callable[..., RunContext[Any]]:
    """Return a function that makes a `RunContext`, with these traits of its entity and these fields changed."""

    def make(*, connections: int = 1, feeds: Any = None, **more: Any) -> RunContext[Any]:
        given = {name: more.pop(name) for name in list(more) if name in RunContext.__struct_fields__}
        held = lease.acquire(state, "price", "the test", NOW)
        assert isinstance(held, Lease)
        usual = {
            "entity": Toy(feeds=feeds or {}, **more),
            "state": RunState(state, held),
            "clock": ManualClock(NOW),
            "acumatica": None,
            "shop": SimpleNamespace(host="shop", connections=connections, readers=None, batching=AdaptiveBatching()),
            "queue": QueueRule(threshold_count=25, batch_count=100, retry_count=3),
            "read": ReadPlan(tuple(feeds or {})),
            "items": ItemRule(),
            "rule": None,
            "today": NOW.date,
            "counters": Counters("price"),
            "remarks": Remarks(),
            "ends_at": NOW + timedelta(minutes=10),
        }
        return RunContext(**{**usual, **given})

    return make
