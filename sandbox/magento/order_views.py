"""The JSON of an order: as it is read, and as the answer to a save, which shows only what was sent and the new ids.

Source: recordings orders, erp-orders and nonsimple-orders; magento-observed.md, part two, section 2.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.order_lines import amount, line_shown, row_shown
from sandbox.magento.sales_records import Order
from sandbox.magento.sales_tables import ADDRESS, HISTORY, ORDER, PAYMENT, SHIPPING_TOTAL, ZERO, Row, json_value

ALWAYS = ("base_grand_total", "customer_email", "grand_total")


def order_shown(order: Order) -> dict[str, Any]:
    """Return an order as a read shows it."""
    shown = head_shown(order.row)
    shown["items"] = [line_shown(line) for line in order.lines]
    billing = order.address("billing")
    if billing is not None:
        shown["billing_address"] = address_shown(billing)
    if order.payments:
        shown["payment"] = payment_shown(order.payments[-1])
    shown["status_histories"] = [history_shown(one) for one in newest_first(order)]
    shown["extension_attributes"] = _extension(order)
    return shown


def head_shown(row: Row) -> dict[str, Any]:
    """Return the order's own columns. The amount due is computed, and three columns are shown even if they
    are empty.
    """
    shown: dict[str, Any] = {**dict.fromkeys(ALWAYS), **ORDER.shown(row)}
    for base in ("", "base_"):
        due = max(amount(row, f"{base}grand_total") - amount(row, f"{base}total_paid"), ZERO)
        shown[f"{base}total_due"] = json_value(due)
    return shown


def newest_first(order: Order) -> list[Row]:
    """Return the comments of an order in Magento's order."""
    return sorted(order.history, key=lambda one: (one["created_at"], one["entity_id"]), reverse=True)


def address_shown(row: Row) -> dict[str, Any]:
    """Return an address."""
    shown = ADDRESS.shown(row)
    if row.get("street") is not None:
        shown["street"] = row["street"]
    return shown


def payment_shown(row: Row) -> dict[str, Any]:
    """Return a payment."""
    fixed = {"account_status": None, "additional_information": list(row["additional_information"].values())}
    return {**fixed, "cc_last4": None, **PAYMENT.shown(row)}


def history_shown(row: Row) -> dict[str, Any]:
    """Return a comment."""
    fixed = dict.fromkeys(("comment", "is_customer_notified", "is_visible_on_front", "parent_id"))
    return {**fixed, **HISTORY.shown(row)}


def _extension(order: Order) -> dict[str, Any]:
    shipping: dict[str, Any] = {}
    address = order.address("shipping")
    if address is not None:
        shipping["address"] = address_shown(address)
    if order.shipping_method is not None:
        shipping["method"] = order.shipping_method
    shipping["total"] = total_shown(order.row)
    information = order.payments[-1]["additional_information"] if order.payments else {}
    return {
        "shipping_assignments": [{"shipping": shipping, "items": [line_shown(line) for line in order.lines]}],
        "payment_additional_info": [{"key": key, "value": value} for key, value in information.items()],
        "applied_taxes": [],
        "item_applied_taxes": [],
        "converting_from_quote": False,
        "taxes": [],
        "additional_itemized_taxes": [],
    }


def total_shown(row: Row) -> dict[str, Any]:
    """Return the amounts of shipping."""
    return {name: json_value(row[name]) for name in sorted(SHIPPING_TOTAL) if row.get(name) is not None}


def saved_shown(order: Order, sent: Row, given: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to the creation of an order; `sent` are its columns before the database cut them."""
    shown = head_shown(sent)
    shown["items"] = [
        _sent_line(line.row, one) for line, one in zip(order.lines, given.get("items") or [], strict=True)
    ]
    billing = order.address("billing")
    if billing is not None:
        shown["billing_address"] = address_shown(billing)
    if order.payments:
        shown["payment"] = payment_shown(order.payments[-1])
    shown["status_histories"] = [
        {name: value for name, value in history_shown(row).items() if name != "created_at" or "created_at" in one}
        for row, one in zip(order.history, given.get("status_histories") or [], strict=True)
    ]
    assignments = (given.get("extension_attributes") or {}).get("shipping_assignments")
    if assignments is not None:
        shown["extension_attributes"] = {"shipping_assignments": [_assignment(order, one) for one in assignments]}
    return shown


def _sent_line(row: Row, given: dict[str, Any]) -> dict[str, Any]:
    new = {name: row[name] for name in ("item_id", "order_id", "created_at", "updated_at")}
    shown = row_shown({**given, **new})
    if given.get("parent_item"):
        shown["parent_item"] = row_shown(given["parent_item"])
    return shown


def _assignment(order: Order, given: dict[str, Any]) -> dict[str, Any]:
    shipping = given.get("shipping") or {}
    shown: dict[str, Any] = {}
    address = order.address("shipping")
    if shipping.get("address") and address is not None:
        shown["address"] = address_shown(address)
    if shipping.get("method") is not None:
        shown["method"] = shipping["method"]
    if shipping.get("total") is not None:
        shown["total"] = total_shown(shipping["total"])
    return {"shipping": shown, "items": [row_shown(one) for one in given.get("items") or []]}


def updated_shown(order: Order, given: Row) -> dict[str, Any]:
    """Return the answer to a change of an order: the order's fields that were sent, and its complete parts."""
    kept = ("entity_id", "billing_address_id", "created_at", "updated_at")
    shown = head_shown({**given, **{name: order.row[name] for name in kept if name in order.row}})
    shown["items"] = [line_shown(line, loaded=False) for line in order.lines]
    billing = order.address("billing")
    if billing is not None:
        shown["billing_address"] = address_shown(billing)
    shown["payment"] = payment_shown(order.payments[-1])
    shown["status_histories"] = [history_shown(one) for one in newest_first(order)]
    return shown
