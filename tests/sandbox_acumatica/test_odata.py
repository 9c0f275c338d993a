"""The OData services: filters, pages, navigations, inquiries, refusals."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from sandbox.acumatica import create_app
from sandbox.catalogue import Product

DAC = "/t/Company/api/odata/dac"
INQUIRY = "/t/Company/api/odata/gi/A2M-VendorQuantities"


async def test_stock_rows_hold_the_three_figures(site: Any) -> None:
    """INSiteStatus has on hand, available and available for shipping of every item and warehouse."""
    found = await site.dac("INSiteStatus", expand="InventoryItemByInventoryID,INSiteBySiteID")
    figures = {
        (row["InventoryItemByInventoryID"]["InventoryCD"].rstrip(), row["INSiteBySiteID"]["SiteCD"].rstrip()): [
            f"{row[name]:g}" for name in ("QtyOnHand", "QtyAvail", "QtyHardAvail")
        ]
        for row in found
    }
    assert figures == {
        (one["inventory_id"], one["warehouse"]): [one["on_hand"], one["available"], one["available_for_shipping"]]
        for one in (await site.state())["quantities"]
    }


async def test_feed_pages_in_key_order(site: Any) -> None:
    """The feed comes in key order; `$skip`, `$orderby` and `$count` work."""
    every = await site.dac("INSiteStatus", select="InventoryID,SiteID")
    assert every == sorted(every, key=lambda row: (row["InventoryID"], row["SiteID"]))
    assert await site.dac("INSiteStatus", select="InventoryID,SiteID", skip="100", top="7") == every[100:107]
    turned = await site.dac("INSiteStatus", select="InventoryID,SiteID", orderby="InventoryID desc,SiteID desc")
    assert turned == every[::-1]
    counted = (await site.get(f"{DAC}/INSiteStatus", count="true", top="1", filter="SiteID eq 101")).json()
    assert counted["@odata.count"] == 60


@pytest.mark.parametrize(
    ("table", "condition", "count"),
    [
        ("InventoryItem", "InventoryCD eq 'SKU-000001'", 1),
        ("InventoryItem", "InventoryID gt 10010 and InventoryID le 10020", 10),
        ("InventoryItem", "StkItem and ItemStatus eq 'AC'", 59),
        ("InventoryItem", "contains(InventoryCD,'BOX') or startswith(Descr,'Product 60')", 2),
        ("InventoryItem", "LastModifiedDateTime gt 2026-03-02T00:00:00Z", 1),
        ("InventoryItem", "INItemClassByItemClassID/ItemClassCD eq 'ALLOTHER'", 60),
        ("INSiteStatus", "INSiteBySiteID/SiteCD eq 'MAIN' and QtyOnHand gt 0", 60),
        ("INSiteStatus", "LastModifiedDateTime ge 2026-03-02T10:00-05:00", 1),
        ("INSiteStatusByCostCenter", "CostCenterID eq 0 and SiteID ne 101", 120),
    ],
)
async def test_feed_filters(site: Any, table: str, condition: str, count: int) -> None:
    """A filter on codes, numbers, dates or a navigation chooses its rows."""
    await site.change(
        {"set_item": {"inventory_id": "SKU-000002", "status": "Inactive"}},
        {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", "available": "5"}},
    )
    assert len(await site.dac(table, filter=condition)) == count


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("INSite", {"select": "BranchID"}, 400),
        ("INSite", {"filter": "Nonsense eq 1"}, 400),
        ("InventoryItem", {"filter": "InventoryID eq 'SKU-000001'"}, 400),
        ("InventoryItem", {"filter": "LastModifiedDateTime gt datetimeoffset'2026-01-01T00:00:00Z'"}, 400),
        ("InventoryItem", {"expand": "Nonsense"}, 400),
        ("InventoryItem", {"top": "x"}, 400),
        ("InventoryItem", {"apply": "aggregate(InventoryID)"}, 400),
        ("Nonsense", {}, 404),
        ("InventoryItem(1)", {}, 404),
    ],
)
async def test_feed_refusals(site: Any, path: str, options: dict[str, str], status: int) -> None:
    """What the feed cannot serve is refused with an error object."""
    response = await site.get(f"{DAC}/{path}", **options)
    assert response.status_code == status
    assert response.json()["error"]["message"]


async def test_unknown_property_is_named(site: Any) -> None:
    """An unknown property is refused with the property's and the type's name."""
    response = await site.get(f"{DAC}/INSite", select="BranchID")
    assert "Could not find a property named 'BranchID' on type 'PX.Objects.IN.INSite'." in response.text


async def test_warehouse_leads_to_its_branch(site: Any) -> None:
    """INSite gives the branch of each warehouse by its navigation, the in-transit warehouse included."""
    found = await site.dac("INSite", select="SiteCD", expand="BranchByBranchID($select=BranchCD)")
    branches = {row["SiteCD"].rstrip(): row["BranchByBranchID"]["BranchCD"].rstrip() for row in found}
    assert branches == {
        "MAIN": "HEADOFFICE",
        "EAST": "HEADOFFICE",
        "WEST": "RETAIL",
        "VENDOR": "HEADOFFICE",
        "INTR": "HEADOFFICE",
    }


async def test_sales_prices_have_codes_and_stamps(site: Any) -> None:
    """ARSalesPrice gives type codes, class and customer, and takes a filter on the moment of change."""
    await site.change({"add_sales_price": {"inventory_id": "SKU-000001", "price": "8", "modified": "2026-01-01"}})
    site.clock.advance(5)
    tier = {
        "price_type": "Customer Price Class",
        "price_code": "GOLD",
        "break_quantity": "2.5",
        "effective": "2026-04-01",
    }
    await site.change({"add_sales_price": {"inventory_id": "SKU-000002", "price": "7.5"} | tier})
    found = await site.dac(
        "ARSalesPrice",
        filter="LastModifiedDateTime ge 2026-03-02T15:00:05Z",
        expand="InventoryItemByInventoryID($select=InventoryCD)",
    )
    assert len(found) == 1
    assert found[0]["InventoryItemByInventoryID"]["InventoryCD"].rstrip() == "SKU-000002"
    wanted = {"PriceType": "P", "CustPriceClassID": "GOLD", "BreakQty": 2.5, "SalesPrice": 7.5, "SiteID": None}
    assert {name: found[0][name] for name in wanted} == wanted
    assert found[0]["EffectiveDate"] == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize("name", ["PriceCode", "CustomerCD", "InventoryCD", "Description"])
@pytest.mark.parametrize("option", ["filter", "select", "orderby"])
async def test_computed_columns_of_prices_serve_no_query(site: Any, name: str, option: str) -> None:
    """What the server computes of a sales price can be neither filtered, ordered nor selected, and is in no row."""
    text = f"{name} eq 'SKU-000001'" if option == "filter" else name
    refused = await site.get(f"{DAC}/ARSalesPrice", **{option: text})
    assert refused.status_code == 400
    assert f"'{name}'" in refused.json()["error"]["message"]
    await site.change({"add_sales_price": {"inventory_id": "SKU-000001", "price": "8"}})
    assert name not in (await site.dac("ARSalesPrice"))[0]
    assert f"<PropertyPath>{name}</PropertyPath>" in (await site.get(f"{DAC}/$metadata")).text


async def test_record_by_key(site: Any) -> None:
    """A key in brackets, single or composite, gives one record."""
    one = (await site.get(f"{DAC}/InventoryItem(10001)")).json()
    assert one["InventoryCD"].rstrip() == "SKU-000001"
    assert one["@odata.context"].endswith("#InventoryItem/$entity")
    row = (await site.get(f"{DAC}/INSiteStatus(InventoryID=10001,SubItemID=1,SiteID=102)")).json()
    assert (row["InventoryID"], row["SiteID"]) == (10001, 102)


async def test_server_pages_are_followed_by_links(make_site: Callable[..., Any]) -> None:
    """With a page size forced by the server, next links lead through all rows and end at `$top`."""
    site = make_site(odata_page_size=50)
    await site.login()
    met, url = 0, f"{DAC}/INSiteStatus?$filter=SiteID ge 102&$top=110"
    sizes = []
    while url:
        body = (await site.client.get(url)).json()
        sizes.append(len(body["value"]))
        met += len(body["value"])
        url = body.get("@odata.nextLink", "")
    assert sizes == [50, 50, 10]


async def test_vendor_quantities_are_an_inquiry(site: Any) -> None:
    """A2M-VendorQuantities gives a line for each item with a vendor quantity, in three columns."""
    found = (await site.get(INQUIRY)).json()
    assert found["@odata.context"] == "https://erp.example/t/Company/api/odata/gi/$metadata#A2M-VendorQuantities"
    assert all(list(row) == ["InventoryID", "WarehouseID", "VendorQty"] for row in found["value"])
    lines = [
        (row["InventoryID"].rstrip(), row["WarehouseID"].rstrip(), f"{row['VendorQty']:g}") for row in found["value"]
    ]
    state = (await site.state())["vendor_quantities"]
    assert lines == [(one["inventory_id"], "VENDOR", one["quantity"]) for one in state]
    assert len(lines) == 15


async def test_metadata_names_what_is_served(site: Any) -> None:
    """`$metadata` is EDMX with every table, its key and its navigations; the service document lists the same sets."""
    text = (await site.get(f"{DAC}/$metadata")).text
    root = ElementTree.fromstring(text)
    types = {one.get("Name") for one in root.iter("{http://docs.oasis-open.org/odata/ns/edm}EntityType")}
    listed = (await site.get(DAC)).json()["value"]
    assert types == {one["name"] for one in listed}
    assert {"INSiteStatus", "InventoryItem", "INSite", "ARSalesPrice", "INItemClass", "Branch"} <= types
    assert "BranchByBranchID" in text
    assert 'Name="BranchID" Type="Edm.Int32" Nullable="false"' in text


async def test_deleted_records_have_a_feed(site: Any) -> None:
    """Removed items and prices are in px.GetDeletedRecords() with their ids and moments."""
    item = await site.rest("StockItem/SKU-000001")
    made = await site.change({"add_sales_price": {"inventory_id": "SKU-000002", "price": "1"}})
    await site.change({"remove_item": "SKU-000001"}, {"remove_sales_price": made[0]["record_id"]})
    found = await site.dac("InventoryItem/px.GetDeletedRecords()", filter="DeleteDate ge 2026-03-02T00:00:00Z")
    assert found == [{"RefNoteID": item["id"], "DeleteDate": "2026-03-02T15:00:00Z"}]
    assert len(await site.dac("ARSalesPrice/px.GetDeletedRecords()")) == 1


async def test_other_tenant_is_404(site: Any) -> None:
    """Another tenant in the address is not found."""
    assert (await site.get("/t/Other/api/odata/dac/INSite")).status_code == 404


def test_two_ids_of_one_collation_are_refused() -> None:
    """A catalogue with two SKUs that the database holds for one is refused."""
    with pytest.raises(ValueError, match="taken"):
        create_app([Product("abc", "One", 1), Product("ABC", "Two", 2)])
