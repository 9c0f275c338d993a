"""A Magento order with the current SKUs of its items' products. Lines of Acumatica are matched by these SKUs."""

from __future__ import annotations

from dataclasses import replace

from connector.magento.client import MagentoClient
from connector.magento.orders import MagentoOrder
from entities.shop import Shop
from entities.shop_orders.matching import skus_in_doubt, with_products


async def with_product_skus(shop: Shop, client: MagentoClient, order: MagentoOrder) -> MagentoOrder:
    """Return the order with its items' products as Magento has them now.

    This costs one request for products that this run has not asked for yet, and a second one only if an item's own SKU
    differs from its product's, because that SKU may by now belong to another product. Items without a product cost
    nothing.
    """
    ids = {item.product_id for item in order.items if item.product_id is not None}
    if not ids:
        return order
    skus = await shop.product_skus(client, ids)
    skus = await shop.product_skus(client, ids, skus_in_doubt(order.items, skus))
    return replace(order, items=with_products(order.items, skus))
