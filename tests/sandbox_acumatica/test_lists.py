"""Lists and records by key of the contract API: paging, filters, selection, refusals."""

from typing import Any

import pytest

ENDPOINT = "/entity/Default/24.200.001"


async def test_keyset_paging_meets_every_item_once(site: Any) -> None:
    """Pages of `InventoryID gt 'last'` give every item once, in an order that is not that of bytes."""
    every = await site.ids()
    met: list[str] = []
    condition: dict[str, str] = {}
    while page := await site.ids(top="7", **condition):
        met += page
        last = page[-1].replace("'", "''")
        condition = {"filter": f"InventoryID gt '{last}'"}
    assert met == every
    assert len(set(met)) == len(met) == 60
    assert met != sorted(met)


async def test_skip_pages_restart_row_numbers(site: Any) -> None:
    """`$skip` works, the last page is short, and rowNumber begins at one on each page."""
    first = await site.rest("StockItem", top="40", select="InventoryID")
    second = await site.rest("StockItem", top="40", skip="40", select="InventoryID")
    assert (len(first), len(second)) == (40, 20)
    assert second[0]["rowNumber"] == 1
    assert not {row["id"] for row in first} & {row["id"] for row in second}
    assert await site.rest("StockItem", top="5", skip="100") == []


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("InventoryID eq 'sku-000001'", {"SKU-000001"}),
        ("InventoryID eq 'O''RING-8'", {"O'RING-8"}),
        ("InventoryID ge 'SKU-000058' and InventoryID lt 'SKU-000060'", {"SKU-000058", "SKU-000059"}),
        ("InventoryID le 'CABLE/USB-C 2M' and startswith(InventoryID,'cab')", {"CABLE/USB-C 2M"}),
        ("substringof('BOX',InventoryID)", {"[BOX] 12"}),
        ("endswith(InventoryID,'-8')", {"O'RING-8"}),
        ("Description eq 'Product 1' or Description eq 'Product 2'", {"SKU-000001", "SKU-000002"}),
        ("not (InventoryID ne 'SKU-000001')", {"SKU-000001"}),
        ("ItemStatus eq 'Inactive'", {"SKU-000004"}),
        ("DefaultPrice eq 12.5M and (ExportToExternal eq true)", {"SKU-000002"}),
        ("ExportToExternal eq false", {"SKU-000005"}),
        ("PriceClass ne null", {"SKU-000007"}),
        ("LastModified gt datetimeoffset'2026-03-02T14:59:59.999+00:00'", {"SKU-000002", "SKU-000004"}),
        ("LastModified ge datetimeoffset'2026-03-02T10:00:00-05:00'", {"SKU-000002", "SKU-000004"}),
        ("LastModified lt datetimeoffset'1950-01-01'", {"SKU-000017", "SKU-000034", "SKU-000051"}),
        ("cf.String(f='ItemSettings.UsrShop') eq 'web'", {"SKU-000008"}),
        ("substringof('BOX',InventoryID) eq true", set()),
        ("LastModified gt '2020-01-01'", set()),
    ],
)
async def test_filters_choose_as_the_real_grammar(site: Any, condition: str, wanted: set[str]) -> None:
    """A filter chooses the items it names: case does not count, wrong types choose nothing."""
    back = {"modified": "2026-01-01"}
    await site.change(
        {"set_price": {"inventory_id": "SKU-000002", "price": "12.5"}},
        {"set_item": {"inventory_id": "SKU-000004", "status": "Inactive"}},
        {"set_item": {"inventory_id": "SKU-000005", "exported": False, **back}},
        {"set_item": {"inventory_id": "SKU-000007", "PriceClass": "GOLD", **back}},
        {"set_item": {"inventory_id": "SKU-000008", "custom": {"ItemSettings.UsrShop": "web"}, **back}},
    )
    assert set(await site.ids(filter=condition)) == wanted


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"filter": "Nonsense eq 'x'"}, "System.Collections.Generic.KeyNotFoundException"),
        ({"filter": "inventoryid eq 'x'"}, "System.Collections.Generic.KeyNotFoundException"),
        ({"select": "InventoryID,Nonsense"}, "System.Collections.Generic.KeyNotFoundException"),
        ({"expand": "Nonsense"}, "System.Collections.Generic.KeyNotFoundException"),
        ({"filter": "contains(InventoryID,'x')"}, "Microsoft.Data.OData.ODataException"),
        ({"filter": "not substringof('x',InventoryID)"}, "Microsoft.Data.OData.ODataException"),
        (
            {"filter": "LastModified gt datetimeoffset'2026-01-01T00:00:00 00:00'"},
            "Microsoft.Data.OData.ODataException",
        ),
        ({"filter": "InventoryID eq"}, "Microsoft.Data.OData.ODataException"),
    ],
)
async def test_unusable_queries_are_500(site: Any, options: dict[str, str], kind: str) -> None:
    """An unknown name, an unknown function and an unreadable filter are 500 with the exception's type."""
    response = await site.get(f"{ENDPOINT}/StockItem", **options)
    assert response.status_code == 500
    assert response.json()["exceptionType"] == kind
    assert response.json()["message"] == "An error has occurred."


async def test_unencoded_plus_spoils_the_offset(site: Any) -> None:
    """A plus sign in a date that is not percent-encoded arrives as a blank and is refused."""
    path = f"{ENDPOINT}/StockItem?$filter=LastModified gt datetimeoffset'2026-01-01T00:00:00"
    assert (await site.client.get(f"{path}+00:00'")).status_code == 500
    assert (await site.client.get(f"{path}%2B00:00'")).status_code == 200


async def test_select_limits_the_fields(site: Any) -> None:
    """`$select` leaves the named fields and those of the filter; nested names alone leave every header field."""
    row = (await site.rest("StockItem", select="InventoryID", filter="ItemStatus eq 'Active'", top="1"))[0]
    assert set(row) == {"id", "rowNumber", "note", "InventoryID", "ItemStatus", "custom", "_links"}
    nested = await site.rest("StockItem", select="WarehouseDetails/QtyOnHand", expand="WarehouseDetails", top="1")
    assert "DefaultPrice" in nested[0]
    detail = nested[0]["WarehouseDetails"][0]
    assert set(detail) == {"id", "rowNumber", "note", "QtyOnHand", "custom", "_links"}


async def test_expanded_collection_left_out_of_select_is_empty_in_lists(site: Any) -> None:
    """In a list with `$select`, an expanded collection that it does not name comes back empty."""
    row = (await site.rest("StockItem", select="InventoryID", expand="WarehouseDetails", top="1"))[0]
    assert row["WarehouseDetails"] == []
    named = await site.rest("StockItem", select="InventoryID,WarehouseDetails", expand="WarehouseDetails", top="1")
    assert len(named[0]["WarehouseDetails"]) == 3
    assert "WarehouseDetails" not in (await site.rest("StockItem", top="1"))[0]


async def test_record_by_key_or_id(site: Any) -> None:
    """A record is found by its key whatever the case, and by its id, which a key with a slash needs."""
    listed = (await site.rest("StockItem", filter="InventoryID eq 'CABLE/USB-C 2M'"))[0]
    assert (await site.rest(f"StockItem/{listed['id']}"))["InventoryID"]["value"] == "CABLE/USB-C 2M"
    assert (await site.rest("StockItem/sku-000001"))["InventoryID"]["value"] == "SKU-000001"
    assert (await site.rest("Warehouse/main"))["WarehouseID"]["value"] == "MAIN"


async def test_missing_record_is_500_and_missing_entity_404(site: Any) -> None:
    """A key that leads to no record is 500 with its own exception; an entity or endpoint that is not there is 404."""
    response = await site.get(f"{ENDPOINT}/StockItem/NOT-THERE")
    assert response.status_code == 500
    assert response.json()["exceptionMessage"] == "No entity satisfies the condition."
    assert response.json()["exceptionType"] == "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException"
    assert (await site.get(f"{ENDPOINT}/Nonsense")).status_code == 404
    assert (await site.get("/entity/Default/1.0/StockItem")).status_code == 404


async def test_custom_fields_come_when_asked(site: Any) -> None:
    """`$custom` adds the field under its view with its type; without it `custom` is empty."""
    await site.change({"set_item": {"inventory_id": "SKU-000001", "custom": {"ItemSettings.UsrShop": "web"}}})
    asked = await site.rest("StockItem/SKU-000001", custom="ItemSettings.UsrShop")
    assert asked["custom"] == {"ItemSettings": {"UsrShop": {"type": "CustomStringField", "value": "web"}}}
    assert (await site.rest("StockItem/SKU-000001"))["custom"] == {}
    schema = await site.rest("StockItem/$adHocSchema")
    assert schema["custom"]["ItemSettings"]["UsrShop"] == {"type": "CustomStringField", "value": None}
    assert schema["InventoryID"] == {}


async def test_stock_and_non_stock_items_are_apart(site: Any) -> None:
    """A non-stock item is in NonStockItem only, with its own names of units."""
    await site.change({"add_item": {"inventory_id": "ADVICE", "stock": False, "base_uom": "HOUR"}})
    assert "ADVICE" not in await site.ids()
    rows = await site.rest("NonStockItem")
    assert [(row["InventoryID"]["value"], row["BaseUnit"]["value"]) for row in rows] == [("ADVICE", "HOUR")]
    assert (await site.get(f"{ENDPOINT}/StockItem/ADVICE")).status_code == 500


async def test_warehouses_leave_out_the_one_in_transit(site: Any) -> None:
    """Warehouse lists the warehouses with their locations, not the in-transit one, and knows no branch."""
    rows = await site.rest("Warehouse", expand="Locations")
    assert [row["WarehouseID"]["value"] for row in rows] == ["EAST", "MAIN", "VENDOR", "WEST"]
    assert [one["LocationID"]["value"] for one in rows[0]["Locations"]] == ["R1"]
    assert not any("Branch" in name for name in rows[0])


async def test_offsets_are_those_of_the_server(make_site: Any) -> None:
    """Moments carry the server's offset of their own season, and literals without offset are read in its zone."""
    site = make_site(server_zone="America/New_York")
    await site.login()
    await site.change(
        {"set_item": {"inventory_id": "SKU-000001", "modified": "2026-01-15T12:00:00.500Z"}},
        {"set_item": {"inventory_id": "SKU-000002", "modified": "2026-07-15T12:00:00Z"}},
    )
    texts = [(await site.rest(f"StockItem/SKU-00000{number}"))["LastModified"]["value"] for number in (1, 2)]
    assert texts == ["2026-01-15T07:00:00.5-05:00", "2026-07-15T08:00:00-04:00"]
    assert await site.ids(filter="LastModified ge datetimeoffset'2026-07-15T08:00:00'") == ["SKU-000002"]


async def test_imported_records_bear_the_year_1900(site: Any) -> None:
    """Some items were never touched since their import and bear the first of January 1900."""
    rows = await site.rest("StockItem", select="LastModified")
    assert "1900-01-01T00:00:00+00:00" in {row["LastModified"]["value"] for row in rows}


async def test_wrong_page_is_400(site: Any) -> None:
    """A `$top` that is not a number is 400 with a model state."""
    response = await site.get(f"{ENDPOINT}/StockItem", top="many")
    assert (response.status_code, response.json()["message"]) == (400, "The request is invalid.")


async def test_large_catalogue_pages(make_site: Any) -> None:
    """Twenty thousand items are met once by keyset pages of a thousand."""
    site = make_site(20_000)
    await site.login()
    met, condition = 0, {}
    while page := await site.ids(top="1000", **condition):
        met += len(page)
        condition = {"filter": f"InventoryID gt '{page[-1].replace(chr(39), chr(39) * 2)}'"}
    assert met == 20_000
