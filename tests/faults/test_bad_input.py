"""Whatever Acumatica answers: a bad record fails alone with its reason, a bad answer ends the run in words, the rest
goes through, and once it is corrected everything is right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from support import invariant, trade
from support.altered_responses import JSON, MISSING, Alter, Answer, ChangedField
from support.stories import STORIES, Scene
from support.world import World

from connector.state.schema import FAILED, SKIPPED, targets

DOCUMENTS = ("customer", "order", "shipment")
BY_PRICE_LIST = {"price": {"source": "sales_price"}}
EVERY_MINUTE = {"full_read_interval": 60}
VENDORS = {"vendor_inventory": {"include": "sum", "inquiry": "A2M-VendorQuantities"}}
BY_INVOICE = {"shipment": {**trade.SECTIONS["shipment"], "trigger": "invoice_release"}}
DROPPED = {"dropship": {"ship_via": "GROUND", "source": "vendor"}}
LISTS: list[tuple[str, str, dict[str, Any]]] = [
    ("price", "StockItem", {}),
    ("price", "ARSalesPrice", BY_PRICE_LIST),
    ("price", "SalesPricesInquiry", {**BY_PRICE_LIST, "acumatica": {"price_read": "inquiry", **EVERY_MINUTE}}),
    ("inventory", "StockItem", {}),
    ("inventory", "INSiteStatus", {}),
    ("inventory", "StorageDetailsInquiry", {"acumatica": {"quantity_read": "storage_details", **EVERY_MINUTE}}),
    ("inventory", "InventorySummaryInquiry", {"acumatica": {"quantity_read": "inventory_summary", **EVERY_MINUTE}}),
    ("inventory", "A2M-VendorQuantities", {**VENDORS, "acumatica": EVERY_MINUTE}),
    ("customer", "Customer", {}),
    ("order", "SalesOrder", {}),
    ("order", "SalesInvoice", {}),
    ("shipment", "Shipment", {}),
    ("shipment", "SalesOrder", {}),
]
"""Entity, the list whose field is bad, and the settings by which it is read."""
SOAKED: list[tuple[str, str, dict[str, Any]]] = [
    ("shipment", "SalesInvoice", BY_INVOICE),
    ("shipment", "PurchaseReceipt", DROPPED),
    ("shipment", "PurchaseOrder", DROPPED),
]
"""The same, under `soak` only."""
LONG = "x" * 1_000_000
TEXTS = [
    "",
    " ",
    "x",
    LONG,
    "\x00",
    "a\x00b",
    "\ud800",
    "NaN",
    "Infinity",
    "-1",
    "1e400",
    "日本",
    "a'b",
    'a"b',
    "%",
    "../x",
]
DATES = [
    "0001-01-01T00:00:00",
    "1899-12-31T00:00:00+00:00",
    "2101-01-01T00:00:00",
    "9999-12-31T23:59:59+14:00",
    "32.13.",
]
NUMBERS = [-1, 0, 1.5, 10**18, 10**30, 1e308, -1e308, True, False]
PLAIN = [*TEXTS, *DATES, *NUMBERS, None, {}, [], [None], {"value": None}]
VALUES = [MISSING, *PLAIN, *({"value": one} for one in (*TEXTS, *DATES, *NUMBERS, {}, []))]


class Sick:
    """A world of one entity whose Acumatica is altered. Something new happens before each time that it is."""

    def __init__(self, here: World, entity: str, sections: dict[str, Any]) -> None:
        self.story = STORIES[entity]
        self.here = here
        here.keeps_history = False
        self.scene = Scene(here, {**self.story.sections, **sections})
        self._rounds = count(1)
        self._changed_wrong: set[str] = set()
        if "price" in sections:
            price = {"price_type": "Base", "price": "5", "effective": "2026-12-01", "expiration": "2027-01-01"}
            here.change(*({"add_sales_price": {"inventory_id": key, **price}} for key in here.site_state()["items"]))

    async def syncs_while(self, alter: Alter) -> str | None:
        """Run a usual and a full sync with these responses; return the last fault. Nothing is raised."""
        number = next(self._rounds)
        if self.story.ready is not None:
            self.story.ready(self.scene, number)
            await self._sync(self.story.then[0])
        self.story.change(self.scene, number)
        if self.scene.settings.shipment.trigger == "invoice_release":
            self._invoice_the_newest()
        if self.scene.settings.dropship.source:
            self._drop_ship(f"{10 * number + 3:06d}")
        self.here.altered.alter = alter
        for full in (False, True):
            fault = await self._sync(self.story.entity, full=full)
        self.here.altered.alter = None
        return fault

    def _invoice_the_newest(self) -> None:
        for one in self.here.site_state()["shipments"][-2:]:
            self.here.change({"add_invoice": {"shipments": [one["shipment_nbr"]], "release": True}})

    def _drop_ship(self, number: str) -> None:
        self.scene.of_trade().sold(number, {"B": 1}, drop_ship=True)
        ordered = {"order_nbr": number, "purchase_order": number, "vendor_ref": f"1ZV{number}"}
        self.here.change({"add_purchase_order": ordered})
        self.here.change({"add_purchase_receipt": {"purchase_order": number, "receipt_nbr": number, "release": True}})

    async def _sync(self, entity: str, *, full: bool = False) -> str | None:
        self.here.clock.advance(61)
        outcome = await self.here.sync(entity, self.scene.settings, full=full)
        assert outcome.stopped is None
        return outcome.fault

    async def is_right_afterwards(self, changed_wrong: frozenset[str] = frozenset()) -> None:
        """Assert that a full sync with correct responses converges, except for documents that were sent wrong before
        (an address that was sent once stays in the shop).
        """
        self._changed_wrong |= changed_wrong
        assert await self._sync(self.story.entity, full=True) is None
        for entity in (*self.story.syncs_afterwards(), *self.story.syncs_afterwards()):
            assert await self._sync(entity) is None
        entities, settings = self.story.entities(), self.scene.settings
        if not self._changed_wrong:
            self.here.assert_shown(settings, entities=entities)
            return
        left_out = invariant.settled(self.here.state, entities, settings.queue.retry_count)
        site, shop = self.here.site_state(), self.here.shop_state()
        wrong = invariant.wrong(site, shop, settings, date(2026, 11, 24), [self.story.entity], left_out)
        assert [message for message in wrong if not any(number in message for number in self._changed_wrong)] == []

    def not_sent(self) -> dict[str, str]:
        """The records that failed or were left out, and why."""
        with self.here.state.read() as connection:
            left = select(targets).where(targets.c.state.in_([FAILED, SKIPPED]))
            return {row.acumatica_key: row.reason for row in connection.execute(left)}


@pytest.fixture
def sockets() -> bool:
    """What an answer holds is the same whatever way it came."""
    return False


@pytest.fixture
def sick(make_world: Callable[..., World]) -> Callable[..., Sick]:
    return lambda entity, **sections: Sick(make_world(STORIES[entity].products), entity, sections)


BODIES: dict[str, Callable[[bytes], Answer]] = {
    "cut": lambda body: (200, JSON, body[: len(body) // 2]),
    "no JSON": lambda _body: (200, JSON, b"{'value': [}"),
    "a NaN that is not JSON": lambda _body: (200, JSON, b'[{"Price": {"value": NaN}}]'),
    "a login page": lambda _body: (200, "text/html", b"<html><title>Sign In</title></html>"),
    "an empty object": lambda _body: (200, JSON, b"{}"),
    "null": lambda _body: (200, JSON, b"null"),
    "nothing": lambda _body: (200, JSON, b""),
    "a text": lambda _body: (200, JSON, b'"hello"'),
    "a list of nulls": lambda _body: (200, JSON, b"[null, null]"),
    "a value that is null": lambda _body: (200, JSON, b'{"value": null}'),
    "bytes": lambda _body: (200, JSON, b"[\xff\xfe\x00]"),
    "depth": lambda _body: (200, JSON, b"[" * 100_000),
}


@pytest.mark.parametrize("entity", STORIES)
async def test_answers_that_are_no_list_of_records(sick: Callable[..., Sick], entity: str) -> None:
    """Each ends the run with a fault in words, or is named; afterwards everything is right."""
    world = sick(entity)
    for name, body in BODIES.items():
        fault = await world.syncs_while(lambda _path, true, body=body: body(true))
        assert fault or world.not_sent(), f"{name}: nothing was said"
        assert fault is None or "cumatica" in fault, f"{name}: {fault}"
    await world.is_right_afterwards()


INQUIRIES = [(entity, end, sections) for entity, end, sections in LISTS if end.endswith("Inquiry")]


@pytest.mark.parametrize(("entity", "end", "sections"), INQUIRIES, ids=[end for _entity, end, _ in INQUIRIES])
async def test_an_inquiry_without_its_list_takes_nothing_away(
    sick: Callable[..., Sick], entity: str, end: str, sections: dict[str, Any]
) -> None:
    """An expanded list that is empty is `[]`; a missing one is a fault, and no quantity goes to 0 by it."""
    world = sick(entity, **sections)
    await world.is_right_afterwards()
    before = world.here.shop_state()
    fault = await world.syncs_while(lambda path, _true: (200, JSON, b"{}") if path.endswith(end) else None)
    assert "not a list of rows" in (fault or "")
    after = world.here.shop_state()
    assert (after["prices"], after["source_items"]) == (before["prices"], before["source_items"])
    await world.is_right_afterwards()


ONE_WORLD = 25
"""Examples before the next world. What the earlier ones left is there for the later, but every sync of an old world
reads all of it: the last of four hundred would take five times as long as the first.
"""
FIELDS = st.tuples(st.integers(0, 30), st.integers(0, 150), st.sampled_from(VALUES))


def _one_bad_field(world: Sick, end_of_path: str, record: int, field: int, value: Any) -> None:
    async def tell() -> None:
        bad = ChangedField(end_of_path, record, field, value)
        fault = await world.syncs_while(bad)
        assert fault is None, f"{bad.what} {str(value)[:60]}: {fault}"
        for key, reason in world.not_sent().items():
            assert reason, key
        await world.is_right_afterwards(frozenset(bad.numbers) if world.story.entity in DOCUMENTS else frozenset())

    asyncio.run(tell())


@pytest.mark.parametrize(
    ("entity", "end", "sections"),
    [
        *(pytest.param(*one, id="-".join(one[:2])) for one in LISTS),
        *(pytest.param(*one, id="-".join(one[:2]), marks=pytest.mark.soak) for one in SOAKED),
    ],
)
@pytest.mark.parametrize("examples", [2, pytest.param(400, marks=pytest.mark.soak)])
def test_a_field_that_is_not_what_it_should_be(
    sick: Callable[..., Sick], entity: str, end: str, sections: dict[str, Any], examples: int
) -> None:
    """One field of one record holds any value at all: no run fails because of it, and once corrected all is right."""
    worlds: list[Sick] = []
    done = count()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 100,  # the ordinary suite is the same each time; the soak looks for news
        phases=(Phase.explicit, Phase.generate),  # every example is a whole run: what fails is told as it is
        suppress_health_check=list(HealthCheck),
    )
    @example((0, 0, MISSING))
    @example((0, 0, {}))
    @example((0, 0, None))
    @given(FIELDS)
    def any_field(chosen: tuple[int, int, Any]) -> None:
        if next(done) % ONE_WORLD == 0:
            worlds.append(sick(entity, **sections))
        _one_bad_field(worlds[-1], end, *chosen)

    any_field()
