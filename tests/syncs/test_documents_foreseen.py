"""What a change of settings would change of documents is what the next sync then does; asking does nothing."""

from __future__ import annotations

import pytest
from support.customers import added
from support.stories import STORIES, Scene
from support.world import World

from app.preview.preview import preview_entity

CUSTOMERS = STORIES["customer"].sections


@pytest.fixture
async def here(make_world):
    """Two customers are in Magento."""
    here: World = make_world(1)
    here.change(added(1), added(2))
    assert (await here.sync("customer", here.settings(**CUSTOMERS))).counters.sent == 2
    return here


def settings(here, **customer):
    """The settings of customers with single fields changed."""
    return here.settings(**{**CUSTOMERS, "customer": {**CUSTOMERS["customer"], **customer}})


async def preview(here, after, before=None):
    """What is foreseen."""
    return await preview_entity("customer", before or settings(here), after, here.state, here.clock)


async def test_what_changes_in_a_document(here):
    """Another group: each account is sent again, with what changes in it; the next sync sends exactly those."""
    writes = len(here.writes())
    after = settings(here, groups={"WHOLESALE": "Retailer"})
    found = await preview(here, after)
    assert (found.known, found.sent, found.again, found.held, found.left_out) == (2, 0, 2, 0, 0), found
    assert [(one.key, one.becomes) for one in found.examples] == [
        ("ACME0001", "sent again"),
        ("ACME0002", "sent again"),
    ]
    assert "group" in found.examples[0].text
    assert len(here.writes()) == writes, "asking sends nothing"
    assert (await here.sync("customer", after)).counters.sent == 2


async def test_what_fails_by_it(here):
    """A group that Magento does not have: each is held back, with the reason."""
    found = await preview(here, settings(here, groups={"WHOLESALE": "Nobody"}))
    assert (found.held, found.changed) == (2, 2)
    assert "Nobody" in found.examples[0].text


async def test_what_changes_nothing(here):
    """The same settings, or others that touch no account that is known."""
    found = await preview(here, settings(here, create_limit=7))
    assert (found.known, found.changed, found.why_not) == (2, 0, "")


async def test_what_was_never_read(here):
    """A newly chosen class is read by the next sync: the preview shows what is known and says that more will come."""
    found = await preview(here, settings(here, classes=[*CUSTOMERS["customer"]["classes"], "RETAIL"]))
    assert (found.changed, found.reads_more) == (0, True)
    assert not (await preview(here, settings(here))).reads_more


async def test_what_becomes_active(here):
    """Where customers were off, what Magento has already is not sent again, and what it has not is."""
    off = here.settings(**{**CUSTOMERS, "active": {"customer": False}})
    assert (await preview(here, settings(here), off)).changed == 0
    here.clock.advance(61)
    here.change(added(3))
    here.faults.replace("magento POST path=*/customers: status=400")
    await here.sync("customer", settings(here))
    here.faults.replace("")
    assert (await preview(here, settings(here), off)).sent == 1


async def test_a_magento_that_does_not_answer(here):
    """It says so, and foresees nothing."""
    here.faults.replace("magento: status=503")
    found = await preview(here, settings(here, groups={"WHOLESALE": "Retailer"}))
    assert (found.changed, found.why_not != "") == (0, True)


@pytest.mark.parametrize(
    ("entity", "section", "changed"),
    [
        ("order", "order", {"shipping_methods": {"": "ups_ups"}}),
        ("shipment", "shipment", {"ship_vias": {}}),
    ],
)
async def test_orders_and_shipments(make_world, entity, section, changed):
    """A changed map: what is in Magento already stays as it is, and nothing is written by asking."""
    story = STORIES[entity]
    here = make_world(story.products)
    scene = Scene(here, story.sections)
    await story.send_all(scene)
    writes = len(here.writes())
    sections = {**scene.sections, section: {**scene.sections[section], **changed}}
    found = await preview_entity(entity, scene.settings, here.settings(**sections), here.state, here.clock)
    assert found.why_not == ""
    assert found.known > 0
    assert found.sent == 0
    assert len(here.writes()) == writes
    outcome = await here.sync(entity, here.settings(**sections), full=True)
    assert (outcome.counters.sent, outcome.counters.failed) == (found.again, found.held), found
