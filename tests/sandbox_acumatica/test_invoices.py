"""Invoices of shipments, of parts of them, of drop-shipments, and what their release completes."""

from typing import Any

import pytest
from sandbox_acumatica.trading import customer, figures, line, named, order, shipped, stock, values

LATER = "2026-03-02T15:01:40+00:00"


async def statuses(site: Any) -> tuple[list[str], list[str]]:
    """The statuses of all shipments and of all invoices."""
    rows = [await site.rest(name, select="Status") for name in ("Shipment", "SalesInvoice")]
    return tuple([row["Status"]["value"] for row in found] for found in rows)  # type: ignore[return-value]


async def test_shipment_follows_its_invoice(site: Any) -> None:
    """Preparing makes a shipment Invoiced, releasing Completed; both move the stamps of shipment and invoice."""
    await site.change(customer(), order(freight="5", taxes=[{"id": "STATE", "rate": "10"}]))
    await site.change(
        {"add_shipment": {"orders": [named()], "confirm": True}}, {"add_invoice": {"shipments": ["000001"]}}
    )
    assert await statuses(site) == (["Invoiced"], ["Balanced"])
    row = (await site.rest("Shipment/000001", expand="Orders"))["Orders"][0]
    assert values(row, "InvoiceNbr", "InvoiceType", "InventoryRefNbr") == ["000001", "Invoice", None]
    site.clock.advance(100)
    await site.change({"release_invoice": "000001"})
    assert await statuses(site) == (["Completed"], ["Open"])
    found = await site.rest("SalesInvoice/Invoice/000001", expand="Details")
    total = (await site.rest("SalesOrder/SO/000001"))["OrderTotal"]
    assert values(found, "LastModifiedDateTime", "FreightPrice") == [LATER, 5]
    assert found["Amount"] == found["Balance"] == total
    shipment = await site.rest("Shipment/000001", expand="Orders")
    assert values(shipment, "LastModifiedDateTime") == [LATER]
    assert values(shipment["Orders"][0], "InventoryDocType", "InventoryRefNbr") == ["Issue", "000001"]
    await site.change({"pay_invoice": "000001"})
    assert values(await site.rest("SalesInvoice/Invoice/000001"), "Status", "Balance") == ["Closed", 0]


async def test_orders_of_one_shipment_are_invoiced_apart(site: Any) -> None:
    """While one of two orders is not invoiced, the shipment is Partially Invoiced."""
    await site.change(customer(), order(), order(line("1", "SKU-000002")))
    await site.change({"add_shipment": {"orders": [named(), named("000002")], "confirm": True}})
    await site.change({"add_invoice": {"shipments": ["000001"], "orders": [named("000002")], "release": True}})
    assert await statuses(site) == (["Partially Invoiced"], ["Open"])
    await site.change({"add_invoice": {"shipments": ["000001"], "release": True}})
    assert await statuses(site) == (["Completed"], ["Open", "Open"])
    rows = (await site.rest("Shipment/000001", expand="Orders"))["Orders"]
    assert [values(row, "OrderNbr", "InvoiceNbr") for row in rows] == [["000001", "000002"], ["000002", "000001"]]


async def test_part_of_an_order_is_billed_in_its_measure(site: Any) -> None:
    """A partial shipment's invoice has its share of the line's amount and of the tax; the rest stays unbilled."""
    lines = [line("4", unit_price="2.5", discount_percent="10")]
    await site.change(customer(), order(*lines, taxes=[{"id": "STATE", "rate": "10"}]))
    await site.change({"add_shipment": {"lines": [shipped(quantity="1")], "confirm": True}})
    await site.change({"add_invoice": {"shipments": ["000001"]}})
    found = await site.rest("SalesInvoice/Invoice/000001", expand="Details")
    assert values(found, "DetailTotal", "TaxTotal", "Amount") == [2.25, 0.23, 2.48]
    detail = (await site.rest("SalesOrder/SO/000001", expand="Details"))["Details"][0]
    assert values(detail, "Amount", "UnbilledAmount") == [9, 6.75]


async def test_unreleased_invoice_can_be_deleted(site: Any) -> None:
    """A deleted invoice leaves its shipment Confirmed and is in the feed of deletions; a released one stays."""
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()], "confirm": True}})
    await site.change({"add_invoice": {"shipments": ["000001"]}}, {"remove_invoice": "000001"})
    assert await statuses(site) == (["Confirmed"], [])
    made = await site.change({"add_invoice": {"shipments": ["000001"], "release": True}})
    assert made[0]["reference_nbr"] == "000002"
    assert (await site.client.post("/_sandbox/change", json={"remove_invoice": "000002"})).status_code == 400


async def test_return_becomes_a_credit_memo(site: Any) -> None:
    """The invoice of a return's receipt is a credit memo."""
    await site.change(customer(), order(type="RC"), {"add_shipment": {"orders": [named(kind="RC")], "confirm": True}})
    made = await site.change({"add_invoice": {"shipments": ["000001"], "release": True}})
    assert made[0]["type"] == "Credit Memo"
    assert values(await site.rest("SalesInvoice/Credit Memo/000001"), "Type", "DueDate") == ["Credit Memo", None]
    row = (await site.rest("Shipment/000001", expand="Orders"))["Orders"][0]
    assert values(row, "InvoiceType") == ["Credit Memo"]


async def test_released_invoices_are_found_by_stamp_and_status(site: Any) -> None:
    """A list of what was released since a moment gives those invoices with their lines."""
    await site.change(customer(), order(), order())
    for number in ("000001", "000002"):
        await site.change({"add_shipment": {"orders": [named(number)], "confirm": True}})
        await site.change({"add_invoice": {"shipments": [number]}})
    site.clock.advance(100)
    await site.change({"release_invoice": "000002"})
    condition = f"LastModifiedDateTime ge datetimeoffset'{LATER}' and (Status eq 'Open' or Status eq 'Closed')"
    rows = await site.rest(
        "SalesInvoice", filter=condition, expand="Details", select="ReferenceNbr,Details/ShipmentNbr"
    )
    assert [values(row, "ReferenceNbr") for row in rows] == [["000002"]]
    assert values(rows[0]["Details"][0], "ShipmentNbr") == ["000002"]


async def test_drop_shipment_goes_from_vendor_to_customer(site: Any) -> None:
    """A released receipt stands among the order's shipments with its own number and id, and moves no stock."""
    await stock(site)
    await site.change(customer(), order(line("2"), line("3", drop_ship=True)))
    assert await figures(site) == (10, 10, 8)
    await site.change({"add_purchase_order": named() | {"vendor": "ALLFRUITS", "vendor_ref": "TRACK-1"}})
    detail = (await site.rest("SalesOrder/SO/000001", expand="Details,Details/PurchasingDetails"))["Details"][1]
    assert values(detail, "MarkForPO", "POSource", "VendorID") == [True, "Drop-Ship", "VENDOR01"]
    assert values(detail["PurchasingDetails"][0], "POOrderType", "POOrderNbr", "POOrderLineNbr") == [
        "Drop-Ship",
        "000001",
        1,
    ]
    await site.change(
        {"add_purchase_receipt": {"purchase_order": "000001", "lines": [{"line_nbr": 1, "quantity": "2"}]}}
    )
    assert (await site.rest("SalesOrder/SO/000001", expand="Shipments"))["Shipments"] == []
    await site.change({"release_purchase_receipt": "000001"})
    found = await site.rest("SalesOrder/SO/000001", expand="Details,Shipments")
    row = found["Shipments"][0]
    assert values(row, "ShipmentType", "ShipmentNbr", "Status", "ShippedQty") == [
        "Drop-Shipment",
        "000001",
        "Receipted",
        2,
    ]
    assert values(found["Details"][1], "OpenQty") == [1]
    receipt = await site.rest(f"PurchaseReceipt/{row['ShippingNoteID']['value']}", expand="Details")
    assert values(receipt, "Status", "ReceiptNbr", "Type") == ["Released", "000001", "Receipt"]
    assert values(receipt["Details"][0], "POOrderType", "POOrderNbr", "POLineNbr", "ReceiptQty") == [
        "Drop-Ship",
        "000001",
        1,
        2,
    ]
    purchase = await site.rest("PurchaseOrder/Drop-Ship/000001", expand="Details")
    assert values(purchase, "VendorRef", "Status", "VendorID") == ["TRACK-1", "Open", "ALLFRUITS"]
    assert await figures(site) == (10, 10, 8)
    assert (await site.get("/entity/Default/24.200.001/Shipment/000001")).status_code == 500


async def test_drop_shipment_is_invoiced(site: Any) -> None:
    """The invoice of a drop-shipment names the receipt's number; order and vendor's order are then completed."""
    await site.change(customer(), order(line("1", drop_ship=True)), {"add_purchase_order": named()})
    await site.change({"set_purchase_order": {"purchase_order": "000001", "vendor_ref": "LATE-1"}})
    await site.change({"add_purchase_receipt": {"purchase_order": "000001", "release": True}})
    await site.change({"add_invoice": {"receipts": ["000001"], "release": True}})
    found = await site.rest("SalesInvoice/Invoice/000001", expand="Details")
    assert values(found["Details"][0], "ShipmentNbr", "OrderNbr") == ["000001", "000001"]
    order_found = await site.rest("SalesOrder/SO/000001", expand="Shipments")
    assert values(order_found, "Status") == ["Completed"]
    assert values(order_found["Shipments"][0], "InvoiceNbr") == ["000001"]
    assert values(await site.rest("PurchaseOrder/Drop-Ship/000001"), "Status", "VendorRef") == ["Completed", "LATE-1"]


@pytest.mark.parametrize(
    "change",
    [
        {"add_invoice": {"shipments": ["000001"]}},
        {"add_invoice": {}},
        {"add_invoice": {"shipments": ["000009"]}},
        {"add_invoice": {"orders": [named()], "nonsense": 1}},
        {"release_invoice": "000009"},
        {"pay_invoice": "000001"},
        {"add_purchase_order": named()},
        {"add_purchase_receipt": {"purchase_order": "000009"}},
        {"release_purchase_receipt": "000009"},
        {"archive": {"entity": "Nonsense", "key": "1"}},
        {"archive": {"entity": "Shipment", "key": "000009"}},
    ],
)
async def test_changes_that_do_not_fit_leave_all_as_it_was(site: Any, change: dict[str, Any]) -> None:
    """A wrong change of an invoice or a drop-shipment is 400 and changes nothing."""
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()]}})
    before = await site.state()
    assert (await site.client.post("/_sandbox/change", json=change)).status_code == 400
    after = await site.state()
    for name in ("orders", "shipments", "invoices", "purchase_orders", "purchase_receipts"):
        assert after[name] == before[name]
