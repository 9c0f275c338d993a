"""Change ID of an item, and odd values in every change."""

import re
from pathlib import Path
from typing import Any

import pytest
from sandbox_acumatica.trading import customer, figures, line, named, order, stock, values

from sandbox.acumatica.control import apply
from sandbox.acumatica.given import BadChange

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox-acumatica.md"
ODD: list[Any] = [None, "", "x", -1, "1e400", "NaN", [], {}, [None], [[]], {"a": 1}, [{"value": None}]]
ENTITIES = {
    "StockItem": "Attributes,CrossReferences,UOMConversions,WarehouseDetails",
    "Customer": "MainContact,MainContact/Address,ShippingContact,Contacts,Attributes",
    "SalesOrder": "Details,Details/Allocations,Shipments,Payments,TaxDetails,Totals,DiscountDetails,ShipToContact",
    "Shipment": "Details,Packages,Orders,Packages/PackageContents",
    "SalesInvoice": "Details",
    "PurchaseReceipt": "Details",
}
NAMED: dict[str, dict[str, Any]] = {
    "customer": {"customer_id": "ACME"},
    "order": named(),
    "shipment": {"shipment_nbr": "000001"},
    "tracking": {"shipment_nbr": "000001"},
    "rule": {"item_class": "ALLOTHER"},
    "invoice": {"orders": [named()]},
}


async def test_change_id_keeps_what_belongs_to_the_item(site: Any) -> None:
    """An item with a changed ID has the same NoteID, number, stock, prices and order lines; the old ID is nobody's."""
    await stock(site)
    price = {"add_sales_price": {"inventory_id": "SKU-000001", "price": "8"}}
    await site.change(customer(), order(line("4")), price)
    before = await site.rest("StockItem/SKU-000001")
    site.clock.advance(100)
    await site.change({"change_id": {"inventory_id": "SKU-000001", "new_id": "ZZ-NEW"}})
    after = await site.rest("StockItem/ZZ-NEW")
    assert (after["id"], values(after, "InventoryID")) == (before["id"], ["ZZ-NEW"])
    assert values(after, "LastModified") == ["2026-03-02T15:01:40+00:00"]
    assert await site.rest(f"StockItem/{before['id']}") == after
    assert (await site.get("/entity/Default/24.200.001/StockItem/SKU-000001")).status_code == 500
    assert await figures(site, "ZZ-NEW") == (10, 10, 6)
    (row,) = await site.dac("ARSalesPrice", expand="InventoryItemByInventoryID($select=InventoryID,InventoryCD)")
    assert row["InventoryItemByInventoryID"] == {"InventoryID": 10001, "InventoryCD": "ZZ-NEW".ljust(30)}
    assert values((await site.rest("SalesOrder/SO/000001", expand="Details"))["Details"][0], "InventoryID") == [
        "ZZ-NEW"
    ]
    ids = await site.ids()
    assert (ids[0] != "SKU-000001", "ZZ-NEW" in ids) == (True, True)
    await site.change({"set_order": named() | {"status": "Canceled"}})
    assert await figures(site, "ZZ-NEW") == (10, 10, 10)


async def test_change_id_can_leave_the_stamp(site: Any) -> None:
    """A changed ID may leave the item's stamp as it was, and another item may take the old ID."""
    before = await site.rest("StockItem/SKU-000001", select="LastModified")
    site.clock.advance(100)
    await site.change({"change_id": {"inventory_id": "SKU-000001", "new_id": "ZZ-NEW", "stamped": False}})
    assert values(await site.rest("StockItem/ZZ-NEW"), "LastModified") == values(before, "LastModified")
    await site.change({"add_item": {"inventory_id": "SKU-000001"}})
    assert (await site.rest("StockItem/SKU-000001"))["id"] != before["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"change_id": {"inventory_id": "SKU-000001", "new_id": "SKU-000002"}},
        {"change_id": {"inventory_id": "SKU-000001", "new_id": " "}},
        {"change_id": {"inventory_id": "NOTHING", "new_id": "X"}},
        {"change_id": {"inventory_id": "SKU-000001"}},
        {"add_item": {"inventory_id": "NEW", "quantities": "5"}},
        {"add_item": {"inventory_id": "NEW", "quantities": {"NORTH": "5"}}},
        {"add_item": {"inventory_id": "NEW", "attributes": ["x"]}},
        {"set_item": {"inventory_id": "SKU-000001", "description": "changed", "status": "Asleep"}},
        {"set_item": {"inventory_id": "SKU-000001", "description": "changed", "modified": "yesterday"}},
        {"set_item": {"inventory_id": "SKU-000001", "uom_conversions": [{"from_uom": "BOX", "factor": "0"}]}},
        {"set_price": {"inventory_id": "SKU-000001", "price": "7", "modified": "yesterday"}},
        {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", "available": "7", "modified": "x"}},
    ],
)
async def test_changes_that_do_not_fit_leave_all_as_it_was(site: Any, change: dict[str, Any]) -> None:
    """A wrong change of an item is 400 and changes neither items nor stock."""
    before = await site.state()
    assert (await site.client.post("/_sandbox/change", json=change)).status_code == 400
    after = await site.state()
    assert (after["items"], after["quantities"]) == (before["items"], before["quantities"])


async def test_odd_values_in_any_change_are_taken_or_refused(site: Any) -> None:
    """Whatever a change is given, it is taken or refused with the reason, and every record can still be read."""
    text = PAGE.read_text(encoding="utf-8").partition("| change | takes |")[2].partition("`create_app")[0]
    names = set(re.findall(r"`(\w+)`", text)) - {"advance_seconds", "fail", "remove_item", "remove_customer"}
    words = sorted(set(re.findall(r"[a-z_0-9]+", text)) | {"modified"})
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()]}})
    refused = 0
    for name in sorted(names):
        base = next((given for kind, given in NAMED.items() if kind in name), {"inventory_id": "SKU-000001"})
        for place, word in enumerate(words):
            odd = ODD[(place + len(name)) % len(ODD) :][:4]
            for given in (*odd, *(base | {word: one} for one in odd)):
                try:
                    apply(site.documents, {name: given})
                except BadChange as fault:
                    refused += bool(str(fault))
    assert refused > 1000
    for entity, parts in ENTITIES.items():
        assert await site.rest(entity, expand=parts) is not None
    assert await site.state()


async def test_customer_with_empty_values_can_be_read(site: Any) -> None:
    """A customer whose telephone, e-mail and address are empty texts or nulls is made, and read as empty."""
    empty = {"Phone1": "", "Email": None, "Address": {"AddressLine1": "", "City": None, "Country": ""}}
    await site.change({"add_customer": {"customer_id": "BLANK", "name": "Blank", "main_contact": empty}})
    found = await site.rest("Customer/BLANK", expand="MainContact,MainContact/Address")
    contact = found["MainContact"]
    assert values(contact, "Phone1", "Email") == [None, None] or contact["Phone1"] == {"value": ""}
    assert contact["Address"]["City"] == {}
