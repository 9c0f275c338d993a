"""An order placed in the shop: what a cart becomes, with its lines, totals, addresses, payment and reservation.

Source: magento-observed.md, part two, section 1; recordings of cart, orders and nonsimple-orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.magento.orders import add_payment, keep, protect_code, put_address, store_name
from sandbox.magento.reservations import PLACED, move, placed
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import ITEM, ORDER, ZERO, Row
from sandbox.magento.sold import Sold
from sandbox.magento.state import Shop

FLAT_RATE = Decimal(5)
METHOD = "flatrate_flatrate"
DESCRIPTION = "Flat Rate - Fixed"
CHECK = {"method": "checkmo", "additional_information": {"method_title": "Check / Money order"}}
NO_COST = ("base_cost", "qty_backordered")


@dataclass(frozen=True)
class Buyer:
    """The buyer and the addresses; `shipping` is None if nothing is shipped."""

    email: str
    store_id: int
    billing: Mapping[str, Any]
    shipping: Mapping[str, Any] | None = None
    customer_id: int | None = None
    group_id: int = 0


def is_virtual(items: Sequence[Sold]) -> bool:
    """Return whether nothing of a cart is shipped."""
    return all(one.weight is None for item in items for one in (item.children or [item]))


def pieces(items: Sequence[Sold]) -> Decimal:
    """Return the number of pieces that ship: of a bundle that ships separately its children, else the item."""
    total = ZERO
    for item in items:
        parts = item.children if item.separately else [item]
        total += sum((one.quantity for one in parts if one.weight is not None), ZERO)
    return total


def place(
    shop: Shop,
    items: Sequence[Sold],
    buyer: Buyer,
    *,
    shipping_amount: Decimal | None = None,
    increment_id: str | None = None,
    quote_id: int | None = None,
    **columns: Any,
) -> Order:
    """Place an order of these items; the given columns override computed ones."""
    number = shop.next_id("order")
    row = _head(shop, items, buyer, shipping_amount)
    row["entity_id"] = number
    row["increment_id"] = increment_id or shop.sales.increment("order")
    row["protect_code"] = protect_code(row["increment_id"])
    row["quote_id"] = quote_id or shop.next_id("cart")
    order = Order(ORDER.stored({**row, **columns}))
    if buyer.shipping is not None:
        put_address(shop, order, dict(buyer.shipping), "shipping")
        order.shipping_method = METHOD
    put_address(shop, order, dict(buyer.billing), "billing")
    order.row["billing_address_id"] = order.addresses[-1]["entity_id"]
    for item in items:
        order.lines += _lines(shop, order, item)
    amounts = {f"{base}{name}": row[f"{base}{source}"] for base in ("", "base_") for name, source in PAID}
    add_payment(shop, order, {**CHECK, **amounts})
    keep(shop, order)
    move(shop, order, placed(shop, order), PLACED)
    return order


PAID = (("amount_ordered", "grand_total"), ("shipping_amount", "shipping_amount"))


def _head(shop: Shop, items: Sequence[Sold], buyer: Buyer, shipping_amount: Decimal | None) -> Row:
    virtual = is_virtual(items)
    shipping = ZERO if virtual else pieces(items) * FLAT_RATE if shipping_amount is None else shipping_amount
    subtotal = sum((item.total for item in items), ZERO)
    amounts = {
        "subtotal": subtotal,
        "subtotal_incl_tax": subtotal,
        "grand_total": subtotal + shipping,
        "shipping_amount": shipping,
        "shipping_incl_tax": shipping,
        "shipping_tax_amount": ZERO,
        "shipping_discount_amount": ZERO,
        "discount_amount": ZERO,
        "tax_amount": ZERO,
        "discount_tax_compensation_amount": ZERO,
    }
    row: Row = {f"{base}{name}": value for name, value in amounts.items() for base in ("", "base_")}
    row |= dict.fromkeys(
        ("shipping_discount_tax_compensation_amount", "base_shipping_discount_tax_compensation_amnt"), ZERO
    )
    currencies = ("base_currency_code", "global_currency_code", "order_currency_code", "store_currency_code")
    row |= dict.fromkeys(currencies, shop.currency) | dict.fromkeys(("created_at", "updated_at"), shop.now())
    row |= {"base_to_global_rate": Decimal(1), "base_to_order_rate": Decimal(1)}
    row |= {"store_to_base_rate": ZERO, "store_to_order_rate": ZERO, "remote_ip": "127.0.0.1"}
    row |= {"customer_email": buyer.email, "customer_group_id": buyer.group_id, "customer_note_notify": 1}
    row |= {"customer_id": buyer.customer_id, "customer_is_guest": int(buyer.customer_id is None)}
    row |= {"customer_firstname": buyer.billing.get("firstname"), "customer_lastname": buyer.billing.get("lastname")}
    row |= {"store_id": buyer.store_id, "store_name": store_name(shop, buyer.store_id), "email_sent": 1}
    row |= {"is_virtual": int(virtual), "shipping_description": None if virtual else DESCRIPTION}
    row |= {"state": "new", "status": "pending", "total_qty_ordered": sum((item.quantity for item in items), ZERO)}
    row["total_item_count"] = sum(len(item.children) or 1 for item in items)
    row["weight"] = sum(((item.weight or ZERO) * item.quantity for item in items), ZERO)
    return row


def _lines(shop: Shop, order: Order, item: Sold) -> list[Line]:
    parent = Line(_row(shop, order, item), options=_option(item))
    parent.separately, parent.calculated = item.separately, item.calculated
    for child in item.children:
        row = _row(shop, order, child)
        row |= {"parent_item_id": parent.id, "row_weight": ZERO}
        parent.children.append(Line(row, parent, selection_qty=child.selection_qty))
    return [parent, *parent.children]


def _option(item: Sold) -> dict[str, Any] | None:
    """Return the options as an order shows them; it shows none of downloads."""
    shown = {name: value for name, value in (item.options or {}).items() if name != "downloadable_option"}
    return {"extension_attributes": shown} if shown else None


def _row(shop: Shop, order: Order, item: Sold) -> Row:
    product, quantity, price = item.product, item.quantity, item.price or ZERO
    row: Row = {
        "item_id": shop.next_id("order item"),
        "order_id": order.id,
        "quote_item_id": item.id or shop.next_id("cart item"),
        "store_id": order.row["store_id"],
        "product_id": product.id,
        "product_type": item.type_id,
        "sku": item.sku,
        "name": product.name,
        "is_virtual": int(product.type_id in ("virtual", "downloadable")),
        "is_qty_decimal": 0,
        "qty_ordered": quantity,
        "row_weight": (item.weight or ZERO) * quantity,
        "created_at": shop.now(),
        "updated_at": shop.now(),
    }
    for base in ("", "base_"):
        row |= {f"{base}price": price, f"{base}row_total": item.total}
        if item.price is not None:
            row |= {f"{base}original_price": item.original_price, f"{base}price_incl_tax": price}
            row[f"{base}row_total_incl_tax"] = item.total
            if not item.calculated:
                row[f"{base}discount_tax_compensation_amount"] = ZERO
    stored = {name: value for name, value in ITEM.stored(row).items() if name not in NO_COST}
    stored["weight"] = item.weight
    if item.calculated:
        del stored["tax_percent"]
    return {name: value for name, value in stored.items() if value is not None}
