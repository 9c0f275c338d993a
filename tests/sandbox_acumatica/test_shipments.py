"""Shipments: their ways from open to completed, several orders, packages, lots, kits, and the stock they take."""

from typing import Any

import pytest
from sandbox_acumatica.trading import customer, figures, line, named, order, shipped, stock, values

ENDPOINT = "/entity/Default/24.200.001"
LATER = "2026-03-02T15:01:40+00:00"


async def status(site: Any, number: str = "000001") -> str:
    """The status of an order."""
    return str((await site.rest(f"SalesOrder/SO/{number}"))["Status"]["value"])


async def test_confirming_lowers_what_is_on_hand(site: Any) -> None:
    """A shipment takes from what can be shipped, its confirmation from what is on hand; a correction gives it back."""
    await stock(site)
    await site.change(customer(), order(line("4")))
    await site.change({"add_shipment": {"orders": [named()]}})
    assert (await figures(site), await status(site)) == ((10, 6, 6), "Shipping")
    await site.change({"confirm_shipment": "000001"})
    assert (await figures(site), await status(site)) == ((6, 6, 6), "Completed")
    await site.change({"correct_shipment": "000001"})
    assert (await figures(site), await status(site)) == ((10, 6, 6), "Shipping")
    await site.change({"remove_shipment": "000001"})
    assert (await figures(site), await status(site)) == ((10, 10, 6), "Open")
    assert await site.rest("Shipment") == []
    assert (await site.get(f"{ENDPOINT}/Shipment/000001")).status_code == 500
    assert len(await site.dac("SOShipment/px.GetDeletedRecords()")) == 1


async def test_parts_of_a_line_are_shipped(site: Any) -> None:
    """A partial shipment leaves the rest open: Back Order, and completed by a second shipment."""
    await stock(site)
    await site.change(customer(), order(line("5")))
    await site.change({"add_shipment": {"lines": [shipped(quantity="2")], "confirm": True}})
    found = await site.rest("SalesOrder/SO/000001", expand="Details,Shipments")
    assert values(found["Details"][0], "OpenQty", "QtyOnShipments", "Completed") == [3, 2, False]
    assert (await figures(site), await status(site)) == ((8, 8, 5), "Back Order")
    await site.change({"add_shipment": {"orders": [named()], "confirm": True}})
    found = await site.rest("SalesOrder/SO/000001", expand="Details,Shipments")
    names = ("ShipmentNbr", "ShipmentType", "Status", "ShippedQty")
    assert [values(row, *names) for row in found["Shipments"]] == [
        ["000001", "Shipment", "Confirmed", 2],
        ["000002", "Shipment", "Confirmed", 3],
    ]
    assert values(found["Details"][0], "OpenQty", "Completed") == [0, True]
    assert (await figures(site), await status(site)) == ((5, 5, 5), "Completed")


async def test_one_shipment_serves_two_orders(site: Any) -> None:
    """Each line names its order; the allocations, as recorded, all name the last one; Orders has a row for each."""
    await site.change(customer(), order(line("2")), order(line("1", "SKU-000002")))
    await site.change({"add_shipment": {"orders": [named(), named("000002")]}})
    found = await site.rest("Shipment/000001", expand="Details,Details/Allocations,Orders")
    assert [values(one, "OrderNbr", "OrderLineNbr", "LineNbr") for one in found["Details"]] == [
        ["000001", 1, 1],
        ["000002", 1, 3],
    ]
    assert [one["Allocations"][0]["OrderNbr"]["value"] for one in found["Details"]] == ["000002", "000002"]
    assert [values(one, "OrderNbr", "ShippedQty") for one in found["Orders"]] == [["000001", 2], ["000002", 1]]
    orders = [await site.rest(f"SalesOrder/SO/00000{number}", expand="Shipments") for number in (1, 2)]
    assert [one["Shipments"][0]["ShippedQty"]["value"] for one in orders] == [2, 1]
    assert [one["Shipments"][0]["OrderNoteID"] for one in orders] == [one["NoteID"] for one in orders]
    assert orders[0]["Shipments"][0]["ShippingNoteID"]["value"] == found["id"]


async def test_lots_and_packages_show(site: Any) -> None:
    """Allocations carry lots and places; packages their tracking numbers, contents the split they are of."""
    await site.change(customer(), order(line("3")))
    lots = [{"quantity": "1", "lot": "A1", "expiration": "2027-01-31"}, {"quantity": "2", "lot": "B2"}]
    packages = [
        {"tracking": "1Z1", "weight": "1.5", "contents": [{"line": 1, "quantity": "1"}], "fields": {"Height": "6"}},
        {"tracking": "1Z1"},
        {},
    ]
    shipment = {"lines": [shipped(allocations=lots)], "packages": packages, "ship_via": "LOCAL"}
    await site.change({"add_shipment": shipment})
    found = await site.rest("Shipment/000001", expand="Details,Details/Allocations,Packages,Packages/PackageContents")
    assert values(found, "ShipVia", "PackageCount", "PackageWeight", "ShippedQty") == ["LOCAL", None, 1.5, 3]
    detail = found["Details"][0]
    assert values(detail, "LotSerialNbr", "LocationID", "ShippedQty") == [None, "R1", 3]
    names = ("LotSerialNbr", "Qty", "SplitLineNbr", "ExpirationDate")
    assert [values(one, *names) for one in detail["Allocations"]] == [
        ["A1", 1, 2, "2027-01-31T00:00:00+00:00"],
        ["B2", 2, 3, None],
    ]
    assert [values(one, "LineNbr", "TrackingNbr") for one in found["Packages"]] == [[1, "1Z1"], [2, "1Z1"], [3, None]]
    content = found["Packages"][0]["PackageContents"][0]
    assert values(content, "InventoryID", "Quantity", "ShipmentSplitLineNbr", "OrigOrderNbr") == [
        "SKU-000001",
        1,
        2,
        "000001",
    ]
    assert found["Packages"][0]["Height"]["value"] == 6


async def test_kit_takes_its_components(site: Any) -> None:
    """A non-stock kit ships as one line whose allocations are its components; the stock of these is what falls."""
    await stock(site, "SKU-000001", "SKU-000002")
    kit = {"inventory_id": "KIT", "stock": False, "price": "9", "IsKit": True}
    await site.change({"add_item": kit}, customer(), order(line("2", "KIT")))
    assert await figures(site) == (10, 10, 10)
    parts = [{"inventory_id": "SKU-000001", "quantity": "4"}, {"inventory_id": "SKU-000002", "quantity": "2"}]
    await site.change({"add_shipment": {"lines": [shipped(allocations=parts)], "confirm": True}})
    detail = (await site.rest("Shipment/000001", expand="Details,Details/Allocations"))["Details"][0]
    assert values(detail, "InventoryID", "ShippedQty") == ["KIT", 2]
    assert [values(one, "InventoryID", "Qty") for one in detail["Allocations"]] == [
        ["SKU-000001", 4],
        ["SKU-000002", 2],
    ]
    assert (await figures(site), await figures(site, "SKU-000002")) == ((6, 6, 6), (8, 8, 8))
    assert await status(site) == "Completed"


async def test_shipment_in_another_unit(site: Any) -> None:
    """A shipment may count in another unit than the order's line; both are converted."""
    await stock(site, quantity="20")
    units = {"inventory_id": "SKU-000001", "uom_conversions": [{"from_uom": "BOX", "factor": "6"}]}
    await site.change({"set_item": units}, customer(), order(line("2", uom="BOX")))
    await site.change({"add_shipment": {"lines": [shipped(quantity="6", uom="EA")], "confirm": True}})
    detail = (await site.rest("SalesOrder/SO/000001", expand="Details"))["Details"][0]
    assert values(detail, "OrderQty", "OpenQty", "QtyOnShipments") == [2, 1, 1]
    assert await figures(site) == (14, 14, 8)


async def test_tracking_number_comes_later(site: Any) -> None:
    """A number set or a package added moves the shipment's stamp, and not that of the order."""
    await site.change(customer(), order())
    await site.change({"add_shipment": {"orders": [named()], "packages": [{}], "confirm": True}})
    before = await site.rest("SalesOrder/SO/000001")
    site.clock.advance(100)
    await site.change(
        {"add_tracking": {"shipment_nbr": "000001", "package": 1, "tracking": "1Z7"}},
        {"add_tracking": {"shipment_nbr": "000001", "tracking": "1Z8"}},
    )
    found = await site.rest("Shipment/000001", expand="Packages")
    assert [one["TrackingNbr"]["value"] for one in found["Packages"]] == ["1Z7", "1Z8"]
    assert values(found, "LastModifiedDateTime", "PackageCount", "Status") == [LATER, 2, "Confirmed"]
    assert (await site.rest("SalesOrder/SO/000001"))["LastModified"] == before["LastModified"]
    rows = await site.rest("Shipment", filter=f"LastModifiedDateTime ge datetimeoffset'{LATER}'")
    assert len(rows) == 1


async def test_order_is_stamped_when_its_status_follows(site: Any) -> None:
    """A confirmation that completes an order moves the order's stamp too."""
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()]}})
    site.clock.advance(100)
    await site.change({"confirm_shipment": {"shipment_nbr": "000001"}})
    assert values(await site.rest("SalesOrder/SO/000001"), "Status", "LastModified") == ["Completed", LATER]


async def test_open_shipment_can_be_changed_and_canceled(site: Any) -> None:
    """Quantity, ShipVia and fields of an open shipment change; a canceled one takes nothing any more."""
    await stock(site)
    await site.change(customer(), order(line("4")), {"add_shipment": {"orders": [named()], "hold": True}})
    assert values(await site.rest("Shipment/000001"), "Status", "Hold") == ["On Hold", True]
    change = {"shipment_nbr": "000001", "lines": [{"line_nbr": 1, "quantity": "3"}], "ship_via": "PICKUP"}
    await site.change({"set_shipment": change})
    found = await site.rest("Shipment/000001", expand="Details")
    assert values(found, "ShipVia", "ShippedQty") == ["PICKUP", 3]
    assert values(found["Details"][0], "OrderedQty", "OpenQty") == [4, 1]
    assert await figures(site) == (10, 7, 6)
    await site.change({"cancel_shipment": "000001"})
    assert (await figures(site), await status(site)) == ((10, 10, 6), "Open")


async def test_transfers_and_returns_have_their_marks(site: Any) -> None:
    """A transfer is of type Transfer with the other warehouse; a return is of operation Receipt and brings stock."""
    await stock(site)
    await site.change(customer(), order(type="TR"), order(line("2"), type="RC"))
    await site.change(
        {"add_shipment": {"orders": [named(kind="TR")], "type": "Transfer", "to_warehouse": "EAST"}},
        {"add_shipment": {"orders": [named(kind="RC")], "confirm": True}},
    )
    transfer, back = await site.rest("Shipment")
    assert values(transfer, "Type", "Operation", "ToWarehouseID") == ["Transfer", "Issue", "EAST"]
    assert values(back, "Type", "Operation", "Status") == ["Shipment", "Receipt", "Confirmed"]
    assert await figures(site) == (12, 10, 10)


@pytest.mark.parametrize(
    "change",
    [
        {"add_shipment": {"orders": [named("000009")]}},
        {"add_shipment": {"lines": [shipped(line_nbr=9)]}},
        {"add_shipment": {"orders": [named("000002")]}},
        {"add_shipment": {"orders": [named()], "packages": [{"contents": [{"line": 4}]}]}},
        {"add_shipment": {"orders": [named()], "nonsense": 1}},
        {"add_shipment": {"lines": [shipped(), shipped("000003")]}},
        {"add_shipment": {"orders": [named(kind="QT")]}},
        {"correct_shipment": "000001"},
        {"confirm_shipment": "000009"},
        {"set_shipment": {"shipment_nbr": "000001", "lines": [{"line_nbr": 9, "quantity": "1"}]}},
        {"add_tracking": {"shipment_nbr": "000001", "package": 9, "tracking": "x"}},
    ],
)
async def test_changes_that_do_not_fit_leave_all_as_it_was(site: Any, change: dict[str, Any]) -> None:
    """A wrong change of a shipment is 400 and changes neither documents nor stock."""
    await site.change(customer(), customer("BOLT"), order(line("4")), order(), order(type="QT"))
    await site.change({"add_order": {"customer_id": "BOLT", "lines": [line()]}})
    await site.change(
        {"add_shipment": {"lines": [shipped(quantity="1")]}}, {"add_shipment": {"orders": [named("000002")]}}
    )
    before = await site.state()
    assert (await site.client.post("/_sandbox/change", json=change)).status_code == 400
    after = await site.state()
    for name in ("orders", "shipments", "quantities"):
        assert after[name] == before[name]


async def test_dac_feed_shows_shipments_by_code(site: Any) -> None:
    """The DAC feed names shipments, their orders and orders by codes, and takes a filter on the stamp."""
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()], "confirm": True}})
    await site.change({"add_invoice": {"shipments": ["000001"]}}, order(status="On Hold"))
    condition = "LastModifiedDateTime ge 2026-03-02T00:00:00Z and Status eq 'I'"
    row = (await site.dac("SOShipment", filter=condition, expand="INSiteBySiteID($select=SiteCD)"))[0]
    assert (row["ShipmentNbr"], row["ShipmentType"], row["INSiteBySiteID"]["SiteCD"]) == ("000001", "I", "MAIN      ")
    link = (await site.dac("SOOrderShipment", filter="OrderNbr eq '000001'"))[0]
    assert (link["ShipmentNbr"], link["InvoiceType"], link["InvoiceNbr"]) == ("000001", "INV", "000001")
    assert [one["Status"] for one in await site.dac("SOOrder")] == ["C", "H"]


async def test_packages_of_a_shipment_can_be_set(site: Any) -> None:
    """A change of a shipment adds, changes and removes packages by number, or sets them all, also when confirmed."""
    packages = [{"tracking": "1Z-A", "weight": "2"}, {"tracking": "1Z-B"}]
    await site.change(
        customer(), order(), {"add_shipment": {"orders": [named()], "packages": packages, "confirm": True}}
    )
    site.clock.advance(100)
    edits = [
        {"package": 1, "tracking": "1Z-NEW", "contents": [{"line": 1, "quantity": "1"}]},
        {"package": 2, "remove": True},
        {"tracking": "1Z-C"},
    ]
    await site.change({"set_shipment": {"shipment_nbr": "000001", "packages": edits}})
    found = await site.rest("Shipment/000001", expand="Packages,Packages/PackageContents")
    assert [values(one, "LineNbr", "TrackingNbr", "Weight") for one in found["Packages"]] == [
        [1, "1Z-NEW", 2],
        [2, "1Z-C", 0],
    ]
    assert values(found["Packages"][0]["PackageContents"][0], "InventoryID", "Quantity") == ["SKU-000001", 1]
    assert values(found, "PackageCount", "LastModifiedDateTime") == [2, "2026-03-02T15:01:40+00:00"]
    (first, _) = found["Packages"]
    await site.change({"set_shipment": {"shipment_nbr": "000001", "packages": [{"tracking": "1Z-ONLY"}]}})
    (only,) = (await site.rest("Shipment/000001", expand="Packages"))["Packages"]
    assert (only["id"], values(only, "TrackingNbr", "Weight")) == (first["id"], ["1Z-ONLY", 2])
    wrong = {"set_shipment": {"shipment_nbr": "000001", "packages": [{"package": 9, "tracking": "X"}]}}
    assert (await site.client.post("/_sandbox/change", json=wrong)).status_code == 400
