"""A sandbox shop with a clock in hand, a client for it, and the recordings of the real one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sandbox_magento.shop import Clock, Shop, recorded_products

from sandbox.catalogue import generated
from sandbox.magento.app import create_app

Case = dict[str, Any]


@pytest.fixture
def make_shop() -> Callable[..., Shop]:
    """Make a shop with so many products of the catalogue, or these, and traits of `create_app`."""

    def make(products: Any = 20, **traits: Any) -> Shop:
        clock = Clock()
        chosen = generated(products) if isinstance(products, int) else products
        return Shop(create_app(chosen, clock=clock, **traits), clock)

    return make


@pytest.fixture
async def shop(make_shop: Callable[..., Shop]) -> Shop:
    """A shop with the first products of the catalogue."""
    return make_shop()


@pytest.fixture
async def recorded_shop(make_shop: Callable[..., Shop]) -> Shop:
    """A shop set up as the recorded one: SKU-0001 to SKU-1000 and `A/B 1`, and a stock of east, west and vendor."""
    made = make_shop(recorded_products(), sources=["default"], currency="EUR")
    await made.set_up_as_recorded()
    return made


@pytest.fixture(scope="session")
def recordings(shared: Path) -> Callable[[str], dict[str, Case]]:
    """Give the recorded exchanges of an area by case."""

    def read(area: str) -> dict[str, Case]:
        path = shared / "contracts" / "magento-2.4.7-recorded" / f"{area}.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {row["case"]: row for row in rows}

    return read
