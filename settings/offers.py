"""Settings that name something in Acumatica or Magento, such as a warehouse, a class or a source.

A person who edits such a setting is offered the existing names (`app.setting_choices`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Offer(StrEnum):
    """A list of names that can be read from one of the systems."""

    WAREHOUSES = "warehouses"
    BRANCHES = "branches"
    ITEM_CLASSES = "item classes"
    PRICE_CLASSES = "price classes"
    CUSTOMER_CLASSES = "customer classes"
    SHIP_VIAS = "ShipVias"
    PAYMENT_METHODS = "payment methods"
    SOURCES = "sources"
    GROUPS = "customer groups"


OFFERED: Mapping[tuple[str, str, str], Offer] = {
    ("acumatica", "branch", ""): Offer.BRANCHES,
    ("items", "classes", ""): Offer.ITEM_CLASSES,
    ("price", "price_class", ""): Offer.PRICE_CLASSES,
    ("inventory", "warehouses", ""): Offer.WAREHOUSES,
    ("inventory", "sources", "name"): Offer.WAREHOUSES,
    ("inventory", "sources", "value"): Offer.SOURCES,
    ("inventory", "default_source", ""): Offer.SOURCES,
    ("inventory", "branches", "branch"): Offer.BRANCHES,
    ("inventory", "branches", "source"): Offer.SOURCES,
    ("vendor_inventory", "source", ""): Offer.SOURCES,
    ("shipment", "ship_vias", "name"): Offer.SHIP_VIAS,
    ("customer", "classes", ""): Offer.CUSTOMER_CLASSES,
    ("customer", "groups", "name"): Offer.CUSTOMER_CLASSES,
    ("customer", "groups", "value"): Offer.GROUPS,
    ("order", "branches", ""): Offer.BRANCHES,
    ("order", "payment_methods", "name"): Offer.PAYMENT_METHODS,
    ("order", "shipping_methods", "name"): Offer.SHIP_VIAS,
    ("dropship", "ship_via", ""): Offer.SHIP_VIAS,
    ("dropship", "source", ""): Offer.SOURCES,
}
"""The list that a setting takes names from, by section, field and, for tables, column."""


def offers_of(section: str) -> set[Offer]:
    """Return the lists that the settings of a section take names from."""
    return {offer for (of_section, _field, _column), offer in OFFERED.items() if of_section == section}


def offer_of(section: str, field: str, column: str = "") -> Offer | None:
    """Return the list that a setting, or a column of its table, takes names from."""
    return OFFERED.get((section, field, column))
