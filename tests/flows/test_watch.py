"""The deployment Watch: what it tells through a notification Block, when, and how often."""

from datetime import timedelta

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from support.webhook import webhook
from support.world import world

from connector.state.operator import alerts as watch
from connector.state.operator.alerts import Limits
from connector.state.sync import entities
from flows.price import price
from flows.watch import watch as watch_flow
from sandbox.catalogue import Product

LIMITS = Limits(oldest_pending=timedelta(minutes=60), silence=timedelta(minutes=15), repeat_after=timedelta(hours=24))
PRODUCTS = [Product(f"P-{number}", "x", 5_000_000, {"MAIN": 30_000}) for number in range(3)]


def sent(here):
    """What is told now of prices, and kept as told."""
    now = here.clock.now()
    with here.state.read() as connection:
        found = watch.current(connection, "price", LIMITS, now)
        news = watch.due(connection, found, LIMITS, now)
    watch.store(here.state, found, news, now)
    return [one.name for one in news]


async def test_failed_messages_are_reported_once(tmp_path, home):
    """Told when they fail, again when others fail, and again after a day."""
    with world(tmp_path, PRODUCTS, shop_products=PRODUCTS[1:]) as here:
        assert sent(here) == []
        await here.sync("price")
        assert sent(here) == ["price failed"]
        here.clock.advance(60)
        assert sent(here) == []
        here.faults.replace("magento POST path=*/base-prices key=P-1: status=400")
        here.change({"set_price": {"inventory_id": "P-1", "price": "2.50"}})
        await here.sync("price")
        assert sent(here) == ["price failed"]
        here.clock.advance(24 * 3600)
        await here.sync("price")
        assert sent(here) == ["price failed"]


async def test_a_message_that_waits_and_an_entity_without_a_sync(tmp_path, home):
    """Told after so many minutes; a paused entity may be silent; once a sync was finished it is over."""
    with world(tmp_path, PRODUCTS, faults="magento POST path=*/base-prices: status=429 retry_after=7200") as here:
        await here.sync("price", here.settings(queue={"retry_count": 5}))
        here.clock.advance(14 * 60)
        assert sent(here) == []
        here.clock.advance(2 * 60)
        assert sent(here) == ["price is silent"]
        here.clock.advance(50 * 60)
        assert sent(here) == ["price waits"]
        entities.pause(here.state, ["price"], paused=True)
        assert sent(here) == []
        entities.pause(here.state, ["price"], paused=False)
        assert sorted(sent(here)) == ["price is silent", "price waits"]


@pytest.fixture
def received():
    """A webhook, and what it received."""
    with webhook() as given:
        yield given


@pytest.mark.usefixtures("prefect")
async def test_a_webhook_is_reported(make_world, received, monkeypatch):
    """The Block that the settings name gets subject and words; one that does not exist fails the run by name."""
    make_world(PRODUCTS, shop_products=PRODUCTS[1:])
    await price(return_state=True)
    url, bodies = received
    block = CustomWebhookNotificationBlock(
        name="ops", url=url, json_data={"title": "{{subject}}", "text": "{{body}}"}, allow_private_urls=True
    )
    await block.save("ops", overwrite=True)
    assert (await watch_flow(return_state=True)).name == "NoRecipient"
    monkeypatch.setenv("A2M_NOTIFY__BLOCKS", '["custom-webhook/nowhere"]')
    final = await watch_flow(return_state=True)
    assert final.name == "Failed"
    assert "The Block custom-webhook/nowhere could not be used" in final.message
    monkeypatch.setenv("A2M_NOTIFY__BLOCKS", '["custom-webhook/ops"]')
    final = await watch_flow(return_state=True)
    assert (final.name, len(bodies)) == ("Completed", 1)
    assert bodies[0]["title"] == "A to M: something needs you"
    assert "price: 1 message failed." in bodies[0]["text"]
    await watch_flow(return_state=True)
    assert len(bodies) == 1
