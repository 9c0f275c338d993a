"""Magento's routes that quantities need."""

from __future__ import annotations

from dataclasses import replace

from connector.magento.permissions import Need, routes

_ORDERS = replace(routes(("GET", "orders"))[-1], why="open orders", when="open orders")

ROUTES: tuple[Need, ...] = (
    *routes(
        ("GET", "products"),
        ("POST", "products/base-prices-information"),
        ("GET", "inventory/sources"),
        ("GET", "inventory/source-items"),
        ("POST", "inventory/source-items"),
        ("GET", "inventory/stocks"),
        ("GET", "inventory/stock-source-links"),
        ("GET", "inventory/stock-resolver/website/{}"),
        ("GET", "stockItems/{}"),
        ("PUT", "products/{}/stockItems/{}"),
        ("GET", "products/attributes/{}"),
        ("PUT", "products/{}"),
    ),
    _ORDERS,
)
