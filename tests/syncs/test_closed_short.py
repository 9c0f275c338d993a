"""An order that Acumatica closes short: the open rest is named, or canceled in Magento where a setting says so."""

from decimal import Decimal
from typing import Any

import pytest
from support.sales import Sales
from support.trade import GROUND

from app.reconcile import reconcile
from connector.state.operator import overview
from sandbox.catalogue import Product

LINES = {"A": 2, "B": 1}
MAP = {"Open": "processing", "Shipping": "processing", "Back Order": "processing", "Completed": "complete"}
SECTIONS: dict[str, dict[str, Any]] = {
    "active": {"shipment": True},
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": GROUND},
    "inventory": {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}},
}
CLOSES = {"close_rest": "cancel", "invoice": "offline"}


@pytest.fixture
def sales(make_world) -> Sales:
    ten = {"MAIN": 100_000}
    return Sales(make_world([Product("A", "Product A", 1_000_000, ten), Product("B", "Product B", 2_000_000, ten)]))


async def sync(here: Sales, *checked: str, **order: Any) -> None:
    """Sync each entity once, a minute later."""
    for entity in checked or ("order",):
        here.here.clock.advance(61)
        outcome = await here.here.sync(entity, settings(here, **order))
        assert (outcome.fault, outcome.stopped) == (None, None)


def settings(here: Sales, **order: Any):
    return here.settings(**{**SECTIONS, "order": {"statuses": MAP, **order}})


def placed(here: Sales, *, paid: bool = False, ours: bool = False) -> str:
    """Make an order in both systems, and ten pieces of each product in the shop; return its number in Magento."""
    stocked = {"source_code": "default", "quantity": 10, "status": 1}
    here.here.change_shop(*[{"set_source_item": {"sku": sku, **stocked}} for sku in LINES])
    if ours:
        here.entered("000001", LINES)
        return "000001"
    here.entered("000001", LINES, external_ref="100000001")
    rows = [{"sku": sku, "qty": quantity, "price": "1"} for sku, quantity in LINES.items()]
    state = {"state": "processing", "status": "processing", "shipping_amount": "0"}
    here.here.change_shop({"place_order": {"increment_id": "100000001", "lines": rows, **state}})
    if paid:
        order_id = here.order("100000001")["entity_id"]
        here.http.post(f"order/{order_id}/invoice", json={"capture": False}).raise_for_status()
    return "100000001"


def ship_and_close(here: Sales, *, release: bool = True) -> None:
    """Two of A ship, and B is completed without."""
    shipment = here.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "2"}])
    if release:
        here.here.change({"add_invoice": {"shipments": [shipment], "release": True}})
    closed = {"order_nbr": "000001", "status": "Completed", "lines": [{"line_nbr": 2, "completed": True}]}
    here.here.change({"set_order": closed})


def failures(here: Sales) -> dict[str, str]:
    return {message.key: message.reason or "" for message in here.here.failed()}


@pytest.mark.parametrize("paid", [True, False])
async def test_the_open_rest_is_named(sales, paid):
    """A failure that says what never ships and what to do, and a difference; nothing is canceled or given back."""
    number = placed(sales, paid=paid)
    await sync(sales)
    ship_and_close(sales)
    await sync(sales, "shipment", "order", "order", invoice="offline")
    message = failures(sales)["SO 000001"]
    assert message.startswith("Closed short: SO 000001 is Completed in Acumatica, which is complete in Magento")
    assert f"Acumatica never ships 1 of B, which Magento has open and {'' if paid else 'not '}invoiced" in message
    assert "A2M_ORDER__CLOSE_REST" in message
    assert sales.order(number)["status"] == "processing"
    assert len(sales.invoices(number)) == 1
    sales.here.clock.advance(61)
    compared = await reconcile("order", settings(sales, invoice="offline"), sales.here.state, clock=sales.here.clock)
    assert [one.key for one in compared.differences] == ["SO 000001"]


async def test_an_uninvoiced_rest_is_canceled_where_the_setting_says_so(sales):
    """Magento completes the order, and sells what was held for it."""
    number = placed(sales)
    held = sales.salable("B")
    await sync(sales)
    ship_and_close(sales)
    await sync(sales, "shipment", "order", **CLOSES)
    made = sales.order(number)
    assert (failures(sales), made["status"]) == ({}, "complete")
    assert [(one["qty_shipped"], one["qty_canceled"]) for one in made["items"]] == [(2, 0), (0, 1)]
    assert sales.salable("B") == held + 1
    assert sales.comments(number)[-1] == "Acumatica SO 000001: Completed"
    before = len(sales.here.writes())
    await sync(sales, "order", **CLOSES)
    assert len(sales.here.writes()) == before


async def test_a_rest_that_was_named_is_canceled_once_the_setting_says_so(sales):
    """The change of the setting is enough; a change that does not concern the order sends nothing again."""
    number = placed(sales)
    await sync(sales)
    ship_and_close(sales)
    await sync(sales, "shipment", "order", invoice="offline")
    [before] = sales.here.failed("order")
    await sync(sales, "order", invoice="offline")
    assert [(one.attempts, one.changed_at) for one in sales.here.failed("order")] == [
        (before.attempts, before.changed_at)
    ]
    await sync(sales, "order", **CLOSES)
    assert (failures(sales), sales.order(number)["status"]) == ({}, "complete")


async def test_what_was_paid_for_is_never_given_back(sales):
    """An invoiced rest is named, whatever the setting says about canceling."""
    number = placed(sales, paid=True)
    await sync(sales)
    ship_and_close(sales)
    await sync(sales, "shipment", "order", **CLOSES)
    assert "refund it with a credit memo" in failures(sales)["SO 000001"]
    made = sales.order(number)
    assert (made["status"], [one["qty_canceled"] for one in made["items"]]) == ("processing", [0, 0])


async def test_what_shipped_without_an_invoice_is_not_canceled_with_the_rest(sales):
    """Magento would make the whole order canceled: it is named instead."""
    number = placed(sales)
    await sync(sales)
    ship_and_close(sales, release=False)
    await sync(sales, "shipment", "order", close_rest="cancel")
    assert "not invoiced" in failures(sales)["SO 000001"]
    assert sales.order(number)["state"] == "processing"


async def test_a_rest_waits_for_what_ships_yet(sales):
    """A line is closed short while another is still to ship: Magento cancels all that is open, so the cancel waits."""
    number = placed(sales)
    await sync(sales, **CLOSES)
    sales.here.change({"set_order": {"order_nbr": "000001", "lines": [{"line_nbr": 2, "completed": True}]}})
    await sync(sales, **CLOSES)
    assert failures(sales) == {}
    with sales.here.state.read() as connection:
        waiting = overview.of_entity(connection, "order", sales.here.clock.now()).waiting
    assert waiting == {"awaiting_shipment": 1}
    shipment = sales.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "2"}])
    sales.here.change({"add_invoice": {"shipments": [shipment], "release": True}})
    await sync(sales, "shipment", "order", **CLOSES)
    assert (failures(sales), sales.order(number)["status"]) == ({}, "complete")


async def test_the_rest_of_an_order_of_ours_ends_with_its_state(sales):
    """Magento reserved nothing of it: a cancel would put back what nobody held."""
    number = placed(sales, ours=True)
    await sync(sales, **CLOSES)
    before = sales.salable("B")
    ship_and_close(sales)
    await sync(sales, "shipment", "order", **CLOSES)
    assert (failures(sales), sales.order(number)["status"]) == ({}, "complete")
    assert sales.salable("B") == before
    assert not any(write["path"].endswith("/cancel") for write in sales.here.writes())


async def test_a_canceled_order_has_no_rest(sales):
    """A canceled order is canceled as a whole, not reported as closed short."""
    number = placed(sales)
    await sync(sales)
    sales.edit("000001", status="Canceled")
    await sync(sales, statuses={**MAP, "Canceled": "canceled"})
    assert (failures(sales), sales.order(number)["state"]) == ({}, "canceled")


async def test_a_part_of_a_line_is_a_rest_too(sales):
    """One of two ships: one never does."""
    number = placed(sales)
    await sync(sales)
    shipment = sales.ship(lines=[{"order_nbr": "000001", "line_nbr": n, "quantity": "1"} for n in (1, 2)])
    sales.here.change({"add_invoice": {"shipments": [shipment], "release": True}})
    closed = {"order_nbr": "000001", "status": "Completed", "lines": [{"line_nbr": 1, "completed": True}]}
    sales.here.change({"set_order": closed})
    await sync(sales, "shipment", "order", **CLOSES)
    made = sales.order(number)
    assert (failures(sales), made["status"]) == ({}, "complete")
    assert [Decimal(one["qty_canceled"]) for one in made["items"]] == [1, 0]


REFUNDS = {"close_rest": "refund", "invoice": "offline"}


def given_back(here: Sales, *, quantity: str = "1", price: str | None = None, release: bool = True) -> str:
    """Make a credit memo order from the order, with its credit memo; return the credit memo's number."""
    memo = {"type": "CM", "order_nbr": "000001", "customer_id": "ACME", "external_ref": "100000001"}
    line = {"inventory_id": "B", "quantity": quantity, **({} if price is None else {"unit_price": price})}
    here.here.change({"add_order": {**memo, "original_order": "SO/000001", "lines": [line]}})
    named = [{"order_type": "CM", "order_nbr": "000001"}]
    return str(here.changed({"add_invoice": {"orders": named, "release": release}})["reference_nbr"])


def waits(here: Sales) -> dict[str, int]:
    with here.here.state.read() as connection:
        return overview.of_entity(connection, "order", here.here.clock.now()).waiting


@pytest.mark.over_both
async def test_an_invoiced_rest_is_given_back_once_acumatica_has_given_it_back(sales):
    """By an offline credit memo of the rest alone, without shipping; what was held for it sells again."""
    number = placed(sales, paid=True)
    held = sales.salable("B")
    await sync(sales)
    ship_and_close(sales)
    await sync(sales, "shipment", "order", **REFUNDS)
    assert (failures(sales), waits(sales)) == ({}, {"awaiting_credit_memo": 1})
    given_back(sales, price="1")
    await sync(sales, "order", **REFUNDS)
    await sync(sales, "order", **REFUNDS)
    made = sales.order(number)
    assert (failures(sales), waits(sales), made["status"]) == ({}, {}, "complete")
    assert [one["qty_refunded"] for one in made["items"]] == [0, 1]
    assert made["total_refunded"] == 1
    assert sales.salable("B") == held + 1
    before = len(sales.here.writes())
    await sync(sales, "order", **REFUNDS)
    assert len(sales.here.writes()) == before


@pytest.mark.parametrize("memo", [{"price": "0.99"}, {"price": "1", "release": False}])
async def test_never_more_is_given_back_than_acumatica_gave(sales, memo):
    """A smaller credit memo, or one that is not released, is waited for; reconcile says so."""
    number = placed(sales, paid=True)
    await sync(sales)
    ship_and_close(sales)
    given_back(sales, **memo)
    await sync(sales, "shipment", "order", "order", **REFUNDS)
    assert (failures(sales), waits(sales)) == ({}, {"awaiting_credit_memo": 1})
    assert sales.order(number).get("total_refunded", 0) in (0, None)
    sales.here.clock.advance(61)
    compared = await reconcile("order", settings(sales, **REFUNDS), sales.here.state, clock=sales.here.clock)
    assert ["released credit memo in Acumatica" in one.why for one in compared.differences] == [True]


async def test_a_credit_memo_whose_answer_was_lost_is_made_once(sales):
    """Magento is asked what it has given back before anything is repeated."""
    number = placed(sales, paid=True)
    await sync(sales)
    ship_and_close(sales)
    given_back(sales, price="1")
    await sync(sales, "shipment")
    sales.here.faults.replace("magento POST path=*/refund: cut=after times=1")
    for _time in range(3):
        await sync(sales, "order", **REFUNDS)
    assert (failures(sales), sales.order(number)["total_refunded"]) == ({}, 1)
