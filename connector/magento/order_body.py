"""Build the body that creates an order in Magento: everything that a customer sees, to the cent.

Input: the order from `entities.order.rules`, the buyer, and Magento's products and regions. Output: the entity of `POST
/V1/orders`. State and status are always sent together, or the order would have neither. All lines are sent as simple
lines, because a line that is sent as a configurable product cannot be shipped (magento-observed.md, part two, section
2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.magento.orders import Buyer, Region
from connector.model.comparison import comparison_key
from connector.model.orders import Line, NewOrder, PostalAddress

VIRTUAL = ("virtual", "downloadable")
PLAIN = ("simple", *VIRTUAL)
PRICE = Decimal("0.0001")
PERCENT = Decimal("0.0001")


@dataclass(frozen=True)
class ShopKnows:
    """Data of the shop: products (id, type) by SKU, regions by country, and the buyer (None: a guest)."""

    store_id: int
    products: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    regions: Mapping[str, Mapping[str, Region]] = field(default_factory=dict)
    buyer: Buyer | None = None


def entity_of(
    new: NewOrder, knows: ShopKnows, *, increment_id: str, ext_order_id: str, state: str, status: str, text: str
) -> dict[str, Any]:
    """Return the order in Magento's form; `text` is its first comment."""
    items = [_item(line, knows) for line in new.lines]
    amounts = {
        "subtotal": new.subtotal,
        "subtotal_incl_tax": new.subtotal + new.tax - new.shipping_tax,
        "discount_amount": -new.discount,
        "tax_amount": new.tax,
        "shipping_amount": new.shipping_amount,
        "shipping_incl_tax": new.shipping_amount + new.shipping_tax,
        "shipping_tax_amount": new.shipping_tax,
        "grand_total": new.total,
        "total_due": new.total,
    }
    return {
        "increment_id": increment_id,
        "ext_order_id": ext_order_id,
        "ext_customer_id": new.customer,
        "state": state,
        "status": status,
        "store_id": knows.store_id,
        "created_at": new.created_at,
        **_buyer(new, knows.buyer),
        **_currencies(new.currency),
        **_both(amounts),
        "shipping_description": new.shipping_title,
        "total_qty_ordered": sum((line.quantity for line in new.lines), Decimal(0)),
        "total_item_count": len(items),
        "is_virtual": int(new.shipping is None),
        "items": items,
        "billing_address": _address("billing", new.billing, new.email, knows),
        "payment": {
            "method": new.payment_method,
            "additional_information": [],
            **_both({"amount_ordered": new.total, "shipping_amount": new.shipping_amount}),
        },
        "status_histories": [
            {
                "comment": text,
                "entity_name": "order",
                "is_customer_notified": 0,
                "is_visible_on_front": 0,
                "status": status,
            }
        ],
        **({} if new.shipping is None else {"extension_attributes": _assignments(new, new.shipping, items, knows)}),
    }


def _both(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the amounts in the order's currency and in the shop's base currency, which are the same currency."""
    return {**amounts, **{f"base_{name}": amount for name, amount in amounts.items()}}


def _currencies(code: str) -> dict[str, Any]:
    names = ("base_currency_code", "order_currency_code", "store_currency_code", "global_currency_code")
    return {**dict.fromkeys(names, code), "base_to_global_rate": 1, "base_to_order_rate": 1}


def _buyer(new: NewOrder, buyer: Buyer | None) -> dict[str, Any]:
    if buyer is None:
        return {
            "customer_is_guest": 1,
            "customer_group_id": 0,
            "customer_email": new.email,
            "customer_firstname": new.billing.firstname,
            "customer_lastname": new.billing.lastname,
        }
    return {
        "customer_id": buyer.id,
        "customer_is_guest": 0,
        "customer_group_id": buyer.group_id,
        "customer_email": buyer.email,
        "customer_firstname": buyer.firstname,
        "customer_lastname": buyer.lastname,
    }


def _item(line: Line, knows: ShopKnows) -> dict[str, Any]:
    product_id, product_type = knows.products.get(line.sku, (None, "simple"))
    virtual = line.virtual or product_type in VIRTUAL
    taxed = line.row_total - line.discount
    amounts = {
        "price": line.price,
        "original_price": line.price,
        "price_incl_tax": ((line.row_total + line.tax) / line.quantity).quantize(PRICE, ROUND_HALF_UP),
        "row_total": line.row_total,
        "row_total_incl_tax": line.row_total + line.tax,
        "tax_amount": line.tax,
        "discount_amount": line.discount,
    }
    return {
        "sku": line.sku,
        "name": line.name,
        "product_type": "virtual" if virtual else "simple",
        "store_id": knows.store_id,
        "qty_ordered": line.quantity,
        "is_qty_decimal": int(line.quantity != line.quantity.to_integral_value()),
        "is_virtual": int(virtual),
        "tax_percent": (line.tax * 100 / taxed).quantize(PERCENT, ROUND_HALF_UP) if taxed > 0 else 0,
        "ext_order_item_id": str(line.number),
        **_both(amounts),
        **({"product_id": product_id} if product_id is not None and product_type in PLAIN else {}),
    }


def _assignments(
    new: NewOrder, address: PostalAddress, items: list[dict[str, Any]], knows: ShopKnows
) -> dict[str, Any]:
    totals = {
        "shipping_amount": new.shipping_amount,
        "shipping_incl_tax": new.shipping_amount + new.shipping_tax,
        "shipping_tax_amount": new.shipping_tax,
    }
    shipping = {
        "address": _address("shipping", address, new.email, knows),
        "method": new.shipping_method,
        "total": _both(totals),
    }
    return {"shipping_assignments": [{"shipping": shipping, "items": items}]}


def _address(use: str, address: PostalAddress, email: str, knows: ShopKnows) -> dict[str, Any]:
    region = knows.regions.get(address.country, {}).get(comparison_key(address.state)) if address.state else None
    where: dict[str, Any] = {"region": address.state} if address.state else {}
    if region is not None:
        where = {"region": region.name, "region_code": region.code, "region_id": region.id}
    return {
        "address_type": use,
        "firstname": address.firstname,
        "lastname": address.lastname,
        **({"company": address.company} if address.company else {}),
        "street": list(address.street),
        "city": address.city,
        **where,
        "postcode": address.postcode,
        "country_id": address.country,
        "telephone": address.telephone,
        "email": email,
    }
