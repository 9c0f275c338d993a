"""Totals of an invoice that Magento would make, so that one is made only if it equals Acumatica's to the cent.

Input: the amounts of a Magento order and of its items, and the quantities to invoice. Output: the totals that Magento
may arrive at. Magento takes a share of each item by quantity, the remainder of it in the item's last invoice, and all
of the shipping in the first invoice. It may carry the fractions left by rounding from one share to the next, with
either sign, so there are several candidates. If they differ, the actual total is not known. Source:
magento-observed.md, part two, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from connector.model.money import CENT, NOTHING, ItemMoney, OrderMoney
from connector.model.sold_items import SoldItem

SHARES = ("row_total", "discount", "compensation", "tax")
"""In the order in which Magento rounds them."""
CARRIES: tuple[dict[str, int], ...] = (
    dict.fromkeys(SHARES, 0),
    {**dict.fromkeys(SHARES, 1), "discount": -1},
    {**dict.fromkeys(SHARES, -1), "row_total": 1},
)
"""The sign with which a fraction may be carried on; 0: it is not carried."""


def invoice_totals(
    items: Sequence[SoldItem], money: OrderMoney, asked: Sequence[tuple[int, Decimal]] | None
) -> set[Decimal] | None:
    """Return the possible totals of an invoice of these quantities (None: of everything that is open); None if unknown.

    They are unknown for bundles, because the price may be the parent's or the children's.
    """
    if any(item.product_type == "bundle" for item in items):
        return None
    open_of = {item.item_id: item.ordered - item.invoiced - item.canceled for item in items}
    wanted = dict(asked) if asked is not None else open_of
    charged = [item for item in items if wanted.get(item.item_id, NOTHING) > 0 and item.item_id in money.items]
    whole = {item.item_id: item.ordered - item.invoiced for item in charged}
    return {sum(_shares(charged, money.items, wanted, open_of, whole, signs), money.shipping) for signs in CARRIES}


def refund_at_most(
    items: Sequence[SoldItem], money: OrderMoney, asked: Sequence[tuple[int, Decimal]]
) -> Decimal | None:
    """Return the highest amount that a credit memo of these quantities, without shipping, may refund; None
    if unknown.
    """
    if any(item.product_type == "bundle" for item in items):
        return None
    wanted = dict(asked)
    not_refunded = {item.item_id: item.invoiced - item.refunded for item in items}
    refunded = [item for item in items if item.item_id in wanted and item.item_id in money.paid]
    return max(
        sum(_shares(refunded, money.paid, wanted, not_refunded, not_refunded, signs), NOTHING) for signs in CARRIES
    )


def _shares(
    charged: Sequence[SoldItem],
    money: Mapping[int, ItemMoney],
    wanted: Mapping[int, Decimal],
    open_of: Mapping[int, Decimal],
    whole: Mapping[int, Decimal],
    signs: Mapping[str, int],
) -> list[Decimal]:
    """Return the items' shares; a discount's share is negative. `money` is the amount of the quantity `whole`. The last
    part of an item is not rounded.
    """
    shares, carried = [], NOTHING
    for name in SHARES:
        for item in charged:
            share: Decimal = getattr(money[item.item_id], name)
            quantity = wanted[item.item_id]
            if share and quantity != open_of[item.item_id]:
                exact = share * quantity / whole[item.item_id] + signs[name] * carried
                share = exact.quantize(CENT, ROUND_HALF_UP)
                carried = signs[name] * (exact - share)
            shares.append(-share if name == "discount" else share)
    return shares
