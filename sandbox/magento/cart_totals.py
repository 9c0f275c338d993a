"""The totals of a cart. Source: recordings of cart and nonsimple-orders (`*_shipping_information`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.magento import php
from sandbox.magento.placing import DESCRIPTION, FLAT_RATE, is_virtual, pieces
from sandbox.magento.sales_records import Cart
from sandbox.magento.sales_tables import ZERO, json_value
from sandbox.magento.sold import Sold, parts
from sandbox.magento.state import Shop

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


def totals(shop: Shop, cart: Cart) -> dict[str, Any]:
    """Return the totals of a cart."""
    virtual = is_virtual(cart.items)
    subtotal = sum((item.total for item in cart.items), ZERO)
    shipping = ZERO if virtual else pieces(cart.items) * FLAT_RATE
    shown: dict[str, Any] = {
        **_both("grand_total", subtotal + shipping),
        **_both("subtotal", subtotal),
        **_both("discount_amount", ZERO),
        **_both("subtotal_with_discount", subtotal),
        **_both("shipping_amount", shipping),
        **_both("shipping_discount_amount", ZERO),
        **_both("tax_amount", ZERO),
        "weee_tax_applied_amount": None,
        **_both("shipping_tax_amount", ZERO),
        "subtotal_incl_tax": json_value(subtotal),
        **_both("shipping_incl_tax", shipping),
        "base_currency_code": shop.currency,
        "quote_currency_code": shop.currency,
        "items_qty": json_value(sum((item.quantity for item in cart.items), ZERO)),
        "items": [_item(shop, item) for item in cart.items],
        "total_segments": _segments(subtotal, shipping, virtual=virtual),
    }
    if virtual:
        shown |= {"base_subtotal_incl_tax": json_value(subtotal), "coupon_code": ""}
    return shown


def _both(name: str, value: Decimal) -> dict[str, Any]:
    return {name: json_value(value), f"base_{name}": json_value(value)}


def _segments(subtotal: Decimal, shipping: Decimal, *, virtual: bool) -> list[dict[str, Any]]:
    way = {"code": "shipping", "title": f"Shipping & Handling ({DESCRIPTION})", "value": json_value(shipping)}
    details: dict[str, Any] = {"tax_grandtotal_details": []}
    return [
        {"code": "subtotal", "title": "Subtotal", "value": json_value(subtotal)},
        *([] if virtual else [way]),
        {"code": "tax", "title": "Tax", "value": 0, "extension_attributes": details},
        {"code": "grand_total", "title": "Grand Total", "value": json_value(subtotal + shipping), "area": "footer"},
    ]


def _item(shop: Shop, item: Sold) -> dict[str, Any]:
    price = item.price or ZERO
    shown = {
        "item_id": item.id,
        **_both("price", price),
        "qty": json_value(item.quantity),
        **_both("row_total", item.total),
        "row_total_with_discount": 0,
        **_both("tax_amount", ZERO),
        "tax_percent": 0,
        **_both("discount_amount", ZERO),
        "discount_percent": 0,
        **_both("price_incl_tax", price),
        **_both("row_total_incl_tax", item.total),
        "options": php.json_text(_options(shop, item)),
        "weee_tax_applied_amount": None,
        "weee_tax_applied": None,
        "name": item.product.name,
    }
    if item.calculated:
        del shown["tax_percent"]
    return shown


def _options(shop: Shop, item: Sold) -> list[dict[str, str]]:
    """Return a text of the options: those that a customer entered, and the contents of a bundle."""
    if item.type_id == "bundle":
        return [_selection(shop, item, child) for child in item.children]
    titles = {str(one.get("option_id")): str(one.get("title")) for one in parts(item.product, "options")}
    chosen = (item.options or {}).get("custom_options") or []
    return [{"value": one.get("option_value"), "label": titles[str(one.get("option_id"))]} for one in chosen]


def _selection(shop: Shop, item: Sold, child: Sold) -> dict[str, str]:
    options = parts(item.product, "bundle_product_options")
    found = [(option, link) for option in options for link in option["product_links"] if link["sku"] == child.sku]
    option, link = found[0]
    price = child.price if child.price is not None else Decimal(str(link.get("price") or 0))
    money = f"{SYMBOLS.get(shop.currency, shop.currency)}{price:.2f}"
    words = f'{json_value(child.selection_qty)} x {child.product.name} <span class="price">{money}</span>'
    return {"value": words, "label": option["title"]}
