"""One map of statuses for orders that the shop has paid for and those that it has not: no failure in either."""

from datetime import timedelta
from typing import Any

import pytest
from support.sales import Sales

from app.explain.from_state import explain
from connector.state.operator import overview
from connector.state.queue import messages
from entities.waiting import WaitReason
from sandbox.catalogue import Product

LINES = {"A": 2}
MAP = {"Open": "processing", "On Hold": "holded", "Shipping": "processing", "Completed": "complete"}
KEY = "SO 000001"


@pytest.fixture
def sales(make_world) -> Sales:
    return Sales(make_world([Product("A", "Product A", 1_000_000, {"MAIN": 100_000})]))


def settings(here: Sales, **order: Any):
    return here.settings(order={"statuses": MAP, **order})


async def sync(here: Sales, minutes: float = 1, **order: Any):
    """Sync orders once, so many minutes later."""
    here.here.clock.advance(minutes * 60 + 1)
    outcome = await here.here.sync("order", settings(here, **order))
    assert (outcome.fault, outcome.stopped) == (None, None)
    return outcome


def placed(here: Sales, state: str = "new", status: str = "pending", *, number: int = 1, **more: Any) -> int:
    """Make an order in the shop and in Acumatica; return Magento's id."""
    here.entered(f"{number:06}", LINES, external_ref=f"{100000000 + number}", **more)
    return here.ordered(LINES, increment_id=f"{100000000 + number}", state=state, status=status)


def put(here: Sales, state: str, status: str | None = None) -> None:
    here.here.change_shop({"set_order": {"increment_id": "100000001", "state": state, "status": status or state}})


def waiting(here: Sales) -> dict[str, int]:
    with here.here.state.read() as connection:
        return overview.of_entity(connection, "order", here.here.clock.now()).waiting


def explained(here: Sales) -> str:
    return "\n".join(words for _what, words in explain(settings(here), here.here.state, "order", KEY))


@pytest.mark.parametrize("status", ["pending", "processing", "fraud"])
@pytest.mark.parametrize("paid", [True, False])
async def test_one_map_serves_both(sales, status, paid):
    """Where Magento is further on there is nothing to tell, where it is behind it is waited for; explain says which."""
    placed(sales, *(("processing", "processing") if paid else ("new", "pending")))
    order = {"statuses": {**MAP, "Open": status}, "states": {"fraud": "processing"}}
    for _time in range(2):
        await sync(sales, **order)
    assert sales.here.failed() == []
    if status == "pending" and paid:
        assert "Nothing to send: SO 000001 is Open in Acumatica" in explained(sales)
    if status != "pending" and not paid:
        assert waiting(sales) == {"awaiting_payment": 1}
        assert "waits for a payment in Magento (awaiting_payment) since 20" in explained(sales)
        assert "checked again after 20" in explained(sales)


@pytest.mark.parametrize(
    ("state", "status", "reason"),
    [
        ("new", "pending", WaitReason.AWAITING_PAYMENT),
        ("pending_payment", "pending_payment", WaitReason.AWAITING_PAYMENT),
        ("payment_review", "payment_review", WaitReason.PAYMENT_REVIEW),
        ("holded", "holded", WaitReason.ON_HOLD),
    ],
)
async def test_a_wait_ends_by_itself(sales, state, status, reason):
    """No request changes Magento meanwhile, no attempt is used, and the message is sent once Magento has moved on."""
    placed(sales, state, status)
    outcome = await sync(sales)
    assert (outcome.counters.requests, outcome.counters.failed, waiting(sales)) == (0, 0, {reason: 1})
    assert any("1 waiting without a failure" in message for message in outcome.remarks.summary())
    put(sales, "processing")
    await sync(sales, 2)
    with sales.here.state.read() as connection:
        assert messages.pending(connection, "order") == []
    assert (waiting(sales), sales.here.failed()) == ({}, [])


async def test_an_offline_invoice_is_not_waited_for_as_a_payment(sales):
    """Acumatica's released invoice is what moves the order on."""
    placed(sales)
    await sync(sales)
    sales.invoiced("000001")
    await sync(sales, 2, invoice="offline")
    assert (sales.order("100000001")["state"], sales.here.failed(), waiting(sales)) == ("processing", [], {})


async def test_goods_on_account_are_complete_once_the_shop_has_invoiced_them(sales):
    """Shipped and completed in Acumatica before the customer pays: no failure, and Magento ends it by itself."""
    trade = {"inventory": {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}, "active": {"shipment": True}}
    sales.entered("000001", LINES, external_ref="100000001")
    lines = [{"sku": sku, "qty": quantity} for sku, quantity in LINES.items()]
    sales.here.change_shop(
        {"set_source_item": {"sku": "A", "source_code": "default", "quantity": 10, "status": 1}},
        {"place_order": {"lines": lines, "email": "a@example.com", "increment_id": "100000001"}},
    )
    number = sales.order("100000001")["entity_id"]
    sales.ship("000001")
    await sales.sync("shipment", **trade)
    sales.edit("000001", status="Completed")
    for _time in range(2):
        await sync(sales)
    assert (sales.order("100000001")["state"], waiting(sales)) == ("processing", {"awaiting_invoice": 1})
    assert sales.here.failed() == []
    sales.http.post(f"order/{number}/invoice", json={"capture": False}).raise_for_status()
    await sync(sales, 5)
    assert (sales.order("100000001")["state"], waiting(sales), sales.here.failed()) == ("complete", {}, [])


async def test_the_newest_state_is_waited_for(sales):
    """Acumatica's status changes meanwhile: once the order is paid, only the newest status is sent."""
    placed(sales)
    await sync(sales)
    sales.edit("000001", status="On Hold")
    await sync(sales)
    assert (sales.order("100000001")["state"], waiting(sales)) == ("holded", {})
    sales.edit("000001", status="Shipping")
    await sync(sales)
    assert (sales.order("100000001")["state"], waiting(sales)) == ("new", {"awaiting_payment": 1})


async def test_waiting_orders_are_read_in_one_search(sales):
    """After 1, 5 and 15 minutes, then every hour: each time one read, whatever their number, and no write."""
    for number in range(1, 21):
        placed(sales, number=number)
    await sync(sales)
    for minutes, reads in ((1, 1), (1, 0), (4, 1), (5, 0), (10, 1), (30, 0), (30, 1), (59, 0), (1, 1)):
        outcome = await sync(sales, minutes)
        assert (outcome.counters.requests, outcome.counters.reads) == (0, reads), minutes
    assert waiting(sales) == {"awaiting_payment": 20}


async def test_a_long_wait_is_reported_once_in_the_run(sales):
    """After REPORT_WAITS_AFTER the run's table lists the record once, and still not as a failure."""
    placed(sales)
    sent = []
    for _day in range(10):
        sent += (await sync(sales, 24 * 60)).remarks.notes
    [(key, words)] = sent
    assert key == KEY
    assert "Waits for a payment in Magento since" in words
    assert "A2M_QUEUE__REPORT_WAITS_AFTER" in words
    assert sales.here.failed() == []


async def test_a_wait_is_neither_old_nor_in_the_way(sales):
    """The age of the oldest leaves it out, and another order goes at once."""
    placed(sales)
    await sync(sales)
    sales.here.clock.advance(timedelta(days=3).total_seconds())
    sales.entered("000002", LINES)
    await sync(sales)
    with sales.here.state.read() as connection:
        stands = overview.of_entity(connection, "order", sales.here.clock.now())
    assert (stands.oldest_pending, stands.counts["pending"], stands.waiting) == (None, 0, {"awaiting_payment": 1})
    assert sales.order("SO-000002")["status"] == "processing"


async def test_a_hold_of_the_shops_own_is_not_lifted(sales):
    """Acumatica never had it on hold and has shipped it: the order waits for the shop."""
    placed(sales, "processing", "processing")
    await sync(sales)
    sales.http.post(f"orders/{sales.order('100000001')['entity_id']}/hold").raise_for_status()
    sales.ship("000001")
    await sync(sales)
    assert (sales.order("100000001")["state"], waiting(sales)) == ("holded", {"on_hold": 1})
