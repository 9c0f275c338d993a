"""The sandbox's answers beside the recorded answers of real sites."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sandbox_acumatica.shapes import alike, kind, order

Samples = Callable[[str, str], dict[str, Any]]


async def test_stock_item_by_key_has_the_recorded_fields_in_the_recorded_order(site: Any, samples: Samples) -> None:
    """A stock item by key has exactly the fields, order, wrapping and types of the recorded one."""
    real = samples("stock-item", "keyed GET with Attributes")["body"]
    attribute = {"AttributeID": "COLOR", "AttributeDescription": "Color", "Value": "R", "ValueDescription": "Red"}
    await site.change({"set_item": {"inventory_id": "SKU-000001", "attributes": [attribute]}})
    own = await site.rest("StockItem/SKU-000001", expand="Attributes")
    assert [name for name in order(own) if name != "LastModifiedDateTime"] == order(real)
    assert list(own)[:3] == list(real)[:3]
    assert list(own)[-2:] == list(real)[-2:] == ["custom", "_links"]
    assert own["_links"].keys() == real["_links"].keys()
    assert set(order(real["Attributes"][0])) <= set(order(own["Attributes"][0]))
    assert alike(real, own) == []


async def test_stock_item_list_is_a_bare_array_of_the_recorded_records(site: Any, samples: Samples) -> None:
    """A list is an array without envelope, and an expanded collection without rows is an empty array."""
    real = samples("stock-item", "list, LastModified filter, WarehouseDetails (22.200)")["body"]
    own = await site.rest(
        "StockItem",
        filter="ItemStatus eq 'Active' and LastModified gt datetimeoffset'2019-08-18T23:59:59.999+04:00'",
        expand="WarehouseDetails,CrossReferences",
    )
    assert isinstance(own, list)
    assert set(order(own[0])) - set(order(real[0])) == {"LastModifiedDateTime", "CrossReferences"}
    assert alike(real[0], own[0]) == []
    assert own[0]["CrossReferences"] == []


async def test_warehouse_details_have_the_recorded_fields(site: Any, samples: Samples) -> None:
    """The rows of WarehouseDetails have the recorded fields and types."""
    real = samples("stock-item", "list, LastModified filter, WarehouseDetails (18.200")["body"][0]["WarehouseDetails"]
    own = (await site.rest("StockItem/SKU-000001", expand="WarehouseDetails"))["WarehouseDetails"]
    assert order(own[0]) == [name for name in order(real[0]) if name != "files"]
    assert alike(real[0], own[0]) == []


async def test_only_fields_of_the_endpoint_are_served(site: Any, names: dict[str, dict[str, Any]]) -> None:
    """No entity shows a field that Default/24.200.001 has not."""
    every = {
        "StockItem": {"LastModifiedDateTime"},
        "NonStockItem": set(),
        "Warehouse": set(),
        "ItemClass": set(),
        "ShipVia": set(),
        "ItemSalesCategory": set(),
        "CustomerClass": set(),
        "CustomerPriceClass": set(),
        "UnitsOfMeasure": set(),
    }
    await site.change(
        {"add_item": {"inventory_id": "SERVICE", "stock": False}},
        {
            "add_sales_price": {
                "inventory_id": "SKU-000001",
                "price": 1,
                "price_type": "Customer Price Class",
                "price_code": "A",
            }
        },
    )
    for name, more in every.items():
        rows = await site.rest(name, top="1")
        assert set(order(rows[0])) <= set(names[name]) | more, name


@pytest.mark.parametrize(
    ("entity", "row", "expand"),
    [
        ("InventorySummaryInquiry", "InventorySummaryRow", "Results"),
        ("StorageDetailsInquiry", "StorageDetail", "StorageDetails"),
        ("StorageDetailsByLocationInquiry", "StorageDetailByLocation", "StorageDetailsByLocation"),
        ("InventoryQuantityAvailable", "InventoryQuantityAvailableDetail", "Results"),
        ("SalesPricesInquiry", "SalesPriceDetail", "SalesPriceDetails"),
        ("CompaniesStructure", "CompaniesStructureDetail", "Results"),
    ],
)
async def test_inquiry_fields_are_those_of_the_endpoint(
    site: Any, names: dict[str, dict[str, Any]], entity: str, row: str, expand: str
) -> None:
    """An inquiry shows its parameters and rows under the names of Default/24.200.001."""
    await site.change({"add_sales_price": {"inventory_id": "SKU-000001", "price": 1}})
    body = {"InventoryID": "SKU-000001"} if "InventoryID" in names[entity] else {}
    own = (await site.put(entity, body, expand)).json()
    left_out = {"Subitem", "ExpandByLotSerialNbr"}
    assert set(order(own)) == set(names[entity]) - left_out
    assert set(order(own[expand][0])) == set(names[row]) - left_out


async def test_inventory_summary_answers_as_recorded(site: Any, samples: Samples) -> None:
    """InventorySummaryInquiry has the recorded header and rows, demand not located on <UNASSIGNED>, no total row."""
    real = samples("inventory", "InventorySummaryInquiry item+warehouse")["body"]
    given = {"on_hand": "11", "available_for_shipping": "11", "available": "6"}
    await site.change({"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", **given}})
    own = (
        await site.put("InventorySummaryInquiry", {"InventoryID": "SKU-000001", "WarehouseID": "MAIN"}, "Results")
    ).json()
    assert list(own) == list(real)
    assert own["note"] is None
    assert [list(row) for row in own["Results"]] == [list(row) for row in real["Results"]]
    assert alike(real, own) == []
    figures = ("LocationID", "QtyOnHand", "QtyAvailable", "QtyAvailableForShipment")
    assert [[row[name]["value"] for name in figures] for row in own["Results"]] == [
        ["<UNASSIGNED>", 0, -5, 0],
        ["R1", 11, 11, 11],
    ]


async def test_quantity_available_answers_as_recorded(site: Any, samples: Samples) -> None:
    """InventoryQuantityAvailable takes a US date, echoes it as midnight and gives rows without warehouse."""
    real = samples("inventory", "InventoryQuantityAvailable")["body"]
    body = {"InventoryID": "SKU-000001", "LastModifiedDateTime": "6/7/2016"}
    own = (await site.put("InventoryQuantityAvailable", body, "Results")).json()
    assert list(own) == list(real)
    assert list(own["Results"][0]) == list(real["Results"][0])
    assert alike(real, own) == []
    assert own["LastModifiedDateTime"]["value"] == "2016-06-07T00:00:00+00:00"


async def test_companies_structure_answers_as_recorded(site: Any, samples: Samples) -> None:
    """CompaniesStructure gives the branches of the company, all under one id."""
    real = samples("companies-structure", "three companies/branches")["body"]
    own = (await site.put("CompaniesStructure", {}, "Results")).json()
    assert list(own) == list(real)
    assert list(own["Results"][0]) == list(real["Results"][0])
    assert alike(real, own) == []
    assert len({row["id"] for row in own["Results"]}) == 1
    assert [row["BranchID"]["value"] for row in own["Results"]] == ["HEADOFFICE", "RETAIL"]


async def test_sales_prices_answer_as_recorded(site: Any, samples: Samples) -> None:
    """SalesPricesInquiry gives header and rows as pasted from a real site, with currency and tax mode of 24.200."""
    real = samples("prices", "SalesPricesInquiry")["body"]
    price = {"inventory_id": "SKU-000001", "price": "160", "effective": "2021-09-12"}
    await site.change({"add_sales_price": price})
    own = (await site.put("SalesPricesInquiry", {"InventoryID": "SKU-000001"}, "SalesPriceDetails")).json()
    assert set(own) - set(real) == {"TaxCalculationMode"}
    row = own["SalesPriceDetails"][0]
    assert set(row) - set(real["SalesPriceDetails"][0]) == {"CurrencyID", "TaxCalculationMode", "_links"}
    assert set(real) <= set(own)
    assert set(real["SalesPriceDetails"][0]) <= set(row)
    assert alike(real, own) == []
    assert row["id"] == row["NoteID"]["value"]
    assert row["EffectiveDate"]["value"] == "2021-09-12T00:00:00+00:00"


async def test_bad_login_is_500_as_recorded(make_site: Any, samples: Samples) -> None:
    """A wrong password gives 500 with the recorded message, type and top frame."""
    real = samples("errors", "when login fails")
    own = await make_site().login(password="wrong")
    assert own.status_code == real["status"]
    assert own.headers["content-type"] == "application/json; charset=utf-8"
    body = own.json()
    assert list(body) == list(real["body"])
    assert {name: body[name] for name in list(body)[:3]} == {name: real["body"][name] for name in list(body)[:3]}
    assert body["stackTrace"].split("\r\n")[0] == real["body"]["stackTrace"].split("\r\n")[0]


async def test_list_of_delegate_field_fails_as_recorded(make_site: Any, samples: Samples) -> None:
    """A list that reads a field behind a delegate fails in the recorded form; the record by key does not."""
    real = samples("errors", "list GET: BQL delegate (22.200)")["body"]
    site = make_site(delegates={"StockItem/CrossReferences/AlternateID": "itemxrefrecords"})
    await site.login()
    own = (await site.get("/entity/Default/24.200.001/StockItem", expand="CrossReferences")).json()
    assert {name: own[name] for name in ("message", "exceptionType")} == {
        name: real[name] for name in ("message", "exceptionType")
    }
    pattern = (
        r"Optimization cannot be performed\.The following fields cause the error:\r\n"
        r"(\S+: View \S+ has BQL delegate\r\n)+"
    )
    assert re.fullmatch(pattern, real["exceptionMessage"])
    assert re.fullmatch(pattern, own["exceptionMessage"])
    assert (await site.rest("StockItem/SKU-000001", expand="CrossReferences"))["CrossReferences"] == []


async def test_login_sets_the_recorded_cookies_twice(make_site: Any, samples: Samples) -> None:
    """A login is 204 without body and sends each of the recorded cookies twice."""
    real = samples("auth-and-root", "when login succeeds")
    own = await make_site().login()
    assert own.status_code == real["status"] == 204
    assert own.content == b""
    recorded = {value.split("=", 1)[0] for name, value in real["response_headers"] if name == "Set-Cookie"}
    sent = [value.split("=", 1)[0] for value in own.headers.get_list("set-cookie")]
    assert recorded - set(sent) == {"requeststat"}
    assert all(sent.count(name) == 2 for name in sent)


async def test_versions_answer_as_recorded(site: Any, samples: Samples) -> None:
    """The list of endpoints has the recorded wrapper."""
    real = samples("auth-and-root", "GET /entity")["body"]
    own = (await site.get("/entity")).json()
    assert list(own) == list(real)
    assert list(own["version"]) == list(real["version"])
    assert list(own["endpoints"][0]) == list(real["endpoints"][0])
    assert own["endpoints"][0]["href"] == "/entity/Default/24.200.001/"


async def test_token_answers_as_recorded(make_site: Any, samples: Samples) -> None:
    """A token without offline_access has the recorded names and no refresh token."""
    real = samples("auth-and-root", "token 2023R2")["body"]
    form = {"grant_type": "password", "client_id": "sandbox-client", "client_secret": "sandbox-client-secret"}
    form |= {"username": "admin", "password": "sandbox", "scope": "api"}
    own = (await make_site().client.post("/identity/connect/token", data=form)).json()
    assert list(own) == list(real)
    assert {name: own[name] for name in own if name != "access_token"} == {
        name: real[name] for name in real if name != "access_token"
    }


async def test_stock_feed_answers_as_recorded(site: Any, samples: Samples) -> None:
    """INSiteStatus by the DAC feed has the recorded context, numbers and padded codes behind navigations."""
    real = samples("odata", "DAC v4 INSiteStatus all rows")["body"]
    response = await site.get(
        "/odatav4/Company/PX_Objects_IN_INSiteStatus",
        select="QtyOnHand,QtyAvail",
        expand="InventoryItemByInventoryID($select=InventoryCD,Descr),INSiteBySiteID($select=SiteCD)",
    )
    own = response.json()
    assert list(own) == list(real)
    shape = "(QtyOnHand,QtyAvail,InventoryItemByInventoryID(InventoryCD,Descr),INSiteBySiteID(SiteCD))"
    assert own["@odata.context"].endswith(shape)
    assert real["@odata.context"].endswith(shape)
    left, right = real["value"][0], own["value"][0]
    assert list(right) == list(left)
    assert list(right["InventoryItemByInventoryID"]) == list(left["InventoryItemByInventoryID"])
    assert right["INSiteBySiteID"]["SiteCD"] == "MAIN      "
    assert kind(right["QtyOnHand"]) == kind(left["QtyOnHand"]) == "number"


async def test_item_feed_answers_as_recorded(site: Any, samples: Samples) -> None:
    """InventoryItem by the DAC feed takes the recorded filter and gives the recorded names."""
    real = samples("odata", "DAC v4 InventoryItem delta")
    query = re.sub(r"^[^?]*\?", "", real["request"]["url"])
    response = await site.client.get(f"/t/Company/api/odata/dac/InventoryItem?{query}")
    own = response.json()
    assert response.status_code == 200
    left, right = real["body"]["value"][0], own["value"][0]
    assert list(right) == list(left)
    assert right["ItemStatus"] == left["ItemStatus"] == "AC"
    assert list(right["INSiteStatusCollection"][0]) == list(left["INSiteStatusCollection"][0])
    assert right["LastModifiedDateTime"].endswith("Z")


async def test_older_inquiry_feed_answers_as_recorded(site: Any, samples: Samples) -> None:
    """A generic inquiry by OData 3 has odata.metadata, quantities as texts and dates without zone."""
    real = samples("odata", "GI v3 delta")["body"]
    own = (await site.get("/odata/Company/DB-StorageDetails", top="1", format="json")).json()
    assert list(own) == list(real)
    assert re.fullmatch(r"\d+\.\d{6}", real["value"][0]["QtyOnHand"])
    assert re.fullmatch(r"\d+\.\d{6}", own["value"][0]["QtyOnHand"])
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"
    assert re.fullmatch(pattern, real["value"][0]["LastModifiedOn"])
    assert re.fullmatch(pattern, own["value"][0]["LastModifiedDateofWarehouseQty"])


async def test_storage_details_feed_has_the_recorded_columns(site: Any, samples: Samples) -> None:
    """The inquiry DB-StorageDetails has the columns and key of the recorded metadata."""
    real = samples("odata-metadata", "GI DBStorageDetails")["body"]["DBStorageDetails"]
    text = (await site.get("/odata/Company/$metadata")).text
    found = re.search(r'<EntityType Name="DBStorageDetails">(.*?)</EntityType>', text)
    assert found is not None
    assert re.findall(r'<PropertyRef Name="(\w+)"', found[1]) == real["key"]
    assert dict(re.findall(r'<Property Name="(\w+)" Type="([\w.]+)"', found[1])) == real["properties"]
