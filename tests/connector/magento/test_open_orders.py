"""What an order of Magento reserves, read from orders as a running Magento 2.4.7 answered them."""

from typing import Any

import pytest

from connector.magento.open_orders import held_lines
from connector.magento.orders import sold_item
from connector.model.open_orders import Held


def lines(*rows: dict[str, Any]) -> dict[str, Held]:
    """What is held, by SKU."""
    found = held_lines([sold_item(row) for row in rows])
    return {line.sku: line.held for line in found}


def row(number: int, sku: str, kind: str = "simple", parent: int | None = None, **amounts: float) -> dict[str, Any]:
    return {"item_id": number, "parent_item_id": parent, "sku": sku, "product_type": kind, **amounts}


PIECE = 10_000


def test_a_simple_product_is_held_until_it_is_shipped_canceled_or_refunded() -> None:
    """Quantities in 1/10,000."""
    held = lines(row(1, "A", qty_ordered=5, qty_shipped=1, qty_canceled=2, qty_refunded=1))["A"]
    assert held == Held(5 * PIECE, PIECE, 2 * PIECE, PIECE)
    assert held.held == PIECE


def test_a_configurable_is_held_by_its_child_and_shipped_by_its_parent() -> None:
    """Recorded: two lines with one SKU, of which the parent has the shipped quantity."""
    parent = row(1, "SHIRT-RED", "configurable", qty_ordered=3, qty_shipped=2)
    assert lines(parent, row(2, "SHIRT-RED", parent=1, qty_ordered=3)) == {"SHIRT-RED": Held(3 * PIECE, 2 * PIECE)}


@pytest.mark.parametrize(
    ("parent_shipped", "child_shipped", "shipped"),
    [(1, (0, 0), (2, 1)), (0, (2, 0), (2, 0)), (1, (2, 0), (2, 0))],
)
def test_a_bundle_is_held_by_its_children(parent_shipped, child_shipped, shipped) -> None:
    """Together: by the share of the bundles that have shipped; separately: by what each child says."""
    bundle = row(1, "KIT", "bundle", qty_ordered=2, qty_shipped=parent_shipped)
    first = row(2, "BIG", parent=1, qty_ordered=4, qty_shipped=child_shipped[0])
    second = row(3, "SMALL", parent=1, qty_ordered=2, qty_shipped=child_shipped[1])
    found = lines(bundle, first, second)
    assert found == {"BIG": Held(4 * PIECE, shipped[0] * PIECE), "SMALL": Held(2 * PIECE, shipped[1] * PIECE)}


def test_a_virtual_product_is_held_until_it_is_invoiced() -> None:
    """It never ships."""
    assert lines(row(1, "FILE", "virtual", is_virtual=1, qty_ordered=1, qty_invoiced=1))["FILE"].held == 0
