"""What Magento has invoiced and shipped of an order, and which invoice of Acumatica's it lacks.

Input: the order's lines as Magento has them, and Acumatica's released invoices. Output: the next invoice to make,
none where Magento has them all. How much of each line is invoiced decides, not a mark, so what the shop invoiced itself
is not invoiced again. Source: magento-observed.md, part two, sections 1 and 2.
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
    """An invoice to make: quantities by order item id, none: all that is open."""

    number: str
    items: tuple[tuple[int, Decimal], ...] | None


def counted(items: Sequence[SoldItem]) -> list[SoldItem]:
    """Return the lines that show how far an order is: of a configurable the parent, of a bundle the children."""
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
    """Return whether all of the order is shipped that ships at all."""
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
    """Return the first of the invoices that Magento lacks; None where it has them all. Raises `Rejected`.

    `money`: what the order comes to in Magento. Where that is Acumatica's `order_total`, the invoice has to be
    Acumatica's to the cent: one that is not is made together with the next, as soon as the two agree.
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
                _lay_out(key, invoice, line, items, target)
        total = None if total is None or invoice.total is None or unknown else total + invoice.total
        lacking = {item.item_id: target.get(item.item_id, NOTHING) - item.invoiced for item in items}
        asked = {item_id: quantity for item_id, quantity in lacking.items() if quantity > 0}
        if not asked:
            continue
        whole = all(_is_covered(item, items, target) for item in items if item.parent_id is None)
        made = ToInvoice(invoice.number, None if whole else tuple(sorted(asked.items())))
        if money is None or total is None or money.total != order_total:
            return made
        comes_to = invoice_totals(items, money, made.items)
        if comes_to is None or comes_to == {total - money.invoiced}:
            return made
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


def _found(line: InvoiceLine, items: Sequence[SoldItem]) -> list[SoldItem]:
    """Return the items of an invoice's line: by the line's number, where we made the order, else by product or SKU."""
    types = {item.item_id: item.product_type for item in items}
    own = [item for item in items if types.get(item.parent_id or 0) != "configurable"]
    return [item for item in own if item.ext_id == str(line.number)] or matches(items, line.sku)


def _unknown(invoice: Invoice, items: Sequence[SoldItem]) -> list[InvoiceLine]:
    return [line for line in invoice.lines if not _found(line, items)]


def left_out(invoices: Sequence[Invoice], items: Sequence[SoldItem]) -> str | None:
    """Return descriptions of the invoices' lines that Magento's order does not have, such as a sample, a gift or a
    substitute; None where there is none. The others are invoiced.
    """
    named = [
        f"line {line.number} ({line.quantity:f} of {line.sku!r}) of invoice {invoice.number}"
        for invoice in invoices
        for line in _unknown(invoice, items)
    ]
    if not named:
        return None
    return f"Not invoiced in Magento, whose order does not have it: {', '.join(named)}."


def _lay_out(
    key: str, invoice: Invoice, line: InvoiceLine, items: Sequence[SoldItem], target: dict[int, Decimal]
) -> None:
    """Add what a line of an invoice invoices to the lines of the order: by the line's number, else by its SKU."""
    same = _found(line, items)
    open_of = {item.item_id: _free(item, target) for item in same}
    left = line.quantity
    in_turn = preferred(same, open_of, quantity=left, order_line=line.number)
    for item in in_turn:  # what Magento has invoiced already is laid out first, however it was chosen then
        left -= _claim(item, min(left, open_of[item.item_id], _unclaimed(item, target)), target)
    free = {item.item_id: _free(item, target) for item in same}
    doubt = unclear(same, items, free, left, line.number) if left else []
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
        has = f"{line.quantity - left} left of it" if same else "no such line"
        raise Rejected(
            FailureCode.INVOICE_DOES_NOT_FIT,
            f"Acumatica's invoice {invoice.number} of {key} has {line.quantity} of {line.sku} "
            f"(line {line.number}), and Magento's order has {has}. Make the invoice in Magento by hand, then skip this "
            "message.",
        )


def _claim(item: SoldItem, quantity: Decimal, target: dict[int, Decimal]) -> Decimal:
    """Lay so much out on an item and return how much that was."""
    claimed = max(quantity, NOTHING)
    if claimed:
        target[item.item_id] = target.get(item.item_id, NOTHING) + claimed
    return claimed


def _unclaimed(item: SoldItem, target: dict[int, Decimal]) -> Decimal:
    """Return what Magento has invoiced of an item that no invoice of Acumatica's accounts for yet."""
    return item.invoiced - target.get(item.item_id, NOTHING)


def _free(item: SoldItem, target: dict[int, Decimal]) -> Decimal:
    return item.ordered - item.canceled - target.get(item.item_id, NOTHING)


def _is_covered(item: SoldItem, items: Sequence[SoldItem], target: dict[int, Decimal]) -> bool:
    """Return whether all of a line, or of a bundle's children, is on the invoices so far."""
    if target.get(item.item_id, NOTHING) >= item.ordered - item.canceled:
        return True
    children = [child for child in items if child.parent_id == item.item_id]
    return (
        item.product_type == "bundle"
        and bool(children)
        and all(target.get(child.item_id, NOTHING) >= child.ordered - child.canceled for child in children)
    )
