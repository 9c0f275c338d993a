"""Which lines of a Magento order a shipment ships, and what it takes from its source.

Input: the order's lines in Magento, and the quantities that ship, by SKU. Output: order item ids with quantities, never
more than is open; the SKUs that Magento deducts; and the lines that Magento does not know. Which item a line means is
decided by `entities.shop_orders.matching`. Source: magento-observed.md, part two, section 1: a configurable product is
two lines with one SKU, of which the parent ships; a bundle that ships together ships as its parent, one that ships
separately as its children; virtual lines do not ship; Magento silently reduces a quantity that is more than is open.
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
    """The result of assigning a shipment to an order.

    `items`: the quantity that ships of each order item. `taken`: what that takes from the source, by SKU. `foreign`:
    lines that the Magento order does not have, such as a sample, a gift or a substitute.
    """

    items: tuple[tuple[int, Decimal], ...]
    taken: Mapping[str, Decimal]
    foreign: tuple[ContentLine, ...] = ()


@dataclass
class _Order:
    """An order's lines, and what is still open of each while a shipment is assigned to them."""

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
        """Return whether Magento accepts this very line in a shipment."""
        if not line.ships:
            return False
        parent = self.by_id.get(line.parent_id) if line.parent_id is not None else None
        return self.is_separate(parent) if parent is not None else not self.is_separate(line)

    def free(self, line: SoldItem) -> Decimal:
        """Return what can still be shipped of a line. For a bundle that ships as its children that is a number of whole
        bundles.
        """
        return _bundles_open(self, line) if self.is_separate(line) else self.left[line.item_id]

    def take(self, line: SoldItem, quantity: Decimal) -> None:
        """Ship this quantity of a line."""
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
    """Assign what ships to the lines of an order. `separately` holds for each bundle's line whether it ships as its
    children.

    `order` names the Magento order in reasons. `strict`: a line that Magento does not know holds the whole shipment
    back. A line that was added in Acumatica counts as unknown even if Magento's order has the same goods in other
    lines. Raises `Rejected`.
    """
    open_order = _Order(lines, separately)
    of_bundles: dict[int, dict[int, Fraction]] = {}
    foreign: list[ContentLine] = []
    lines_in_turn = _by_precedence(open_order, wanted)
    exceeded = set() if strict else _exceeded(open_order, lines_in_turn)
    for want, candidates in lines_in_turn:
        ways = _ways_to_ship(open_order, candidates)
        available = sum(map(open_order.free, chain(*ways.values())), Decimal(0))
        is_extra = want.free and bool(ways) and available < want.quantity
        if not candidates or is_extra or (_ids(candidates) in exceeded and not available and open_order.chosen):
            foreign.append(want)
        elif ways:
            _assign(open_order, want, ways, of_bundles, order)
    if foreign and (strict or not (open_order.chosen or of_bundles)):
        raise _unknown(foreign, order)
    for parent_id, parts in of_bundles.items():
        _ship_whole(open_order, open_order.by_id[parent_id], parts, order)
    if not open_order.chosen:
        raise Rejected(
            FailureCode.NOTHING_TO_SHIP, f"all of it is virtual in the Magento order {order}. Skip this message."
        )
    items = tuple(sorted(open_order.chosen.items()))
    return Fulfilment(items, taken(lines, items), tuple(sorted(foreign, key=lambda line: line.order_line or 0)))


def _ids(items: Iterable[SoldItem]) -> tuple[int, ...]:
    return tuple(sorted(item.item_id for item in items))


def _exceeded(open_order: _Order, wanted: Iterable[tuple[ContentLine, list[SoldItem]]]) -> set[tuple[int, ...]]:
    """Return the groups of items of which Acumatica's order lines have more than was ordered in Magento."""
    ordered: dict[tuple[int, ...], Decimal] = {}
    for want, candidates in wanted:
        ordered[_ids(candidates)] = ordered.get(_ids(candidates), Decimal(0)) + (want.ordered or Decimal(0))
    return {
        ids
        for ids, total in ordered.items()
        if ids and total > sum(open_order.by_id[item_id].ordered for item_id in ids)
    }


def unknown_lines(lines: Sequence[SoldItem], wanted: Iterable[ContentLine]) -> tuple[ContentLine, ...]:
    """Return the lines whose goods are not on the order at all, whatever is open of it."""
    return tuple(want for want in wanted if not matches(lines, want.sku))


def _by_precedence(open_order: _Order, wanted: Sequence[ContentLine]) -> list[tuple[ContentLine, list[SoldItem]]]:
    """Return each line with the items that have its goods, in the order in which the lines are assigned.

    Lines that name an item go first, then lines for whose exact quantity an item is open; free goods go last.
    """
    lines = [(want, matches(open_order.lines, want.sku)) for want in wanted]

    def rank(one: tuple[ContentLine, list[SoldItem]]) -> tuple[bool, bool, bool, int]:
        want, items = one
        named = any(is_named(item, want.order_line, want.item_ref) for item in items)
        fits = any(want.quantity == open_order.left[item.item_id] for item in items)
        return want.free, not named, not fits, want.order_line or 0

    return sorted(lines, key=rank)


def _in_filling_order(
    open_order: _Order, candidates: Sequence[SoldItem], want: ContentLine, order: str
) -> list[SoldItem]:
    """Return the items in the order in which the line fills them. Raises `Rejected` if that is ambiguous."""
    left = {line.item_id: open_order.free(line) for line in candidates}
    doubt = unclear(candidates, open_order.lines, left, want.quantity, want.order_line, want.item_ref)
    if doubt:
        named = " or ".join(f"item {line.item_id} ({line.sku}, {left[line.item_id]:f} open)" for line in doubt)
        raise Rejected(
            FailureCode.AMBIGUOUS_LINE,
            f"line {want.order_line or '?'} ships {want.quantity:f} of {want.sku!r}, and in the Magento order {order} "
            f"that may be {named}: different goods. Ship it in Magento by hand and link it (a2m link shipment), or "
            "give the line Magento's item id as its external reference in Acumatica.",
        )
    return preferred(
        candidates,
        left,
        quantity=want.quantity,
        ordered=want.ordered,
        order_line=want.order_line,
        item_ref=want.item_ref,
        rank=want.rank,
    )


def _ways_to_ship(open_order: _Order, candidates: Sequence[SoldItem]) -> dict[Way, list[SoldItem]]:
    """Return the ways in which the items with a line's goods can ship; empty if they are virtual and do not ship at
    all.
    """
    ships = [line for line in candidates if line.ships]
    ways: dict[Way, list[SoldItem]] = {
        "itself": [line for line in ships if open_order.ships_itself(line)],
        "as its children": [line for line in ships if line.parent_id is None and open_order.is_separate(line)],
        "in a bundle": [line for line in ships if _in_bundle(open_order, line) and not open_order.ships_itself(line)],
    }
    return {way: lines for way, lines in ways.items() if lines}


def _assign(
    open_order: _Order,
    want: ContentLine,
    ways: Mapping[Way, list[SoldItem]],
    of_bundles: dict[int, dict[int, Fraction]],
    order: str,
) -> None:
    """Ship a line in the first way for which enough is open, else in all ways together."""
    free = {way: sum(map(open_order.free, lines), Decimal(0)) for way, lines in ways.items()}
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
            _distribute(open_order, part, _in_filling_order(open_order, ways[way], part, order), order)
        elif way == "as its children":
            _ship_children(open_order, part, _in_filling_order(open_order, ways[way], part, order), order)
        else:
            _collect(open_order, part, ways[way], of_bundles)


def _unknown(foreign: Sequence[ContentLine], order: str) -> Rejected:
    text = describe_lines(foreign, " or ")
    return Rejected(
        FailureCode.UNKNOWN_LINE,
        f"the Magento order {order} has no line with {text}. Ship it by hand, correct the SKU, or skip this message. "
        "Whether such a line holds the others back is the setting Lines unknown to Magento "
        "(A2M_SHIPMENT__FOREIGN_LINES).",
    )


def describe_lines(lines: Iterable[ContentLine], joined: str) -> str:
    """Return a description of the lines for people."""
    text = (f"the SKU {one.sku!r} (line {one.order_line or '?'} in Acumatica, {one.quantity:f} of it)" for one in lines)
    return joined.join(text)


def _open(line: SoldItem) -> Decimal:
    """Return what may still be shipped. What was refunded counts in addition to what was shipped, so that Magento never
    reduces the quantity.
    """
    return max(line.ordered - line.shipped - line.refunded - line.canceled, Decimal(0))


def _in_bundle(open_order: _Order, line: SoldItem) -> bool:
    parent = open_order.by_id.get(line.parent_id) if line.parent_id is not None else None
    return parent is not None and parent.product_type == "bundle"


def _distribute(open_order: _Order, want: ContentLine, lines: Sequence[SoldItem], order: str) -> None:
    """Fill the lines in turn, each as far as it is open."""
    rest = want.quantity
    for line in lines:
        part = min(rest, open_order.left[line.item_id])
        if part > 0:
            _refuse_fraction(line, part, order)
            open_order.take(line, part)
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


def _ship_children(open_order: _Order, want: ContentLine, parents: Sequence[SoldItem], order: str) -> None:
    """Ship all children of bundles that ship separately and that Acumatica shipped as bundles."""
    rest = want.quantity
    for parent in parents:
        part = min(rest, open_order.free(parent))
        rest -= part
        for child in open_order.children(parent) if part else ():
            share = part * child.ordered / parent.ordered
            _refuse_fraction(child, share, order)
            open_order.take(child, share)


def _bundles_open(open_order: _Order, parent: SoldItem) -> Decimal:
    """Return the number of whole bundles for which enough of the children is open; the parent's own quantity does not
    show it.
    """
    counts = [open_order.left[child.item_id] * parent.ordered // child.ordered for child in open_order.children(parent)]
    return max(min(counts, default=Decimal(0)), Decimal(0))


def _collect(
    open_order: _Order,
    want: ContentLine,
    children: Sequence[SoldItem],
    of_bundles: dict[int, dict[int, Fraction]],
) -> None:
    """Collect the goods of bundles that ship together, by bundle; `_ship_whole` then ships whole bundles."""
    rest = want.quantity
    for child in children:
        part = min(rest, open_order.left[child.item_id])
        if part > 0:
            open_order.left[child.item_id] -= part
            rest -= part
            parts = of_bundles.setdefault(child.parent_id or 0, {})
            parts[child.item_id] = parts.get(child.item_id, Fraction(0)) + Fraction(part)


def _ship_whole(open_order: _Order, parent: SoldItem, parts: Mapping[int, Fraction], order: str) -> None:
    """Ship whole bundles whose goods Acumatica shipped one by one. Raises `Rejected` if they are not whole bundles."""
    children = open_order.children(parent)
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
    if whole > open_order.left[parent.item_id]:
        raise _too_many(parent.sku, whole, open_order.left[parent.item_id], order)
    open_order.take(parent, whole)


def taken(lines: Sequence[SoldItem], items: Iterable[tuple[int, Decimal]]) -> dict[str, Decimal]:
    """Return what a shipment of these order items takes from its source, by the current SKU of the products.

    The line of a configurable product has its child's SKU. A bundle that ships together takes its children by their
    share. The parent of a bundle that ships separately, which Magento lists next to its children, takes nothing.
    """
    by_id = {line.item_id: line for line in lines}
    amounts = {item_id: quantity for item_id, quantity in items if item_id in by_id}
    result: dict[str, Decimal] = {}
    for item_id, quantity in amounts.items():
        line = by_id[item_id]
        parts = [(line, quantity)]
        if line.product_type == "bundle":
            children = [one for one in lines if one.parent_id == item_id and one.ships]
            beside = any(one.item_id in amounts for one in children)
            parts = [] if beside else [(one, quantity * one.ordered / line.ordered) for one in children]
        for one, amount in parts:
            if one.ships:
                result[one.stock_sku] = result.get(one.stock_sku, Decimal(0)) + amount
    return result
