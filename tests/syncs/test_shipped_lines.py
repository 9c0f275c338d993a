"""Lines of a shipment find their items in Magento's order, under either trigger and of either kind of document."""

import pytest
from support.sales import Sales
from support.trade import WAREHOUSES, Trade

from app.explain.from_state import explain
from connector.state.queue import messages
from sandbox.catalogue import Product

HUNDRED = {"MAIN": 1_000_000}


@pytest.fixture
def trade(make_world):
    def make(*skus: str) -> Trade:
        return Trade(make_world([Product(sku, f"Product {sku}", 1_000_000, HUNDRED) for sku in skus]))

    return make


def items(here: Trade, order: int) -> list[list[tuple[str, int]]]:
    return [[(item["sku"], item["qty"]) for item in made["items"]] for made in here.shipped(order)]


def reasons(here: Trade) -> str:
    return " ".join(message.reason or "" for message in here.here.failed("shipment"))


def of_product(here: Trade, sku: str, own: str, quantity: int, **more) -> dict:
    """An item of an order whose own SKU is not its product's."""
    product = here.http.get(f"products/{sku}").raise_for_status().json()["id"]
    row = {"sku": own, "name": own, "product_type": "simple", "product_id": product}
    return {**row, "qty_ordered": quantity, "price": 1, "base_price": 1, **more}


@pytest.mark.parametrize("trigger", ["shipment_confirmation", "invoice_release"])
@pytest.mark.parametrize("drop_ship", [False, True])
async def test_an_item_is_matched_by_its_product(trade, trigger, drop_ship):
    """Its SKU carries an option: A-RED × 2 ships, and what leaves the source is A's, which is put right afterwards."""
    here = trade("A")
    ten = {"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "10", "on_hand": "10"}}
    here.here.change(ten)
    await here.sync("inventory")
    here.entered("000001", {"A": 2}, external_ref="100000001", drop_ship=drop_ship)
    order = here.ordered({}, increment_id="100000001", items=[of_product(here, "A", "A-RED", 2)])
    if drop_ship:
        here.here.change({"add_purchase_order": {"order_nbr": "000001", "vendor_ref": "1ZV"}})
        receipt = {"purchase_order": "000001", "receipt_nbr": "000077", "release": True}
        here.here.change({"add_purchase_receipt": receipt})
        here.here.change({"add_invoice": {"receipts": ["000077"], "release": True}})
    else:
        number = here.ship("000001")
        here.here.change({"add_invoice": {"shipments": [number], "release": True}})
    await here.sync(shipment={"trigger": trigger})
    assert (items(here, order), reasons(here)) == ([[("A-RED", 2)]], "")
    assert here.quantity("A", "vendor" if drop_ship else "default") == (0 if drop_ship else 8)
    here.here.change(ten)
    await here.sync("inventory")
    assert here.quantity("A") == 10


async def test_the_last_piece_of_an_item_with_an_option_ships(trade):
    """The source of its product is raised, not one of a SKU that is no product."""
    here = trade("A")
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "0", "on_hand": "0"}})
    here.entered("000001", {"A": 2}, external_ref="100000001")
    order = here.ordered({}, increment_id="100000001", items=[of_product(here, "A", "A-RED", 2)])
    here.ship("000001")
    await here.sync()
    assert items(here, order) == [[("A-RED", 2)]]
    assert {sku for sku, _source in here.here.quantities()} == {"A"}


async def test_a_product_that_was_renamed_since_ships(trade):
    """The order says OLD, Magento and Acumatica call the product NEW by now."""
    here = trade("NEW")
    here.entered("000001", {"NEW": 1}, external_ref="100000001")
    order = here.ordered({}, increment_id="100000001", items=[of_product(here, "NEW", "OLD", 1)])
    here.ship("000001")
    await here.sync()
    assert (items(here, order), reasons(here)) == ([[("OLD", 1)]], "")


async def test_a_product_beats_a_sku_that_is_anothers_by_now(trade):
    """Two products have changed their SKUs since the order: the goods of the line ship."""
    here = trade("A", "B")
    here.entered("000001", {"A": 1}, external_ref="100000001")
    swapped = [of_product(here, "B", "A", 1), of_product(here, "A", "B", 1)]
    order = here.ordered({}, increment_id="100000001", items=swapped)
    here.ship("000001")
    await here.sync()
    assert items(here, order) == [[("B", 1)]]


async def test_a_deleted_product_falls_back_to_the_sku(trade):
    """Its id names nothing any more."""
    here = trade("A", "B")
    here.entered("000001", {"A": 1, "B": 1}, external_ref="100000001")
    gone = of_product(here, "A", "A", 1, product_id=987_654)
    order = here.ordered({}, increment_id="100000001", items=[gone, of_product(here, "B", "B", 1)])
    here.ship("000001")
    await here.sync()
    assert (items(here, order), reasons(here)) == ([[("A", 1), ("B", 1)]], "")


@pytest.mark.parametrize("drop_ship", [False, True])
async def test_a_line_that_magento_does_not_know_is_named_and_holds_nothing_back(trade, drop_ship):
    """A free sample was added in Acumatica: the order's goods ship with their tracking, the sample is named."""
    here = trade("A", "SAMPLE")
    here.entered("000001", {"A": 2, "SAMPLE": 1}, external_ref="100000001", drop_ship=drop_ship)
    order = here.ordered({"A": 2}, increment_id="100000001")
    if drop_ship:
        here.here.change({"add_purchase_order": {"order_nbr": "000001", "vendor_ref": "1Z1"}})
        receipt = {"purchase_order": "000001", "receipt_nbr": "000077", "release": True}
        here.here.change({"add_purchase_receipt": receipt})
        record = "Receipt 000077"
    else:
        record = here.ship("000001")
    outcome = await here.sync()
    [made] = here.shipped(order)
    assert items(here, order) == [[("A", 2)]]
    assert [one["track_number"] for one in made["tracks"]] == ["1Z1"]
    [(named, names)] = outcome.remarks.notes
    assert record.split()[-1] in named
    assert "'SAMPLE' (line 2 in Acumatica, 1 of it)" in names
    with here.here.state.read() as connection:
        [message] = messages.of_records(connection, "shipment", [record])
    assert (message.state, message.reason) == ("sent", names)
    lines = explain(here.settings(inventory=WAREHOUSES), here.here.state, "shipment", record)
    assert any("'SAMPLE'" in names for _what, names in lines)
    assert (await here.sync()).counters.requests == 0


async def test_a_setting_makes_an_unknown_line_hold_the_shipment_back(trade):
    """Strictly, all or nothing; the reason names the setting by its label."""
    here = trade("A", "SAMPLE")
    here.entered("000001", {"A": 2, "SAMPLE": 1}, external_ref="100000001")
    order = here.ordered({"A": 2}, increment_id="100000001")
    here.ship("000001")
    await here.sync(shipment={"foreign_lines": "fail"})
    assert items(here, order) == []
    assert "'SAMPLE'" in reasons(here)
    assert "Lines unknown to Magento (A2M_SHIPMENT__FOREIGN_LINES)" in reasons(here)


async def test_a_shipment_of_nothing_that_magento_knows_fails_by_name(trade):
    """A substitute alone: its tracking number would never reach the customer, so a person has to see it."""
    here = trade("A", "SUBSTITUTE")
    here.entered("000001", {"SUBSTITUTE": 2}, external_ref="100000001")
    order = here.ordered({"A": 2}, increment_id="100000001")
    here.ship("000001")
    await here.sync()
    assert items(here, order) == []
    assert "no line with the SKU 'SUBSTITUTE' (line 1 in Acumatica, 2 of it)" in reasons(here)


async def test_a_line_that_was_added_of_what_was_bought_too_does_not_hold_the_order_back(trade):
    """Two bought, one more added in Acumatica at a price: two ship with their tracking number, the third is named."""
    here = trade("A")
    order = here.sold("000001", {"A": 2})
    here.here.change({"set_order": {"order_nbr": "000001", "lines": [{"inventory_id": "A", "quantity": "1"}]}})
    here.ship("000001")
    outcome = await here.sync()
    assert (items(here, order), reasons(here)) == ([[("A", 2)]], "")
    assert "1 of it" in outcome.remarks.notes[0][1]
    assert (await here.sync()).counters.requests == 0


async def test_a_gift_of_what_was_bought_too_does_not_hold_the_order_back(trade):
    """Two bought, one more given away, of which Magento knows nothing."""
    here = trade("A")
    free = {"inventory_id": "A", "quantity": "1", "free": True, "unit_price": "0"}
    here.entered("000001", {"A": 2}, external_ref="100000001")
    here.here.change({"set_order": {"order_nbr": "000001", "lines": [free]}})
    order = here.ordered({"A": 2}, increment_id="100000001")
    here.ship("000001")
    outcome = await here.sync()
    assert (items(here, order), reasons(here)) == ([[("A", 2)]], "")
    assert "line 2 in Acumatica" in outcome.remarks.notes[0][1]


async def test_an_invoice_finds_its_items_by_their_products_too(make_world):
    """The order's item is A-RED, its product A: the offline invoice is made."""
    here = Sales(make_world([Product("A", "A", 1_000_000, HUNDRED)]))
    here.entered("000001", {"A": 2}, external_ref="100000001")
    here.ordered({}, increment_id="100000001", items=[of_product(here, "A", "A-RED", 2)])
    here.invoiced("000001")
    here.here.clock.advance(60)
    outcome = await here.here.sync("order", here.settings(inventory=WAREHOUSES, order={"invoice": "offline"}))
    assert (outcome.fault, [one.reason for one in here.here.failed("order")]) == (None, [])
    assert [[(i["sku"], i["qty"]) for i in one["items"]] for one in here.invoices("100000001")] == [[("A-RED", 2)]]


async def test_an_invoice_with_a_line_that_magento_does_not_know_is_made_without_it(make_world):
    """The sample is named at the order's record, and nothing else of the order waits for a person."""
    here = Sales(make_world([Product(sku, sku, 1_000_000, HUNDRED) for sku in ("A", "SAMPLE")]))
    here.entered("000001", {"A": 2}, external_ref="100000001")
    here.ordered({"A": 2}, increment_id="100000001")
    sample = {"inventory_id": "SAMPLE", "quantity": "1", "free": True, "unit_price": "0"}
    here.edit("000001", lines=[sample])
    here.invoiced("000001")
    here.here.clock.advance(60)
    outcome = await here.here.sync("order", here.settings(inventory=WAREHOUSES, order={"invoice": "offline"}))
    assert (outcome.fault, [one.reason for one in here.here.failed("order")]) == (None, [])
    assert [[(i["sku"], i["qty"]) for i in one["items"]] for one in here.invoices("100000001")] == [[("A", 2)]]
    with here.here.state.read() as connection:
        [message] = messages.of_records(connection, "order", ["SO 000001"])
    assert "'SAMPLE'" in (message.reason or "")
