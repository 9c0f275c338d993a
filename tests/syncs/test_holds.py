"""An order that was on hold, released and shipped between two syncs: Magento completes it all the same."""

from typing import Any

import pytest
from support.sales import Sales
from support.trade import GROUND

from sandbox.catalogue import Product

TEN = {"MAIN": 100_000}
SECTIONS = {
    "order": {"invoice": "offline"},
    "active": {"shipment": True},
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": GROUND},
}
LINES = {"A": 2, "B": 1}


@pytest.fixture
def sales(make_world) -> Sales:
    return Sales(make_world([Product("A", "Product A", 1_000_000, TEN), Product("B", "Product B", 2_000_000, TEN)]))


async def sync(here: Sales, *checked: str, **sections: Any) -> None:
    """Sync each entity once, a minute later."""
    for entity in checked:
        here.here.clock.advance(61)
        outcome = await here.here.sync(entity, here.settings(**{**SECTIONS, **sections}))
        assert (outcome.fault, outcome.stopped) == (None, None)


def placed_in_the_shop(here: Sales, **more: str) -> None:
    """An order of the shop that Acumatica has too."""
    rows = [{"sku": sku, "qty": quantity, "price": "1"} for sku, quantity in LINES.items()]
    state = {"state": "processing", "status": "processing", "shipping_amount": "0"}
    here.here.change_shop({"place_order": {"increment_id": "100000001", "lines": rows, **state}})
    here.entered("000001", LINES, external_ref="100000001", **more)


@pytest.mark.parametrize("ours", [True, False], ids=["entered in the ERP", "placed in the shop"])
@pytest.mark.parametrize("invoiced", [True, False])
@pytest.mark.parametrize("then", [("order", "shipment", "order"), ("shipment", "order", "shipment", "order")])
async def test_a_hold_that_is_over_is_ended_before_anything_else(
    sales: Sales, ours: bool, invoiced: bool, then: tuple[str, ...]
):
    """Released, shipped and perhaps invoiced before the next sync, and whichever entity syncs first: the hold is ended,
    nothing fails, and the order is shipped, and complete once it is invoiced.
    """
    if ours:
        sales.entered("000001", LINES, status="On Hold")
    else:
        placed_in_the_shop(sales, status="On Hold")
    await sync(sales, "order")
    assert sales.order("000001" if ours else "100000001")["status"] == "holded"
    sales.edit("000001", status="Open")
    shipment = sales.ship("000001")
    if invoiced:
        sales.here.change({"add_invoice": {"shipments": [shipment], "release": True}})
    await sync(sales, *then)
    assert sales.here.failed() == []
    made = sales.order("000001" if ours else "100000001")
    assert [item["qty_shipped"] for item in made["items"]] == [2, 1]
    assert made["status"] == ("complete" if invoiced else "processing")
    sales.here.assert_shown(sales.settings(**SECTIONS), entities=["order", "shipment"])
    before = len(sales.here.writes())
    await sync(sales, "order", "shipment")
    assert len(sales.here.writes()) == before


async def test_a_hold_of_the_shops_own_is_left_alone(sales: Sales):
    """Somebody in the shop holds an order, and Acumatica never did: its shipment waits for the end of it."""
    mapped = {"Open": "processing", "Shipping": "processing", "Completed": "complete"}
    order = {"order": {**SECTIONS["order"], "statuses": mapped}}
    placed_in_the_shop(sales)
    await sync(sales, "order", **order)
    sales.http.post(f"orders/{sales.order('100000001')['entity_id']}/hold").raise_for_status()
    sales.here.clock.advance(60)
    sales.ship("000001")
    await sync(sales, "order", "shipment", "order", **order)
    assert sales.order("100000001")["status"] == "holded"
    assert sales.here.failed() == []
    assert sales.shipped(sales.order("100000001")["entity_id"]) == []
    sales.http.post(f"orders/{sales.order('100000001')['entity_id']}/unhold").raise_for_status()
    sales.here.clock.advance(3600)
    await sync(sales, "shipment", **order)
    assert len(sales.shipped(sales.order("100000001")["entity_id"])) == 1


@pytest.mark.parametrize("ours", [True, False], ids=["entered in the ERP", "placed in the shop"])
@pytest.mark.parametrize("fault", ["status=401 times=1", "status=503 times=1", "cut=after times=1"])
@pytest.mark.parametrize("checked", [True, False], ids=["held to the end", "released at once"])
async def test_a_hold_that_was_partially_applied_is_ended_too(sales: Sales, ours: bool, fault: str, checked: bool):
    """Magento held the order, and the sync broke off before its comment: released later, or before the next sync."""
    statuses = {"Open": "processing", "On Hold": "holded", "Shipping": "processing", "Completed": "complete"}
    order = {"order": {**SECTIONS["order"], "statuses": statuses}}
    if ours:
        sales.entered("000001", LINES)
    else:
        placed_in_the_shop(sales)
    number = "000001" if ours else "100000001"
    await sync(sales, "order", **order)
    sales.edit("000001", status="On Hold")
    sales.here.faults.replace(f"magento GET path=*/V1/orders/* after=1: {fault}")
    sales.here.clock.advance(61)
    await sales.here.sync("order", sales.settings(**{**SECTIONS, **order}))
    sales.here.faults.replace("")
    assert sales.order(number)["status"] == "holded"
    if checked:
        await sync(sales, "order", **order)
        assert sales.order(number)["status"] == "holded"
    sales.edit("000001", status="Open")
    await sync(sales, "order", **order)
    assert sales.here.failed() == []
    assert sales.order(number)["status"] == "processing"
    sales.ship("000001")
    await sync(sales, "order", "shipment", "order", **order)
    assert sales.here.failed() == []
    sales.here.assert_shown(sales.settings(**{**SECTIONS, **order}), entities=["order", "shipment"])


async def test_a_hold_of_the_shops_own_outlasts_a_fault(sales: Sales):
    """An invoice meets a busy shop: nothing of it had left, so it waits for the end of the shop's hold."""
    order = {"order": {**SECTIONS["order"], "statuses": {"Open": "processing", "Completed": "processing"}}}
    placed_in_the_shop(sales)
    await sync(sales, "order", **order)
    sales.http.post(f"orders/{sales.order('100000001')['entity_id']}/hold").raise_for_status()
    sales.invoiced("000001")
    sales.here.faults.replace("magento GET path=*/V1/orders/*: status=503 times=1")
    await sync(sales, "order", **order)
    assert sales.here.faults.rules[0].done == 1
    assert sales.order("100000001")["status"] == "holded"
    assert sales.here.failed() == []
    sales.http.post(f"orders/{sales.order('100000001')['entity_id']}/unhold").raise_for_status()
    sales.here.clock.advance(600)
    await sync(sales, "order", **order)
    assert len(sales.invoices("100000001")) == 1


async def test_what_cannot_be_canceled_stays_on_hold(sales: Sales):
    """Magento cancels nothing that is invoiced: that is looked at before the hold is taken off for it."""
    order = {"order": {"statuses": {"On Hold": "holded", "Canceled": "canceled"}}}
    placed_in_the_shop(sales, status="On Hold")
    order_id = sales.order("100000001")["entity_id"]
    sales.http.post(f"order/{order_id}/invoice", json={"capture": False}).raise_for_status()
    await sync(sales, "order", **order)
    sales.edit("000001", status="Canceled")
    before = len(sales.here.writes())
    await sync(sales, "order", **order)
    [failed] = sales.here.failed("order")
    assert "all of it is invoiced there" in str(failed.reason)
    assert (sales.order("100000001")["state"], len(sales.here.writes())) == ("holded", before)
