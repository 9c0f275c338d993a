"""The input types of an order in Magento's interfaces. Source: magento-commerce schema, erp-orders."""

from __future__ import annotations

from sandbox.magento.sales_tables import ADDRESS, HISTORY, ITEM, ORDER, PAYMENT, SHIPPING_TOTAL, money
from sandbox.magento.typed import TEXT, Data, anything, listed, texts

_SALES = "Magento\\Sales\\Api\\Data\\"
ADDRESS_DATA = ADDRESS.data(street=texts, extension_attributes=anything)
PAYMENT_DATA = PAYMENT.data(additional_information=texts, extension_attributes=anything)
HISTORY_DATA = HISTORY.data(extension_attributes=anything)
PARENT_DATA = ITEM.data(parent_item=anything, product_option=anything, extension_attributes=anything)
ITEM_DATA = ITEM.data(parent_item=PARENT_DATA, product_option=anything, extension_attributes=anything)
SHIPPING_DATA = Data(
    f"{_SALES}ShippingInterface",
    {
        "address": ADDRESS_DATA,
        "method": TEXT,
        "total": Data(f"{_SALES}TotalInterface", dict.fromkeys(SHIPPING_TOTAL, money)),
        "extension_attributes": anything,
    },
)
ASSIGNMENT_DATA = Data(
    f"{_SALES}ShippingAssignmentInterface",
    {"shipping": SHIPPING_DATA, "items": listed(ITEM_DATA), "stock_id": TEXT, "extension_attributes": anything},
)
EXTENSION_DATA = Data(
    f"{_SALES}OrderExtensionInterface",
    {
        "shipping_assignments": listed(ASSIGNMENT_DATA),
        **dict.fromkeys(("payment_additional_info", "applied_taxes", "item_applied_taxes", "taxes"), anything),
        **dict.fromkeys(("converting_from_quote", "additional_itemized_taxes", "gift_message"), anything),
        "pickup_location_code": TEXT,
    },
)
ORDER_DATA = ORDER.data(
    items=listed(ITEM_DATA),
    billing_address=ADDRESS_DATA,
    payment=PAYMENT_DATA,
    status_histories=listed(HISTORY_DATA),
    extension_attributes=EXTENSION_DATA,
)
