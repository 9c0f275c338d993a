"""What a test changes in the running sandbox, and what stamps it leaves."""

from typing import Any

import pytest

NOW = "2026-03-02T15:01:40+00:00"
ITEM = {"inventory_id": "SKU-000001"}


async def stamp(site: Any, item: str = "SKU-000001") -> str:
    """Give an item's LastModified."""
    text: str = (await site.rest(f"StockItem/{item}", select="LastModified"))["LastModified"]["value"]
    return text


async def stock(site: Any, item: str = "SKU-000001", warehouse: str = "MAIN") -> dict[str, Any]:
    """Give a stock row by the DAC feed."""
    condition = f"InventoryItemByInventoryID/InventoryCD eq '{item}' and INSiteBySiteID/SiteCD eq '{warehouse}'"
    found: list[dict[str, Any]] = await site.dac("INSiteStatus", filter=condition)
    return found[0]


async def test_price_change_stamps_the_item(site: Any) -> None:
    """A new default price shows and stamps the item with the clock's now, or with the moment given."""
    site.clock.advance(100)
    await site.change({"set_price": ITEM | {"price": "12.5"}})
    record = await site.rest("StockItem/SKU-000001")
    assert record["DefaultPrice"]["value"] == record["CurySpecificPrice"]["value"] == 12.5
    assert record["LastModified"]["value"] == record["LastModifiedDateTime"]["value"] == NOW
    await site.change({"set_price": ITEM | {"price": "13", "modified": "2020-05-05T10:00:00Z"}})
    assert await stamp(site) == "2020-05-05T10:00:00+00:00"


async def test_quantity_change_stamps_the_stock_only(site: Any) -> None:
    """A movement stamps the stock row and leaves the item's stamp alone."""
    before = await stamp(site)
    site.clock.advance(100)
    await site.change({"set_quantity": ITEM | {"warehouse": "MAIN", "available": "7.5"}})
    row = await stock(site)
    assert (row["QtyAvail"], row["LastModifiedDateTime"]) == (7.5, "2026-03-02T15:01:40Z")
    assert await stamp(site) == before
    assert (await stock(site, warehouse="EAST"))["LastModifiedDateTime"] < "2026-03-02"


async def test_figures_not_named_move_along(site: Any) -> None:
    """A figure that a change does not name moves by the same difference; named ones are taken as they are."""
    set_to = ITEM | {"warehouse": "MAIN"}
    await site.change({"set_quantity": set_to | {"on_hand": "10", "available": "-2", "available_for_shipping": "4"}})
    row = await stock(site)
    assert (row["QtyOnHand"], row["QtyAvail"], row["QtyHardAvail"]) == (10, -2, 4)
    await site.change({"set_quantity": set_to | {"available": "1"}})
    row = await stock(site)
    assert (row["QtyOnHand"], row["QtyAvail"], row["QtyHardAvail"]) == (13, 1, 7)


async def test_price_list_does_not_touch_the_item(site: Any) -> None:
    """Adding, changing and removing a sales price leaves the item's stamp alone."""
    before = await stamp(site)
    site.clock.advance(100)
    record_id = (await site.change({"add_sales_price": ITEM | {"price": "5", "currency": "EUR"}}))[0]["record_id"]
    await site.change({"set_sales_price": {"record_id": record_id, "price": "6", "expiration": "2026-12-31"}})
    price = (await site.state())["sales_prices"][0]
    wanted = {"price": "6", "currency": "EUR", "price_type": "Base", "uom": "EA", "expiration": "2026-12-31"}
    assert {name: price[name] for name in wanted} == wanted
    await site.change({"remove_sales_price": record_id})
    assert (await site.state())["sales_prices"] == []
    assert await stamp(site) == before


async def test_item_traits_show_everywhere(site: Any) -> None:
    """Status, class, export flag, units and form fields of an item show in both services."""
    traits = {"status": "No Sales", "item_class": "TOOLS", "exported": False, "sales_uom": "BOX", "MSRP": "99.5"}
    conversion = {"uom_conversions": [{"from_uom": "BOX", "factor": "12"}]}
    await site.change({"set_item": ITEM | traits | conversion})
    record = await site.rest("StockItem/SKU-000001", expand="UOMConversions")
    wanted = {
        "ItemStatus": "No Sales",
        "ItemClass": "TOOLS",
        "ExportToExternal": False,
        "SalesUOM": "BOX",
        "MSRP": 99.5,
    }
    assert {name: record[name]["value"] for name in wanted} == wanted
    assert record["UOMConversions"][0]["ConversionFactor"]["value"] == 12
    row = (await site.dac("InventoryItem", filter="InventoryCD eq 'SKU-000001'", expand="INItemClassByItemClassID"))[0]
    assert (row["ItemStatus"], row["SalesUnit"], row["ExportToExternal"]) == ("NS", "BOX", False)
    assert row["INItemClassByItemClassID"]["ItemClassCD"].rstrip() == "TOOLS"
    assert "TOOLS" in {one["ClassID"]["value"] for one in await site.rest("ItemClass")}


async def test_items_come_and_go(site: Any) -> None:
    """A new item is listed in its place with stock and a null note; a removed one is gone from every read."""
    added = {
        "inventory_id": "AAA",
        "price": "3",
        "quantities": {"MAIN": "4"},
        "vendor_quantity": "2",
        "item_class": "TOOLS",
    }
    await site.change({"add_item": added}, {"remove_item": "SKU-000001"})
    ids = await site.ids()
    assert "AAA" in ids
    assert "SKU-000001" not in ids
    record = await site.rest("StockItem/AAA", expand="WarehouseDetails")
    assert record["note"] is None
    assert [row["QtyOnHand"]["value"] for row in record["WarehouseDetails"]] == [4]
    state = await site.state()
    assert "SKU-000001" not in state["items"]
    assert {one["inventory_id"] for one in state["quantities"]} == set(state["items"])
    assert {"inventory_id": "AAA", "warehouse": "VENDOR", "quantity": "2"} in state["vendor_quantities"]


async def test_vendor_quantity_of_nothing_takes_the_line_away(site: Any) -> None:
    """A vendor quantity appears in the inquiry when set and its line is gone at zero."""
    path = "/t/Company/api/odata/gi/A2M-VendorQuantities"
    for quantity, count in (("2.25", 1), ("0", 0)):
        await site.change({"set_vendor_quantity": ITEM | {"quantity": quantity}})
        found = (await site.get(path, filter="InventoryID eq 'SKU-000001'")).json()["value"]
        assert [row["VendorQty"] for row in found] == [2.25] * count


async def test_cross_references_are_set_and_removed(site: Any) -> None:
    """A cross-reference shows in the item's collection, is replaced by the same one, and can be removed."""
    reference = ITEM | {"alternate_id": "4006381333931", "alternate_type": "Barcode"}
    for extra, count in (({}, 1), ({"uom": "EA"}, 1), ({"remove": True}, 0)):
        await site.change({"set_cross_reference": reference | extra})
        record = await site.rest("StockItem/SKU-000001", expand="CrossReferences")
        assert len(record["CrossReferences"]) == count
    assert record["CrossReferences"] == []


async def test_clock_can_be_moved(site: Any) -> None:
    """The sandbox's clock moves ahead on request and stamps later changes."""
    moved = await site.change({"advance_seconds": 100}, {"set_price": ITEM | {"price": 1}})
    assert moved[0] == {"now": "2026-03-02T15:01:40Z"}
    assert await stamp(site) == NOW


async def test_stamps_have_the_steps_of_the_database(site: Any) -> None:
    """A stamp is kept in steps of a three-hundredth of a second and written without trailing zeros."""
    site.clock.advance(100.4985)
    await site.change({"set_price": ITEM | {"price": 1}})
    assert await stamp(site) == "2026-03-02T15:01:40.5+00:00"
    site.clock.advance(0.0051)
    await site.change({"set_price": ITEM | {"price": 1}})
    assert await stamp(site) == "2026-03-02T15:01:40.503+00:00"


@pytest.mark.parametrize(
    "change",
    [
        {"set_price": {"inventory_id": "NOT-THERE", "price": "1"}},
        {"set_price": {"inventory_id": "SKU-000001"}},
        {"set_price": {"inventory_id": "SKU-000001", "price": "1.1234567"}},
        {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "NORTH", "available": "1"}},
        {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN"}},
        {"set_item": {"inventory_id": "SKU-000001", "nonsense": 1}},
        {"set_item": {"inventory_id": "SKU-000001", "status": "Sleeping"}},
        {"add_item": {"inventory_id": "sku-000001"}},
        {"remove_sales_price": 1},
        {"nonsense": {}},
        {},
    ],
)
async def test_changes_that_do_not_fit_are_refused(site: Any, change: dict[str, Any]) -> None:
    """A change that names nothing known or does not fit is 400 with a reason."""
    response = await site.client.post("/_sandbox/change", json=change)
    assert response.status_code == 400
    assert response.json()["message"].startswith("Change 0:")


async def test_state_tells_everything_plainly(site: Any) -> None:
    """The state has the company's records with decimal texts, the open sessions and the number of requests."""
    state = await site.state()
    assert set(state) == {
        "now",
        "items",
        "item_classes",
        "quantities",
        "vendor_quantities",
        "sales_prices",
        "customer_classes",
        "customers",
        "orders",
        "shipments",
        "invoices",
        "purchase_orders",
        "purchase_receipts",
        "sessions",
        "requests",
    }
    assert (state["now"], state["sessions"], state["requests"]) == ("2026-03-02T15:00:00Z", 1, 1)
    item = state["items"]["SKU-000001"]
    wanted = {"sku": "SKU-000001", "status": "Active", "item_class": "ALLOTHER", "exported": True, "base_uom": "EA"}
    assert {name: item[name] for name in wanted} == wanted
    assert "." not in item["default_price"] or not item["default_price"].endswith("0")
    assert set(state["quantities"][0]) == {
        "inventory_id",
        "warehouse",
        "on_hand",
        "available",
        "available_for_shipping",
    }
