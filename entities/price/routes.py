"""Magento's routes that prices need."""

from __future__ import annotations

from connector.magento.permissions import Need, routes

ROUTES: tuple[Need, ...] = routes(
    ("GET", "products"),
    ("POST", "products/base-prices-information"),
    ("POST", "products/base-prices"),
    ("GET", "bulk"),
    ("GET", "bulk/{}/operation-status/{}"),
    ("GET", "bulk/{}/detailed-status"),
)
