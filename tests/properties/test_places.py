"""Items that take and leave SKUs and sources, in any order of chunks, requests and deaths: what each place ends as."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from support.run_by_run import RunByRun

from connector.model.failures import FailureCode
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue, Place
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.transitions import AttemptLimits, MessageState, Outcome, stored_as, transition
from connector.state.sync import ledger

SKUS, ITEMS, SOURCES = ("K", "L"), ("X", "Y", "Z"), ("east", "west")
Item = tuple[str, Mapping[str, int]]
"""A SKU, and the quantities by source."""
changes = st.dictionaries(
    st.sampled_from(ITEMS),
    st.none() | st.tuples(st.sampled_from(SKUS), st.dictionaries(st.sampled_from(SOURCES), st.integers(0, 2))),
    min_size=1,
)
answers = st.sampled_from(
    [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.TEMPORARY, Outcome.NOT_SENT, Outcome.NOT_SHOWN, Outcome.UNKNOWN]
)


class Places(RunByRun):
    """Three items with two SKUs at two sources: two of them with one SKU cannot be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, Item | None] = {}
        self.magento: dict[Place, int] = {}

    @rule(changed=changes)
    def items_change(self, changed: dict[str, Item | None]) -> None:
        """A chunk holds the items that changed, and every other one with one of their SKUs, now or before."""
        skus = {item[0] for item in (*changed.values(), *(self.items.get(name) for name in changed)) if item}
        others = {name: item for name, item in self.items.items() if item and item[0] in skus}
        self.items |= changed
        chunk = {**others, **changed}
        wanted = [want for name, item in chunk.items() if item for want in self._wanted(name, *item)]
        self.run.commit(Computed(sorted(chunk), wanted, 0), self.now)

    def _wanted(self, name: str, sku: str, quantities: Mapping[str, int]) -> list[DesiredValue]:
        if self._owner(sku) is None:
            twins = FailureCode.SEVERAL_ITEMS_WITH_ONE_SKU
            return [DesiredValue(name, sku, "", sku, None, None, twins, "two items have one SKU")]
        return [DesiredValue(name, sku, source, sku, value) for source, value in quantities.items()]

    def _owner(self, sku: str) -> Item | None:
        having = [item for item in self.items.values() if item and item[0] == sku]
        return having[0] if len(having) == 1 else None

    @rule(size=st.integers(1, 4), count=st.integers(1, 2), stock_outs=st.booleans())
    def requests_leave(self, size: int, count: int, stock_outs: bool) -> None:
        spec = ClaimSpec("shop", size, [1], stock_outs_first=stock_outs)
        for claimed in self.run.settle([BatchResult([], then=spec)] * count, self.now):
            assert not self._places(self.under_way) & self._places([claimed])
            self.under_way += [claimed] if claimed else []

    def _places(self, claims: Sequence[Sequence[Message]]) -> set[Place]:
        return {(one.key, one.source) for of_it in claims for one in of_it}

    @precondition(lambda self: self.under_way)
    @rule(
        place=st.integers(0, 5), outcomes=st.none() | st.lists(answers, min_size=4, max_size=4), applied=st.booleans()
    )
    def an_answer_comes(self, place: int, outcomes: list[Outcome] | None, applied: bool) -> None:
        """None: Magento has all of it. An unknown one may have been applied."""
        claimed = self.under_way.pop(place % len(self.under_way))
        each = outcomes or [Outcome.ACCEPTED] * len(claimed)
        for one, outcome in zip(claimed, each, strict=False):
            if outcome is Outcome.ACCEPTED or (outcome is Outcome.UNKNOWN and applied):
                self._shows(one)
        settled = [self._outcome(one, outcome) for one, outcome in zip(claimed, each, strict=False)]
        self.run.settle([BatchResult(settled) if outcomes else BatchResult([], sent=claimed)], self.now)

    def _shows(self, one: Message) -> None:
        self.magento[one.key, one.source] = one.value or 0

    def _outcome(self, one: Message, outcome: Outcome) -> MessageOutcome:
        limits = AttemptLimits(2, timedelta(seconds=30))
        became = transition(MessageState.IN_REQUEST, outcome, attempts=one.attempts, limits=limits, now=self.now)
        why = (None, None) if outcome in (Outcome.ACCEPTED, Outcome.SHOWN) else (FailureCode.REFUSED_BY_MAGENTO, "no")
        return MessageOutcome(one, stored_as(became, outcome), *why, became.not_before, became.attempts)

    @rule(applied=st.booleans())
    def the_run_dies(self, applied: bool) -> None:
        """What was under way may have been applied; the next run asks Magento first."""
        for one in (one for of_it in self.under_way for one in of_it if applied):
            self._shows(one)
        self.under_way = []
        self.now += timedelta(seconds=LEASE_SECONDS + 1)
        self.run = self.next_run()
        shown = [
            self._outcome(
                one, Outcome.SHOWN if self.magento.get((one.key, one.source)) == one.value else Outcome.NOT_SHOWN
            )
            for one in self.run.in_doubt()
        ]
        self.run.settle([BatchResult(shown)], self.now)

    @invariant()
    def what_is_confirmed_is_shown(self) -> None:
        """Where no request is open."""
        is_open = self._places(self.under_way) | self._places([self.run.in_doubt()])
        with self.run.read() as connection:
            confirmed = ledger.all_of(connection, "inventory")
        for place, row in confirmed.items():
            assert place in is_open or row.value == self.magento.get(place), f"{place}: {row.value} is confirmed"

    def teardown(self) -> None:
        """Once Magento takes everything it shows what each SKU's only item says, but for what was refused."""
        try:
            self.the_run_dies(applied=False)
            for _round in range(4):
                self.now += timedelta(seconds=31)
                self.requests_leave(4, 2, stock_outs=False)
                while self.under_way:
                    self.an_answer_comes(0, None, applied=True)
            assert self.run.next_due() is None and not self.run.in_doubt()
            with self.run.read() as connection:
                put_aside = self._places([messages.live(connection, "inventory", [], list(SKUS))])
            for sku in SKUS:
                _sku, quantities = self._owner(sku) or (sku, {})
                for source, value in quantities.items():
                    assert (sku, source) in put_aside or self.magento.get((sku, source)) == value, f"{sku} at {source}"
        finally:
            self.state.close()
            self.folder.cleanup()


FEW = settings(max_examples=20, stateful_step_count=30, derandomize=True)
MANY = settings(max_examples=1_000, stateful_step_count=40)


@pytest.mark.parametrize("size", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.soak)])
def test_places_end_as_their_items_say(size: settings, newest_schema: Callable[[str], str]) -> None:
    """Whatever SKU an item had before, and whichever item had its SKU."""

    class OverACopy(Places):
        template = Path(newest_schema("sqlite"))

    checked = settings(size, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(OverACopy, settings=checked)
