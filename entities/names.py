"""The only list of entities, in the order in which they run: an order may name a customer, a shipment its order.

Commands, forms, deployments and tests derive from it. An entity is the package of its name beside this file.
"""

from __future__ import annotations

NAMES = ("price", "inventory", "customer", "order", "shipment")
