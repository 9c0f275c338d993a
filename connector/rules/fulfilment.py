"""Which lines of a Magento order a shipment ships, and what it takes from its source.

Comes in: the order's lines as Magento has them, and what ships by SKU. Goes out: order item ids with quantities, never
more than is open, and the SKUs that Magento deducts. Source: magento-observed.md, part two, section 1: a configurable
is two lines with one SKU, of which the parent ships; a bundle shipped together ships as its parent, one shipped
separately as its children; virtual lines do not ship; Magento clamps in silence what is asked beyond what is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from connector.rules.shipment_records import ContentLine, Unfit
from connector.rules.skus import normalise_one
from connector.rules.sold import SoldItem


@dataclass(frozen=True)
class Fulfilment:
    """`items`: what ships of which order item. `taken`: what that takes from the source, by SKU."""

    items: tuple[tuple[int, Decimal], ...]
    taken: Mapping[str, Decimal]


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
        """The lines of a bundle's goods."""
        return [line for line in self.lines if line.parent_id == parent.item_id and line.ships]

    def is_separate(self, line: SoldItem) -> bool:
        """Whether a bundle ships as its children."""
        return line.product_type == "bundle" and self.separately.get(line.item_id, False)

    def ships_itself(self, line: SoldItem) -> bool:
        """Whether Magento takes this very line in a shipment."""
        if not line.ships:
            return False
        parent = self.by_id.get(line.parent_id) if line.parent_id is not None else None
        return self.is_separate(parent) if parent is not None else not self.is_separate(line)

    def take(self, line: SoldItem, quantity: Decimal) -> None:
        """Ship so much of a line."""
        self.left[line.item_id] -= quantity
        self.chosen[line.item_id] = self.chosen.get(line.item_id, Decimal(0)) + quantity


def fulfilment(
    lines: Sequence[SoldItem], wanted: Sequence[ContentLine], separately: Mapping[int, bool], order: str
) -> Fulfilment:
    """Lay what ships out on the lines of an order. `separately` says of each bundle's line whether it ships so.

    `order` names the Magento order in reasons. Raises `Unfit`.
    """
    here = _Order(lines, separately)
    of_bundles: dict[int, dict[int, Fraction]] = {}
    for want in sorted(wanted, key=lambda one: (not _named(here, one), one.order_line or 0)):
        key = normalise_one(want.sku)
        same = [line for line in lines if normalise_one(line.sku) == key]
        own = [line for line in same if here.ships_itself(line)]
        separate = [line for line in same if line.ships and line.parent_id is None and here.is_separate(line)]
        together = [line for line in same if line.ships and _in_bundle(here, line)]
        if own:
            _distribute(here, want, _preferred(own, want), order)
        elif separate:
            _ship_children(here, want, separate, order)
        elif together:
            _collect(here, want, together, of_bundles, order)
        elif not same:
            raise Unfit(
                "Unknown line",
                f"the Magento order {order} has no line with the SKU {want.sku!r} "
                f"(line {want.order_line or '?'} in Acumatica). Ship it by hand, or correct the SKU.",
            )
    for parent_id, parts in of_bundles.items():
        _ship_whole(here, here.by_id[parent_id], parts, order)
    if not here.chosen:
        raise Unfit("Nothing to ship", f"all of it is virtual in the Magento order {order}. Skip this message.")
    items = tuple(sorted(here.chosen.items()))
    return Fulfilment(items, taken(lines, items))


def _open(line: SoldItem) -> Decimal:
    """What may still be shipped; what was refunded counts beside what was shipped, so that Magento never clamps."""
    return max(line.ordered - line.shipped - line.refunded - line.canceled, Decimal(0))


def _in_bundle(here: _Order, line: SoldItem) -> bool:
    parent = here.by_id.get(line.parent_id) if line.parent_id is not None else None
    return parent is not None and parent.product_type == "bundle"


def _named(here: _Order, want: ContentLine) -> bool:
    return any(_is_named(line, want) for line in here.lines)


def _is_named(line: SoldItem, want: ContentLine) -> bool:
    if normalise_one(line.sku) != normalise_one(want.sku):
        return False
    by_order = want.order_line is not None and line.ext_id == str(want.order_line)
    return by_order or (bool(want.item_ref) and want.item_ref == str(line.item_id))


def _preferred(own: Sequence[SoldItem], want: ContentLine) -> list[SoldItem]:
    """The line that is meant first: by order line, else the one in the same place among those of this SKU."""
    ordered = sorted(own, key=lambda line: line.item_id)
    start = want.rank if want.rank < len(ordered) else 0
    turned = ordered[start:] + ordered[:start]
    return sorted(turned, key=lambda line: not _is_named(line, want))


def _distribute(here: _Order, want: ContentLine, lines: Sequence[SoldItem], order: str) -> None:
    """Fill the open lines in turn; asking for more than all of them have open is refused, never clamped."""
    available = sum((here.left[line.item_id] for line in lines), Decimal(0))
    if want.quantity > available:
        raise _too_many(want.sku, want.quantity, available, order)
    rest = want.quantity
    for line in lines:
        part = min(rest, here.left[line.item_id])
        if part > 0:
            _refuse_fraction(line, part, order)
            here.take(line, part)
            rest -= part


def _too_many(sku: str, asked: Decimal, available: Decimal, order: str) -> Unfit:
    return Unfit(
        "More than is open",
        f"the shipment ships {asked:f} of {sku!r}, and the Magento order {order} has {available:f} open. "
        "Magento would ship less in silence; put the order right, or ship it by hand.",
    )


def _refuse_fraction(line: SoldItem, quantity: Decimal, order: str) -> None:
    if quantity != quantity.to_integral_value() and not line.fractions:
        raise Unfit(
            "No whole number",
            f"the shipment ships {quantity:f} of {line.sku!r}, and the Magento order {order} counts it in whole "
            "pieces. Allow decimals for the product in Magento, or choose another unit.",
        )


def _ship_children(here: _Order, want: ContentLine, parents: Sequence[SoldItem], order: str) -> None:
    """Bundles that ship separately were shipped as such: all of their children ship."""
    rest = want.quantity
    for parent in parents:
        part = min(rest, _bundles_open(here, parent))
        rest -= part
        for child in here.children(parent) if part else ():
            share = part * child.ordered / parent.ordered
            _refuse_fraction(child, share, order)
            here.take(child, share)
    if rest > 0:
        raise _too_many(want.sku, want.quantity, want.quantity - rest, order)


def _bundles_open(here: _Order, parent: SoldItem) -> Decimal:
    """How many whole bundles the open quantities of the children are: the parent's own says nothing of it."""
    counts = [here.left[child.item_id] * parent.ordered // child.ordered for child in here.children(parent)]
    return max(min(counts, default=Decimal(0)), Decimal(0))


def _collect(
    here: _Order,
    want: ContentLine,
    children: Sequence[SoldItem],
    of_bundles: dict[int, dict[int, Fraction]],
    order: str,
) -> None:
    """Goods of bundles that ship together, gathered by bundle until all of them are there."""
    available = sum((here.left[child.item_id] for child in children), Decimal(0))
    if want.quantity > available:
        raise _too_many(want.sku, want.quantity, available, order)
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
        raise Unfit(
            "Incomplete bundle",
            f"{parent.sku!r} ships together in the Magento order {order}, and the shipment has only parts of it. "
            "Ship whole bundles, or let the product ship separately.",
        )
    whole = Decimal(next(iter(counts)).numerator)
    if whole > here.left[parent.item_id]:
        raise _too_many(parent.sku, whole, here.left[parent.item_id], order)
    here.take(parent, whole)


def taken(lines: Sequence[SoldItem], items: Iterable[tuple[int, Decimal]]) -> dict[str, Decimal]:
    """What a shipment of these order items takes from its source, by SKU.

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
                found[one.sku] = found.get(one.sku, Decimal(0)) + amount
    return found
