from datetime import timedelta

import pytest
from support.moment import NOW

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease, LeaseHolder, LeaseLost
from connector.state.engine import State


def test_a_second_run_learns_who_works(state: State, held: Lease) -> None:
    """While one run works, another gets its name and until when its lease lasts."""
    answer = lease.acquire(state, "price", "another run", NOW + timedelta(seconds=59))
    assert isinstance(answer, LeaseHolder)
    assert answer.holder == "the test"


def test_entities_have_leases_of_their_own(state: State, held: Lease) -> None:
    """A run of prices does not keep a run of quantities waiting."""
    assert isinstance(lease.acquire(state, "inventory", "another run", NOW), Lease)


def test_a_dead_runs_lease_can_be_taken_when_it_has_expired(state: State, held: Lease) -> None:
    """A run that is not heard of any more blocks its entity only until its lease expires."""
    taken = lease.acquire(state, "price", "another run", NOW + timedelta(seconds=61))
    assert isinstance(taken, Lease)
    assert taken.fence > held.fence


def test_a_renewed_lease_is_not_taken(state: State, held: Lease) -> None:
    """A run that renews its lease keeps it."""
    lease.renew(state, held, NOW + timedelta(seconds=50))
    assert isinstance(lease.acquire(state, "price", "another run", NOW + timedelta(seconds=61)), LeaseHolder)


@pytest.mark.parametrize(("died", "taken"), [(True, True), (False, False), (None, False)])
def test_a_lease_by_a_clock_that_was_ahead(
    state: State, monkeypatch: pytest.MonkeyPatch, died: bool | None, taken: bool
) -> None:
    """The lease of a run that died on this machine blocks the entity for no longer than a lease lasts."""
    lease.acquire(state, "price", "a run", NOW + timedelta(days=1))
    monkeypatch.setattr(lease, "has_ended", lambda _process: died)
    for seconds in (0, 30, 59):
        assert isinstance(lease.acquire(state, "price", "another run", NOW + timedelta(seconds=seconds)), LeaseHolder)
    assert isinstance(lease.acquire(state, "price", "another run", NOW + timedelta(seconds=61)), Lease) == taken


def test_a_run_that_wakes_up_late_may_not_write(state: State, held: Lease) -> None:
    """After its lease was taken over, a run can neither renew it nor write."""
    lease.acquire(state, "price", "another run", NOW + timedelta(seconds=61))
    with pytest.raises(LeaseLost, match="the test was not heard of"):
        lease.renew(state, held, NOW + timedelta(seconds=62))
    with state.write() as connection, pytest.raises(LeaseLost):
        lease.require(connection, held)


def test_a_released_lease_is_free_at_once(state: State, held: Lease) -> None:
    """When a run ends, the next one can acquire the entity's lease."""
    lease.release(state, held)
    assert isinstance(lease.acquire(state, "price", "another run", NOW), Lease)


def test_releasing_late_does_not_free_another_runs_lease(state: State, held: Lease) -> None:
    """A run that resumes after its lease was taken over cannot release the new run's lease."""
    lease.acquire(state, "price", "another run", NOW + timedelta(seconds=61))
    lease.release(state, held)
    assert isinstance(lease.acquire(state, "price", "a third run", NOW + timedelta(seconds=62)), LeaseHolder)
