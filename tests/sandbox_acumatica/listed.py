"""What the connector and Easy-Acumatica ask of the endpoint: entities with fields and filters, inquiries, actions.

`test_openapi_list.py` holds the list to what a connector asks for in fact; `test_openapi.py` holds the sandbox to the
vendor's description of everything here.
"""

from dataclasses import dataclass, field
from typing import Any

OPTIONS = {"select", "filter", "expand", "custom", "top", "skip"}
SINCE = "datetimeoffset'2020-01-01T00:00:00+00:00'"
DAY = "datetimeoffset'2020-01-01'"
ADDRESS = "AddressLine1 AddressLine2 City Country PostalCode State"
PERSON = "FirstName LastName Phone1 Phone2"


@dataclass(frozen=True)
class Read:
    """An entity: its key, the fields asked for (with their path), the conditions, each of which finds something."""

    key: tuple[str, ...]
    fields: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()

    @property
    def expand(self) -> list[str]:
        """What must be expanded for all the fields, each level by itself."""
        several: dict[str, None] = dict.fromkeys(self.wholes)
        for name in self.fields:
            pieces = name.split("/")[:-1]
            several |= {"/".join(pieces[: depth + 1]): None for depth in range(len(pieces))}
        return list(several)


@dataclass(frozen=True)
class Inquiry:
    """An inquiry: the body of the PUT, its rows, and the columns that are read of them."""

    rows: str
    columns: tuple[str, ...]
    body: dict[str, Any] = field(default_factory=dict)


def _named(names: str) -> list[str]:
    return names.split()


def _below(path: str, names: str) -> list[str]:
    return [f"{path}/{name}" for name in names.split()]


READS: dict[str, Read] = {
    "StockItem": Read(
        ("InventoryID",),
        (
            *_named("InventoryID ItemStatus ItemClass ExportToExternal DefaultPrice BaseUOM SalesUOM LastModified"),
            *_below("UOMConversions", "FromUOM ToUOM MultiplyOrDivide ConversionFactor"),
            *_below("CrossReferences", "AlternateID AlternateType UOM"),
            *_below("WarehouseDetails", "WarehouseID QtyOnHand"),
        ),
        (
            "InventoryID gt 'SKU-000001'",
            "InventoryID eq 'SKU-000001' or InventoryID eq 'SKU-000002'",
            f"LastModified ge {SINCE}",
        ),
        custom=("ItemSettings.UsrSku",),
    ),
    "NonStockItem": Read(
        ("InventoryID",),
        tuple(_named("InventoryID ItemStatus ItemClass ExportToExternal DefaultPrice BaseUnit SalesUnit")),
        ("InventoryID gt 'A'", f"LastModifiedDateTime ge {SINCE}"),
    ),
    "Warehouse": Read(("WarehouseID",), ("WarehouseID", "Active"), ("WarehouseID eq 'MAIN'",)),
    "ShipVia": Read(("CarrierID",), ("CarrierID",)),
    "ItemClass": Read(("ClassID",), ("ClassID", "AvailabilityCalculationRule")),
    "CustomerClass": Read(("ClassID",), ("ClassID", *_below("Attributes", "AttributeID Description"))),
    "CustomerPriceClass": Read(("PriceClassID",), ("PriceClassID",)),
    "Customer": Read(
        ("CustomerID",),
        (
            *_named("CustomerID CustomerName CustomerClass Status IsGuestCustomer"),
            *_below("MainContact", f"CompanyName Email {PERSON}"),
            *(one for name in ("Billing", "Shipping", "Primary") for one in _below(f"{name}Contact", PERSON)),
            *(one for name in ("Main", "Billing", "Shipping") for one in _below(f"{name}Contact/Address", ADDRESS)),
            *_below("Attributes", "AttributeID AttributeDescription Value ValueDescription"),
        ),
        (
            "(CustomerClass eq 'ECOMMERCE' or CustomerClass eq 'WHOLESALE')",
            "CustomerID gt 'A'",
            f"LastModifiedDateTime ge {SINCE}",
            "MainContact/Email eq 'full@example.com'",
        ),
    ),
    "SalesOrder": Read(
        ("OrderType", "OrderNbr"),
        (
            *_named("OrderType OrderNbr Status CustomerID Branch Date CreatedDate LastModified ExternalRef"),
            *_named("CustomerOrder CurrencyID ShipVia PaymentMethod OrderTotal TaxTotal"),
            *_below(
                "Details",
                "LineNbr InventoryID LineDescription UOM OrderQty UnitPrice DiscountAmount Amount ExternalRef",
            ),
            *_below(
                "Details", "Operation LineType OpenQty Completed WarehouseID MarkForPO POSource QtyOnShipments FreeItem"
            ),
            *_below("Details/PurchasingDetails", "POOrderNbr POOrderType POOrderLineNbr"),
            *_below("Details/Allocations", "SplitLineNbr Allocated Qty QtyOnShipments Completed AllocWarehouseID"),
            *_below("Shipments", "ShipmentType ShipmentNbr InvoiceType InvoiceNbr"),
            *_below("BillToAddress", ADDRESS),
            *_below("BillToContact", "BusinessName Attention Email Phone1"),
            *_below("ShipToAddress", ADDRESS),
            *_below("ShipToContact", "BusinessName Attention Email Phone1"),
            *_below("Totals", "LineTotalAmount MiscTotalAmount DiscountTotal TaxTotal Freight PremiumFreight"),
        ),
        (
            f"(OrderType eq 'SO') and Date ge {DAY} and LastModified ge {SINCE}",
            "OrderType eq 'SO' and OrderNbr gt '000001'",
            "(OrderType eq 'SO' and OrderNbr eq '000001') or (OrderType eq 'SO' and OrderNbr eq '000002')",
            "ExternalRef eq '2000000003'",
            "CustomerID eq 'FULL'",
            f"CreatedDate ge {SINCE}",
            "(Branch eq 'HEADOFFICE' or Branch eq 'RETAIL')",
        ),
        custom=("Document.UsrShop",),
        wholes=("BillToAddress", "BillToContact", "ShipToAddress", "ShipToContact", "Totals"),
    ),
    "Shipment": Read(
        ("ShipmentNbr",),
        (
            *_named("ShipmentNbr Type Operation Status ShipmentDate ShipVia WarehouseID"),
            *_below("Details", "OrderType OrderNbr OrderLineNbr InventoryID UOM ShippedQty OrderedQty WarehouseID"),
            *_below("Details/Allocations", "SplitLineNbr"),
            *_below("Packages", "TrackingNbr"),
            *_below("Packages/PackageContents", "ShipmentSplitLineNbr"),
            *_below("Orders", "OrderType OrderNbr InvoiceType InvoiceNbr"),
        ),
        (
            f"LastModifiedDateTime ge {SINCE} and ShipmentDate ge {DAY}",
            "ShipmentNbr gt '000001'",
            "ShipmentNbr eq '000003' or ShipmentNbr eq '000004'",
        ),
    ),
    "SalesInvoice": Read(
        ("Type", "ReferenceNbr"),
        (
            *_named("Type ReferenceNbr Status Date LastModifiedDateTime"),
            *_below("Details", "OrderType OrderNbr OrderLineNbr InventoryID UOM Qty"),
        ),
        (
            f"Type eq 'Invoice' and LastModifiedDateTime ge {SINCE} and Date ge {DAY}",
            "Type eq 'Invoice' and ReferenceNbr gt '000001'",
            "(Status eq 'Open' or Status eq 'Closed')",
        ),
    ),
    "PurchaseReceipt": Read(
        ("Type", "ReceiptNbr"),
        (
            *_named("ReceiptNbr Type Status Date"),
            *_below("Details", "InventoryID UOM ReceiptQty OrderedQty POOrderType POOrderNbr POLineNbr"),
        ),
        (
            f"Type eq 'Receipt' and LastModifiedDateTime ge {SINCE} and Date ge {DAY}",
            "Type eq 'Receipt' and ReceiptNbr gt '000001'",
            "ReceiptNbr eq '000007'",
        ),
    ),
    "PurchaseOrder": Read(
        ("Type", "OrderNbr"),
        ("OrderNbr", "Type", "VendorRef", "Status", *_below("ShippingInstructions", "ShipTo")),
        (
            "OrderNbr eq '000007'",
            f"LastModifiedDateTime ge {SINCE}",
            f"LastModifiedDateTime ge {SINCE} and OrderNbr gt '000001'",
        ),
        wholes=("ShippingInstructions",),
    ),
}
INQUIRIES: dict[str, Inquiry] = {
    "InventorySummaryInquiry": Inquiry(
        "Results",
        ("WarehouseID", "LocationID", "QtyOnHand", "QtyAvailable", "QtyAvailableForShipment"),
        {"InventoryID": {"value": "SKU-000001"}},
    ),
    "InventoryAllocationInquiry": Inquiry(
        "Results",
        ("AllocationType", "Qty"),
        {"InventoryID": {"value": "SKU-000001"}, "WarehouseID": {"value": "MAIN"}},
    ),
    "StorageDetailsInquiry": Inquiry(
        "StorageDetails",
        ("InventoryID", "WarehouseID", "QtyOnHand", "QtyAvailable", "QtyHardAvailable"),
        {"WarehouseID": {"value": "MAIN"}},
    ),
    "InventoryQuantityAvailable": Inquiry(
        "Results",
        ("InventoryID", "QtyAvailable", "LastModifiedDateTime"),
        {"LastModifiedDateTime": {"value": "2020-01-01"}},
    ),
    "SalesPricesInquiry": Inquiry(
        "SalesPriceDetails",
        ("RecordID", "InventoryID", "PriceType", "UOM", "CurrencyID", "BreakQty", "Price", "Promotion"),
    ),
    "CompaniesStructure": Inquiry("Results", ("BranchID", "BranchName", "BranchStatus", "CompanyID")),
}
ACTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("SalesOrder", "SalesOrderCreateShipment"): {"OrderType": {"value": "SO"}, "OrderNbr": {"value": "READY"}},
    ("Shipment", "ConfirmShipment"): {"ShipmentNbr": {"value": "OPEN01"}},
    ("Shipment", "CorrectShipment"): {"ShipmentNbr": {"value": "SENT01"}},
    ("Shipment", "PrepareInvoice"): {"ShipmentNbr": {"value": "SENT02"}},
}
CHANGES: list[dict[str, Any]] = [
    {
        "add_customer": {
            "customer_id": "FULL",
            "name": "Full Ltd.",
            "customer_class": "ECOMMERCE",
            "attributes": [
                {"AttributeID": "REGION", "AttributeDescription": "Region", "Value": "N", "ValueDescription": "North"}
            ],
            **{
                f"{name}_contact": {
                    "Email": "full@example.com",
                    "CompanyName": "Full Ltd.",
                    "Attention": "Ada",
                    "FirstName": "Ada",
                    "LastName": "Byron",
                    "Phone1": "1",
                    "Phone2": "2",
                    "Address": {name: "US" if name == "Country" else "x" for name in ADDRESS.split()},
                }
                for name in ("main", "billing", "shipping", "primary")
            },
        }
    },
    {
        "set_item": {
            "inventory_id": "SKU-000001",
            "uom_conversions": [{"from_uom": "BOX", "factor": "6"}],
            "custom": {"ItemSettings.UsrSku": "A"},
        }
    },
    {"add_item": {"inventory_id": "SERVICE", "stock": False, "price": "5"}},
    {"set_cross_reference": {"inventory_id": "SKU-000001", "alternate_id": "4000001", "uom": "EA"}},
    {"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", "on_hand": "900"}},
    {
        "add_sales_price": {
            "inventory_id": "SKU-000001",
            "price": "8",
            "price_type": "Customer Price Class",
            "price_code": "GOLD",
        }
    },
    {
        "add_order": {
            "customer_id": "FULL",
            "order_nbr": "READY",
            "external_ref": "READY",
            "ship_via": "GROUND",
            "payment_method": "CHECK",
            "custom": {"Document.UsrShop": "web"},
            "lines": [
                {
                    "inventory_id": "SKU-000001",
                    "quantity": "20",
                    "unit_price": "3",
                    "allocated": "2",
                    "fields": {"ExternalRef": "7"},
                },
                {"inventory_id": "SKU-000001", "quantity": "2", "drop_ship": True},
            ],
        }
    },
    {"add_purchase_order": {"order_nbr": "READY", "vendor_ref": "VT1"}},
    *(
        {
            "add_shipment": {
                "shipment_nbr": number,
                "lines": [{"order_nbr": "READY", "line_nbr": 1, "quantity": "1"}],
                "packages": [{"tracking": "1Z", "contents": [{"line": 1}]}],
                "confirm": number.startswith("SENT"),
            }
        }
        for number in ("OPEN01", "SENT01", "SENT02")
    ),
]
