"""Open orders of Magento in the state database: stored, followed and forgotten, with their added-back quantities."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connector.model.open_orders import Demand, Held, HeldLine, ShopOrder
from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.run_state import RunState
from connector.state.sync import open_orders, records, watermarks
from connector.state.sync.open_orders import OpenItem
from connector.state.sync.records import Record, Stored
from connector.state.sync.watermarks import Watermark

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HELD = Held(20_000)
ORDER = ShopOrder(7, "100000001", 1, "new", "2026-11-24 12:00:00", True, (HeldLine(1, "A", HELD),))
ITEM = OpenItem("A", "A", HELD)


def taken(state: State) -> Lease:
    held = lease.acquire(state, "inventory", "a test", NOW)
    assert isinstance(held, Lease)
    return held


def follow(state: State, held: Lease, *changed: ShopOrder, ended: tuple[int, ...] = (), now: datetime = NOW) -> None:
    mark = Watermark("shop_orders", now)
    with RunState(state, held).write() as connection:
        open_orders.follow(connection, held.entity, {one.order_id: (one, [ITEM]) for one in changed}, ended, mark, now)


def test_a_change_of_an_order_makes_its_skus_due_in_the_same_transaction(state: State) -> None:
    """Its records are computed again whenever the process dies; the watermark moves in the same transaction."""
    held = taken(state)
    with state.write() as connection:
        records.write(connection, "inventory", [Stored("A", "A", Record.of()), Stored("B", "B", Record.of())])
    follow(state, held, ORDER)
    with state.read() as connection:
        assert records.due(connection, "inventory", NOW.date()) == ["A"]
        assert watermarks.read(connection, "inventory", "shop_orders").pulled_to == NOW
        [one] = open_orders.of_keys(connection, ["A"]).values()
    assert (one.order, one.items, one.first_seen_at) == (ORDER, {"A": ITEM}, NOW)


def test_added_back_quantities_outlive_a_change_of_the_order(state: State) -> None:
    """A published amount is still known when more is to be added, and so is when the order was first seen."""
    held = taken(state)
    follow(state, held, ORDER)
    with state.write() as connection:
        [one] = open_orders.of_ids(connection, [7]).values()
        one.demands = [Demand("SO 000001", "A", "MAIN", open=20_000)]
        one.statuses, one.asked_at = {"SO 000001": "Open"}, NOW
        one.items["A"] = replace(ITEM, added=20_000)
        open_orders.store(connection, [one])
    follow(state, held, replace(ORDER, state="processing"), now=NOW + timedelta(hours=1))
    with state.read() as connection:
        [again] = open_orders.of_ids(connection, [7]).values()
    assert (again.items["A"].added, again.first_seen_at, again.order.state) == (20_000, NOW, "processing")
    assert (again.demands, again.statuses) == (one.demands, one.statuses)


def test_an_order_that_ended_is_forgotten_and_its_skus_are_due(state: State) -> None:
    """Nothing is added back for it any more, even if a chunk that still knew it is committed later."""
    held = taken(state)
    follow(state, held, ORDER)
    with state.read() as connection:
        late = open_orders.of_ids(connection, [7])[7]
    follow(state, held, ended=(7,))
    with state.write() as connection:
        open_orders.store(connection, [late])
    with state.read() as connection:
        assert open_orders.known(connection) == {}
        assert open_orders.of_keys(connection, ["A"]) == {}


def test_orders_that_acumatica_did_not_have_are_asked_for_again(state: State) -> None:
    """They are requested again after the pause, and not if Acumatica has them."""
    held = taken(state)
    follow(state, held, ORDER)
    with state.write() as connection:
        [one] = open_orders.of_ids(connection, [7]).values()
        open_orders.store(connection, [replace(one, asked_at=NOW)])
        assert open_orders.untaken(connection, NOW) == []
        assert open_orders.untaken(connection, NOW + timedelta(seconds=1)) == [7]
        open_orders.store(connection, [replace(one, asked_at=NOW, statuses={"SO 000001": "Open"})])
        assert open_orders.untaken(connection, NOW + timedelta(seconds=1)) == []
