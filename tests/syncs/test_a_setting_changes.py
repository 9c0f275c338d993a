"""After a setting changed, what it concerns is read and computed again as a whole, and nothing else is."""

from __future__ import annotations

from datetime import datetime

import pytest
from support.world import World

from connector.state.operator import actions
from connector.state.sync import entities

CHANGES = [
    ("price", {"price": {"rounding": 0}}, True),
    ("price", {"inventory": {"safety": 3}}, False),
    ("price", {"acumatica": {"quantity_read": "storage_details"}}, False),
    ("price", {"queue": {"batch_count": 7}, "magento": {"timeout": 50.0}}, False),
    ("inventory", {"inventory": {"safety": 3}}, True),
    ("inventory", {"price": {"rounding": 0}}, False),
    ("customer", {"magento": {"website_id": 2}}, True),
    ("customer", {"acumatica": {"time_zone": "UTC"}}, False),
    ("customer", {"items": {"statuses": ["Active"]}}, False),
    ("order", {"customer": {"telephone": "555-0100"}}, True),
    ("order", {"inventory": {"safety": 3}}, False),
    ("shipment", {"order": {"reference": "customer_order"}}, True),
    ("shipment", {"shipment": {"notify": True}}, False),
]


def last_full_sync(here: World, entity: str) -> datetime | None:
    """When everything of the entity was read for the last time."""
    with here.state.read() as connection:
        return entities.read(connection, entity).last_full_sync_at


@pytest.mark.parametrize(("entity", "changes", "is_full"), CHANGES)
async def test_the_next_sync_is_a_full_one_where_the_setting_is_used(make_world, entity, changes, is_full):
    """It is one once: the sync after that reads what changed, as before."""
    here: World = make_world(5)
    active = {"active": {"customer": True, "order": True, "shipment": True}}
    before, after = here.settings(**active), here.settings(**active, **changes)
    full = []
    for settings in (before, before, after, after):
        here.clock.advance(60)
        assert (await here.sync(entity, settings)).fault is None
        full.append(last_full_sync(here, entity))
    assert full[0] == full[1], "nothing had changed"
    assert (full[2] != full[1]) is is_full
    assert full[3] == full[2], "it is a full one only once"


async def test_what_changed_by_the_setting_is_sent(make_world):
    """A coarser rounding is in Magento after one sync, though no record was touched in Acumatica."""
    here: World = make_world(5)
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "9.49"}})
    await here.sync("price")
    assert str(here.prices()["SKU-000001"]) == "9.49"
    await here.sync("price", here.settings(price={"rounding": 0}))
    assert here.prices()["SKU-000001"] == 9


async def test_an_unknown_sku_that_was_left_out_fails_once_the_setting_says_so(make_world):
    """From fail to skip and back; what a person skipped stays left out."""
    here: World = make_world(2, shop_products=[])
    for choice, failed in (("fail", 2), ("skip", 0), ("fail", 2)):
        here.clock.advance(60)
        await here.sync("price", here.settings(items={"unknown_sku": choice}))
        assert len(here.failed("price")) == failed
    actions.skip(here.state, here.failed("price")[0], "not sold here", here.clock.now())
    for choice in ("skip", "fail"):
        here.clock.advance(60)
        await here.sync("price", here.settings(items={"unknown_sku": choice}))
    assert len(here.failed("price")) == 1
