"""Customers and documents beside the recorded answers of real sites, field by field.

The recordings are of endpoints 18.200 to 22.200; what 24.200 adds is named in each test and must be in its catalogue.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sandbox_acumatica.shapes import alike, extra, order

Samples = Callable[[str, str], dict[str, Any]]
Names = dict[str, dict[str, Any]]
LOT_FIELDS = {"LotSerialNbr", "ExpirationDate"}
ENTITIES = (
    "Customer",
    "CustomerClass",
    "Contact",
    "SalesOrder",
    "Shipment",
    "SalesInvoice",
    "PurchaseOrder",
    "PurchaseReceipt",
)
FIRST = {"order_type": "SO", "order_nbr": "000001"}


@pytest.fixture
async def trade(site: Any) -> Any:
    """Give a site where an order was taken, shipped, invoiced, and a part of it sent by the vendor."""
    address = {"AddressLine1": "1 Example Street", "City": "New York", "PostalCode": "10019", "State": "NY"}
    main = {"Email": "user@example.com", "Phone1": "+1 555 0100", "JobTitle": "Chef", "WebSite": "www.example.com"}
    customer = {"customer_id": "ABAKERY", "name": "Allen's Bakery", "main_contact": {**main, "Address": address}}
    line = {"inventory_id": "SKU-000001", "quantity": "2", "unit_price": "2.15"}
    order = {
        "customer_id": "ABAKERY",
        "payment_method": "CHECK",
        "description": "Fresh fruits",
        "lines": [line, {"inventory_id": "SKU-000002", "quantity": "1", "drop_ship": True}],
        "taxes": [{"id": "NYSTATETAX", "rate": "8.875"}],
        "payments": [{"ReferenceNbr": "000079", "AppliedToOrder": "4.30", "PaymentAmount": "4.30", "CashAccount": "1"}],
    }
    shipment = {
        "lines": [{**FIRST, "line_nbr": 1, "allocations": [{"quantity": "1"}, {"quantity": "1", "location": "R2"}]}],
        "ship_via": "LOCAL",
        "packages": [{"box": "LARGE", "tracking": "1Z", "weight": "15", "contents": [{"line": 1}]}],
    }
    await site.change(
        {"add_customer": {**customer, "attributes": [{"AttributeID": "REGION", "Value": "N"}]}},
        {"add_order": order},
        {"add_shipment": shipment},
        {"add_purchase_order": {**FIRST, "vendor_ref": "V-1"}},
        {"add_purchase_receipt": {"purchase_order": "000001", "release": True}},
        {"confirm_shipment": "000001"},
        {"add_invoice": {"shipments": ["000001"], "release": True}},
    )
    return site


async def test_customer_list_is_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """A listed customer has the recorded fields in their order, with contact and address nested."""
    real = samples("customer", "list with MainContact and Address")["body"][0]
    own = (await trade.rest("Customer", expand="MainContact,MainContact/Address"))[0]
    added = extra(real, own)
    assert added <= set(names["Customer"])
    assert {"Email", "PrimaryContactID"} <= added
    assert alike(real, own) == []
    assert list(own["MainContact"]) == list(real["MainContact"])
    assert list(own["MainContact"]["Address"]) == list(real["MainContact"]["Address"])
    contact = own["MainContact"]
    assert (contact["FirstName"], contact["LastName"]) == ({}, {})
    assert contact["CompanyName"] == contact["DisplayName"] == contact["FullName"] == {"value": "Allen's Bakery"}
    assert own["_links"].keys() == real["_links"].keys()
    assert own["_links"]["files:put"].split("/")[-3] == real["_links"]["files:put"].split("/")[-3] == "BAccount"


async def test_shipping_contact_has_fewer_names(trade: Any, samples: Samples) -> None:
    """The shipping contact comes without the company's name and, unless its level is named, without address."""
    real = samples("customer", "filtered list with ShippingContact")["body"][0]["ShippingContact"]
    condition = "CustomerID eq 'ABAKERY'"
    own = (await trade.rest("Customer", expand="ShippingContact", filter=condition))[0]["ShippingContact"]
    assert list(own) == list(real)
    assert alike(real, own) == []


async def test_customer_selection_is_as_recorded(trade: Any, samples: Samples) -> None:
    """A `$select` that reaches two levels down leaves exactly the recorded names on each level."""
    real = samples("customer", "list narrow $select with MainContact/Address (18.200)")["body"][0]
    wanted = (
        "CustomerID,CustomerName,CustomerClass,MainContact/Email,MainContact/Phone1,MainContact/Address/AddressLine1,"
        "MainContact/Address/AddressLine2,MainContact/Address/City,MainContact/Address/State,"
        "MainContact/Address/PostalCode"
    )
    own = (await trade.rest("Customer", expand="MainContact,MainContact/Address", select=wanted))[0]
    assert order(own) == order(real)
    assert order(own["MainContact"]) == order(real["MainContact"])
    assert order(own["MainContact"]["Address"]) == order(real["MainContact"]["Address"])


async def test_customer_class_is_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """A customer class has the recorded fields and the attributes of its customers."""
    real = samples("customer", "MYOB customer_class")["body"]
    own = await trade.rest("CustomerClass/DEFAULT", expand="Attributes")
    assert extra(real, own) <= set(names["CustomerClass"])
    assert list(own["Attributes"][0]) == list(real["Attributes"][0])
    assert alike(real, own) == []


async def test_order_by_key_is_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """An order by type and number has the recorded header and lines, with branch and tax switch as 24.200 adds."""
    real = samples("sales-order", "keyed GET with Details (22.200)")["body"]
    own = await trade.rest("SalesOrder/SO/000001", expand="Details")
    assert extra(real, own) == {"Branch", "DisableAutomaticTaxCalculation"}
    assert {"Branch", "DisableAutomaticTaxCalculation"} <= set(names["SalesOrder"])
    assert extra(real["Details"][0], own["Details"][0]) == {"LotSerialNbr"}
    assert alike(real, own) == []
    assert own["_links"]["files:put"].split("/")[-4:-2] == real["_links"]["files:put"].split("/")[-4:-2]
    links = own["Details"][0]["_links"]["files:put"], real["Details"][0]["_links"]["files:put"]
    assert links[0].split("/")[-4:-2] == links[1].split("/")[-4:-2]


@pytest.mark.parametrize(
    ("case", "path"), [("Details/Allocations", "Allocations"), ("TaxDetails", "TaxDetails"), ("Payments", "Payments")]
)
async def test_parts_of_an_order_are_as_recorded(trade: Any, samples: Samples, case: str, path: str) -> None:
    """Allocations, taxes and payments of an order have the recorded rows; only payments have a lasting id."""
    real = samples("sales-order", case)["body"]
    own = await trade.rest("SalesOrder/SO/000001", expand="Details,Details/Allocations,TaxDetails,Payments")
    left, right = (one["Details"][0] if path == "Allocations" else one for one in (real, own))
    assert extra(left[path][0], right[path][0]) == (LOT_FIELDS if path == "Allocations" else set())
    assert alike(left[path][0], right[path][0]) == []
    assert ("_links" in right[path][0]) is ("_links" in left[path][0]) is (path == "Payments")


async def test_order_list_with_shipments_is_as_recorded(trade: Any, samples: Samples) -> None:
    """The recorded list with `$select`, `$expand` and `$filter` on one customer gives the recorded names."""
    real = samples("sales-order", "list by customer with Details and Shipments (22.200)")["body"][0]
    own = (
        await trade.rest(
            "SalesOrder",
            expand="Details,Shipments",
            filter="CustomerID eq 'ABAKERY'",
            select="OrderNbr,OrderType,CustomerID,CustomerOrder,Details/InventoryID,Details/OrderQty,Details/UnitPrice,"
            "Date,OrderedQty,OrderTotal,Shipments/InvoiceNbr,Shipments/ShipmentNbr",
        )
    )[0]
    assert list(own) == list(real)
    assert [list(row) for row in own["Details"]][:1] == [list(row) for row in real["Details"]][:1]
    assert [list(row) for row in own["Shipments"]][:1] == [list(row) for row in real["Shipments"]][:1]
    assert alike(real, own) == []


async def test_key_fields_come_unselected_by_key(trade: Any, samples: Samples) -> None:
    """By key, type and number come along though only the number was selected."""
    real = samples("sales-order", "Shipments[] of one order")["body"]
    own = await trade.rest("SalesOrder/SO/000001", expand="Shipments", select="OrderNbr,Shipments/ShipmentNbr")
    assert order(own) == order(real) == ["OrderNbr", "OrderType", "Shipments"]
    assert list(own["Shipments"][0]) == list(real["Shipments"][0])


async def test_invoice_without_shipment_has_no_number(trade: Any, samples: Samples) -> None:
    """An order invoiced directly has a row of type Invoice without number, before its shipments."""
    real = samples("sales-order", "Shipments[] with ShipmentType Invoice")["body"]["Shipments"]
    await trade.change(
        {"add_item": {"inventory_id": "ADVICE", "stock": False, "base_uom": "HOUR", "sales_uom": "HOUR"}},
        {"add_order": {"customer_id": "ABAKERY", "lines": [{"inventory_id": "ADVICE", "quantity": "1"}]}},
        {"add_invoice": {"orders": [{"order_nbr": "000002"}]}},
    )
    options = {"expand": "Shipments", "select": "Shipments/ShipmentNbr,Shipments/ShipmentType"}
    own = (await trade.rest("SalesOrder/SO/000002", **options))["Shipments"]
    assert own[0] | {"id": ""} == real[0] | {"id": ""}


async def test_shipment_is_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """A shipment has the recorded header, lines, allocations, packages and contents, with lots and orders of 24.200."""
    real = samples("shipment", "Details, Allocations, Packages, PackageContents; one shipment for two orders")["body"]
    every = "Details,Details/Allocations,Packages,Packages/PackageContents"
    own = await trade.rest("Shipment/000001", expand=every)
    assert extra(real, own) == set()
    left, right = real["Details"][0], own["Details"][0]
    assert extra(left, right) == LOT_FIELDS
    assert extra(left["Allocations"][0], right["Allocations"][0]) == LOT_FIELDS
    left, right = real["Packages"][0], own["Packages"][0]
    assert extra(left, right) == set()
    added = extra(left["PackageContents"][0], right["PackageContents"][0])
    assert added == {"LotSerialNbr", "OrigOrderNbr", "OrigOrderType"} <= set(names["ShipmentPackageDetail"])
    assert alike(real, own) == []
    assert "_links" not in right["PackageContents"][0]


async def test_shipment_selection_of_nested_fields_only(trade: Any, samples: Samples) -> None:
    """A `$select` of a nested field only leaves every header field in, as recorded."""
    real = samples("shipment", "list by number, $select only nested")["body"]
    options = {"expand": "Packages", "select": "Packages/TrackingNbr", "filter": "ShipmentNbr eq '000001'"}
    own = await trade.rest("Shipment", **options)
    assert order(own[0]) == order(real[0])
    assert list(own[0]["Packages"][0]) == list(real[0]["Packages"][0])
    assert alike(real[0], own[0]) == []
    assert own[0]["PackageCount"] == {"value": 1}


async def test_orders_of_a_shipment_are_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """The orders of a shipment name the invoice and its type; their rows have no lasting id."""
    real = samples("shipment", "issue shipment: InvoiceType Invoice")["body"]
    select = "ShipmentNbr,Orders/InvoiceNbr,Orders/InvoiceType"
    own = await trade.rest("Shipment", expand="Orders", filter="ShipmentNbr eq '000001'", select=select)
    assert list(own[0]) == list(real[0])
    assert list(own[0]["Orders"][0]) == list(real[0]["Orders"][0])
    assert own[0]["Orders"][0]["InvoiceType"] == real[0]["Orders"][0]["InvoiceType"]
    whole = (await trade.rest("Shipment/000001", expand="Orders"))["Orders"][0]
    assert set(order(whole)) == set(names["ShipmentOrderDetail"])


async def test_shipping_settings_are_as_recorded(trade: Any, samples: Samples) -> None:
    """A shipment's settings hold the address and contact it goes to, each level named."""
    real = samples("shipment", "MYOB shipment list 2020")["body"][0]["ShippingSettings"]
    every = "ShippingSettings,ShippingSettings/ShipToAddress,ShippingSettings/ShipToContact"
    own = (await trade.rest("Shipment", expand=every))[0]["ShippingSettings"]
    assert extra(real, own) == {"Validated"}
    for name in ("ShipToAddress", "ShipToContact"):
        assert order(own[name]) == order(real[name])


async def test_invoice_is_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """A sales invoice has the recorded header and lines; 24.200 adds its stamps and external reference."""
    real = samples("sales-invoice", "credit memo for unshipped order")["body"]
    own = await trade.rest("SalesInvoice/Invoice/000001", expand="Details")
    stamps = {"CreatedDate", "ExternalRef", "LastModifiedDate", "LastModifiedDateTime"}
    assert extra(real, own) == stamps <= set(names["SalesInvoice"])
    assert extra(real["Details"][1], own["Details"][0]) == set()
    assert alike(real, own) == []
    assert alike(real["Details"][1], own["Details"][0]) == []


async def test_invoice_names_order_line_and_shipment(trade: Any, samples: Samples) -> None:
    """The lines and the freight of a released invoice lead to the order's line and to the shipment."""
    real = samples("sales-invoice", "MYOB sales_invoice")["body"]
    own = await trade.rest("SalesInvoice/Invoice/000001", expand="Details,FreightDetails,BillingSettings")
    links = ("OrderType", "OrderNbr", "OrderLineNbr", "ShipmentNbr")
    assert [own["Details"][0][name]["value"] for name in links] == ["SO", "000001", 1, "000001"]
    assert alike(real["Details"][0], own["Details"][0]) == []
    assert extra(real["FreightDetails"][0], own["FreightDetails"][0]) == set()
    assert alike(real["FreightDetails"][0], own["FreightDetails"][0]) == []
    assert order(own["BillingSettings"]) == order(real["BillingSettings"])


async def test_purchase_receipt_is_as_recorded(trade: Any, samples: Samples, names: Names) -> None:
    """A receipt has the recorded header and lines, leads to the vendor's order, and has a stamp in 24.200."""
    real = samples("purchase-receipt", "receipt of a Normal PO")["body"]
    own = await trade.rest("PurchaseReceipt/Receipt/000001", expand="Details")
    assert extra(real, own) == {"LastModifiedDateTime"} <= set(names["PurchaseReceipt"])
    assert extra(real["Details"][0], own["Details"][0]) == set()
    assert alike(real, own) == []
    assert own["Details"][0]["POOrderType"] == {"value": "Drop-Ship"}


async def test_purchase_order_is_as_recorded(trade: Any, samples: Samples) -> None:
    """A vendor's order has the recorded header and lines, its type and reference being those of a drop-shipment."""
    real = samples("purchase-receipt", "PurchaseOrder Create a Purchase Order")["body"]
    own = await trade.rest("PurchaseOrder/Drop-Ship/000001", expand="Details")
    assert extra(real, own) == set()
    assert extra(real["Details"][0], own["Details"][0]) == set()
    assert alike(real, own) == []
    assert (own["Type"], own["VendorRef"]) == ({"value": "Drop-Ship"}, {"value": "V-1"})


async def test_every_field_is_one_of_the_endpoint(trade: Any, names: Names) -> None:
    """No entity or part shows a name that Default/24.200.001 has not."""
    for entity in ENTITIES:
        schema = await trade.rest(f"{entity}/$adHocSchema")
        assert _strangers(schema, names, entity) == [], entity


def _strangers(record: dict[str, Any], names: Names, entity: str) -> list[str]:
    found = [f"{entity}.{name}" for name in order(record) if name not in names[entity]]
    for name in order(record):
        inner = record[name][0] if isinstance(record[name], list) else record[name]
        if inner and name in names[entity]:
            found += _strangers(inner, names, names[entity][name]["of"])
    return found
