"""The only list of entities, in the order in which they run: an order may name a customer, a shipment names its order.

Commands, forms, deployments and tests derive from it. Each entity is the package of its name in this folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.state.related import RelatedEntities

NAMES = ("price", "inventory", "customer", "order", "shipment")
OF_PRODUCTS = ("price", "inventory")
"""The entities whose keys are SKUs. When one of them finds a product missing in Magento, the others recheck it too."""
QUANTITIES = "inventory"
"""The entity of quantities, which a shipment in Magento changes."""


def related_to(entity: str) -> RelatedEntities:
    """Return the other entities whose confirmed values a run of this entity may put in doubt."""
    # here, because a command imports this module before it refuses foreign modules (a2m.own_modules)
    from connector.state.related import RelatedEntities

    others = tuple(name for name in OF_PRODUCTS if name != entity) if entity in OF_PRODUCTS else ()
    return RelatedEntities(others, QUANTITIES)
