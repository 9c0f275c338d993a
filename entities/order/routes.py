"""Magento's routes that orders need."""

from __future__ import annotations

from connector.magento.permissions import Need, routes

ROUTES: tuple[Need, ...] = routes(
    ("GET", "products"),
    ("GET", "orders"),
    ("GET", "orders/{}"),
    ("POST", "orders"),
    ("POST", "orders/{}/hold"),
    ("POST", "orders/{}/unhold"),
    ("POST", "orders/{}/cancel"),
    ("POST", "orders/{}/comments"),
    ("POST", "order/{}/invoice"),
    ("POST", "order/{}/refund"),
    ("GET", "customers/{}"),
)
