"""The list of what is asked of the endpoint (`listed.py`) has all that a connector asks for."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_acumatica.listed import CHANGES, INQUIRIES, OPTIONS, READS, Read
from support.served import one_client
from support.world import World

from app.connection.test_connection import check_connection
from sandbox.catalogue import generated

ENDPOINT = "/entity/Default/24.200.001/"
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:/[A-Za-z0-9]+)*")
TEXT = re.compile(r"'[^']*'")
NO_FIELDS = {"eq", "ge", "gt", "le", "lt", "and", "or", "not", "datetimeoffset"}
ENTITIES = ("price", "inventory", "customer", "order", "shipment")
DOCUMENTS: dict[str, dict[str, Any]] = {
    "active": {"order": True, "shipment": True, "customer": True},
    "order": {
        "types": ["SO"],
        "from": "2020-01-01T00:00:00Z",
        "statuses": {"Open": "pending", "Completed": "complete"},
        "payment_methods": {"": "checkmo"},
        "shipping_methods": {"": "flatrate_flatrate"},
    },
    "shipment": {"from": "2020-01-01T00:00:00Z"},
    "customer": {"classes": ("ECOMMERCE", "WHOLESALE", "DEFAULT")},
}
WAYS: list[dict[str, dict[str, Any]]] = [
    {},
    {"acumatica": {"quantity_read": "storage_details", "price_read": "inquiry"}, "price": {"source": "sales_price"}},
    {"acumatica": {"quantity_read": "inventory_summary"}, "price": {"non_stock": True}},
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both simulators with documents."""
    here = World(Path(tmp_path_factory.mktemp("list")), generated(12), acumatica={"documents": 12})
    here.change(*CHANGES)
    yield here
    here.close()


async def test_list_has_all_that_a_connector_asks_for(world: World) -> None:
    """Every entity, inquiry, field, condition and option that syncs and Test Connection use is on the list."""
    for way in WAYS:
        settings = world.settings(**DOCUMENTS, **way)
        for _ in range(2):
            for entity in ENTITIES:
                await world.sync(entity, settings)
            world.clock.advance(60)
        async for _check in check_connection(settings, world.state, world.clock):
            pass
        world.begin_anew()
    asked = _requests(world)
    assert {one["path"].removeprefix(ENDPOINT).partition("/")[0] for one in asked} >= {"StockItem", "SalesOrder"}
    assert not sorted({wrong for one in asked for wrong in _not_listed(one)})


def _requests(world: World) -> list[dict[str, Any]]:
    answer = one_client().get(f"{world.acumatica.url}/_sandbox/journal", timeout=60)
    return [one for one in answer.json()["requests"] if one["path"].startswith(ENDPOINT)]


def _not_listed(request: dict[str, Any]) -> Iterator[str]:
    name = request["path"].removeprefix(ENDPOINT).partition("/")[0]
    options = dict(part.split("=", 1) for part in request["query"].split("&$") if part)
    options = {option.removeprefix("$"): text for option, text in options.items()}
    if request["method"] == "PUT":
        if name not in INQUIRIES or options != {"expand": INQUIRIES[name].rows}:
            yield f"PUT {name} {options}"
        return
    read = READS.get(name)
    if read is None:
        yield f"GET {name}"
        return
    yield from (f"{name}?${option}" for option in options.keys() - OPTIONS)
    yield from (f"{name}: {one}" for one in _asked(options) - _known(read))


def _asked(options: dict[str, str]) -> set[str]:
    names = {one for option in ("select", "expand") for one in options.get(option, "").split(",") if one}
    return names | (set(WORD.findall(TEXT.sub("", options.get("filter", "")))) - NO_FIELDS)


def _known(read: Read) -> set[str]:
    conditions = " ".join(TEXT.sub("", one) for one in read.conditions)
    return {*read.fields, *read.expand, *WORD.findall(conditions)}
