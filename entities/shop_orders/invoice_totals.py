"""What an invoice that Magento makes comes to, so that one is made only where it is Acumatica's to the cent.

Input: the amounts of a Magento order and of its items, and the quantities to invoice. Output: the totals that
Magento may come to. Magento takes of each item its share by quantity, in the last invoice of it what is left, and all
of the shipping in the first invoice. It may carry the fractions that rounding leaves from one share to the next, with
one sign or the other, so there are several candidates; where they differ nobody can say which it is. Source:
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
"""With which sign a fraction may be carried on; 0: it is not."""


def invoice_totals(
    items: Sequence[SoldItem], money: OrderMoney, asked: Sequence[tuple[int, Decimal]] | None
) -> set[Decimal] | None:
    """Return what an invoice of these quantities, None: of all that is open, may come to; None where that is not known.

    It is not known of bundles: the price may be the parent's or the children's.
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
    """Return what a credit memo of these quantities, without shipping, refunds at most; None where that is not
    known.
    """
    if any(item.product_type == "bundle" for item in items):
        return None
    wanted = dict(asked)
    paid = {item.item_id: item.invoiced - item.refunded for item in items}
    given = [item for item in items if item.item_id in wanted and item.item_id in money.paid]
    return max(sum(_shares(given, money.paid, wanted, paid, paid, signs), NOTHING) for signs in CARRIES)


def _shares(
    charged: Sequence[SoldItem],
    money: Mapping[int, ItemMoney],
    wanted: Mapping[int, Decimal],
    open_of: Mapping[int, Decimal],
    whole: Mapping[int, Decimal],
    signs: Mapping[str, int],
) -> list[Decimal]:
    """Return the shares of the items, a discount's less than 0. `money` is of `whole`; what is all of it is not
    rounded.
    """
    found, carried = [], NOTHING
    for name in SHARES:
        for item in charged:
            share: Decimal = getattr(money[item.item_id], name)
            quantity = wanted[item.item_id]
            if share and quantity != open_of[item.item_id]:
                exact = share * quantity / whole[item.item_id] + signs[name] * carried
                share = exact.quantize(CENT, ROUND_HALF_UP)
                carried = signs[name] * (exact - share)
            found.append(-share if name == "discount" else share)
    return found
