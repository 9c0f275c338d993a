"""One run after the other with a Magento that applies, refuses, loses and comes back: what a target ends as.

Nothing here knows a table: a run's state is used by the protocol of the stages, and by what a person may do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from support.run_by_run import RunByRun

from connector.model.failures import FailureCode
from connector.state.coordination import lease
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.transitions import AttemptLimits, MessageState, Outcome, stored_as, transition
from connector.state.sync import ledger

KEYS = ("A", "B", "C")
TWIN = "another item"
RETRIES = 2
keys = st.sampled_from(KEYS)
values = st.integers(0, 3)


class Targets(RunByRun):
    """Three SKUs, each of an item of its own and now and then also of another one, which cannot be sent then."""

    def __init__(self) -> None:
        super().__init__()
        self.magento: dict[str, int] = {}
        self.wanted: dict[str, int | None] = {}
        self.rejected: set[str] = set()

    def _commit(self, key: str, *wanted: DesiredValue) -> None:
        self.run.commit(Computed(sorted({key, *(one.acumatica_key for one in wanted)}), wanted, 0), self.now)

    @rule(key=keys, value=values)
    def it_is_wanted(self, key: str, value: int) -> None:
        self.wanted[key] = value
        self.rejected.discard(key)
        twin = Computed([TWIN + key], [], 0)
        self.run.commit(twin, self.now)
        self._commit(key, DesiredValue(key, key, "", key, value))

    @rule(key=keys)
    def two_items_want_it(self, key: str) -> None:
        self.wanted[key] = None
        self.rejected.add(key)
        why = {"cause": FailureCode.SEVERAL_ITEMS_WITH_ONE_SKU, "reason": "two items have one SKU"}
        self._commit(key, *(DesiredValue(name, key, "", key, None, **why) for name in (key, TWIN + key)))  # type: ignore[arg-type]

    @rule(key=keys)
    def it_is_not_wanted_any_more(self, key: str) -> None:
        """A quantity that Magento has goes to 0; of one that it never had nothing is sent."""
        self.rejected.discard(key)
        self.run.commit(Computed([key, TWIN + key], [], 0), self.now)
        self.wanted[key] = 0 if key in self.magento or self._is_under_way(key) else None

    def _is_under_way(self, key: str) -> bool:
        return any(one.key == key for one in (*self.run.in_doubt(), *(m for of in self.under_way for m in of)))

    @rule(size=st.integers(1, 3), stock_outs=st.booleans())
    def a_request_leaves(self, size: int, stock_outs: bool) -> None:
        spec = ClaimSpec("shop", size, [1], stock_outs_first=stock_outs)
        [claimed] = self.run.settle([BatchResult([], then=spec)], self.now)
        for one in claimed:
            assert one.value == self.wanted[one.key], "only what is wanted now leaves"
            assert one.attempts <= RETRIES
        assert not {one.key for one in claimed} & {one.key for of in self.under_way for one in of}
        if claimed:
            self.under_way.append(claimed)

    @precondition(lambda self: self.under_way)
    @rule(
        place=st.integers(0, 5),
        outcomes=st.lists(
            st.sampled_from([Outcome.ACCEPTED, Outcome.REFUSED, Outcome.TEMPORARY, Outcome.NOT_SENT, Outcome.UNKNOWN]),
            min_size=3,
            max_size=3,
        ),
        applied=st.booleans(),
    )
    def its_answer_comes(self, place: int, outcomes: list[Outcome], applied: bool) -> None:
        """An unknown one may have been applied."""
        claimed = self.under_way.pop(place % len(self.under_way))
        settled = []
        for one, outcome in zip(claimed, outcomes, strict=False):
            if outcome is Outcome.ACCEPTED or (outcome is Outcome.UNKNOWN and applied):
                self.magento[one.key] = one.value or 0
            settled.append(self._outcome(one, outcome))
        self.run.settle([BatchResult(settled)], self.now)

    def _outcome(self, one: Message, outcome: Outcome) -> MessageOutcome:
        limits = AttemptLimits(RETRIES, timedelta(seconds=30))
        became = transition(MessageState.IN_REQUEST, outcome, attempts=one.attempts, limits=limits, now=self.now)
        is_sent = outcome in (Outcome.ACCEPTED, Outcome.SHOWN)
        cause, reason = (None, None) if is_sent else (FailureCode.REFUSED_BY_MAGENTO, "no")
        return MessageOutcome(one, stored_as(became, outcome), cause, reason, became.not_before, became.attempts)

    @rule(applied=st.booleans())
    def the_run_dies(self, applied: bool) -> None:
        """What was under way may have been applied, and the next run begins when the lease has ended."""
        for one in (one for of in self.under_way for one in of if applied):
            self.magento[one.key] = one.value or 0
        self.under_way = []
        self.now += timedelta(seconds=LEASE_SECONDS + 1)
        self.run = self.next_run()

    @precondition(lambda self: not self.under_way)
    @rule()
    def magento_is_asked(self) -> None:
        """A run asks at its beginning, when nothing of its own is under way."""
        doubtful = self.run.in_doubt()
        shown = [
            self._outcome(one, Outcome.SHOWN if self.magento.get(one.key) == one.value else Outcome.NOT_SHOWN)
            for one in doubtful
        ]
        self.run.settle([BatchResult(shown)], self.now)

    @rule()
    def time_passes(self) -> None:
        self.now += timedelta(seconds=31)
        taken = self.run._lease
        lease.renew(self.state, taken, self.now)

    @rule(data=st.data())
    def somebody_skips_or_sends_again(self, data: st.DataObject) -> None:
        failed = self.run.failed()
        if not failed:
            return
        one = data.draw(st.sampled_from(failed))
        if data.draw(st.booleans()):
            actions.skip(self.state, one, "left out", self.now)
        else:
            actions.send_again(self.state, [one], self.now)

    @invariant()
    def what_is_confirmed_is_shown(self) -> None:
        """Where no request is open."""
        with self.run.read() as connection:
            confirmed = ledger.all_of(connection, "inventory")
        for (key, _source), row in confirmed.items():
            if not self._is_under_way(key):
                assert row.value == self.magento.get(key), f"{key}: {row.value} is confirmed"

    def teardown(self) -> None:
        """Once Magento takes everything, it shows what is wanted, but for what failed or was left out as it is."""
        try:
            self.the_run_dies(applied=False)
            self.magento_is_asked()
            for _round in range(10):
                self.time_passes()
                self.a_request_leaves(3, stock_outs=False)
                while self.under_way:
                    self.its_answer_comes(0, [Outcome.ACCEPTED] * 3, applied=True)
            assert self.run.next_due() is None
            assert not self.run.in_doubt()
            for key, value in self.wanted.items():
                if value is not None and self.magento.get(key) != value:
                    assert key in self._put_aside(), f"{key} must be {value}, and nothing says why it is not"
            assert self.rejected <= {one.key for one in self.run.failed()} | self._put_aside()
        finally:
            self.state.close()
            self.folder.cleanup()

    def _put_aside(self) -> set[str]:
        with self.run.read() as connection:
            live = messages.live(connection, "inventory", [], list(KEYS))
        return {one.key for one in live if one.state in ("failed", "skipped")}


FEW = settings(max_examples=30, stateful_step_count=30, derandomize=True)
MANY = settings(max_examples=1_500, stateful_step_count=40)


@pytest.mark.parametrize("size", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.soak)])
def test_targets_end_as_they_are_wanted(size: settings, newest_schema: Callable[[str], str]) -> None:
    """In any order of values, requests, answers, deaths and decisions."""

    class OverACopy(Targets):
        template = Path(newest_schema("sqlite"))

    checked = settings(size, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(OverACopy, settings=checked)
