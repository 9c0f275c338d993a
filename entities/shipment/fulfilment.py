"""Which lines of a Magento order a shipment ships, and what it takes from its source.

Input: the order's lines as Magento has them, and what ships by SKU. Output: order item ids with quantities, never
more than is open, the SKUs that Magento deducts, and the lines that Magento does not know. Which item a line is, is
decided by `entities.shop_orders.matching`. Source: magento-observed.md, part two, section 1: a configurable is two
lines with one SKU, of which the parent ships; a bundle shipped together ships as its parent, one shipped separately as
its children; virtual lines do not ship; Magento clamps in silence what is asked beyond what is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Literal

from connector.model.failures import FailureCode, Rejected
from connector.model.sold_items import SoldItem
from entities.shipment.types import ContentLine
from entities.shop_orders.matching import is_named, matches, preferred, unclear

Way = Literal["itself", "as its children", "in a bundle"]


@dataclass(frozen=True)
class Fulfilment:
    """`items`: what ships of which order item. `taken`: what that takes from the source, by SKU. `foreign`: lines that
    the Magento order does not have, such as a sample, a gift or a substitute.
    """

    items: tuple[tuple[int, Decimal], ...]
    taken: Mapping[str, Decimal]
    foreign: tuple[ContentLine, ...] = ()


@dataclass
class _Order:
    """An order's lines, and what is left open of each while a shipment is laid out on them."""

    lines: Sequence[SoldItem]
    separately: Mapping[int, bool]
    left: dict[int, Decimal] = field(default_factory=dict)
    chosen: dict[int, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {line.item_id: line for line in self.lines}
        self.left = {line.item_id: _open(line) for line in self.lines}

    def children(self, parent: SoldItem) -> list[SoldItem]:
        """Return the lines of a bundle's goods."""
        return [line for line in self.lines if line.parent_id == parent.item_id and line.ships]

    def is_separate(self, line: SoldItem) -> bool:
        """Return whether a bundle ships as its children."""
        return line.product_type == "bundle" and self.separately.get(line.item_id, False)

    def ships_itself(self, line: SoldItem) -> bool:
        """Return whether Magento takes this very line in a shipment."""
        if not line.ships:
            return False
        parent = self.by_id.get(line.parent_id) if line.parent_id is not None else None
        return self.is_separate(parent) if parent is not None else not self.is_separate(line)

    def free(self, line: SoldItem) -> Decimal:
        """Return what may be shipped of a line now; of a bundle that ships as its children, whole bundles."""
        return _bundles_open(self, line) if self.is_separate(line) else self.left[line.item_id]

    def take(self, line: SoldItem, quantity: Decimal) -> None:
        """Ship so much of a line."""
        self.left[line.item_id] -= quantity
        self.chosen[line.item_id] = self.chosen.get(line.item_id, Decimal(0)) + quantity


def fulfilment(
    lines: Sequence[SoldItem],
    wanted: Sequence[ContentLine],
    separately: Mapping[int, bool],
    order: str,
    *,
    strict: bool = False,
) -> Fulfilment:
    """Lay what ships out on the lines of an order. `separately` says of each bundle's line whether it ships so.

    `order` names the Magento order in reasons. `strict`: a line that Magento does not know holds all of it back. A line
    that was added in Acumatica, of goods that Magento's order has in other lines, is such a line. Raises `Rejected`.
    """
    here = _Order(lines, separately)
    of_bundles: dict[int, dict[int, Fraction]] = {}
    foreign: list[ContentLine] = []
    in_turn = _in_turn(here, wanted)
    raised = set() if strict else _raised(here, in_turn)
    for want, found in in_turn:
        ways = _ways(here, found)
        available = sum(map(here.free, chain(*ways.values())), Decimal(0))
        is_extra = want.free and bool(ways) and available < want.quantity
        if not found or is_extra or (_ids(found) in raised and not available and here.chosen):
            foreign.append(want)
        elif ways:
            _lay_out(here, want, ways, of_bundles, order)
    if foreign and (strict or not (here.chosen or of_bundles)):
        raise _unknown(foreign, order)
    for parent_id, parts in of_bundles.items():
        _ship_whole(here, here.by_id[parent_id], parts, order)
    if not here.chosen:
        raise Rejected(
            FailureCode.NOTHING_TO_SHIP, f"all of it is virtual in the Magento order {order}. Skip this message."
        )
    items = tuple(sorted(here.chosen.items()))
    return Fulfilment(items, taken(lines, items), tuple(sorted(foreign, key=lambda one: one.order_line or 0)))


def _ids(items: Iterable[SoldItem]) -> tuple[int, ...]:
    return tuple(sorted(item.item_id for item in items))


def _raised(here: _Order, wanted: Iterable[tuple[ContentLine, list[SoldItem]]]) -> set[tuple[int, ...]]:
    """Return the items of which the lines' orders in Acumatica have more than was ordered in Magento."""
    ordered: dict[tuple[int, ...], Decimal] = {}
    for want, found in wanted:
        ordered[_ids(found)] = ordered.get(_ids(found), Decimal(0)) + (want.ordered or Decimal(0))
    return {ids for ids, total in ordered.items() if ids and total > sum(here.by_id[one].ordered for one in ids)}


def unknown_lines(lines: Sequence[SoldItem], wanted: Iterable[ContentLine]) -> tuple[ContentLine, ...]:
    """Return the lines whose goods are not on the order at all, whatever is open of it."""
    return tuple(want for want in wanted if not matches(lines, want.sku))


def _in_turn(here: _Order, wanted: Sequence[ContentLine]) -> list[tuple[ContentLine, list[SoldItem]]]:
    """Return each line with the items that have its goods, in the order in which they choose: first those that name an
    item, then those of which exactly as much is open; what is given away for nothing comes last.
    """
    found = [(want, matches(here.lines, want.sku)) for want in wanted]

    def rank(one: tuple[ContentLine, list[SoldItem]]) -> tuple[bool, bool, bool, int]:
        want, items = one
        named = any(is_named(item, want.order_line, want.item_ref) for item in items)
        fits = any(want.quantity == here.left[item.item_id] for item in items)
        return want.free, not named, not fits, want.order_line or 0

    return sorted(found, key=rank)


def _chosen(here: _Order, found: Sequence[SoldItem], want: ContentLine, order: str) -> list[SoldItem]:
    """Return the items in the order in which the line fills them. Raises `Rejected` where it is ambiguous."""
    left = {line.item_id: here.free(line) for line in found}
    doubt = unclear(found, here.lines, left, want.quantity, want.order_line, want.item_ref)
    if doubt:
        named = " or ".join(f"item {line.item_id} ({line.sku}, {left[line.item_id]:f} open)" for line in doubt)
        raise Rejected(
            FailureCode.AMBIGUOUS_LINE,
            f"line {want.order_line or '?'} ships {want.quantity:f} of {want.sku!r}, and in the Magento order {order} "
            f"that may be {named}: different goods. Ship it in Magento by hand and link it (a2m link shipment), or "
            "give the line Magento's item id as its external reference in Acumatica.",
        )
    return preferred(
        found,
        left,
        quantity=want.quantity,
        ordered=want.ordered,
        order_line=want.order_line,
        item_ref=want.item_ref,
        rank=want.rank,
    )


def _ways(here: _Order, found: Sequence[SoldItem]) -> dict[Way, list[SoldItem]]:
    """Return how the items that have a line's goods may ship; empty where they are virtual and do not ship at all."""
    ships = [line for line in found if line.ships]
    ways: dict[Way, list[SoldItem]] = {
        "itself": [line for line in ships if here.ships_itself(line)],
        "as its children": [line for line in ships if line.parent_id is None and here.is_separate(line)],
        "in a bundle": [line for line in ships if _in_bundle(here, line) and not here.ships_itself(line)],
    }
    return {way: lines for way, lines in ways.items() if lines}


def _lay_out(
    here: _Order,
    want: ContentLine,
    ways: Mapping[Way, list[SoldItem]],
    of_bundles: dict[int, dict[int, Fraction]],
    order: str,
) -> None:
    """Ship a line in the first way of which enough is open, else in all of them together."""
    free = {way: sum(map(here.free, lines), Decimal(0)) for way, lines in ways.items()}
    whole = next((way for way, available in free.items() if available >= want.quantity), None)
    if whole is None and sum(free.values()) < want.quantity:
        raise _too_many(want.sku, want.quantity, sum(free.values(), Decimal(0)), order)
    rest = want.quantity
    for way in ways if whole is None else [whole]:
        part = replace(want, quantity=min(rest, free[way]))
        rest -= part.quantity
        if part.quantity <= 0:
            continue
        if way == "itself":
            _distribute(here, part, _chosen(here, ways[way], part, order), order)
        elif way == "as its children":
            _ship_children(here, part, _chosen(here, ways[way], part, order), order)
        else:
            _collect(here, part, ways[way], of_bundles)


def _unknown(foreign: Sequence[ContentLine], order: str) -> Rejected:
    text = describe_lines(foreign, " or ")
    return Rejected(
        FailureCode.UNKNOWN_LINE,
        f"the Magento order {order} has no line with {text}. Ship it by hand, correct the SKU, or skip this message. "
        "Whether such a line holds the others back is the setting Lines unknown to Magento "
        "(A2M_SHIPMENT__FOREIGN_LINES).",
    )


def describe_lines(lines: Iterable[ContentLine], joined: str) -> str:
    """Return the lines as a person reads them."""
    text = (f"the SKU {one.sku!r} (line {one.order_line or '?'} in Acumatica, {one.quantity:f} of it)" for one in lines)
    return joined.join(text)


def _open(line: SoldItem) -> Decimal:
    """Return what may still be shipped; what was refunded counts beside what was shipped, so that Magento never
    clamps.
    """
    return max(line.ordered - line.shipped - line.refunded - line.canceled, Decimal(0))


def _in_bundle(here: _Order, line: SoldItem) -> bool:
    parent = here.by_id.get(line.parent_id) if line.parent_id is not None else None
    return parent is not None and parent.product_type == "bundle"


def _distribute(here: _Order, want: ContentLine, lines: Sequence[SoldItem], order: str) -> None:
    """Fill the open lines in turn."""
    rest = want.quantity
    for line in lines:
        part = min(rest, here.left[line.item_id])
        if part > 0:
            _refuse_fraction(line, part, order)
            here.take(line, part)
            rest -= part


def _too_many(sku: str, asked: Decimal, available: Decimal, order: str) -> Rejected:
    return Rejected(
        FailureCode.MORE_THAN_IS_OPEN,
        f"the shipment ships {asked:f} of {sku!r}, and the Magento order {order} has {available:f} open. "
        "Magento would ship less in silence; put the order right, or ship it by hand.",
    )


def _refuse_fraction(line: SoldItem, quantity: Decimal, order: str) -> None:
    if quantity != quantity.to_integral_value() and not line.fractions:
        raise Rejected(
            FailureCode.NO_WHOLE_NUMBER,
            f"the shipment ships {quantity:f} of {line.sku!r}, and the Magento order {order} counts it in whole "
            "pieces. Allow decimals for the product in Magento, or choose another unit.",
        )


def _ship_children(here: _Order, want: ContentLine, parents: Sequence[SoldItem], order: str) -> None:
    """Bundles that ship separately were shipped as such: all of their children ship."""
    rest = want.quantity
    for parent in parents:
        part = min(rest, here.free(parent))
        rest -= part
        for child in here.children(parent) if part else ():
            share = part * child.ordered / parent.ordered
            _refuse_fraction(child, share, order)
            here.take(child, share)


def _bundles_open(here: _Order, parent: SoldItem) -> Decimal:
    """Return how many whole bundles the open quantities of the children are: the parent's own says nothing of it."""
    counts = [here.left[child.item_id] * parent.ordered // child.ordered for child in here.children(parent)]
    return max(min(counts, default=Decimal(0)), Decimal(0))


def _collect(
    here: _Order,
    want: ContentLine,
    children: Sequence[SoldItem],
    of_bundles: dict[int, dict[int, Fraction]],
) -> None:
    """Goods of bundles that ship together, gathered by bundle until all of them are there."""
    rest = want.quantity
    for child in children:
        part = min(rest, here.left[child.item_id])
        if part > 0:
            here.left[child.item_id] -= part
            rest -= part
            parts = of_bundles.setdefault(child.parent_id or 0, {})
            parts[child.item_id] = parts.get(child.item_id, Fraction(0)) + Fraction(part)


def _ship_whole(here: _Order, parent: SoldItem, parts: Mapping[int, Fraction], order: str) -> None:
    """The goods of a bundle that ships together were shipped one by one: whole bundles ship."""
    children = here.children(parent)
    bundles = {
        child.item_id: parts.get(child.item_id, Fraction(0)) * Fraction(parent.ordered) / Fraction(child.ordered)
        for child in children
    }
    counts = set(bundles.values())
    if len(counts) > 1 or next(iter(counts)).denominator != 1:
        raise Rejected(
            FailureCode.INCOMPLETE_BUNDLE,
            f"{parent.sku!r} ships together in the Magento order {order}, and the shipment has only parts of it. "
            "Ship whole bundles, or let the product ship separately.",
        )
    whole = Decimal(next(iter(counts)).numerator)
    if whole > here.left[parent.item_id]:
        raise _too_many(parent.sku, whole, here.left[parent.item_id], order)
    here.take(parent, whole)


def taken(lines: Sequence[SoldItem], items: Iterable[tuple[int, Decimal]]) -> dict[str, Decimal]:
    """Return what a shipment of these order items takes from its source, by the SKU that their product has now.

    A configurable's line has its child's SKU; a bundle shipped together takes its children by their share; the parent
    of one shipped separately, which Magento lists beside its children, takes nothing.
    """
    by_id = {line.item_id: line for line in lines}
    amounts = {item_id: quantity for item_id, quantity in items if item_id in by_id}
    found: dict[str, Decimal] = {}
    for item_id, quantity in amounts.items():
        line = by_id[item_id]
        parts = [(line, quantity)]
        if line.product_type == "bundle":
            children = [one for one in lines if one.parent_id == item_id and one.ships]
            beside = any(one.item_id in amounts for one in children)
            parts = [] if beside else [(one, quantity * one.ordered / line.ordered) for one in children]
        for one, amount in parts:
            if one.ships:
                found[one.stock_sku] = found.get(one.stock_sku, Decimal(0)) + amount
    return found
