"""What the worker decides, without a server: which late runs are skipped, which runs are orphans, what is paused."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelling, Pending, Running, Scheduled

from connector.state.coordination.process import Process, process_of, this_process
from deployments.late_runs import BY_A_SCHEDULE, NewestRuns, is_late
from deployments.orphans import CLAIM_EXPIRES_AFTER, as_infrastructure, from_infrastructure, state_of_orphan
from deployments.paused import PauseReason, description_with, pause_reasons, tags_with
from deployments.serve import seconds_until_update

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PRICE, STOCK = UUID(int=1), UUID(int=2)


def late(deployment: UUID, minutes: int, **parameters: object) -> FlowRun:
    """A scheduled run that was due so many minutes before noon."""
    due = NOON - timedelta(minutes=minutes)
    state = Scheduled(scheduled_time=due)
    return FlowRun(
        id=uuid4(),
        flow_id=UUID(int=9),
        deployment_id=deployment,
        expected_start_time=due,
        parameters=parameters,
        state=state,
        tags=[BY_A_SCHEDULE],
    )


def test_of_late_runs_the_newest_of_each_deployment_stays():
    """In any order; a run that does something else, by its parameters, is not needless."""
    price = [late(PRICE, minutes) for minutes in (3, 480, 1, 2)]
    stock = [late(STOCK, minutes) for minutes in (5, 4)]
    full = late(PRICE, 200, full=True)
    skipped = NewestRuns().superseded([*price, full, *stock])
    assert skipped == {price[0].id, price[1].id, price[3].id, stock[0].id}
    assert NewestRuns().superseded([price[0], price[0]]) == set(), "a run does not make itself needless"


def test_a_run_that_has_begun_makes_older_ones_needless():
    """While hundreds of late runs are skipped, the next newest of those that still wait is not begun as well."""
    newest, (second, third) = NewestRuns(), (late(PRICE, minutes) for minutes in (2, 3))
    assert newest.superseded([late(PRICE, 1), second]) == {second.id}
    assert newest.superseded([second, third]) == {second.id, third.id}
    assert newest.superseded([late(PRICE, 0)]) == set()


def test_a_run_that_is_not_due_makes_none_needless():
    """Nor is a run late that somebody started."""
    assert is_late(late(PRICE, 1), NOON)
    assert not is_late(late(PRICE, -1), NOON)
    by_hand = late(PRICE, 1)
    by_hand.tags = []
    assert not is_late(by_hand, NOON)


def open_run(state, process: Process | None = None, due: datetime = NOON) -> FlowRun:
    """A run in this state since it was due."""
    state.timestamp = due
    told = None if process is None else as_infrastructure(process)
    return FlowRun(id=uuid4(), flow_id=UUID(int=9), expected_start_time=due, state=state, infrastructure_pid=told)


GONE = Process(this_process().machine, this_process().pid, "another start")
"""Its number is used again, by this process."""


@pytest.mark.parametrize(
    ("state", "process", "becomes"),
    [
        (Running(), GONE, StateType.CRASHED),
        (Pending(), GONE, StateType.CRASHED),
        (Cancelling(), GONE, StateType.CANCELLED),
        (Running(), this_process(), None),
        (Running(), Process("another machine", 1, "then"), None),
        (Running(), None, None),
        (Pending(), None, StateType.SCHEDULED),
    ],
)
def test_what_becomes_of_a_run_that_nobody_may_work_on(state, process, becomes):
    """It is told by the number and the start of its process, on this machine only."""
    found = state_of_orphan(open_run(state, process), NOON + CLAIM_EXPIRES_AFTER + timedelta(seconds=1))
    assert (None if found is None else found.type) == becomes


def test_a_run_that_is_held_is_no_orphan():
    """A worker takes it some seconds before it is due, and starts it then."""
    held = open_run(Pending(), due=NOON + timedelta(seconds=10))
    assert state_of_orphan(held, NOON + CLAIM_EXPIRES_AFTER) is None


def test_a_process_is_kept_beside_its_run():
    """As a text that names it for ever; what another kind of worker keeps there is nothing to us."""
    assert from_infrastructure(as_infrastructure(this_process())) == this_process() == process_of(os.getpid())
    assert from_infrastructure("4711") is None
    assert from_infrastructure("host|pid|then") is None
    assert from_infrastructure(None) is None


def test_a_deployment_is_paused_while_its_entity_does_nothing():
    """Not active, or paused by hand."""
    found = pause_reasons(active=["price", "order"], paused=["order"])
    assert [one for one in found if not found[one]] == ["price"]
    assert (found["order"], found["inventory"]) == (PauseReason.PAUSED, PauseReason.NOT_ACTIVE)


def test_a_deployment_says_why_it_is_paused():
    """In a tag and before its description, in the place of what it said before; nothing once it is not."""
    tags, description = ["a2m"], "Send prices."
    for why, tag, word in (
        (PauseReason.PAUSED, ["paused"], "Resume"),
        (PauseReason.NOT_ACTIVE, ["not active"], "Setup Parameters"),
    ):
        tags, description = tags_with(tags, why), description_with(description, why)
        assert tags == ["a2m", *tag]
        assert word in description
        assert description.endswith("\n\nSend prices.")
    assert (tags_with(tags, PauseReason.NONE), description_with(description, PauseReason.NONE)) == (
        ["a2m"],
        "Send prices.",
    )


def test_deployments_are_compared_once_a_minute():
    """At its 52nd second, when the runs of this minute have ended and those of the next have not begun."""
    assert seconds_until_update(NOON.timestamp()) == 52
    assert seconds_until_update(NOON.timestamp() + 52) == 60
    assert seconds_until_update(NOON.timestamp() + 53.5) == 58.5
