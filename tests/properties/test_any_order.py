"""A Hypothesis state machine: changes, syncs, crashes, lost responses, settings, time and operators in any order.

No key goes back to an older value, no message has more attempts than Retry Count, and each failed one has a reason.
After the faults have ended, Magento shows exactly what Acumatica has.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from support.crashes import Death, dies_at
from support.invariant import out_of_order
from support.isolation import isolated_home
from support.random_changes import KINDS, RandomChanges
from support.world import ENTITIES, world

from app.run.request import RunResult
from connector.failpoints import ORDER_STEPS, PRICE_STEPS, SHIPMENT_STEPS, STEPS
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.operator import actions
from connector.state.schema import FAILED, targets
from connector.state.sync import entities
from sandbox.catalogue import generated
from sandbox.serve import SHIP_VIAS, SHIPPING_METHODS, STATUSES

ITEMS = 8
ROUNDS = 8
MINUTE = 61.0
SECTIONS: dict[str, dict[str, Any]] = {
    "active": {"customer": True, "order": True, "shipment": True},
    "customer": {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}},
    "order": {
        "types": ["SO"],
        "from": "2020-01-01T00:00:00Z",
        "statuses": STATUSES,
        "payment_methods": {"CHECK": "checkmo"},
        "shipping_methods": SHIPPING_METHODS,
        "invoice": "offline",
    },
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": SHIP_VIAS},
    "queue": {"threshold_count": 3, "batch_count": 5},
    "magento": {"concurrency": 2},
}
SETTINGS = st.sampled_from(
    [
        {"queue": {"threshold_count": 0, "batch_count": 2}},
        {"queue": {"threshold_count": 25, "batch_count": 100}},
        {"queue": {"threshold_count": 0, "batch_count": 2, "price_transport": "async_bulk"}},
        {"queue": {"price_transport": "synchronous"}},
        {"inventory": {"warehouses": ["MAIN"]}},
        {"inventory": {"warehouses": ["MAIN", "EAST"]}},
        {"inventory": {"warehouses": ["MAIN", "EAST", "WEST"]}},
        {"inventory": {"safety": 3}},
        {"inventory": {"safety": 0}},
        {"price": {"source": "sales_price"}},
        {"price": {"source": "default_price"}},
    ]
)
WAYS = {"price": (*STEPS, *PRICE_STEPS), "shipment": (*STEPS, *SHIPMENT_STEPS), "order": (*STEPS, *ORDER_STEPS)}
DEATHS = st.sampled_from(ENTITIES).flatmap(
    lambda entity: st.tuples(st.just(entity), st.builds(Death, st.sampled_from(WAYS.get(entity, STEPS)), st.just(1)))
)
"""An entity, and the step at which a sync of it dies."""
FAULTS = st.sampled_from(
    [
        "magento writes: cut=after times=1",
        "magento writes: cut=before times=1",
        "magento writes: cut=after times=3",
        "acumatica: cut=after times=1",
        "magento: status=429 retry_after=20 times=2",
        "magento: status=503 body=html",
        "magento writes: status=503",
        "magento GET after=1: status=401 times=1",
        "magento GET after=2: status=502 times=1",
        "acumatica: status=503 times=2",
    ]
)


WORK = {
    "price": "prices",
    "inventory": "quantities",
    "customer": "new_customer",
    "order": "shop_order",
    "shipment": "ship",
}
"""A change that gives a sync of the entity something to send, so that a fault can occur."""


class AnyOrder(RuleBasedStateMachine):
    """A world in which Hypothesis chooses what happens."""

    folder: Path
    new_database: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.here = self.stack.enter_context(
            world(self.folder, generated(ITEMS), database_url=self.new_database())  # type: ignore[misc]
        )
        self.sections = self.here.sections(**SECTIONS)
        self.settings = self.here.settings(**self.sections)
        urls = self.here.acumatica.url, self.here.magento.url
        self.changes = RandomChanges(random.Random(0), *urls, self.settings, self.here.clock.now)
        self.stack.callback(self.changes.close)

    def sync(self, entity: str, **how: Any) -> RunResult | None:
        """Run one sync; return `None` if it died."""
        outcome = None

        async def one_sync() -> None:
            nonlocal outcome
            outcome = await self.here.sync(entity, self.settings, **how)

        asyncio.run(one_sync())
        return outcome

    def a_good_sync(self, entity: str, **how: Any) -> None:
        """Run a sync without faults: it succeeds, or the entity is paused."""
        outcome = self.sync(entity, **how)
        assert outcome is not None
        assert outcome.fault is None, outcome.fault
        assert outcome.stopped is None or "paused" in outcome.stopped, outcome.stopped

    @initialize(chance=st.randoms(use_true_random=False), entity_and_death=DEATHS)
    def there_are_documents_and_a_crash(self, chance: random.Random, entity_and_death: tuple[str, Death]) -> None:
        self.something_changes(["shop_order", "order", "order", "ship", "ship", "invoice"], chance)
        self.a_sync_that_dies(entity_and_death, "")

    @rule(
        kinds=st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=5), chance=st.randoms(use_true_random=False)
    )
    def something_changes(self, kinds: list[str], chance: random.Random) -> None:
        self.changes.chance = chance
        for kind in kinds:
            self.changes.make_change(kind)

    @rule(entity=st.sampled_from(ENTITIES), full=st.booleans())
    def a_sync(self, entity: str, full: bool) -> None:
        self.a_good_sync(entity, full=full)

    @rule(entity=st.sampled_from(("price", "inventory")), place=st.integers(0, ITEMS - 1))
    def a_sync_of_one_key(self, entity: str, place: int) -> None:
        self.a_good_sync(entity, key=list(self.here.site_state()["items"])[place])

    @rule(entity_and_death=DEATHS, fault=st.one_of(st.just(""), FAULTS))
    def a_sync_that_dies(self, entity_and_death: tuple[str, Death], fault: str) -> None:
        entity, death = entity_and_death
        self.changes.make_change(WORK[entity])
        self.here.faults.replace(fault)
        with dies_at(death):
            self.sync(entity)
        self.here.faults.calm()

    @rule(entity=st.sampled_from(ENTITIES), fault=FAULTS)
    def a_sync_with_faults(self, entity: str, fault: str) -> None:
        self.changes.make_change(WORK[entity])
        self.here.faults.replace(fault)
        self.sync(entity)
        self.here.faults.calm()

    @rule(entity=st.sampled_from(ENTITIES), seed=st.integers(0, 1000))
    def a_sync_in_a_storm(self, entity: str, seed: int) -> None:
        self.changes.make_change(WORK[entity])
        self.here.faults.storm(seed, 0.3)
        self.sync(entity)
        self.here.faults.calm()

    @rule(seconds=st.sampled_from([1.0, 20.0, LEASE_SECONDS + 1, 700.0, 3600.0]))
    def time_passes(self, seconds: float) -> None:
        self.here.clock.advance(seconds)
        self.changes.note()

    @rule()
    def midnight_passes(self) -> None:
        here = self.here.clock.now().astimezone(self.settings.acumatica.zone())
        tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=1)
        self.time_passes((tomorrow - here).total_seconds())

    @rule(changed=SETTINGS)
    def a_setting_changes(self, changed: dict[str, dict[str, Any]]) -> None:
        for section, fields in changed.items():
            self.sections[section] = {**self.sections.get(section, {}), **fields}
        self.settings = self.here.settings(**self.sections)
        self.changes.note(self.settings)

    @rule()
    def failed_messages_are_sent_again(self) -> None:
        actions.send_again(self.here.state, self.here.failed(), self.here.clock.now())

    @rule(entity=st.sampled_from(ENTITIES), paused=st.booleans())
    def an_entity_is_paused_or_resumed(self, entity: str, paused: bool) -> None:
        entities.pause(self.here.state, [entity], paused=paused)

    @invariant()
    def messages_are_sound(self) -> None:
        with self.here.state.read() as connection:
            found = connection.execute(select(targets)).all()
        for one in found:
            assert one.attempts <= self.settings.queue.retry_count, one
            assert one.state != FAILED or (one.reason and one.cause), one

    @invariant()
    def nothing_went_back(self) -> None:
        """No value goes back, except at sources of traded items: a shipment raises them for a while."""
        values = self.here.sent_values().items()
        untraded = {place: sent for place, sent in values if not (place[2] and place[1] in self.changes.traded)}
        assert out_of_order(untraded, self.changes.right) == []

    def settle(self) -> None:
        """Sync all entities until a whole round sends nothing."""
        for _round in range(ROUNDS):
            self.failed_messages_are_sent_again()
            before = len(self.here.writes())
            for entity in ENTITIES:
                self.time_passes(MINUTE)
                self.a_good_sync(entity)
            if len(self.here.writes()) == before:
                return
        raise AssertionError("the syncs always find something to send")

    def teardown(self) -> None:
        """Assert that without faults all converges: Magento is right, nothing waits, and nothing has failed."""
        try:
            self.changes.settle()
            entities.pause(self.here.state, list(ENTITIES), paused=False)
            self.settle()
            self.messages_are_sound()
            self.nothing_went_back()
            self.here.assert_shown(self.settings, entities=ENTITIES)
        finally:
            self.stack.close()


FEW = settings(max_examples=3, stateful_step_count=15, derandomize=True, phases=[Phase.explicit, Phase.generate])
MANY = settings(max_examples=150, stateful_step_count=50)


@pytest.mark.parametrize("size", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.soak)])
def test_whatever_happens_in_whatever_order(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    new_database: Callable[..., str],
    database: str,
    size: settings,
) -> None:
    """Steps chosen by Hypothesis, over both databases; afterwards everything has arrived, once."""
    isolated_home(tmp_path, monkeypatch)

    class Machine(AnyOrder):
        folder = tmp_path

        @staticmethod
        def new_database() -> str:
            return new_database(database)

    quiet = settings(size, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Machine, settings=quiet)
