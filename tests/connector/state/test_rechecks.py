"""Rechecks: a value that is in doubt stays so until it has been read again after the doubt arose."""

from datetime import timedelta

import pytest
from support.moment import NOW

from connector.state.engine import State
from connector.state.sync import ledger

SECOND = timedelta(seconds=1)
PLACE = ("A", "east")


def due(state: State, after: timedelta = timedelta(0)) -> dict[tuple[str, str], int]:
    with state.read() as connection:
        return ledger.due_places(connection, "inventory", NOW + after)


@pytest.mark.parametrize(("asked", "left"), [(-SECOND, True), (timedelta(0), False), (SECOND, False)])
def test_only_an_answer_that_is_not_older_settles_it(state: State, asked: timedelta, *, left: bool) -> None:
    """Magento may have been asked before the value came into doubt."""
    with state.write() as connection:
        ledger.schedule_rechecks(connection, "inventory", [PLACE], NOW)
    known = due(state)
    with state.write() as connection:
        ledger.settle_rechecks(connection, "inventory", known, NOW + asked)
    assert (PLACE in due(state)) is left


def test_a_place_that_came_into_doubt_again_stays(state: State) -> None:
    """A result computed before that does not settle it, even if Magento was asked later."""
    with state.write() as connection:
        ledger.schedule_rechecks(connection, "inventory", [PLACE, ("B", "east")], NOW)
    known = due(state)
    with state.write() as connection:
        ledger.schedule_rechecks(connection, "inventory", [PLACE], NOW + SECOND)
        ledger.settle_rechecks(connection, "inventory", known, NOW + 5 * SECOND)
    assert list(due(state, SECOND)) == [PLACE]


def test_a_later_recheck_is_not_moved_forward(state: State) -> None:
    """A request whose answer was lost may be applied late."""
    with state.write() as connection:
        ledger.schedule_rechecks(connection, "inventory", [PLACE], NOW + 60 * SECOND)
        ledger.schedule_rechecks(connection, "inventory", [PLACE], NOW)
    assert due(state, 59 * SECOND) == {}
    assert list(due(state, 60 * SECOND)) == [PLACE]
