"""The world of a state database that commit 51f4cb5 wrote: what both systems hold, how the rest is finished, and what
stands in Magento afterwards. `write` runs it with the code of then, the test with today's.
"""

from __future__ import annotations

from typing import Any

from sandbox.catalogue import Product

ENTITIES = ("customer", "order", "shipment", "inventory", "price")
VALUES, CUSTOMERS, ORDERS = 460, 50, 20
"""How many messages of prices and of quantities, of customers, and of orders and of shipments each state has."""
SENT, FAILED, SKIPPED, PENDING, DYING = "SENT", "FAILED", "SKIPPED", "PENDING", "DYING"
"""What became of a record; what is pending overtook what is superseded."""
GROUPS = (SENT, FAILED, SKIPPED, PENDING, DYING)
UNKNOWN = 60
"""So many of the failed SKUs are unknown to Magento."""
PIECES = 10_000
UNIT = 1_000_000

SECTIONS: dict[str, dict[str, Any]] = {
    "active": {"customer": True, "order": True, "shipment": True},
    "customer": {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}},
    "order": {
        "types": ["SO"],
        "from": "2020-01-01T00:00:00Z",
        "statuses": {"Open": "pending", "On Hold": "holded", "Shipping": "processing", "Completed": "complete"},
        "payment_methods": {"": "checkmo"},
        "shipping_methods": {"": "flatrate_flatrate"},
    },
    "shipment": {"from": "2020-01-01T00:00:00Z", "ship_vias": {"GROUND": {"carrier_code": "ups", "title": "UPS"}}},
    "inventory": {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "default", "EAST": "east"}},
}


def skus(group: str) -> list[str]:
    """Return the SKUs of a group."""
    return [f"{group}-{number:03}" for number in range(VALUES)]


def products() -> list[Product]:
    """Return what Acumatica has."""
    values = [
        Product(sku, f"Product {sku}", (100 + place) * UNIT, {"MAIN": (10 + place) * PIECES})
        for group in GROUPS
        for place, sku in enumerate(skus(group))
    ]
    sold = [
        Product(f"SOLD {group}", f"Sold {group}", 10 * UNIT, {"MAIN": 1_000 * PIECES, "EAST": 5 * PIECES})
        for group in GROUPS
    ]
    return values + sold


def shop_products() -> list[Product]:
    """Return what Magento has in the beginning."""
    unknown = set(skus(FAILED)[:UNKNOWN])
    return [one for one in products() if one.sku not in unknown]


async def finish(world: Any, sections: dict[str, dict[str, Any]]) -> None:
    """Sync everything until nothing waits any more: what is tried again, and what waits for something else."""
    for pause in (60, 60, 4_000):
        world.clock.advance(pause)
        for entity in ENTITIES:
            outcome = await world.sync(entity, world.settings(**sections))
            assert (outcome.fault, outcome.stopped) == (None, None), entity


def mend(world: Any) -> None:
    """Put right what made messages fail."""
    unknown = skus(FAILED)[:UNKNOWN]
    world.change_shop(*({"add_product": {"sku": sku, "price": "1"}} for sku in unknown))
    row = {"source_code": "default", "quantity": 1}  # without one, nothing is sent of a quantity of 0 today
    world.change_shop(*({"set_source_item": {"sku": sku, **row}} for sku in unknown))


def shown(world: Any) -> dict[str, list[Any]]:
    """Return what stands in Magento, without numbers and times of its own; what is there twice is here twice."""
    state = world.shop_state()
    numbers = {one["entity_id"]: one["increment_id"] for one in state["orders"]}
    return {
        "prices": sorted(map(list, state["prices"].items())),
        "quantities": sorted(_chosen(one, "sku source_code quantity status") for one in state["source_items"]),
        "reservations": sorted(_chosen(one, "sku quantity") for one in state["reservations"]),
        "customers": sorted(_customer(one) for one in state["customers"]),
        "orders": sorted(_order(one) for one in state["orders"]),
        "invoices": sorted([numbers[one["order_id"]], one["grand_total"]] for one in state["invoices"]),
        "shipments": sorted(_shipment(one, numbers[one["order_id"]]) for one in state["shipments"]),
    }


def _chosen(row: dict[str, Any], names: str) -> list[Any]:
    return [row.get(name) for name in names.split()]


def _customer(row: dict[str, Any]) -> list[Any]:
    places = [_chosen(one, "firstname lastname street city postcode region_id country_id") for one in row["addresses"]]
    return [*_chosen(row, "email firstname lastname group_id"), places]


def _order(row: dict[str, Any]) -> list[Any]:
    items = [_chosen(one, "sku price qty_ordered qty_shipped qty_canceled") for one in row["items"]]
    comments = [one["comment"] for one in row.get("status_histories") or [] if one["comment"]]
    return [*_chosen(row, "increment_id state status grand_total customer_email ext_order_id"), items, comments]


def _shipment(row: dict[str, Any], order: str) -> list[Any]:
    items = [_chosen(one, "sku qty") for one in row["items"]]
    tracks = sorted(_chosen(one, "carrier_code title track_number") for one in row["tracks"])
    return [order, row["source_code"], items, tracks, [one["comment"] for one in row["comments"]]]
