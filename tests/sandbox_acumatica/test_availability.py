"""Availability calculation rules of item classes, allocated lines, shipments confirmed and not yet posted."""

from typing import Any

import pytest
from sandbox_acumatica.trading import customer, figures, line, named, order, shipped, stock, values

ALL = ("prepared", "booked", "back_ordered", "shipping", "shipped")


def rule(code: str = "ALLOTHER", **flags: Any) -> dict[str, Any]:
    """A rule of that class."""
    return {"set_availability_rule": {"item_class": code} | flags}


async def demand(site: Any) -> list[float]:
    """Prepared, booked, back-ordered, allocated and shipped of SKU-000001 in MAIN, as INSiteStatus gives them."""
    condition = "InventoryItemByInventoryID/InventoryCD eq 'SKU-000001' and INSiteBySiteID/SiteCD eq 'MAIN'"
    row = (await site.dac("INSiteStatus", filter=condition))[0]
    return [row[f"QtySO{name}"] for name in ("Prepared", "Booked", "BackOrdered", "Shipping", "Shipped")]


SET_UPS: dict[str, list[dict[str, Any]]] = {
    "prepared": [order(line("4"), status="On Hold")],
    "booked": [order(line("4"))],
    "back_ordered": [
        order(line("5")),
        {"add_shipment": {"lines": [shipped(quantity="1")], "confirm": True}},
        {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", "on_hand": "10"}},
    ],
    "shipping": [order(line("4", allocated="4"))],
    "shipped": [order(line("4")), {"add_shipment": {"orders": [named()], "confirm": True, "posted": False}}],
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("deducted", [True, False])
async def test_rule_decides_what_is_available(site: Any, kind: str, deducted: bool) -> None:
    """What the item class's rule names is taken from what is available, and nothing else is."""
    await stock(site)
    await site.change(customer(), *SET_UPS[kind], rule(**{name: (name == kind) is deducted for name in ALL}))
    assert await demand(site) == [4 if name == kind else 0 for name in ALL]
    hard = 6 if kind in ("shipping", "shipped") else 10
    assert await figures(site) == (10, hard, 6 if deducted else 10)


async def test_rule_is_read_as_the_real_system_gives_it(site: Any) -> None:
    """The class's rule stands in its entity, and its flags in the feed, reached from the item by two links."""
    await site.change(rule(booked=False, rule="WEB", description="Shipments only"))
    assert values(await site.rest("ItemClass/ALLOTHER"), "AvailabilityCalculationRule") == ["WEB"]
    found = await site.dac("PX_Objects_IN_INAvailabilityScheme", filter="AvailabilitySchemeID eq 'WEB'")
    flags = {name.removeprefix("InclQtySO"): value for name, value in found[0].items() if name.startswith("InclQtySO")}
    assert flags == {"Prepared": True, "Booked": False, "BackOrdered": True, "Shipping": True, "Shipped": True} | {
        "Reverse": False
    }
    (item,) = await site.dac(
        "PX_Objects_IN_InventoryItem",
        filter="InventoryCD eq 'SKU-000001'",
        select="InventoryCD",
        expand="INItemClassByItemClassID($select=ItemClassCD,AvailabilitySchemeID"
        ";$expand=INAvailabilitySchemeByAvailabilitySchemeID($select=InclQtySOBooked))",
    )
    found = item["INItemClassByItemClassID"]
    assert (found["ItemClassCD"].rstrip(), found["AvailabilitySchemeID"]) == ("ALLOTHER", "WEB")
    assert found["INAvailabilitySchemeByAvailabilitySchemeID"] == {"InclQtySOBooked": False}
    assert (await site.state())["item_classes"]["ALLOTHER"]["booked"] is False


async def test_rule_of_one_class_leaves_the_others_alone(site: Any) -> None:
    """A rule set for a class changes no item of another class; an item that moves to the class takes its rule."""
    await stock(site)
    await site.change(customer(), order(line("4")), {"set_item": {"inventory_id": "SKU-000002", "item_class": "WEB"}})
    await site.change(rule("WEB", booked=False))
    assert await figures(site) == (10, 10, 6)
    site.clock.advance(100)
    await site.change({"set_item": {"inventory_id": "SKU-000001", "item_class": "WEB"}})
    assert await figures(site) == (10, 10, 10)
    assert len(await site.dac("INSiteStatus", filter="LastModifiedDateTime ge 2026-03-02T15:01:40Z")) == 1


async def test_allocated_part_of_a_line_goes_first(site: Any) -> None:
    """A line's allocated part is taken from what is available for shipping, until it is on a shipment itself."""
    await stock(site)
    await site.change(customer(), order(line("5", allocated="3")))
    assert (await figures(site), await demand(site)) == ((10, 7, 5), [0, 2, 0, 3, 0])
    await site.change({"add_shipment": {"lines": [shipped(quantity="4")]}})
    assert (await figures(site), await demand(site)) == ((10, 6, 5), [0, 1, 0, 4, 0])
    rows = (await site.rest("SalesOrder/SO/000001", expand="Details/Allocations,Details"))["Details"][0]["Allocations"]
    assert [values(one, "Allocated", "Qty", "QtyOnShipments") for one in rows] == [[True, 3, 3], [False, 2, 1]]
    splits = await site.dac("SOLineSplit", filter="OrderNbr eq '000001' and Completed eq false")
    assert [(one["IsAllocated"], one["Qty"], one["ShippedQty"]) for one in splits] == [(True, 3, 3), (False, 2, 1)]
    await site.change({"set_order": named() | {"status": "Canceled"}}, {"cancel_shipment": "000001"})
    assert (await figures(site), await demand(site)) == ((10, 10, 10), [0, 0, 0, 0, 0])


async def test_confirmed_shipment_leaves_on_hand_when_posted(site: Any) -> None:
    """Confirmed and not posted counts as shipped and still as on hand; posting, or its invoice's release, ends that."""
    await stock(site)
    await site.change(
        customer(),
        order(line("4")),
        order(line("1")),
        {"add_shipment": {"orders": [named()]}},
        {"add_shipment": {"orders": [named("000002")], "confirm": True, "posted": False}},
        {"confirm_shipment": {"shipment_nbr": "000001", "posted": False}},
    )
    assert (await figures(site), await demand(site)) == ((10, 5, 5), [0, 0, 0, 0, 5])
    found = await site.dac("SOShipment", select="Confirmed,Released")
    assert [(one["Confirmed"], one["Released"]) for one in found] == [(True, False)] * 2
    await site.change({"post_shipment": "000001"})
    rows = [(await site.rest(f"Shipment/{number}", expand="Orders"))["Orders"][0] for number in ("000001", "000002")]
    assert [values(one, "InventoryDocType", "InventoryRefNbr") for one in rows] == [["Issue", "000001"], [None, None]]
    posted = await site.dac("SOOrderShipment", select="InvtDocType,InvtRefNbr")
    assert [(one["InvtDocType"], one["InvtRefNbr"]) for one in posted] == [("I", "000001"), (None, None)]
    assert (await figures(site), await demand(site)) == ((6, 5, 5), [0, 0, 0, 0, 1])
    await site.change({"add_invoice": {"shipments": ["000002"], "release": True}})
    assert (await figures(site), await demand(site)) == ((5, 5, 5), [0, 0, 0, 0, 0])


async def test_lines_marked_for_purchase_ask_nothing_of_the_stock(site: Any) -> None:
    """A drop-shipped line and one purchased for the order take nothing, and can be told from others in every read."""
    await stock(site)
    lines = (line("1"), line("2", drop_ship=True), line("3", po_source="Purchase to Order"))
    await site.change(customer(), order(*lines))
    assert await figures(site) == (10, 10, 9)
    details = (await site.rest("SalesOrder/SO/000001", expand="Details"))["Details"]
    sources = [[False, None], [True, "Drop-Ship"], [True, "Purchase to Order"]]
    assert [values(one, "MarkForPO", "POSource") for one in details] == sources
    for name in ("SOLine", "SOLineSplit"):
        rows = await site.dac(name, filter="OrderType eq 'SO'")
        assert [(one["POCreate"], one["POSource"]) for one in rows] == [(False, None), (True, "D"), (True, "O")]


async def test_allocation_inquiry_totals_the_demand(site: Any) -> None:
    """The Inventory Allocation Details inquiry tells on hand, available and each kind of demand of an item."""
    await stock(site)
    await site.change(customer(), order(line("4", allocated="1")), order(line("2"), status="On Hold"))
    body = {"InventoryID": "SKU-000001", "WarehouseID": "MAIN"}
    found = (await site.put("InventoryAllocationInquiry", body, "Results")).json()
    assert values(found, "OnHand", "Available", "AvailableForShipping", "TotalDeduction") == [10, 4, 9, 6]
    assert values(found, "SOPrepared", "SOBooked", "SOAllocated", "SOShipped") == [2, 3, 1, 0]
    assert [values(one, "AllocationType", "Qty") for one in found["Results"]] == [
        ["SO Prepared", 2],
        ["SO Booked", 3],
        ["SO Allocated", 1],
    ]


@pytest.mark.parametrize(
    "change",
    [
        rule("NOTHING", booked=True),
        rule(booked="yes"),
        rule(nonsense=True),
        rule(rule="A-CODE-TOO-LONG"),
        {"set_availability_rule": {"booked": True}},
        {"set_order": named() | {"lines": [{"line_nbr": 1, "allocated": "9"}]}},
        {"set_order": named() | {"lines": [{"line_nbr": 1, "po_source": "Elsewhere"}]}},
        {"post_shipment": "000009"},
    ],
)
async def test_wrong_rules_and_allocations_are_refused(site: Any, change: dict[str, Any]) -> None:
    """An unknown class, a flag that is neither true nor false, or more allocated than ordered is a clear 400."""
    await site.change(customer(), order())
    assert (await site.client.post("/_sandbox/change", json=change)).status_code == 400


@pytest.mark.parametrize(
    ("status", "place"),
    [
        *((one, "Prepared") for one in ("On Hold", "Credit Hold", "Pending Approval", "Awaiting Payment")),
        *((one, "Booked") for one in ("Open", "Pending Processing", "Risk Hold", "Shipping")),
        ("Back Order", "BackOrdered"),
    ],
)
async def test_status_of_the_order_decides_the_kind(site: Any, status: str, place: str) -> None:
    """What waits for hold, credit, approval or a prepayment is prepared; a back order is apart; the rest is booked."""
    await stock(site)
    await site.change(customer(), order(line("4"), status=status))
    kinds = dict(zip(("Prepared", "Booked", "BackOrdered", "Shipping", "Shipped"), await demand(site), strict=True))
    assert {name for name, taken in kinds.items() if taken} == {place}
