"""A Magento order's items with the SKU that each one's product has now, which is how lines of Acumatica are matched."""

from __future__ import annotations

from dataclasses import replace

from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from entities.shop import Shop
from entities.shop_orders.matching import skus_in_doubt, with_products


async def with_product_skus(shop: Shop, client: MagentoClient, order: MagentoOrder) -> MagentoOrder:
    """Return the order with its items' products as Magento has them now.

    One request for products that were not asked for in this run, and another only where an item's own SKU is not its
    product's: it may be another product's by now. Items without a product cost nothing.
    """
    ids = {item.product_id for item in order.items if item.product_id is not None}
    if not ids:
        return order
    skus = await shop.product_skus(client, ids)
    skus = await shop.product_skus(client, ids, skus_in_doubt(order.items, skus))
    return replace(order, items=with_products(order.items, skus))
