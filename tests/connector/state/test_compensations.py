"""Compensations for shipments of orders without reservations: each counts once, and every source is computed again."""

from datetime import timedelta

from support.moment import NOW
from support.queue import claim, settle

from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.run_state import RunState
from connector.state.sync import compensations, ledger
from connector.state.sync.compensations import Compensation
from connector.state.sync.ledger import LedgerRow

TOOK = (Compensation("A", "vendor", 20_000), Compensation("B", "east", 5_000))


def kept(state: State, *keys: str, after=None) -> dict[tuple[str, str], int]:
    with state.read() as connection:
        return compensations.of_keys(connection, keys, after)


def shipped(state: State, held: Lease, key: str, now=NOW) -> None:
    """Let the message of a shipment be sent that took the quantities `TOOK`."""
    RunState(state, held).commit(Computed([key], [DesiredValue(key, key, "", key, 1)], None), now)
    [message] = claim(state, held, now, ClaimSpec("shop", 1, [1]))
    settle(state, held, [MessageOutcome(message, "sent", compensated=TOOK)], now)


def test_what_several_shipments_took_is_summed_by_sku_and_source(state: State, held: Lease) -> None:
    """Other SKUs are left out, and so are shipments of orders that were made before a repair."""
    shipped(state, held, "000001|SO 1")
    shipped(state, held, "000002|SO 2", NOW + timedelta(hours=1))
    assert kept(state, "A", "C") == {("A", "vendor"): 40_000}
    assert kept(state, "A", "B", after=NOW) == {("A", "vendor"): 20_000, ("B", "east"): 5_000}
    assert kept(state, "A", after=NOW + timedelta(hours=1)) == {}


def test_a_shipment_counts_once_however_often_it_is_stored(state: State) -> None:
    """Its rows replace those that were stored for it before."""
    for _time in range(2):
        with state.write() as connection:
            compensations.add(connection, "000001|SO 1", TOOK, NOW)
    assert kept(state, "A", "B") == {("A", "vendor"): 20_000, ("B", "east"): 5_000}


def test_every_source_of_such_a_sku_is_read_again(state: State, held: Lease) -> None:
    """Quantities that the shipping source cannot compensate are taken from other sources, so all of them are computed
    again.
    """
    rows = [LedgerRow(sku, source, sku, sku, 1, True) for sku in "AC" for source in ("east", "west")]
    with state.write() as connection:
        ledger.confirm(connection, "inventory", rows, NOW)
    shipped(state, held, "000001|SO 1")
    with state.read() as connection:
        due_rechecks = ledger.due_rechecks(connection, "inventory", NOW)
    assert sorted((row.key, row.source) for row in due_rechecks) == [("A", "east"), ("A", "west")]
