"""The only list of entities, in the order in which they run: commands, forms, deployments and tests derive from it."""

from __future__ import annotations

from typing import Any

from entities.base import Entity
from entities.customer.entity import Customers
from entities.inventory.entity import Inventory
from entities.order.entity import Orders
from entities.price.entity import Price
from entities.shipment.entity import Shipments

_ALL: tuple[Entity[Any], ...] = (Price(), Inventory(), Customers(), Orders(), Shipments())

ENTITIES: dict[str, Entity[Any]] = {entity.name: entity for entity in _ALL}
NAMES: tuple[str, ...] = tuple(ENTITIES)
LINKED: tuple[str, ...] = tuple(entity.name for entity in _ALL if entity.has_links)
"""The entities whose records a person may link to Magento's."""
