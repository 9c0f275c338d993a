"""Magento's routes that shipments need."""

from __future__ import annotations

from connector.magento.permissions import Need, routes

ROUTES: tuple[Need, ...] = routes(
    ("GET", "products"),
    ("GET", "inventory/sources"),
    ("GET", "inventory/source-items"),
    ("POST", "inventory/source-items"),
    ("GET", "orders"),
    ("GET", "orders/{}"),
    ("GET", "shipments"),
    ("POST", "order/{}/ship"),
    ("POST", "shipment/track"),
    ("POST", "shipment/{}/comments"),
    ("DELETE", "shipment/track/{}"),
)
