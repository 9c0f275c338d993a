"""Scenarios for syncs that die: for each entity a world, changes that take a sync through every step, and newer
changes that follow the crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support import sales, trade
from support.customers import Shop, added, theirs
from support.sales import Sales
from support.trade import Trade
from support.world import World

from connector.failpoints import ORDER_STEPS, PRICE_STEPS, SHIPMENT_STEPS, STEPS
from sandbox.catalogue import Product, generated
from settings import Settings

Sections = Mapping[str, Mapping[str, Any]]
SKUS = ("SKU-000001", "SKU-000002", "SKU-000004", "SKU-000005", "CABLE/USB-C 2M", "Screw M4 x 20")
PLENTY = {"MAIN": 10_000_000}
LAST_PIECE = {"available": "1", "on_hand": "1", "available_for_shipping": "1"}
MAIN_ONLY = {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}


class Scene:
    """The world of a running story. Document numbers are derived from the number of the round."""

    def __init__(self, here: World, sections: Sections) -> None:
        self.here = here
        self.sections: dict[str, dict[str, Any]] = here.sections(**{name: dict(one) for name, one in sections.items()})
        self.settings: Settings = here.settings(**self.sections)
        self.trade: Trade | None = None

    def of_trade(self) -> Trade:
        """Return helpers for shipments in this world."""
        self.trade = self.trade or Trade(self.here)
        return self.trade

    def of_sales(self) -> Sales:
        """Return helpers for orders in this world."""
        if not isinstance(self.trade, Sales):
            self.trade = Sales(self.here)
        return self.trade

    async def sync(self, entity: str) -> None:
        """Run one sync, which must succeed."""
        outcome = await self.here.sync(entity, self.settings)
        assert (outcome.fault, outcome.stopped) == (None, None), f"{entity}: {outcome.summary()}"


@dataclass(frozen=True)
class Story:
    """The scenario of one entity.

    `ready` makes changes that a successful sync handles first. `change` takes the next sync of the entity through all
    `steps`. `change_again` changes the same records once more, after the crash. `then`: the syncs, in order, after
    which Magento must be right.
    """

    entity: str
    products: Sequence[Product]
    sections: Sections
    change: Callable[[Scene, int], None]
    change_again: Callable[[Scene, int], None]
    steps: tuple[str, ...] = STEPS
    ready: Callable[[Scene, int], None] | None = None
    then: tuple[str, ...] = ()

    async def begin(self, scene: Scene, number: int = 1) -> None:
        """Prepare the world so that the next sync of the entity goes through all steps."""
        if self.ready is not None:
            self.ready(scene, number)
            await scene.sync(self.then[0])
            scene.here.clock.advance(1)
        self.change(scene, number)

    async def send_all(self, scene: Scene) -> None:
        """Begin, and sync until Magento has everything."""
        await self.begin(scene)
        for one in (*self.syncs_afterwards(), *self.syncs_afterwards()):
            scene.here.clock.advance(61)
            await scene.sync(one)

    def syncs_afterwards(self) -> tuple[str, ...]:
        """Return the entities to sync after the crash, in order."""
        return self.then or (self.entity,)

    def entities(self) -> tuple[str, ...]:
        """Return the entities whose data must be right at the end."""
        return tuple(dict.fromkeys(self.syncs_afterwards()))


def _prices(scene: Scene, number: int) -> None:
    scene.here.change(
        *(
            {"set_price": {"inventory_id": sku, "price": f"{10 * number + place + 1}.25"}}
            for place, sku in enumerate(SKUS)
        )
    )


def _newer_prices(scene: Scene, number: int) -> None:
    scene.here.change(*({"set_price": {"inventory_id": sku, "price": f"{10 * number + 8}.75"}} for sku in SKUS[:2]))


def _quantities(scene: Scene, number: int) -> None:
    scene.here.change(*(_on_shelf(sku, 20 * number + place + 1) for place, sku in enumerate(SKUS)))


def _newer_quantities(scene: Scene, number: int) -> None:
    scene.here.change(*(_on_shelf(sku, 20 * number + place + 11) for place, sku in enumerate(SKUS[:2])))


def _on_shelf(sku: str, quantity: int) -> dict[str, Any]:
    return {"set_quantity": {"inventory_id": sku, "warehouse": "EAST", "available": str(quantity)}}


def _customers(scene: Scene, number: int) -> None:
    """Two new customers, and one whom the shop has already, with an address that she entered there."""
    first = 10 * number
    Shop(scene.here).add(f"buyer{first + 9}@example.com", addresses=[theirs(default_billing=True)])
    scene.here.change(*(added(first + place) for place in (0, 1, 9)))


def _newer_customers(scene: Scene, number: int) -> None:
    scene.here.change({"set_customer": {"customer_id": f"ACME{10 * number + 1:04d}", "name": f"Renamed Inc {number}"}})


def _orders(scene: Scene, number: int) -> None:
    """Enter an order and invoice it; hold an order that was placed in the shop."""
    here = scene.of_sales()
    here.entered(f"{10 * number + 1:06d}", {"A": 2})
    here.invoiced(f"{10 * number + 1:06d}")
    here.sold(f"{10 * number + 2:06d}", {"A": 1}, status="On Hold")


def _newer_orders(scene: Scene, number: int) -> None:
    scene.here.change({"set_order": {"order_nbr": f"{10 * number + 1:06d}", "status": "On Hold"}})


def _last_pieces(scene: Scene, number: int) -> None:
    """The last piece of each of two products is ordered, so that the shop shows 0."""
    here = scene.of_trade()
    scene.here.change(
        *({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", **LAST_PIECE}} for sku in ("A", "B"))
    )
    for place, sku in enumerate(("A", "B"), 1):
        here.sold(f"{10 * number + place:06d}", {sku: 1})


def _shipments(scene: Scene, number: int) -> None:
    for place in (1, 2):
        scene.of_trade().ship(f"{10 * number + place:06d}")


def _newer_shipments(scene: Scene, number: int) -> None:
    """More of one product arrives in the warehouse."""
    scene.here.change(_main("A", 5 + number))


def _main(sku: str, quantity: int) -> dict[str, Any]:
    return {"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", "available": str(quantity)}}


IN_PIECES = {"queue": {"threshold_count": 3, "batch_count": 5}, "magento": {"concurrency": 2}}
STORIES = {
    "price": Story("price", generated(12), IN_PIECES, _prices, _newer_prices),
    "price in bulks": Story(
        "price",
        generated(12),
        {**IN_PIECES, "queue": {**IN_PIECES["queue"], "price_transport": "async_bulk"}},
        _prices,
        _newer_prices,
        (*STEPS, *PRICE_STEPS),
    ),
    "inventory": Story("inventory", generated(12), IN_PIECES, _quantities, _newer_quantities),
    "customer": Story(
        "customer",
        generated(1),
        {
            "magento": {"concurrency": 2},
            "active": {"customer": True},
            "customer": {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}},
        },
        _customers,
        _newer_customers,
    ),
    "order": Story(
        "order",
        [Product("A", "A", 1_000_000, PLENTY)],
        {**sales.SECTIONS, "order": {**sales.SECTIONS["order"], "invoice": "offline"}},
        _orders,
        _newer_orders,
        (*STEPS, *ORDER_STEPS),
        then=("order", "order"),
    ),
    "shipment": Story(
        "shipment",
        [Product(sku, sku, 1_000_000, {"MAIN": 10_000}) for sku in ("A", "B")],
        {**trade.SECTIONS, "inventory": MAIN_ONLY},
        _shipments,
        _newer_shipments,
        (*STEPS, *SHIPMENT_STEPS),
        ready=_last_pieces,
        then=("inventory", "shipment", "inventory"),
    ),
}
