"""The amounts of an order, to the cent: each line with its share of discount and tax, and totals that add up.

Input: an order of Acumatica. Output: amounts for Magento, or `Rejected`. Magento checks no totals (magento-observed.md,
part two, section 2) and computes an invoice from the lines. So the document's discount and tax are divided among the
lines, and the customer is charged exactly what Acumatica charges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from connector.model.failures import FailureCode, Rejected
from connector.model.money import CENT, NOTHING
from connector.model.sales_orders import SalesLine, SalesOrder


@dataclass(frozen=True)
class Money:
    """The amounts of one line: before discount and tax, its whole discount, and its tax."""

    row_total: Decimal
    discount: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Totals:
    """An order's amounts; `lines` is in the order of the order's lines."""

    lines: tuple[Money, ...]
    subtotal: Decimal
    discount: Decimal
    shipping: Decimal
    shipping_tax: Decimal
    tax: Decimal
    total: Decimal


def totals_of(key: str, order: SalesOrder, lines: Sequence[SalesLine]) -> Totals:
    """Return the amounts of an order with these lines. Raises `Rejected` if the totals do not add up to the cent."""
    amounts = [_cents(line.amount, f"the amount of line {line.number}", key) for line in lines]
    own_discounts = [_cents(line.discount, f"the discount of line {line.number}", key) for line in lines]
    tax = _cents(order.tax, "the tax total", key)
    discount = _cents(order.discount, "the discount total", key)
    shipping = _cents(order.freight, "the freight", key) + _cents(order.premium_freight, "premium freight", key)
    total = _cents(order.total, "the order total", key)
    goods = sum(amounts, NOTHING)
    included = _tax_is_included(key, goods=goods, shipping=shipping, tax=tax, discount=discount, total=total)
    taxes = shared_out(tax, amounts)
    shipping_tax = tax - sum(taxes, NOTHING)
    discounts = [of_line + share for of_line, share in zip(own_discounts, shared_out(discount, amounts), strict=True)]
    if sum(discounts, NOTHING) != sum(own_discounts, NOTHING) + discount:
        raise Rejected(
            FailureCode.TOTALS_DO_NOT_ADD_UP,
            f"{key} has a discount of {discount} and no line to take it from. Correct the order in Acumatica.",
        )
    money = tuple(
        Money(amount + of_line - (line_tax if included else NOTHING), line_discount, line_tax)
        for amount, of_line, line_discount, line_tax in zip(amounts, own_discounts, discounts, taxes, strict=True)
    )
    if included:
        shipping -= shipping_tax
    return Totals(
        lines=money,
        subtotal=sum((one.row_total for one in money), NOTHING),
        discount=sum(discounts, NOTHING),
        shipping=shipping,
        shipping_tax=shipping_tax,
        tax=tax,
        total=total,
    )


def _tax_is_included(
    key: str, *, goods: Decimal, shipping: Decimal, tax: Decimal, discount: Decimal, total: Decimal
) -> bool:
    """Return whether prices include the tax, which is decided by how the amounts add up. Raises `Rejected` if they add
    up neither way.
    """
    without_tax = goods + shipping - discount
    if without_tax + tax == total:
        return False
    if without_tax == total:
        return True
    raise Rejected(
        FailureCode.TOTALS_DO_NOT_ADD_UP,
        f"{key} has lines of {goods}, freight of {shipping}, tax of {tax} and a discount of "
        f"{discount}, which make {without_tax + tax}, but its total is {total}. Recalculate the order in Acumatica.",
    )


def shared_out(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide the amount among the weights in whole cents that sum up exactly to it; 0 for each if no weight is
    positive.

    The cents left over by rounding go to the parts that were rounded the most, and among equal parts to the first.
    """
    whole = sum((weight for weight in weights if weight > 0), NOTHING)
    if not whole:
        return [NOTHING for _weight in weights]
    exact = [Fraction(amount) * Fraction(max(weight, NOTHING)) / Fraction(whole) for weight in weights]
    parts = [int(part * 100) for part in exact]
    left = int(amount / CENT) - sum(parts)
    step = 1 if left > 0 else -1
    by_rest = sorted(range(len(parts)), key=lambda index: (-abs(exact[index] * 100 - parts[index]), index))
    for index in by_rest[: abs(left)]:
        parts[index] += step
    return [Decimal(part).scaleb(-2) for part in parts]


def _cents(amount: Decimal, what: str, key: str) -> Decimal:
    if amount != amount.quantize(CENT, ROUND_DOWN):
        raise Rejected(FailureCode.FRACTIONS_OF_A_CENT, f"{what} of {key} is {amount}. Correct it in Acumatica.")
    return amount.quantize(CENT)
