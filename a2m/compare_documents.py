"""Compare the sandbox's Magento with its Acumatica: customers, orders, shipments, independently of the connector."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

State = Mapping[str, Any]
NOT_SENT = ("Inactive", "One-Time")
NO_SALE = ("QT", "RM", "RC", "CM", "CR", "TR", "BL")


def document_differences(acumatica: State, magento: State, environ: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Return (what, compared, wrong) for active customers, orders and shipments.

    `acumatica` and `magento` are the answers to `GET /_sandbox/state`; `environ` has the connector's settings.
    """
    comparisons = (
        ("customers", "A2M_ACTIVE__CUSTOMER", _customers),
        ("orders", "A2M_ACTIVE__ORDER", _orders),
        ("shipments", "A2M_ACTIVE__SHIPMENT", _shipments),
    )
    results = []
    for what, switch, compare in comparisons:
        if environ.get(switch) == "true":
            is_right = list(compare(acumatica, magento, environ))
            results.append((what, len(is_right), is_right.count(False)))
    return results


def _customers(acumatica: State, magento: State, environ: Mapping[str, str]) -> Iterator[bool]:
    """Check that each customer of a chosen class has one account with its e-mail, in the group of its class."""
    groups = json.loads(environ["A2M_CUSTOMER__GROUPS"])
    current = Counter(
        (customer["email"].casefold(), magento["customer_groups"][str(customer["group_id"])])
        for customer in magento["customers"]
    )
    for one in acumatica["customers"].values():
        if one["customer_class"] in groups and one["status"] not in NOT_SENT and not one["guest"]:
            yield current[(one["email"] or "").casefold(), groups[one["customer_class"]]] == 1


def _orders(acumatica: State, magento: State, environ: Mapping[str, str]) -> Iterator[bool]:
    """Check that each order exists once, with the mapped status and, if it was made in Acumatica, with its total.

    An order becomes complete in Magento only when all of it is shipped and invoiced there; before, it is processing.
    """
    statuses = json.loads(environ["A2M_ORDER__STATUSES"])
    by_number: dict[str, list[State]] = {}
    for order in magento["orders"]:
        by_number.setdefault(order["increment_id"], []).append(order)
        by_number.setdefault(order.get("ext_order_id") or "", []).append(order)
    for one in acumatica["orders"]:
        if one["order_type"] in NO_SALE or one["status"] not in statuses:
            continue
        found = by_number.get(one["external_ref"] or f"{one['order_type']} {one['order_nbr']}", [])
        wanted = statuses[one["status"]]
        if wanted == "canceled" and not one["external_ref"] and not found:
            continue  # it was canceled before it was sent
        yield (
            len(found) == 1
            and (found[0]["status"] == wanted or (wanted == "complete" and found[0]["status"] == "processing"))
            and (bool(one["external_ref"]) or Decimal(found[0]["grand_total"]) == Decimal(one["order_total"]))
        )


def _shipments(acumatica: State, magento: State, _environ: Mapping[str, str]) -> Iterator[bool]:
    """Check that each confirmed shipment and released receipt exists for each of its orders, with its quantities."""
    ours: dict[str, list[State]] = {}
    for shipment in magento["shipments"]:
        for comment in shipment["comments"]:
            ours.setdefault(comment["comment"], []).append(shipment)
    for one in acumatica["shipments"]:
        if one["confirmed"] and one["operation"] == "Issue":
            for order in one["orders"]:
                yield _agrees(f"Acumatica shipment {one['shipment_nbr']}", one, order, ours)
    for one in acumatica["purchase_receipts"]:
        if one["released"]:
            orders = {(line["order_type"], line["order_nbr"]) for line in one["lines"] if line["order_nbr"]}
            for order_type, order_nbr in orders:
                order = {"order_type": order_type, "order_nbr": order_nbr}
                yield _agrees(f"Acumatica receipt {one['receipt_nbr']}", one, order, ours)


def _agrees(mark: str, document: State, order: State, ours: Mapping[str, list[State]]) -> bool:
    found = ours.get(f"{mark}, order {order['order_type']} {order['order_nbr']}", [])
    wanted: Counter[str] = Counter()
    for line in document["lines"]:
        if (line["order_type"], line["order_nbr"]) == (order["order_type"], order["order_nbr"]):
            wanted[line["inventory_id"]] += Decimal(line.get("base_quantity", line["quantity"]))  # type: ignore[assignment]
    current: Counter[str] = Counter()
    for shipment in found:
        for item in shipment["items"]:
            current[item["sku"]] += Decimal(item["qty"])  # type: ignore[assignment]
    return bool(found) and +wanted == +current
