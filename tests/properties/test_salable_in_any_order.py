"""Whatever happens to orders of the shop, after one sync of the quantities Magento sells what Acumatica says.

Orders are placed, taken, held, edited, shipped in parts, shipped, canceled in either system and closed short, by seeded
chances. Between two syncs less may be sold than that, and more only where Magento itself canceled or shipped.
"""

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from oracle import salable, values
from support.isolation import isolated_home
from support.random_changes import RandomChanges
from support.sales import Sales
from support.world import world

from sandbox.catalogue import Product
from sandbox.serve import STATUSES

KINDS = (
    "shop_order",
    "order_only_in_the_shop",
    "take_order",
    "cancel_in_the_shop",
    "edit_order",
    "part_ship",
    "short_close",
    "ship",
    "hold_or_cancel",
    "quantities",
    "order",
)
STOCK = {"MAIN": 1_000_000, "EAST": 1_000_000, "WEST": 1_000_000}
SECTIONS = {
    "customer": {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}},
    "order": {"statuses": STATUSES, "shipping_methods": {"GROUND": "ups_GND", "LOCAL": "flatrate_flatrate"}},
    "shipment": {
        "ship_vias": {
            "GROUND": {"carrier_code": "ups", "title": "UPS"},
            "LOCAL": {"carrier_code": "custom", "title": "Local"},
        },
    },
    "active": {"order": True, "shipment": True, "customer": True},
}


async def play(here: Sales, seed: int, steps: int) -> None:
    """Play so many changes, each followed by a sync of some entities, the quantities last."""
    chance = random.Random(seed)
    sections = {name: dict(fields) for name, fields in SECTIONS.items()}
    sections["order"]["payment_methods"] = {"": "checkmo", "CHECK": "checkmo"}
    settings = here.settings(**sections)
    changes = RandomChanges(chance, here.here.acumatica.url, here.here.magento.url, settings, here.here.clock.now)
    try:
        for step in range(steps):
            kind = chance.choice(KINDS)
            changes.make_change(kind)
            for entity in chance.choice((["inventory"], ["order", "inventory"], ["shipment", "order", "inventory"])):
                here.here.clock.advance(chance.choice((15, 61)))
                outcome = await here.here.sync(entity, settings, full=chance.random() < 0.05)
                assert outcome.fault is None, outcome.fault
            right(here, settings, f"seed {seed}, step {step}, after {kind}")
    finally:
        changes.close()


def right(here: Sales, settings, when: str) -> None:
    """The salable quantity of every SKU is what the oracle says."""
    site, shop = here.here.site_state(), here.here.shop_state()
    wanted = values.wanted_quantities(site, settings, salable.added_back(site, shop, settings))
    wrong = list(salable.wrong_salable(site, shop, settings, wanted, frozenset()))
    assert not wrong, f"{when}: {wrong}"


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 60))])
async def test_magento_sells_what_acumatica_says_after_each_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_database: Callable[..., str], database: str, seed: int
) -> None:
    """Thirty changes to orders of the shop, of the ERP, and to the stock."""
    isolated_home(tmp_path, monkeypatch)
    products = [Product(f"P{number}", f"Product {number}", 1_000_000, STOCK) for number in range(6)]
    with world(tmp_path, products, database_url=new_database(database)) as here:
        await play(Sales(here), seed, 30)


class _Inventory:
    add_back_open_orders = True


class _AddsBack:
    inventory = _Inventory


def _wrong(shop: dict[str, Any], figure: int) -> list[str]:
    wanted = {("A", "default"): Decimal(figure)}
    known = {"shipments": [], "orders": [], **shop}
    return list(salable.wrong_salable({"orders": []}, known, _AddsBack, wanted, frozenset()))  # type: ignore[arg-type]


def test_the_oracle_itself_finds_an_order_that_was_subtracted_twice() -> None:
    """10 there, 2 held and lacking, nothing added back: 6 are sold instead of 8."""
    order = {"increment_id": "1", "quote_id": 1, "state": "new", "items": [{"sku": "A", "qty_ordered": "2"}]}
    shop = {
        "orders": [order],
        "reservations": [{"sku": "A", "quantity": "-2"}],
        "source_items": [{"sku": "A", "source_code": "default", "quantity": "8", "status": 1}],
    }
    assert _wrong(shop, 10) == ["Magento sells 6 of A, and must sell 8"]


@pytest.mark.parametrize(("quantity", "status", "is_wrong"), [("0", 0, False), ("0", 1, True), ("1", 1, True)])
def test_the_oracle_itself_knows_what_no_quantity_makes_up_for(quantity: str, status: int, *, is_wrong: bool) -> None:
    """More is written off than there is: nothing is sold then, which is said of sources that are out of stock only."""
    shop = {
        "reservations": [{"sku": "A", "quantity": "2"}],
        "source_items": [{"sku": "A", "source_code": "default", "quantity": quantity, "status": status}],
    }
    assert bool(_wrong(shop, 1)) is is_wrong
