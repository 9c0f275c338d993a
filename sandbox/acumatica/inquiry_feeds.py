"""The generic inquiries that are exposed through OData."""

from collections.abc import Callable
from typing import Any

from sandbox.acumatica.dacs import ITEM_WIDTH, SITE_WIDTH, padded, text
from sandbox.acumatica.inquiries import COMPANY
from sandbox.acumatica.state import VENDOR, State
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import quantity

VENDOR_QUANTITIES = "A2M-VendorQuantities"


def _quantity(name: str, get: Callable[[Any], int]) -> Field:
    return Field(name, "Decimal", lambda row: quantity(get(row)))


def _vendor_quantities(state: State) -> Table:
    columns = fields(
        text("InventoryID", lambda item: padded(item.inventory_id, ITEM_WIDTH)),
        text("WarehouseID", lambda item: padded(VENDOR, SITE_WIDTH)),
        _quantity("VendorQty", lambda item: item.vendor4),
    )
    return Table(
        VENDOR_QUANTITIES,
        "PX.Data.A2MVendorQuantities",
        ("InventoryID", "WarehouseID"),
        columns,
        lambda: [item for item in state.items() if item.vendor4 > 0],
        lambda: [item.key for item in state.items() if item.vendor4 > 0],
    )


def _storage_details(state: State) -> Table:
    item = text("InventoryID", lambda row: padded(row.item.inventory_id, ITEM_WIDTH))
    site = text("WarehouseID", lambda row: padded(row.site.code, SITE_WIDTH))
    columns = fields(
        item,
        site,
        text("InventoryDescription", lambda row: row.item.description),
        Field("InventoryNoteID", "Guid", lambda row: row.item.note_id),
        text("WarehouseDescription", lambda row: row.site.description),
        _quantity("QtyOnHand", lambda row: row.on_hand),
        _quantity("QtyAvailable", lambda row: row.available),
        _quantity("QtyHardAvailable", lambda row: row.shipping),
        _quantity("QtyAvailableforIssue", lambda row: row.on_hand - row.shipped),
        Field("LastModifiedDateofWarehouseQty", "DateTimeOffset", lambda row: row.modified),
        text("InventoryID_2", item.get),
        text("Subitem", lambda row: "0"),
        text("Warehouse", site.get),
        text("InventoryID_3", item.get),
        text("LotSerialNbr", lambda row: None),
        text("Warehouse_2", site.get),
    )
    rows = state.remembered(lambda: [row for one in state.items() if one.stock for row in state.stock_of(one)])
    lead = state.remembered(lambda: [row.item.key for row in rows()])
    key = ("InventoryID", "WarehouseID", "InventoryID_2", "Subitem", "Warehouse", "InventoryID_3", "LotSerialNbr")
    return Table("DB-StorageDetails", "PX.Data.DBStorageDetails", (*key, "Warehouse_2"), columns, rows, lead)


def _branches(state: State) -> Table:
    columns = fields(
        text("Branch", lambda row: row.code),
        text("BranchName", lambda row: row.name),
        text("Company", lambda row: COMPANY[0]),
        text("CompanyName", lambda row: COMPANY[1]),
        text("AccountID", lambda row: row.code),
    )
    rows = list(state.branches.values())
    return Table("BI-BranchCompany", "PX.Data.BIBranchCompany", ("Branch", "AccountID"), columns, lambda: rows)


def inquiry_tables(state: State) -> dict[str, Table]:
    """Return the exposed generic inquiries by name."""
    return {one.name: one for one in (_vendor_quantities(state), _storage_details(state), _branches(state))}
