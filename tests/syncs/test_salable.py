"""What Magento sells is Acumatica's figure, also while orders of the shop are open."""

import pytest
from support.sales import Sales

from app.explain.from_state import explain
from sandbox.catalogue import Product

STOCK = {"MAIN": 100_000, "EAST": 100_000}
INVENTORY = {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}
NUMBER = "100000001"
CLASS = "ALLOTHER"
BOX = {"from_uom": "BOX", "to_uom": "EA", "factor": "6"}


@pytest.fixture
def make(make_world):
    def make(**traits) -> Sales:
        products = [Product(sku, f"Product {sku}", 1_000_000, STOCK) for sku in "AB"]
        return Sales(make_world(products, **traits))

    return make


async def sync(here: Sales, entity: str = "inventory", *, seconds: float = 60, full: bool = False, **sections):
    """One sync, a minute later."""
    here.here.clock.advance(seconds)
    outcome = await here.here.sync(entity, here.settings(**{"inventory": INVENTORY, **sections}), full=full)
    assert outcome.fault is None, outcome.fault
    assert outcome.stopped is None, outcome.stopped
    return outcome


def placed(here: Sales, lines: dict[str, int], number: str = NUMBER, **more) -> None:
    """A customer orders in the shop."""
    rows = [{"sku": sku, "qty": count} for sku, count in lines.items()]
    here.here.change_shop({"place_order": {"lines": rows, "email": "a@example.com", "increment_id": number, **more}})


def order_id(here: Sales, number: str = NUMBER) -> int:
    [found] = here.orders(increment_id=number)
    return int(found["entity_id"])


@pytest.mark.over_both
async def test_an_order_that_both_systems_subtract_is_subtracted_once(make):
    """10 pieces, 2 sold in the shop: 8 are for sale when the order is placed, taken by Acumatica, and shipped."""
    here = make()
    await sync(here)
    placed(here, {"A": 2})
    await sync(here)
    assert here.salable("A") == 8
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here)
    assert (here.salable("A"), here.quantity("A")) == (8, 10)
    here.ship("000001")
    await sync(here)
    assert here.salable("A") == 8
    await sync(here, "shipment")
    assert here.salable("A") == 8
    await sync(here)
    assert (here.salable("A"), here.quantity("A")) == (8, 8)
    await sync(here, full=True)
    assert (here.salable("A"), here.quantity("B")) == (8, 10)


async def test_an_idle_sync_asks_magento_for_its_changed_orders_and_for_nothing_else(make):
    """One small read; none where the last one is less than ten seconds old."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here)
    assert here.salable("A") == 8
    outcome = await sync(here)
    assert (outcome.counters.reads, outcome.counters.requests, outcome.counters.queued) == (1, 0, 0)
    outcome = await sync(here, seconds=5)
    assert (outcome.counters.reads, outcome.counters.requests) == (0, 0)


async def test_an_order_canceled_in_acumatica_alone_is_named_and_not_sold(make):
    """Acumatica sells its 10 again, Magento still reserves 2 of them: 8, and the run names the order."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here)
    here.edit("000001", status="Canceled")
    outcome = await sync(here)
    assert (here.salable("A"), here.quantity("A")) == (8, 10)
    [(sku, why)] = outcome.remarks.notes
    assert sku == "A"
    assert "still reserves 2 for its order 100000001, which Acumatica has ended (SO 000001 is Canceled)" in why


async def test_an_order_canceled_in_magento_is_not_added_back_any_more(make):
    """Magento gives its reservation back, Acumatica still lacks 2: 8 are sold after the next sync."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here)
    assert here.http.post(f"orders/{order_id(here)}/cancel").json() is True
    await sync(here)
    assert (here.salable("A"), here.quantity("A")) == (8, 8)


async def test_parts_that_are_shipped_and_closed_short_leave_what_acumatica_says(make):
    """5 ordered, 3 shipped, the rest closed: Acumatica says 7, Magento still reserves 2 and names them."""
    here = make()
    placed(here, {"A": 5})
    here.entered("000001", {"A": 5}, external_ref=NUMBER)
    await sync(here)
    assert here.salable("A") == 5
    here.ship(lines=[{"order_nbr": "000001", "line_nbr": 1, "quantity": "3"}])
    await sync(here)
    assert here.salable("A") == 5
    await sync(here, "shipment")
    await sync(here)
    assert (here.salable("A"), here.quantity("A")) == (5, 7)
    here.here.change({"set_order": {"order_nbr": "000001", "lines": [{"line_nbr": 1, "completed": True}]}})
    await sync(here)
    assert (here.salable("A"), here.quantity("A")) == (5, 7)


@pytest.mark.parametrize(("booked", "salable"), [(True, 8), (False, 8)])
async def test_what_counts_is_what_the_item_classs_rule_deducts(make, booked, salable):
    """A rule that does not deduct booked orders leaves the figure at 10, and nothing is added back."""
    here = make()
    here.here.change({"set_availability_rule": {"item_class": CLASS, "booked": booked}})
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here)
    assert here.salable("A") == salable


async def test_available_for_shipping_lacks_what_is_allocated(make):
    """Booked alone is still available for shipping; what is allocated is not, and is added back."""
    settings = {**INVENTORY, "quantity": "available_for_shipping"}
    here = make()
    placed(here, {"A": 5})
    here.here.change(
        {
            "add_order": {
                "order_nbr": "000001",
                "customer_id": "ACME",
                "external_ref": NUMBER,
                "lines": [{"inventory_id": "A", "quantity": "5", "allocated": "3"}],
            }
        }
    )
    await sync(here, inventory=settings)
    assert (here.quantity("A"), here.salable("A")) == (10, 5)


async def test_on_hand_adds_nothing_back(make):
    """On Hand lacks no order that is not shipped."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here, inventory={**INVENTORY, "quantity": "on_hand"})
    assert (here.quantity("A"), here.salable("A")) == (10, 8)


async def test_switched_off_nothing_is_added_back_and_on_again_it_is(make):
    """The setting takes effect with the sync that follows it."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    off = {**INVENTORY, "add_back_open_orders": False}
    await sync(here)
    assert here.quantity("A") == 10
    await sync(here, inventory=off)
    assert here.quantity("A") == 8
    await sync(here)
    assert here.quantity("A") == 10


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("Magento_Sales::actions_view", "Magento_Sales::actions_view"),
        ("Magento_InventoryApi::stock_source_link", "The sources of Magento's stocks"),
    ],
)
async def test_without_a_permission_nothing_is_added_back_and_it_is_reported(make, missing, message):
    """Quantities go on, and the run says what it could not read."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    resources = [
        "Magento_Backend::store",
        "Magento_Catalog::catalog",
        "Magento_Catalog::products",
        "Magento_InventoryApi::source",
        "Magento_InventoryApi::stock",
        "Magento_InventoryApi::stock_source_link",
        "Magento_InventorySalesApi::stock",
        "Magento_Sales::actions_view",
        "Magento_InventoryApi::source_item_assign",
        "Magento_InventoryApi::stock_source_item_assign",
        "Magento_Catalog::attributes_attributes",
        "Magento_Backend::admin",
    ]
    here.here.change_shop({"token": {"resources": [one for one in resources if one != missing]}})
    outcome = await sync(here)
    assert here.quantity("A") == 8
    assert message in " ".join(outcome.remarks.summary())


async def test_an_order_that_was_made_through_the_api_reserves_nothing_and_gets_nothing_back(make):
    """Acumatica's figure lacks it, Magento does not: the figure is right as it is."""
    here = make()
    here.sold("000001", {"A": 2})
    await sync(here)
    assert (here.quantity("A"), here.salable("A")) == (8, 8)


async def test_a_line_that_the_vendor_ships_is_not_added_back(make):
    """A drop-shipment takes nothing from the warehouse."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, drop_ship=True, external_ref=NUMBER)
    await sync(here)
    assert (here.quantity("A"), here.salable("A")) == (10, 8)


async def test_all_orders_of_acumatica_with_the_number_count(make):
    """One order of the shop that became two in Acumatica."""
    here = make()
    placed(here, {"A": 5})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    here.entered("000002", {"A": 3}, external_ref=NUMBER)
    await sync(here)
    assert (here.quantity("A"), here.salable("A")) == (10, 5)


async def test_a_reference_that_holds_more_than_the_number_is_found(make):
    """`WEB-100000001` under the pattern `WEB-(.*)`."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=f"WEB-{NUMBER}")
    await sync(here, order={"reference_pattern": "WEB-(.*)"})
    assert here.salable("A") == 8


async def test_sales_units_count_in_sales_units(make):
    """Magento counts in boxes of 6, Acumatica in pieces: 2 boxes ordered, 10 boxes there, 8 are sold."""
    here = make()
    here.here.change(
        {
            "set_item": {
                "inventory_id": "A",
                "sales_uom": "BOX",
                "uom_conversions": [BOX],
            }
        },
        {"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "60", "on_hand": "60"}},
    )  # fmt: skip
    placed(here, {"A": 2})
    lines = [{"inventory_id": "A", "quantity": "2", "uom": "BOX"}]
    here.here.change(
        {"add_order": {"order_nbr": "000001", "customer_id": "ACME", "external_ref": NUMBER, "lines": lines}}
    )
    await sync(here, items={"unit": "sales"})
    assert (here.quantity("A"), here.salable("A")) == (10, 8)


async def test_a_figure_below_zero_gets_its_orders_back_before_it_is_clipped(make):
    """10 there, 12 sold of which 4 in the shop: Acumatica says −2, Magento sells 0 and not 4."""
    here = make()
    await sync(here)
    placed(here, {"A": 4})
    here.entered("000001", {"A": 4}, external_ref=NUMBER)
    here.entered("000002", {"A": 8})
    await sync(here)
    assert (here.quantity("A"), here.salable("A")) == (2, 0)


async def test_a_stock_that_shares_a_source_does_not_pay_for_another(make):
    """What is added back at a shared source would be sold in the other stock: it goes to the order's own."""
    here = make()
    settings = {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "east", "EAST": "west"}}
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here, inventory=settings)
    total = (here.quantity("A", "east") or 0) + (here.quantity("A", "west") or 0)
    assert total == 20


async def test_what_is_refunded_before_it_shipped_is_not_added_back(make):
    """The credit memo gives the reservation back; Acumatica still lacks 2."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    order = order_id(here)
    assert here.http.post(f"order/{order}/invoice", json={"capture": False}).is_success
    await sync(here)
    assert here.salable("A") == 8
    item = here.orders()[0]["items"][0]["item_id"]
    back = {"extension_attributes": {"return_to_stock_items": [item]}}
    refund = {"items": [{"order_item_id": item, "qty": 2}], "notify": False, "arguments": back}
    answer = here.http.post(f"order/{order}/refund", json=refund)
    assert answer.is_success, answer.text
    await sync(here)
    assert (here.quantity("A"), here.salable("A")) == (8, 8)


@pytest.mark.parametrize("full", [False, True])
async def test_goods_that_a_refund_puts_back_into_stock_are_sold_once_acumatica_has_them(make, full):
    """The order is complete and all quantities are confirmed: Magento's credit memo adds 1 to its source, which the
    next sync takes off again, also the daily full one after an outage; Acumatica's return then adds it.
    """
    here = make()
    placed(here, {"A": 4})
    here.entered("000001", {"A": 4}, external_ref=NUMBER)
    order = order_id(here)
    assert here.http.post(f"order/{order}/invoice", json={"capture": False}).is_success
    here.ship("000001")
    await sync(here, "shipment", active={"shipment": True})
    await sync(here)
    assert (here.order(NUMBER)["state"], here.quantity("A")) == ("complete", 6)
    here.here.clock.advance(7200)
    item = here.orders()[0]["items"][0]["item_id"]
    back = {"extension_attributes": {"return_to_stock_items": [item]}}
    refund = {"items": [{"order_item_id": item, "qty": 1}], "notify": False, "arguments": back}
    assert here.http.post(f"order/{order}/refund", json=refund).is_success
    assert here.salable("A") == 7
    await sync(here, seconds=90_000 if full else 60)
    assert (here.quantity("A"), here.salable("A")) == (6, 6)
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "7", "on_hand": "7"}})
    await sync(here)
    assert (here.quantity("A"), here.salable("A")) == (7, 7)
    outcome = await sync(here, seconds=300)
    outcome = await sync(here)
    assert (outcome.counters.reads, outcome.counters.requests) == (1, 0)


async def test_an_order_of_several_products_is_asked_for_each_of_them(make):
    """A and B of one order, computed at different times, both get theirs back."""
    here = make()
    placed(here, {"A": 2, "B": 3})
    here.entered("000001", {"A": 2, "B": 3}, external_ref=NUMBER)
    await sync(here)
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "20", "on_hand": "22"}})
    await sync(here)
    assert (here.salable("A"), here.salable("B")) == (20, 7)
    lines = dict(explain(here.settings(inventory=INVENTORY), here.here.state, "inventory", "B"))
    assert lines["Open order 100000001"].endswith("has 3 booked in MAIN; 3 added back")


async def test_an_open_order_of_a_product_that_was_renamed_is_added_back(make):
    """Item and product have another id by now, and the order in the shop has not changed: the full sync notices."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    await sync(here)
    here.here.change_shop({"rename_product": {"sku": "A", "to": "A-NEW"}})
    here.here.change({"change_id": {"inventory_id": "A", "new_id": "A-NEW"}})
    await sync(here, full=True)
    await sync(here)
    assert (here.salable("A-NEW"), here.quantity("A-NEW")) == (8, 10)
    here.ship("000001")
    await sync(here, "shipment")
    await sync(here)
    assert (here.salable("A-NEW"), here.quantity("A-NEW")) == (8, 8)


STATUSES = {"Open": "processing", "Canceled": "canceled", "Completed": "complete", "Shipping": "processing"}
OURS = {"order": {"statuses": STATUSES}, "active": {"order": True, "shipment": True}}


async def ours_open(here: Sales, lines: dict[str, int]) -> None:
    """An order of Acumatica that the connector has made in Magento."""
    here.entered("000001", lines)
    await sync(here, "order", **OURS)
    await sync(here, **OURS)


async def test_orders_made_by_the_connector_are_added_back_once_magento_has_repaired_its_reservations(make):
    """Before the repair the figure is right as it is; after it the repaired order counts like one of the shop."""
    here = make()
    await ours_open(here, {"A": 2})
    assert (here.quantity("A"), here.salable("A")) == (8, 8)
    here.here.change_shop({"repair_reservations": {}})
    assert here.salable("A") == 6
    outcome = await sync(here, full=True, **OURS)
    assert "reservations were repaired" in " ".join(outcome.remarks.summary())
    assert (here.quantity("A"), here.salable("A")) == (10, 8)
    await sync(here, full=True, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (10, 8)


async def test_a_shipment_of_a_repaired_order_is_not_compensated(make):
    """Its +n evens the repaired −n out by itself."""
    here = make()
    await ours_open(here, {"A": 2})
    here.here.change_shop({"repair_reservations": {}})
    await sync(here, full=True, **OURS)
    here.ship("000001")
    await sync(here, "shipment", **OURS)
    await sync(here, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (8, 8)
    await sync(here, full=True, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (8, 8)


async def test_what_was_compensated_before_a_repair_is_published_again_after_it(make):
    """Shipped before the repair: 8 there, 6 published and 8 sold; the repair takes the +2 away, and 8 are published."""
    here = make()
    await ours_open(here, {"A": 2})
    here.ship("000001")
    await sync(here, "shipment", **OURS)
    await sync(here, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (6, 8)
    here.here.change_shop({"repair_reservations": {}})
    assert here.salable("A") == 6
    await sync(here, full=True, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (8, 8)


async def test_an_order_made_after_a_repair_is_not_reserved(make):
    """The repair covers the orders before it, and no later one."""
    here = make()
    await ours_open(here, {"A": 2})
    here.here.change_shop({"repair_reservations": {}})
    await sync(here, full=True, **OURS)
    here.entered("000002", {"A": 3})
    await sync(here, "order", **OURS)
    await sync(here, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (7, 5)
    await sync(here, full=True, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (7, 5)


async def test_a_repaired_order_is_cancelled_by_magentos_own_call(make):
    """Its reservation goes with it: 10 are there and 10 are sold."""
    here = make()
    await ours_open(here, {"A": 2})
    here.here.change_shop({"repair_reservations": {}})
    await sync(here, full=True, **OURS)
    here.edit("000001", status="Canceled")
    await sync(here, "order", **OURS)
    await sync(here, **OURS)
    assert here.orders()[0]["state"] == "canceled"
    assert (here.quantity("A"), here.salable("A")) == (10, 10)
    await sync(here, full=True, **OURS)
    assert (here.quantity("A"), here.salable("A")) == (10, 10)


async def test_without_detection_a_repair_is_known_by_the_hour_that_is_set(make):
    """Daily at an hour: orders made before the last one count as repaired, whatever Magento shows."""
    here = make()
    none = {**OURS, "inventory": {**INVENTORY, "reservation_repair": "none"}}
    daily = {**OURS, "inventory": {**INVENTORY, "reservation_repair": "daily at 03:00"}}
    here.entered("000001", {"A": 2})
    await sync(here, "order", **none)
    await sync(here, **none)
    here.here.change_shop({"repair_reservations": {}})
    await sync(here, full=True, **none)
    assert here.quantity("A") == 8
    await sync(here, seconds=86_400, full=True, **daily)
    assert (here.quantity("A"), here.salable("A")) == (10, 8)


async def test_explain_names_every_term_between_the_figure_and_what_magento_sells(make):
    """The rule's figure, each open order with both systems' amounts, what is added back, and what is made up for."""
    here = make()
    placed(here, {"A": 2})
    here.entered("000001", {"A": 2}, external_ref=NUMBER)
    placed(here, {"A": 1}, number="100000002")
    await sync(here)
    lines = dict(explain(here.settings(inventory=INVENTORY), here.here.state, "inventory", "A"))
    assert lines["Rules say at default"] == "8 for A"
    assert lines["Magento confirmed at default"] == "10 for A"
    assert lines["Open order 100000001"] == (
        "Magento holds 2 (2 ordered); Acumatica's SO 000001 (Open) has 2 booked in MAIN; 2 added back"
    )
    assert lines["Open order 100000002"] == "Magento holds 1 (1 ordered); not in Acumatica"
    assert lines["Reserved by open orders"] == (
        "3 in Magento, of which 2 are missing in Acumatica's figure too and are added back"
    )
