"""Values derived from documents: converted units, shipped and invoiced quantities, totals of orders and invoices,
statuses.

Amounts are rounded half up to cents, as Acumatica does with a two-digit currency. Order totals: lines after their
discounts, plus freight and premium freight, plus taxes, less the document's discount.
"""

from decimal import ROUND_HALF_UP, Decimal

from sandbox.acumatica.document_types import Invoice, Order, OrderLine, Shipment
from sandbox.acumatica.item_types import Item

CENT = 100
NOT_OPEN = ("Canceled", "Rejected", "Expired", "Completed", "Invoiced")
NO_DEMAND_TYPES = ("QT", "BL", "CM", "RC", "CR")
NOT_SHIPPED_TYPES = ("CM", "CR", "IN", "MO")
FOLLOWING = ("Open", "Shipping", "Back Order", "Completed")
PERCENT = 100_000_000


def ratio(number: int, factor: int, divisor: int, step: int = 1) -> int:
    """Return number × factor ÷ divisor rounded half up to a multiple of `step`."""
    exact = Decimal(number) * factor / (Decimal(divisor) * step)
    return int(exact.to_integral_value(ROUND_HALF_UP)) * step


def base_quantity(item: Item, quantity4: int, uom: str) -> int:
    """Return a quantity in the item's base unit. Raises `ValueError` if the item does not have the unit."""
    if uom == item.base_uom:
        return quantity4
    for row in item.conversions:
        if (row["FromUOM"], row["ToUOM"]) == (uom, item.base_uom):
            factor = Decimal(str(row["ConversionFactor"]))
            exact = quantity4 * factor if row["MultiplyOrDivide"] == "Multiply" else quantity4 / factor
            return int(exact.to_integral_value(ROUND_HALF_UP))
    raise ValueError(f"The item {item.inventory_id!r} has no unit {uom!r}.")


def needs_shipping(line: OrderLine) -> bool:
    """Return whether goods have to be shipped for the line: stock items, kits and what requires shipment."""
    extra = line.item.extra
    return line.item.stock or line.drop_ship or bool(extra.get("RequireShipment")) or bool(extra.get("IsKit"))


def shipped(order: Order, line: OrderLine, *, confirmed_only: bool = False) -> int:
    """Return the quantity of a line on shipments and receipts, in the line's unit."""
    total = 0
    for shipment in order.shipments:
        if shipment.status == "Canceled" or (confirmed_only and not shipment.confirmed):
            continue
        total += sum(_in_unit_of(line, one.quantity4, one.uom) for one in shipment.lines if one.order_line is line)
    for receipt in order.receipts:
        if receipt.released or not confirmed_only:
            total += sum(one.quantity4 for one in receipt.lines if one.purchase_line.order_line is line)
    return total


def _in_unit_of(line: OrderLine, quantity4: int, uom: str) -> int:
    if uom == line.uom:
        return quantity4
    whole = base_quantity(line.item, quantity4, uom)
    one = base_quantity(line.item, 10_000, line.uom)
    return ratio(whole, 10_000, one)


def open_quantity(order: Order, line: OrderLine) -> int:
    """Return the quantity of a line that is still to be shipped and confirmed; nothing for a completed line."""
    if line.completed or order.status in NOT_OPEN:
        return 0
    left = max(abs(line.quantity4) - shipped(order, line, confirmed_only=True), 0)
    return -left if line.quantity4 < 0 else left


def invoiced(order: Order, line: OrderLine) -> int:
    """Return the invoiced quantity of a line, in its unit."""
    lines = (one for invoice in order.invoices for one in invoice.lines if one.order_line is line)
    return sum(_in_unit_of(line, one.quantity4, one.uom) for one in lines)


def extended(line: OrderLine) -> int:
    """Return quantity × unit price of a line, in cents."""
    return 0 if line.free else ratio(line.quantity4, line.price6, 1_000_000, CENT)


def discount(line: OrderLine) -> int:
    """Return a line's discount: the given amount, or its percentage of the extended price."""
    return line.discount4 or ratio(extended(line), line.discount6, PERCENT, CENT)


def line_amount(line: OrderLine) -> int:
    """Return a line's amount after its discount."""
    return extended(line) - discount(line)


def line_total(order: Order, *, misc: bool | None = None) -> int:
    """Return the sum of the lines' amounts; only goods or only charges when `misc` says so."""
    return sum(line_amount(line) for line in order.lines if misc is None or is_misc(line) is misc)


def is_misc(line: OrderLine) -> bool:
    """Return whether a line is a charge, not goods."""
    return not needs_shipping(line)


def tax_total(order: Order) -> int:
    """Return the sum of the taxes."""
    return sum(tax.amount4 for tax in order.taxes)


def order_total(order: Order) -> int:
    """Return the order's total."""
    return line_total(order) + order.freight4 + order.premium4 + tax_total(order) - order.discount4


def order_quantity(order: Order) -> int:
    """Return the sum of the ordered quantities, each in its line's unit."""
    return sum(line.quantity4 for line in order.lines)


def unbilled(order: Order, line: OrderLine) -> int:
    """Return the amount of a line not yet invoiced."""
    if not line.quantity4:
        return 0
    return ratio(line_amount(line), line.quantity4 - invoiced(order, line), line.quantity4, CENT)


def shipped_quantity(shipment: Shipment, order: Order | None = None) -> int:
    """Return the shipped quantity, each line in its unit; only that of one order's lines if it is named."""
    return sum(line.quantity4 for line in shipment.lines if order is None or line.order is order)


def invoice_lines_total(invoice: Invoice) -> int:
    """Return the sum of an invoice's lines."""
    return sum(line.amount4 for line in invoice.lines)


def invoice_total(invoice: Invoice) -> int:
    """Return an invoice's amount."""
    return invoice_lines_total(invoice) + invoice.freight4 + invoice.tax4 - invoice.discount4


def invoice_balance(invoice: Invoice) -> int:
    """Return the unpaid part of an invoice."""
    return 0 if invoice.status == "Closed" else invoice_total(invoice) - invoice.paid4


def settled_status(order: Order) -> str:
    """Return the status of an order after a change of its shipments. A held, canceled or similar order keeps its
    status.

    Any unconfirmed shipment: Shipping. Nothing left, or the rest completed by hand: Completed. Something left after a
    confirmed shipment: Back Order.
    """
    if order.status not in FOLLOWING:
        return order.status
    live = [one for one in order.shipments if one.status != "Canceled"]
    if any(not one.confirmed for one in live):
        return "Shipping"
    cut = any(needs_shipping(line) and line.completed for line in order.lines)
    begun = bool(live) or any(one.released for one in order.receipts)
    goods = [line for line in order.lines if needs_shipping(line) and not line.completed]
    left = [line for line in goods if shipped(order, line, confirmed_only=True) < abs(line.quantity4)]
    if not left and (begun or cut):
        return "Completed"
    direct = not goods or order.type in NOT_SHIPPED_TYPES
    if direct and order.invoices and all(one.released for one in order.invoices):
        return "Completed"
    return "Back Order" if begun else "Open"
