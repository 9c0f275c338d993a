"""Which items of a Magento order are the goods of an Acumatica line: one rule for shipments, invoices and reservations.

Args come as the order's items, which know the SKU that their product has now, and the SKU of a line. Nothing is read
here. An item belongs to a line if its product or its own SKU is the line's: an item's SKU may carry an option
("A-RED"), name a bundle's choices, or be that of a product that was renamed since. A SKU that now is another product's
counts only where no product matches. A product that is deleted falls back to the item's own SKU. Source: spec,
*Learned in the field*, "Matching order items"; magento-observed.md, part two, section 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from connector.model.comparison import comparison_key
from connector.model.sold_items import SoldItem


def with_products(items: Iterable[SoldItem], skus: Mapping[int, str]) -> tuple[SoldItem, ...]:
    """Return the items with the SKU that each one's product has now; `skus` holds products that exist, by their ids."""
    ids = {comparison_key(sku): product_id for product_id, sku in skus.items()}

    def known(item: SoldItem) -> SoldItem:
        product_sku = skus.get(item.product_id or 0, "")
        owner = ids.get(comparison_key(item.sku))
        return replace(
            item, product_sku=product_sku, sku_moved=bool(product_sku) and owner not in (None, item.product_id)
        )

    return tuple(known(item) for item in items)


def skus_in_doubt(items: Iterable[SoldItem], skus: Mapping[int, str]) -> list[str]:
    """Return the items' own SKUs that none of these products has: they may be another product's by now."""
    known = {comparison_key(sku) for sku in skus.values()}
    of_products = (item for item in items if item.product_id in skus and item.sku)
    return sorted({item.sku for item in of_products if comparison_key(item.sku) not in known})


def matches(items: Sequence[SoldItem], sku: str) -> list[SoldItem]:
    """Return the items that have a line's goods, those of which this is sure before any other; the children of
    configurable products stand for their parents.
    """
    key = comparison_key(sku)
    sure = [item for item in items if key in _names(item)]
    found = sure or [item for item in items if item.sku and comparison_key(item.sku) == key]
    by_id = {item.item_id: item for item in items}
    standing = (_standing(item, by_id) for item in found)
    return list({item.item_id: item for item in standing}.values())


def _names(item: SoldItem) -> set[str]:
    """Return the SKUs that are surely this item's, as Magento compares them."""
    names = {comparison_key(item.product_sku)}
    if not item.sku_moved:
        names.add(comparison_key(item.sku))
    return names - {""}


def _standing(item: SoldItem, by_id: Mapping[int, SoldItem]) -> SoldItem:
    parent = by_id.get(item.parent_id) if item.parent_id is not None else None
    return parent if parent is not None and parent.product_type == "configurable" else item


def goods(item: SoldItem, items: Iterable[SoldItem]) -> str:
    """Return what distinguishes the goods of two items: the product, of a configurable the chosen one, else the SKU."""
    if item.product_type == "configurable":
        item = next((one for one in items if one.parent_id == item.item_id), item)
    return comparison_key(item.product_sku or item.sku)


def is_named(item: SoldItem, order_line: int | None, item_ref: str = "") -> bool:
    """Return whether a line and an item refer to each other: by the line's number, where we made the order, or by the
    item's id, where Acumatica keeps it with the line.
    """
    by_number = order_line is not None and item.ext_id == str(order_line)
    return by_number or (bool(item_ref) and item_ref == str(item.item_id))


def preferred(
    found: Sequence[SoldItem],
    left: Mapping[int, Decimal],
    *,
    quantity: Decimal,
    ordered: Decimal | None = None,
    order_line: int | None = None,
    item_ref: str = "",
    rank: int = 0,
) -> list[SoldItem]:
    """Return the items in the order in which a line fills them: the one that is named; one of which as much is open as
    of the line; then in order of lines, from the place that the line has among those of this item in Acumatica.

    `left`: what is open of each item. `quantity`: what is sent of the line now, of `ordered` in all.
    """
    in_order = sorted(found, key=lambda item: item.item_id)
    start = rank if rank < len(in_order) else 0

    def kind(item: SoldItem) -> int:
        free = left[item.item_id]
        if is_named(item, order_line, item_ref):
            return 0
        if ordered is not None and item.ordered - item.canceled == ordered and free >= quantity:
            return 1
        return 2 if free == quantity else 3

    return sorted(in_order[start:] + in_order[:start], key=kind)


def unclear(
    found: Sequence[SoldItem],
    items: Sequence[SoldItem],
    left: Mapping[int, Decimal],
    quantity: Decimal,
    order_line: int | None,
    item_ref: str = "",
) -> list[SoldItem]:
    """Return the items among which nobody can choose for a line: different goods, none of them named, and not all of
    what is open of them is meant. Empty where there is no doubt.
    """
    free = [item for item in found if left[item.item_id] > 0]
    if len({goods(item, items) for item in free}) < 2 or any(is_named(item, order_line, item_ref) for item in free):
        return []
    return [] if sum(left[item.item_id] for item in free) == quantity else free
