"""Whether a shipment that somebody else made in Magento is the one that Acumatica has.

It is the same if both have a tracking number in common and it ships exactly Acumatica's lines. A placeholder for a
missing number ("TBD", "0") proves nothing. Source: spec, *Learned in the field*, "Adopting shipments".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from connector.model.failures import Rejected
from connector.model.sold_items import SoldItem
from entities.shipment.fulfilment import fulfilment
from entities.shipment.types import ContentLine

MARK = "Acumatica "
"""The beginning of every comment by which our shipments are recognised."""


def comparable(number: str) -> str:
    """Return a tracking number without what people write differently: blanks, punctuation, letter case."""
    return "".join(letter for letter in number.casefold() if letter.isalnum())


def is_placeholder(number: str, placeholders: Iterable[str]) -> bool:
    """Return whether the text is a placeholder for a missing tracking number: empty, a single repeated character, or
    one of these words.
    """
    bare = comparable(number)
    return len(set(bare)) < 2 or bare in {comparable(one) for one in placeholders}


def shared_numbers(ours: Iterable[str], theirs: Iterable[str], placeholders: Sequence[str]) -> list[str]:
    """Return the tracking numbers that both have, in our spelling, without placeholders."""
    compared = {comparable(number) for number in theirs}
    return [number for number in ours if comparable(number) in compared and not is_placeholder(number, placeholders)]


def is_marked(comments: Iterable[str]) -> bool:
    """Return whether a comment is our mark, of any Acumatica document."""
    return any(text.startswith((f"{MARK}shipment ", f"{MARK}receipt ")) for text in comments)


def ships_exactly(
    items: Sequence[SoldItem],
    shipped: Iterable[tuple[int, Decimal]],
    wanted: Sequence[ContentLine],
    separately: Mapping[int, bool],
) -> bool:
    """Return whether a shipment of these order items ships exactly these lines.

    The lines are assigned to the order as if only what that shipment took were open, and all of it has to be used.
    """
    by_id = {item.item_id: item for item in items}
    amounts = {item_id: quantity for item_id, quantity in shipped if item_id in by_id and quantity > 0}
    children = {by_id[item_id].parent_id for item_id in amounts}
    amounts = {item_id: quantity for item_id, quantity in amounts.items() if item_id not in children}
    as_open = [_with_open(item, _share(item, by_id, amounts)) for item in items]
    try:
        return dict(fulfilment(as_open, wanted, separately, "").items) == amounts
    except Rejected:
        return False


def _share(item: SoldItem, by_id: Mapping[int, SoldItem], amounts: Mapping[int, Decimal]) -> Decimal:
    """Return what a shipment took of an item. A child of a bundle that ships as one took its share."""
    parent = by_id.get(item.parent_id) if item.parent_id is not None else None
    if item.item_id in amounts or parent is None or not parent.ordered:
        return amounts.get(item.item_id, Decimal(0))
    return amounts.get(parent.item_id, Decimal(0)) * item.ordered / parent.ordered


def _with_open(item: SoldItem, quantity: Decimal) -> SoldItem:
    return replace(item, shipped=item.ordered - quantity, refunded=Decimal(0), canceled=Decimal(0))
