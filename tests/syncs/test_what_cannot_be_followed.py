"""An order edited in Acumatica after Magento has it: reported once beside the order, and nothing is held back."""

from typing import Any

import pytest
from support.sales import Sales
from support.trade import GROUND

from app.explain.from_state import explain
from app.reconcile import reconcile
from connector.state.operator import actions
from connector.state.sync import links
from sandbox.catalogue import Product

TEN = {"MAIN": 100_000}
LINES = {"A": 2, "B": 1}
SECTIONS: dict[str, dict[str, Any]] = {
    "order": {
        "invoice": "offline",
        "statuses": {"Open": "processing", "On Hold": "holded", "Completed": "complete", "Canceled": "canceled"},
    },
    "active": {"shipment": True},
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": GROUND},
}
NOTE = "SO 000001 (edited)"


@pytest.fixture
def sales(make_world) -> Sales:
    return Sales(make_world([Product("A", "Product A", 1_000_000, TEN), Product("B", "Product B", 2_000_000, TEN)]))


async def sync(here: Sales, *checked: str, **sections: Any):
    """Sync each entity once, a minute later; return the last result."""
    outcome = None
    for entity in checked or ("order",):
        here.here.clock.advance(61)
        outcome = await here.here.sync(entity, here.settings(**{**SECTIONS, **sections}))
        assert (outcome.fault, outcome.stopped) == (None, None)
    return outcome


def reasons(here: Sales) -> dict[str, str]:
    return {message.key: message.reason or "" for message in here.here.failed("order")}


async def edited(here: Sales, *, ours: bool = False, **changes: Any) -> str:
    """Make an order in both systems and edit it in Acumatica; return its number in Magento."""
    here.entered("000001", LINES, **({} if ours else {"external_ref": "100000001"}))
    if not ours:
        rows = [{"sku": sku, "qty": quantity, "price": "1"} for sku, quantity in LINES.items()]
        state = {"state": "processing", "status": "processing", "shipping_amount": "0"}
        here.here.change_shop({"place_order": {"increment_id": "100000001", "lines": rows, **state}})
    await sync(here)
    here.edit("000001", **(changes or {"ship_via": "GROUND"}))
    await sync(here)
    return "000001" if ours else "100000001"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ship_via": "GROUND"}, "ship via (none) → GROUND"),
        ({"lines": [{"line_nbr": 1, "quantity": "5"}]}, "line 1 quantity 2 → 5"),
        ({"customer_order": "PO 7"}, "customer order (none) → PO 7"),
    ],
)
@pytest.mark.parametrize("ours", [True, False], ids=["entered in the ERP", "placed in the shop"])
async def test_an_edit_is_reported_once_beside_the_order(sales, ours, changes, message):
    """It is named with its difference in the run, in explain and in reconcile; nothing is sent, and no later sync says
    it again.
    """
    number = await edited(sales, ours=ours, **changes)
    assert message in reasons(sales)[NOTE]
    assert [one["qty_ordered"] for one in sales.order(number)["items"]] == [2, 1]
    outcome = await sync(sales)
    assert (outcome.counters.failed, outcome.counters.requests) == (0, 0)
    lines = explain(sales.settings(**SECTIONS), sales.here.state, "order", "SO 000001")
    assert any(message in words for _what, words in lines)
    sales.here.clock.advance(61)
    compared = await reconcile("order", sales.settings(**SECTIONS), sales.here.state, clock=sales.here.clock)
    assert [one.key for one in compared.differences] == [NOTE]


@pytest.mark.parametrize("ours", [True, False], ids=["entered in the ERP", "placed in the shop"])
async def test_everything_else_of_an_edited_order_goes_on(sales, ours):
    """Hold, unhold, invoice and shipments, to the end; the edit is still one failure."""
    number = await edited(sales, ours=ours)
    for status, current in (("On Hold", "holded"), ("Open", "processing")):
        sales.edit("000001", status=status)
        assert (await sync(sales)).counters.failed == 0
        assert sales.order(number)["status"] == current
    shipment = sales.ship("000001")
    sales.here.change({"add_invoice": {"shipments": [shipment], "release": True}})
    await sync(sales, "shipment", "order", "order")
    assert (sales.order(number)["status"], len(sales.invoices(number))) == ("complete", 1)
    assert list(reasons(sales)) == [NOTE]


@pytest.mark.parametrize("ours", [True, False], ids=["entered in the ERP", "placed in the shop"])
async def test_an_edited_order_is_canceled(sales, ours):
    """What sells again is right at once."""
    number = await edited(sales, ours=ours, ship_via="GROUND")
    sales.edit("000001", status="Canceled")
    await sync(sales)
    assert sales.order(number)["state"] == "canceled"


async def test_an_invoice_that_does_not_fit_an_edited_order_holds_back_no_status(sales):
    """Acumatica's invoice has an added line that Magento lacks: the invoice is reported, and the hold is still sent."""
    number = await edited(sales, lines=[{"inventory_id": "B", "quantity": "4"}])
    sales.invoiced("000001")
    sales.edit("000001", status="On Hold")
    await sync(sales)
    assert sales.order(number)["status"] == "holded"
    assert "Invoice does not fit" in reasons(sales)["SO 000001"]


async def test_an_edit_that_is_taken_back_is_over(sales):
    """The report is overtaken by itself."""
    await edited(sales)
    sales.edit("000001", ship_via="")
    await sync(sales)
    assert reasons(sales) == {}


async def test_an_edit_that_was_skipped_stays_so_until_the_next_one(sales):
    """A status does not bring it back; another edit does."""
    await edited(sales)
    actions.skip(sales.here.state, sales.here.failed("order")[0], "Told the customer", sales.here.clock.now())
    sales.edit("000001", status="On Hold")
    await sync(sales)
    assert reasons(sales) == {}
    sales.edit("000001", customer_order="PO 7")
    await sync(sales)
    assert "PO 7" in reasons(sales)[NOTE]


async def test_an_edit_that_was_made_in_magento_by_hand_is_settled_by_a_link(sales):
    """Magento now has the order as Acumatica has it; the next edit is reported against that."""
    number = await edited(sales)
    magento_id = str(sales.order(number)["entity_id"])
    actions.link(sales.here.state, "order", "SO 000001", "SO 000001", magento_id, sales.here.clock.now())
    await sync(sales)
    assert reasons(sales) == {}
    with sales.here.state.read() as connection:
        assert links.of_keys(connection, "order", ["SO 000001"])["SO 000001"].magento_id == magento_id
    sales.edit("000001", customer_order="PO 7")
    await sync(sales)
    assert "ship via" not in reasons(sales)[NOTE]
    assert "PO 7" in reasons(sales)[NOTE]


async def test_an_order_is_explained_in_words(sales):
    """Fields have names for people, and instants their zone."""
    await edited(sales, ours=True, ship_via="GROUND")
    lines = dict(explain(sales.settings(**SECTIONS), sales.here.state, "order", "SO 000001"))
    assert lines["Acumatica ShipVia"] == "GROUND"
    assert lines["Acumatica created"].endswith(" UTC")
    assert "T" not in lines["Acumatica created"].removesuffix(" UTC")
    assert [what for what in lines if "_" in what] == []
