"""A shipment waits for a passing state of its order, goes by itself afterwards, and changes nothing meanwhile."""

import pytest
from support.trade import Trade

from connector import failpoints
from connector.state.queue import messages, waits
from sandbox.catalogue import Product

MINUTE, HOUR, DAY = 60, 3600, 86_400
STATES = {"holded": "on_hold", "payment_review": "payment_review", "pending_payment": "awaiting_payment"}


@pytest.fixture
def trade(make_world):
    def make() -> Trade:
        return Trade(make_world([Product("A", "A", 1_000_000, {"MAIN": 0})]))

    return make


def put(here: Trade, order: int, state: str) -> None:
    number = here.http.get(f"orders/{order}").json()["increment_id"]
    here.here.change_shop({"set_order": {"increment_id": number, "state": state, "status": state}})


def reasons(here: Trade) -> str:
    return " ".join(message.reason or "" for message in here.here.failed("shipment"))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("drop_ship", [False, True])
async def test_a_shipment_waits_for_a_passing_state(trade, state, drop_ship):
    """No attempt is used and no source raised before it is over; then it ships, the last piece too."""
    here = trade()
    order = here.sold("000001", {"A": 2}, drop_ship=drop_ship)
    put(here, order, state)
    if drop_ship:
        here.here.change({"add_purchase_order": {"order_nbr": "000001"}})
        here.here.change({"add_purchase_receipt": {"purchase_order": "000001", "receipt_nbr": "7", "release": True}})
    else:
        here.ship("000001")
    outcome = await here.sync()
    assert (outcome.counters.failed, outcome.counters.requests, reasons(here)) == (0, 0, "")
    with here.here.state.read() as connection:
        [waiting] = messages.pending(connection, "shipment")
        assert waits.by_reason(connection, "shipment") == {STATES[state]: 1}
    assert waiting.attempts == 0
    assert "It ships by itself afterwards" in (waiting.reason or "")
    put(here, order, "processing")
    await here.sync("shipment", HOUR)
    assert len(here.shipped(order)) == 1


async def test_a_wait_that_is_long_is_reported_once_and_never_fails(trade):
    """After the days that the setting says; then it is quiet again, and still goes by itself."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    put(here, order, "payment_review")
    here.ship("000001")
    await here.sync()
    notes = [note for _ in range(4) for note in (await here.sync("shipment", 3 * DAY)).remarks.notes]
    assert len(notes) == 1
    assert "A2M_QUEUE__REPORT_WAITS_AFTER" in notes[0][1]
    put(here, order, "processing")
    await here.sync("shipment", 2 * HOUR)
    assert (len(here.shipped(order)), reasons(here)) == (1, "")


async def test_waiting_shipments_are_read_together(trade):
    """Twenty that wait cost a search or two, not twenty."""
    here = trade()
    orders = [here.sold(f"{number:06d}", {"A": 1}) for number in range(1, 21)]
    for number, order in enumerate(orders, start=1):
        put(here, order, "holded")
        here.ship(f"{number:06d}")
    await here.sync()
    outcome = await here.sync("shipment", HOUR)
    assert outcome.counters.reads <= 3
    put(here, orders[3], "processing")
    await here.sync("shipment", 2 * HOUR)
    assert len(here.shipped(*orders)) == 1


async def test_a_hold_that_falls_between_the_sync_and_the_shipment_is_waited_for(trade, monkeypatch):
    """Magento refuses it then: nothing failed, and it ships when the hold is over."""

    here = trade()
    order = here.sold("000001", {"A": 2})
    here.ship("000001")
    monkeypatch.setattr(failpoints, "hit", lambda step: put(here, order, "holded") if step == "raised" else None)
    outcome = await here.sync()
    monkeypatch.undo()
    assert (outcome.counters.failed, here.shipped(order)) == (0, [])
    put(here, order, "processing")
    await here.sync("shipment", HOUR)
    assert len(here.shipped(order)) == 1


@pytest.mark.parametrize("state", ["canceled", "closed"])
async def test_an_order_that_is_over_fails_with_what_to_do(trade, state):
    """It never ships any more, and nothing is raised for it."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    put(here, order, state)
    here.ship("000001")
    outcome = await here.sync()
    assert (outcome.counters.failed, outcome.counters.requests) == (1, 0)
    assert state in reasons(here)
    assert "a2m link shipment" in reasons(here)


async def test_a_tracking_number_goes_to_an_order_on_hold(trade):
    """Only what ships has to wait: the shipment is there."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    number = here.ship("000001")
    await here.sync()
    put(here, order, "holded")
    here.here.change({"add_tracking": {"shipment_nbr": number, "tracking": "1Z2"}})
    await here.sync()
    assert [[one["track_number"] for one in made["tracks"]] for made in here.shipped(order)] == [["1Z1", "1Z2"]]
