"""Magento's open orders, as inventory needs them: what each still reserves of which product.

Quantities are whole 1/10,000 in Magento's own unit. A configurable and a bundle count by their children, because these
are what Magento reserves (magento-observed.md, part two, sections 1 and 2). Everything here only reads.
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
    """Return the orders, ended ones too, that changed at or after an instant of Magento's clock."""
    moment = since.astimezone(UTC).strftime(_MOMENT)
    return [order async for order in _orders(client, criterion("updated_at", moment, "gteq"))]


async def orders_with_ids(client: MagentoClient, order_ids: Sequence[int]) -> list[ShopOrder]:
    """Return the orders with these ids, in whatever state."""
    found = []
    for criteria in criteria_of("entity_id", [str(one) for one in order_ids]):
        found += [order async for order in _orders(client, criteria)]
    return found


async def newest_change(client: MagentoClient) -> datetime | None:
    """Return when an order last changed, by Magento's clock; `None` where there is no order."""
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
    """Magento's text of an instant, as an aware instant in UTC."""
    return datetime.strptime(updated_at, _MOMENT).replace(tzinfo=UTC)


async def skus_of_products(client: MagentoClient, product_ids: Iterable[int]) -> dict[int, str]:
    """Return the SKU of each product as Magento has it now; products that do not exist any more are left out."""
    asked = sorted(set(product_ids))
    return {
        int(row["id"]): str(row["sku"])
        for criteria in criteria_of("entity_id", [str(one) for one in asked])
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

    A configurable's child is shipped, cancelled and refunded by its parent. So is that of a bundle that ships together;
    one that ships separately shows it at its children. A virtual product's reservation ends when it is invoiced.
    """
    by_id = {item.item_id: item for item in items}
    parents = {item.parent_id for item in items if item.parent_id is not None}
    separate = {item.parent_id for item in items if item.parent_id is not None and item.shipped}
    found = []
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
        found.append(HeldLine(item.product_id, item.sku, Held(*amounts)))
    return tuple(found)


def _whole(quantity: Decimal) -> int:
    return int(quantity.scaleb(DIGITS))
