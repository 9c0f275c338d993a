"""The words of the screen *Setup Parameters*: sections in their order, fields, choices, and the columns of tables.

Where a field is not named here, its name says it: `batch_count` is Batch Count.
"""

from __future__ import annotations

import re

SECTIONS = {
    "magento": "Connection Settings",
    "acumatica": "Acumatica",
    "queue": "Queue Processing Settings",
    "items": "Items",
    "price": "Price Sync Preferences",
    "inventory": "Inventory Sync Preferences",
    "vendor_inventory": "Vendor Inventory Preferences",
    "shipment": "Shipment Sync Trigger",
    "customer": "A to M Customer Sync",
    "order": "A to M Order Sync",
    "dropship": "A to M Dropship ShipVia",
    "additional": "Additional Settings",
    "active": "Individual Sync Status",
    "receiver": "Push Notifications",
    "notify": "Notifications",
    "housekeeping": "Housekeeping",
}
"""Every section by its name in the settings, in the order of the screen."""

FIELDS = {
    ("magento", "url"): "Magento URL",
    ("magento", "bearer_token"): "Bearer Token",
    ("magento", "store_id"): "Store id",
    ("magento", "website_id"): "Website id",
    ("magento", "allow_http"): "Allow http",
    ("acumatica", "url"): "Acumatica URL",
    ("acumatica", "username"): "User",
    ("acumatica", "client_id"): "OAuth2 client id",
    ("acumatica", "endpoint"): "Endpoint name",
    ("acumatica", "version"): "Endpoint version",
    ("acumatica", "allow_http"): "Allow http",
    ("queue", "threshold_count"): "Threshold Count",
    ("queue", "batch_count"): "Batch Count",
    ("queue", "retry_count"): "Retry Count",
    ("queue", "check_process_time"): "Check Process Time",
    ("queue", "process_sleep_time"): "Process Sleep Time",
    ("items", "sku"): "SKU",
    ("items", "unknown_sku"): "Unknown SKU",
    ("price", "source"): "Price",
    ("price", "without_sales_price"): "Items without a sales price",
    ("inventory", "quantity"): "Magento Sync Qty",
    ("inventory", "sources"): "Warehouse to Magento source",
    ("inventory", "branches"): "Branches",
    ("inventory", "status"): "Stock status",
    ("inventory", "safety"): "Safety quantity",
    ("vendor_inventory", "include"): "Vendor quantity",
    ("shipment", "from"): "Shipments from",
    ("shipment", "ship_vias"): "ShipVia to Magento carrier",
    ("shipment", "notify"): "Notify the customer",
    ("shipment", "foreign_lines"): "Lines unknown to Magento",
    ("shipment", "placeholders"): "Entries that are no tracking number",
    ("customer", "classes"): "Customer Classes",
    ("customer", "groups"): "Customer class to Magento group",
    ("customer", "attributes"): "Acumatica attribute to Magento attribute",
    ("customer", "without_email"): "Customers without an e-mail",
    ("customer", "accounts"): "Share Customer Accounts",
    ("order", "types"): "Order Types",
    ("order", "from"): "Orders from",
    ("order", "reference_pattern"): "Reference pattern",
    ("order", "reference_test"): "Test value of the reference",
    ("order", "close_rest"): "Rest that never ships",
    ("order", "statuses"): "Acumatica status to Magento status",
    ("order", "states"): "Magento status to Magento state",
    ("order", "store_id"): "Store id",
    ("dropship", "ship_via"): "ShipVia for DropShip",
    ("additional", "customer_attributes"): "Customer Attribute Sync",
    ("receiver", "header"): "Header name",
    ("queue", "wait_tell"): "Tell of records that wait longer than",
    ("notify", "oldest_pending"): "Tell of messages that wait longer than",
    ("notify", "silence"): "Tell of entities without a look for",
    ("notify", "told_again"): "Tell again after",
    ("housekeeping", "messages"): "Keep messages for",
    ("housekeeping", "runs"): "Keep finished runs for",
    ("active", "price"): "Price is active",
    ("active", "inventory"): "Inventory is active",
    ("active", "shipment"): "Shipment is active",
    ("active", "customer"): "Customer is active",
    ("active", "order"): "Order is active",
}

CHOICES: dict[tuple[str, str], dict[object, str]] = {
    ("acumatica", "quantity_read"): {
        "odata": "OData",
        "storage_details": "Storage Details per warehouse",
        "inventory_summary": "Inventory Summary per item",
    },
    ("acumatica", "price_read"): {"odata": "OData", "inquiry": "Inquiry Sales Prices"},
    ("items", "unit"): {"base": "Base unit", "sales": "Sales unit"},
    ("items", "unknown_sku"): {"fail": "The message fails", "skip": "The message is skipped"},
    ("queue", "price_transport"): {"synchronous": "Synchronous requests", "async_bulk": "Asynchronous bulks"},
    ("price", "source"): {"default_price": "Default Price", "sales_price": "Sales Price"},
    ("price", "sales_price_from"): {"price_list": "Price list", "field": "Field of the stock item"},
    ("price", "without_sales_price"): {"default_price": "Get their Default Price", "leave": "Are left alone"},
    ("price", "tax_included"): {None: "Not checked", True: "With tax", False: "Without tax"},
    ("inventory", "definition"): {"configuration": "Following configuration", "branch_wise": "Branch-wise"},
    ("inventory", "quantity"): {
        "available": "Quantity Available",
        "available_for_shipping": "Quantity Available for Shipping",
        "on_hand": "Quantity Available on Hand",
    },
    ("inventory", "status"): {"follow_quantity": "Follows the quantity", "leave": "Is left alone"},
    ("vendor_inventory", "include"): {
        "no": "Do not include",
        "separate": "Separate Value only",
        "sum": "Sum Total with Overall Quantity",
    },
    ("shipment", "trigger"): {
        "shipment_confirmation": "On Shipment Confirmation",
        "invoice_release": "On Invoice Release",
    },
    ("customer", "without_email"): {"fail": "Fail", "leave_out": "Are left out"},
    ("customer", "accounts"): {"per_website": "Per Website", "global": "Global"},
    ("shipment", "foreign_lines"): {"name": "The others ship", "fail": "The shipment fails"},
    ("order", "close_rest"): {
        "no": "Is named",
        "cancel": "Is canceled where it is not invoiced",
        "refund": "Is canceled, and given back where Acumatica gave it back",
    },
    ("order", "reference"): {
        "external_ref": "External Reference",
        "customer_order": "Customer Order",
        "order_nbr": "Order Nbr.",
    },
    ("order", "invoice"): {"no": "No invoices", "offline": "Offline invoices"},
}
"""What a choice is called on the screen, by its value in the settings."""

COLUMNS = {
    ("inventory", "sources"): ("Warehouse", "Magento source"),
    ("shipment", "ship_vias"): ("ShipVia", ""),
    ("customer", "groups"): ("Customer class", "Magento customer group"),
    ("customer", "attributes"): ("Acumatica attribute", "Magento attribute"),
    ("order", "statuses"): ("Acumatica status", "Magento status"),
    ("order", "states"): ("Magento status", "Magento state"),
    ("order", "payment_methods"): ("Acumatica payment method", "Magento payment method"),
    ("order", "shipping_methods"): ("ShipVia", "Magento shipping method"),
}
"""The two columns of a map, which the screen shows as a table."""


_NAME = re.compile(r"\bA2M_([A-Z_]+?)__([A-Z_]+)\b")


def as_on_the_screen(text: str) -> str:
    """The text with each setting called as the screen calls it, its name in files after it in brackets. Names that are
    called so already, or were by an earlier call, stay as they are.
    """

    def called(found: re.Match[str]) -> str:
        section, field = found[1].lower(), found[2].lower()
        if section not in SECTIONS:
            return found[0]
        label, before = title(section, field), text[: found.start()]
        if before.casefold().endswith((f"{label} (".casefold(), f"{label}, ".casefold())):
            return found[0]
        if before.rfind("(") <= before.rfind(")"):
            return f"{label} ({found[0]})"
        return found[0] if label.casefold() in before.casefold() else f"{label}, {found[0]}"

    return _NAME.sub(called, text) if "A2M_" in text else text


def title(section: str, field: str) -> str:
    """What the field is called on the screen."""
    return FIELDS.get((section, field)) or field.replace("_", " ").capitalize()
