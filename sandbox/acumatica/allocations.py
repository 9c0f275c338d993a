"""The Inventory Allocation Details inquiry (IN402000) of stock rows: totals by kind of demand, and each demand."""

from collections.abc import Iterator, Sequence

from sandbox.acumatica.item_types import Stock
from sandbox.acumatica.stock_items import COMPUTED_ZERO
from sandbox.acumatica.values import Value, quantity

Row = dict[str, Value]
NOTHING = (
    *("InTransit", "InTransitToSO", "InventoryIssues", "InventoryReceipts", "KitAssemblyDemand", "KitAssemblySupply"),
    *("OnLocationNotAvailable", "PurchaseForSO", "PurchaseForSOPrepared", "PurchaseOrders", "PurchasePrepared"),
    *("PurchaseReceipts", "ReceiptsForSO", "SOToPurchase", "TotalAddition"),
)
KINDS = {
    "SOPrepared": "SO Prepared",
    "SOBooked": "SO Booked",
    "SOBackOrdered": "SO Back Ordered",
    "SOAllocated": "SO Allocated",
    "SOShipped": "SO Shipped",
}


def demand(row: Stock) -> dict[str, int]:
    """Return the demand on a stock row by kind. Demand that a test set without a document counts as booked or
    allocated.
    """
    return {
        "SOPrepared": row.prepared,
        "SOBooked": row.booked + max(row.hard - row.free, 0),
        "SOBackOrdered": row.back_ordered,
        "SOAllocated": row.allocated + max(row.on_hand - row.hard, 0),
        "SOShipped": row.shipped,
    }


def allocation_totals(rows: Sequence[Stock]) -> Row:
    """Return the header's totals over the stock rows."""
    found: Row = dict.fromkeys(NOTHING, COMPUTED_ZERO)
    for name in KINDS:
        found[name] = quantity(sum(demand(row)[name] for row in rows))
    return found | {
        "Available": quantity(sum(row.available for row in rows)),
        "AvailableForIssue": quantity(sum(row.on_hand - row.shipped for row in rows)),
        "AvailableForShipping": quantity(sum(row.shipping for row in rows)),
        "OnHand": quantity(sum(row.on_hand for row in rows)),
        "TotalDeduction": quantity(sum(row.free - row.available for row in rows)),
    }


def allocation_rows(rows: Sequence[Stock]) -> Iterator[Row]:
    """Return a row for each kind of demand of each stock row."""
    for row in rows:
        for name, quantity4 in demand(row).items():
            if quantity4:
                yield {
                    "AllocationDate": None,
                    "AllocationType": KINDS[name],
                    "DocType": "Shipment" if name == "SOShipped" else "Sales Order",
                    "Expired": False,
                    "Location": None,
                    "LotSerialNbr": None,
                    "Module": "SO",
                    "Qty": quantity(quantity4),
                }
