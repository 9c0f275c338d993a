"""What Magento has invoiced and shipped of an order, and which of Acumatica's invoices it lacks.

Input: the order's items in Magento, and Acumatica's released invoices. Output: the next invoice to make, or None if
Magento has them all. The invoiced quantity of each item decides, not a mark, so an invoice that the shop made itself is
not made again. Source: magento-observed.md, part two, sections 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.model.failures import FailureCode, Rejected
from connector.model.money import NOTHING, OrderMoney
from connector.model.sold_items import SoldItem
from entities.order.types import Invoice, InvoiceLine
from entities.shop_orders.invoice_totals import invoice_totals
from entities.shop_orders.matching import matches, preferred, unclear

__all__ = ["SoldItem", "ToInvoice", "counted", "has_begun", "is_invoiced", "is_shipped", "left_out", "next_invoice"]


@dataclass(frozen=True)
class ToInvoice:
    """An invoice to make: quantities by order item id; None for everything that is open."""

    number: str
    items: tuple[tuple[int, Decimal], ...] | None


def counted(items: Sequence[SoldItem]) -> list[SoldItem]:
    """Return the items that show an order's progress: the parent of a configurable product, the children of
    a bundle.
    """
    types = {item.item_id: item.product_type for item in items}
    parents = {item.parent_id for item in items}
    return [
        item
        for item in items
        if (item.parent_id is None and not (item.product_type == "bundle" and item.item_id in parents))
        or (item.parent_id is not None and types.get(item.parent_id) == "bundle")
    ]


def is_invoiced(items: Sequence[SoldItem]) -> bool:
    """Return whether all of the order is invoiced."""
    return not any(item.to_invoice for item in counted(items))


def is_shipped(items: Sequence[SoldItem]) -> bool:
    """Return whether everything that ships at all is shipped."""
    return not any(item.to_ship for item in counted(items))


def has_begun(items: Iterable[SoldItem]) -> bool:
    """Return whether something of the order is invoiced or shipped."""
    return any(item.invoiced or item.shipped for item in items)


def next_invoice(
    key: str,
    invoices: Sequence[Invoice],
    items: Sequence[SoldItem],
    money: OrderMoney | None = None,
    order_total: Decimal | None = None,
) -> ToInvoice | None:
    """Return the first invoice that Magento lacks; None if it has them all. Raises `Rejected`.

    `money`: the amounts of the order in Magento. If its total equals Acumatica's `order_total`, each invoice must come
    to Acumatica's amount to the cent. An invoice that would not is merged into the next one, until the amounts agree.
    """
    if not invoices or is_invoiced(items):
        return None
    target: dict[int, Decimal] = {}
    total: Decimal | None = NOTHING
    differs: tuple[str, set[Decimal], Decimal] | None = None
    for invoice in invoices:
        unknown = _unknown(invoice, items)
        for line in invoice.lines:
            if line not in unknown or len(unknown) == len(invoice.lines):
                _assign(key, invoice, line, items, target)
        total = None if total is None or invoice.total is None or unknown else total + invoice.total
        lacking = {item.item_id: target.get(item.item_id, NOTHING) - item.invoiced for item in items}
        quantities = {item_id: quantity for item_id, quantity in lacking.items() if quantity > 0}
        if not quantities:
            continue
        whole = all(_is_covered(item, items, target) for item in items if item.parent_id is None)
        to_make = ToInvoice(invoice.number, None if whole else tuple(sorted(quantities.items())))
        if money is None or total is None or money.total != order_total:
            return to_make
        comes_to = invoice_totals(items, money, to_make.items)
        if comes_to is None or comes_to == {total - money.invoiced}:
            return to_make
        differs = differs or (invoice.number, comes_to, total - money.invoiced)
    if differs is None:
        return None
    number, totals, in_acumatica = differs
    in_magento = " or ".join(map(str, sorted(totals)))
    raise Rejected(
        FailureCode.INVOICE_TOTALS_DIFFER,
        f"Acumatica's invoice {number} of {key} totals {in_acumatica}, but in Magento it would total "
        f"{in_magento}: Magento divides price, discount and tax by quantity and rounds each, and puts all of the "
        "shipping into the first invoice. So it was not created. Once the whole order is invoiced in Acumatica, one "
        "invoice is created.",
    )


def _items_of(line: InvoiceLine, items: Sequence[SoldItem]) -> list[SoldItem]:
    """Return the items of an invoice's line: by line number if we made the order, else by product or SKU."""
    types = {item.item_id: item.product_type for item in items}
    visible = [item for item in items if types.get(item.parent_id or 0) != "configurable"]
    return [item for item in visible if item.ext_id == str(line.number)] or matches(items, line.sku)


def _unknown(invoice: Invoice, items: Sequence[SoldItem]) -> list[InvoiceLine]:
    return [line for line in invoice.lines if not _items_of(line, items)]


def left_out(invoices: Sequence[Invoice], items: Sequence[SoldItem]) -> str | None:
    """Return a description of the invoice lines that Magento's order does not have, such as a sample, a gift or a
    substitute; None if there are none. The other lines are invoiced.
    """
    named = [
        f"line {line.number} ({line.quantity:f} of {line.sku!r}) of invoice {invoice.number}"
        for invoice in invoices
        for line in _unknown(invoice, items)
    ]
    if not named:
        return None
    return f"Not invoiced in Magento, whose order does not have it: {', '.join(named)}."


def _assign(
    key: str, invoice: Invoice, line: InvoiceLine, items: Sequence[SoldItem], target: dict[int, Decimal]
) -> None:
    """Assign the quantity of an invoice's line to items of the order: by line number, else by SKU."""
    candidates = _items_of(line, items)
    open_of = {item.item_id: _free(item, target) for item in candidates}
    left = line.quantity
    in_turn = preferred(candidates, open_of, quantity=left, order_line=line.number)
    for item in in_turn:  # invoiced quantities go first, whichever way the items were chosen then
        left -= _claim(item, min(left, open_of[item.item_id], _unclaimed(item, target)), target)
    free = {item.item_id: _free(item, target) for item in candidates}
    doubt = unclear(candidates, items, free, left, line.number) if left else []
    if doubt:
        named = " or ".join(f"{item.sku} (item {item.item_id})" for item in doubt)
        raise Rejected(
            FailureCode.INVOICE_DOES_NOT_FIT,
            f"line {line.number} of Acumatica's invoice {invoice.number} of {key} has "
            f"{line.quantity} of {line.sku}, which may be {named} in Magento's order: different goods. Make the "
            "invoice in Magento by hand, then skip this message.",
        )
    for item in in_turn:
        left -= _claim(item, min(left, _free(item, target)), target)
    if left > 0:
        has = f"{line.quantity - left} left of it" if candidates else "no such line"
        raise Rejected(
            FailureCode.INVOICE_DOES_NOT_FIT,
            f"Acumatica's invoice {invoice.number} of {key} has {line.quantity} of {line.sku} "
            f"(line {line.number}), and Magento's order has {has}. Make the invoice in Magento by hand, then skip this "
            "message.",
        )


def _claim(item: SoldItem, quantity: Decimal, target: dict[int, Decimal]) -> Decimal:
    """Assign the quantity to an item and return it; 0 if it is negative."""
    claimed = max(quantity, NOTHING)
    if claimed:
        target[item.item_id] = target.get(item.item_id, NOTHING) + claimed
    return claimed


def _unclaimed(item: SoldItem, target: dict[int, Decimal]) -> Decimal:
    """Return the invoiced quantity of an item that no invoice of Acumatica's accounts for yet."""
    return item.invoiced - target.get(item.item_id, NOTHING)


def _free(item: SoldItem, target: dict[int, Decimal]) -> Decimal:
    return item.ordered - item.canceled - target.get(item.item_id, NOTHING)


def _is_covered(item: SoldItem, items: Sequence[SoldItem], target: dict[int, Decimal]) -> bool:
    """Return whether the invoices so far cover the whole item, or all children of a bundle."""
    if target.get(item.item_id, NOTHING) >= item.ordered - item.canceled:
        return True
    children = [child for child in items if child.parent_id == item.item_id]
    return (
        item.product_type == "bundle"
        and bool(children)
        and all(target.get(child.item_id, NOTHING) >= child.ordered - child.canceled for child in children)
    )
