"""Magento's open orders as inventory needs them: the quantity of each product that they still reserve.

Quantities are whole 1/10,000 in Magento's own unit. Configurable products and bundles count by their children, because
Magento reserves those (magento-observed.md, part two, sections 1 and 2). Everything here only reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connector.magento.client import MagentoClient
from connector.magento.orders import sold_item
from connector.magento.search import criteria_of, criterion, pages
from connector.model.open_orders import ENDED, Held, HeldLine, ShopOrder
from connector.model.sold_items import SoldItem
from connector.model.units import DIGITS

_ITEM = (
    "item_id,parent_item_id,product_id,product_type,sku,qty_ordered,qty_invoiced,qty_shipped,qty_refunded,qty_canceled,"
    "is_virtual"
)
_FIELDS = f"items[entity_id,increment_id,store_id,state,updated_at,quote_id,items[{_ITEM}]]"
_MOMENT = "%Y-%m-%d %H:%M:%S"


async def open_orders(client: MagentoClient) -> list[ShopOrder]:
    """Return all orders that have not ended."""
    return [order async for order in _orders(client, criterion("state", ",".join(ENDED), "nin"))]


async def changed_orders(client: MagentoClient, since: datetime) -> list[ShopOrder]:
    """Return the orders, including ended ones, that changed at or after a time of Magento's clock."""
    moment = since.astimezone(UTC).strftime(_MOMENT)
    return [order async for order in _orders(client, criterion("updated_at", moment, "gteq"))]


async def orders_with_ids(client: MagentoClient, order_ids: Sequence[int]) -> list[ShopOrder]:
    """Return the orders with these ids, in any state."""
    orders = []
    for criteria in criteria_of("entity_id", [str(order_id) for order_id in order_ids]):
        orders += [order async for order in _orders(client, criteria)]
    return orders


async def newest_change(client: MagentoClient) -> datetime | None:
    """Return when an order last changed, by Magento's clock; None if there is no order."""
    criteria = {
        "searchCriteria[sortOrders][0][field]": "updated_at",
        "searchCriteria[sortOrders][0][direction]": "DESC",
        "searchCriteria[pageSize]": "1",
        "fields": "items[updated_at]",
    }
    answer = await client.get("orders", criteria)
    rows = (answer.get("items") if isinstance(answer, dict) else None) or []
    return moment_of(str(rows[0]["updated_at"])) if rows else None


def moment_of(updated_at: str) -> datetime:
    """Return Magento's text of a time as an aware time in UTC."""
    return datetime.strptime(updated_at, _MOMENT).replace(tzinfo=UTC)


async def skus_of_products(client: MagentoClient, product_ids: Iterable[int]) -> dict[int, str]:
    """Return the current SKU of each product in Magento. Products that no longer exist are left out."""
    asked = sorted(set(product_ids))
    return {
        int(row["id"]): str(row["sku"])
        for criteria in criteria_of("entity_id", [str(product_id) for product_id in asked])
        async for row in pages(client, "products", criteria, fields="items[id,sku]")
    }


async def _orders(client: MagentoClient, criteria: dict[str, str]) -> AsyncIterator[ShopOrder]:
    async for row in pages(client, "orders", criteria, fields=_FIELDS):
        yield _order(row)


def _order(row: dict[str, Any]) -> ShopOrder:
    return ShopOrder(
        order_id=int(row["entity_id"]),
        increment_id=str(row.get("increment_id") or ""),
        store_id=int(row.get("store_id") or 0),
        state=str(row.get("state") or ""),
        updated_at=str(row.get("updated_at") or ""),
        placed=bool(row.get("quote_id")),
        lines=held_lines([sold_item(one) for one in row.get("items") or []]),
    )


def held_lines(items: Sequence[SoldItem]) -> tuple[HeldLine, ...]:
    """Return the lines that reserve stock, each with what has left it.

    The child of a configurable product is shipped, cancelled and refunded by its parent. So is the child of a bundle
    that ships together; the children of one that ships separately show it themselves. The reservation of a virtual
    product ends when it is invoiced.
    """
    by_id = {item.item_id: item for item in items}
    parents = {item.parent_id for item in items if item.parent_id is not None}
    separate = {item.parent_id for item in items if item.parent_id is not None and item.shipped}
    lines = []
    for item in items:
        if item.item_id in parents:
            continue
        parent = by_id.get(item.parent_id) if item.parent_id is not None else None
        shipped = item.shipped if item.ships else item.invoiced
        canceled, refunded = item.canceled, item.refunded
        if parent is not None and parent.ordered:
            share = item.ordered / parent.ordered
            canceled, refunded = max(canceled, parent.canceled * share), max(refunded, parent.refunded * share)
            if item.ships and not (parent.product_type == "bundle" and parent.item_id in separate):
                shipped = max(shipped, parent.shipped * share)
        amounts = (_whole(amount) for amount in (item.ordered, shipped, canceled, refunded))
        lines.append(HeldLine(item.product_id, item.sku, Held(*amounts)))
    return tuple(lines)


def _whole(quantity: Decimal) -> int:
    return int(quantity.scaleb(DIGITS))
