"""Match the lines of Acumatica with items of a Magento order: one rule for shipments, invoices and reservations.

The functions take the order's items, which know the current SKU of their product, and the SKU of a line. Nothing is
read here. An item belongs to a line if its product's SKU or its own SKU is the line's. An item's own SKU may contain an
option ("A-RED"), name a bundle's choices, or be the former SKU of a product that was renamed. A SKU that now belongs to
another product counts only if no product matches. If the product was deleted, the item's own SKU counts. Source: spec,
*Learned in the field*, "Matching order items"; magento-observed.md, part two, section 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from connector.model.comparison import comparison_key
from connector.model.sold_items import SoldItem


def with_products(items: Iterable[SoldItem], skus: Mapping[int, str]) -> tuple[SoldItem, ...]:
    """Return the items with the current SKU of their products; `skus` holds the SKUs of existing products by id."""
    ids = {comparison_key(sku): product_id for product_id, sku in skus.items()}

    def known(item: SoldItem) -> SoldItem:
        product_sku = skus.get(item.product_id or 0, "")
        owner = ids.get(comparison_key(item.sku))
        return replace(
            item, product_sku=product_sku, sku_moved=bool(product_sku) and owner not in (None, item.product_id)
        )

    return tuple(known(item) for item in items)


def skus_in_doubt(items: Iterable[SoldItem], skus: Mapping[int, str]) -> list[str]:
    """Return the items' own SKUs that none of these products has: they may belong to other products by now."""
    known = {comparison_key(sku) for sku in skus.values()}
    of_products = (item for item in items if item.product_id in skus and item.sku)
    return sorted({item.sku for item in of_products if comparison_key(item.sku) not in known})


def matches(items: Sequence[SoldItem], sku: str) -> list[SoldItem]:
    """Return the items that have a line's goods; items that match with certainty exclude all others. A configurable
    product's child is replaced by its parent.
    """
    key = comparison_key(sku)
    certain = [item for item in items if key in _names(item)]
    matching = certain or [item for item in items if item.sku and comparison_key(item.sku) == key]
    by_id = {item.item_id: item for item in items}
    counted = (_counted(item, by_id) for item in matching)
    return list({item.item_id: item for item in counted}.values())


def _names(item: SoldItem) -> set[str]:
    """Return the SKUs that certainly belong to this item, as Magento compares them."""
    names = {comparison_key(item.product_sku)}
    if not item.sku_moved:
        names.add(comparison_key(item.sku))
    return names - {""}


def _counted(item: SoldItem, by_id: Mapping[int, SoldItem]) -> SoldItem:
    parent = by_id.get(item.parent_id) if item.parent_id is not None else None
    return parent if parent is not None and parent.product_type == "configurable" else item


def goods(item: SoldItem, items: Iterable[SoldItem]) -> str:
    """Return what distinguishes the goods of two items: the product (the chosen one of a configurable product), else
    the SKU.
    """
    if item.product_type == "configurable":
        item = next((child for child in items if child.parent_id == item.item_id), item)
    return comparison_key(item.product_sku or item.sku)


def is_named(item: SoldItem, order_line: int | None, item_ref: str = "") -> bool:
    """Return whether a line and an item refer to each other: by the line's number if we made the order, or by the
    item's id if Acumatica has it with the line.
    """
    by_number = order_line is not None and item.ext_id == str(order_line)
    return by_number or (bool(item_ref) and item_ref == str(item.item_id))


def preferred(
    candidates: Sequence[SoldItem],
    left: Mapping[int, Decimal],
    *,
    quantity: Decimal,
    ordered: Decimal | None = None,
    order_line: int | None = None,
    item_ref: str = "",
    rank: int = 0,
) -> list[SoldItem]:
    """Return the items in the order in which a line fills them.

    The named item goes first, then one of which as much was ordered, then one of which as much is open. The others
    follow in their order, beginning at the line's position among Acumatica's lines with this item. `left`: the open
    quantity of each item. `quantity`: what is sent of the line now, of `ordered` in all.
    """
    in_order = sorted(candidates, key=lambda item: item.item_id)
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
    candidates: Sequence[SoldItem],
    items: Sequence[SoldItem],
    left: Mapping[int, Decimal],
    quantity: Decimal,
    order_line: int | None,
    item_ref: str = "",
) -> list[SoldItem]:
    """Return the items among which the choice for a line is ambiguous: they are different goods, none is named, and the
    line does not take everything that is open of them. Empty if there is no doubt.
    """
    free = [item for item in candidates if left[item.item_id] > 0]
    if len({goods(item, items) for item in free}) < 2 or any(is_named(item, order_line, item_ref) for item in free):
        return []
    return [] if sum(left[item.item_id] for item in free) == quantity else free
