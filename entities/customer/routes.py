"""Magento's routes that customers need."""

from __future__ import annotations

from connector.magento.permissions import Need, routes

ROUTES: tuple[Need, ...] = routes(
    ("GET", "customers/search"),
    ("GET", "customers/{}"),
    ("POST", "customers"),
    ("PUT", "customers/{}"),
    ("GET", "customerGroups/search"),
)
