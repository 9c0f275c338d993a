"""What an administrator starts by hand: Test Connection, Reprocess Failed Messages, full sync, one key, pause, link."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter
from support.sales import Sales

from connector.state.coordination import lease, wakeups
from connector.state.engine import open_state
from connector.state.queue import messages
from connector.state.sync import entities, links
from flows.administer import full_sync, link_document, one_key_now, pause, resume
from flows.connection import connection
from flows.price import price
from flows.reprocess import reprocess
from sandbox.catalogue import Product

pytestmark = pytest.mark.usefixtures("prefect")
PRODUCTS = [Product(f"P-{number}", "x", 5_000_000, {"MAIN": 30_000}) for number in range(4)]


@pytest.fixture
def state(home):
    """The state database that the flows use."""
    opened = open_state(f"sqlite:///{home / 'state.sqlite'}")
    yield opened
    opened.close()


async def left_by(final):
    """What a run left, by its key."""
    of_this_run = ArtifactFilter(flow_run_id={"any_": [final.state_details.flow_run_id]})
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=of_this_run)
    return {one.key: json.loads(one.data) if one.type == "table" else one.data for one in found}


def failed(state):
    """The failed messages."""
    with state.read() as connection:
        return messages.failed(connection)


async def test_test_connection(make_world, monkeypatch):
    """A table of every check; a failed one fails the run with its fix, and what could not be checked is told apart."""
    make_world(3)
    final = await connection(return_state=True)
    rows = (await left_by(final))["test-connection"]
    assert {row["result"] for row in rows} <= {"✓ passed", "? could not be checked", "✗ FAILED"}
    monkeypatch.setenv("A2M_MAGENTO__BEARER_TOKEN", "wrong-token-of-a-test")
    final = await connection(return_state=True)
    assert final.name == "Failed"
    assert "Magento refuses the token on every route" in final.message
    results = {row["what"]: row["result"] for row in (await left_by(final))["test-connection"]}
    assert results["Magento answers"] == "✗ FAILED"
    assert results["Sources"] == "? could not be checked"
    assert "wrong-token-of-a-test" not in str(final.message)


async def test_reprocess_failed_messages(make_world, state):
    """Listed by cause first, then sent again with their newest state, all of them or those that were chosen."""
    here = make_world(PRODUCTS, faults="magento POST path=*/base-prices key=P-1: status=400")
    await price(return_state=True)
    (message,) = failed(state)
    listed = await reprocess(return_state=True)
    assert listed.message == "1 failed message chosen; nothing was done. The tables are among the artifacts."
    left = await left_by(listed)
    assert [(row["messages"], row["entity"]) for row in left["failed-by-cause"]] == [(1, "price")]
    assert [row["key"] for row in left["failed-messages"]] == ["P-1"]
    assert f"\n{message.id},P-1," in left["failed-messages-csv"]
    async with get_client() as client:
        run = await client.read_flow_run(listed.state_details.flow_run_id)
    assert run.name == listed.message
    assert (await reprocess(cause="no such cause", return_state=True)).name == "NothingToDo"
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert (await reprocess(failed_after=tomorrow, return_state=True)).name == "NothingToDo"
    assert (await reprocess(ids=(f"{message.target}.{message.seq + 1}",), return_state=True)).name == "NothingToDo"
    assert (await reprocess(entity="inventory", return_state=True)).name == "NothingToDo"

    here.faults.replace("")
    here.change({"set_price": {"inventory_id": "P-1", "price": "7.77"}})
    sent = await reprocess("Send them again", cause=message.cause or "", return_state=True)
    assert sent.message == "1 failed message chosen; now 1 sent."
    assert str(here.prices()["P-1"]) == "7.77"


async def test_reprocess_beside_a_run_that_works(make_world, state):
    """The working run's next sync sends what was chosen, and the run here says so."""
    make_world(PRODUCTS, shop_products=PRODUCTS[1:])
    await price(return_state=True)
    held = lease.acquire(state, "price", "run nimble-otter", datetime.now(UTC), 3600)
    final = await reprocess("Send them again", return_state=True)
    assert "price is being worked on by run nimble-otter, which syncs again at once." in final.message
    with state.read() as connection:
        assert wakeups.sync_requested(connection, "price", datetime.now(UTC))
    lease.release(state, held)


async def test_skip(make_world, state):
    """Messages are left out with a reason, and not without one."""
    make_world(PRODUCTS, shop_products=PRODUCTS[2:])
    await price(return_state=True)
    refused = await reprocess("Skip them", return_state=True)
    assert (refused.name, len(failed(state))) == ("Failed", 2)
    final = await reprocess("Skip them", reason="sold elsewhere", return_state=True)
    assert final.message == "2 skipped."
    assert failed(state) == []
    with state.read() as connection:
        skipped = messages.live(connection, "price", [PRODUCTS[0].sku], [])
    ids = tuple(one.id for one in skipped)
    assert (await reprocess(entity="inventory", ids=ids, return_state=True)).name == "NothingToDo"
    await reprocess("Send them again", ids=ids, return_state=True)
    assert [message.key for message in failed(state)] == [PRODUCTS[0].sku]


async def test_full_sync_and_one_key(make_world, state):
    """A full sync reads everything of every active entity; one key reads one record, now."""
    here = make_world(PRODUCTS)
    final = await full_sync(return_state=True)
    assert final.message.startswith("price: 4 changed, 4 sent in 4 requests\ninventory: ")
    here.change({"set_price": {"inventory_id": "P-2", "price": "9.99", "modified": "2020-01-01T00:00:00Z"}})
    final = await one_key_now("price", "p-2 ", return_state=True)
    assert final.message == "1 changed, 1 sent in 1 request"
    assert str(here.prices()["P-2"]) == "9.99"


async def test_a_full_sync_beside_a_run_that_works(make_world, state):
    """The working run's next sync is a full one, and it is asked for once only."""
    here = make_world(PRODUCTS)
    await price(return_state=True)
    held = lease.acquire(state, "price", "run nimble-otter", datetime.now(UTC), 3600)
    assert "which syncs again at once" in (await full_sync("price", return_state=True)).message
    lease.release(state, held)
    with state.read() as connection:
        before = entities.read(connection, "price").last_full_sync_at
    here.change({"set_price": {"inventory_id": "P-2", "price": "9.99", "modified": "2020-01-01T00:00:00Z"}})
    assert (await price(return_state=True)).message == "1 changed, 1 sent in 1 request"
    with state.read() as connection:
        after = entities.read(connection, "price").last_full_sync_at
    assert after > before


async def test_pause_and_resume(make_world, state):
    """One entity or all; a paused one sends nothing."""
    make_world(PRODUCTS)
    assert (await pause("price", return_state=True)).message.startswith("price paused")
    assert (await price(return_state=True)).name == "NothingToDo"
    assert (await resume(return_state=True)).message == "price, inventory, customer, order, shipment resumed."
    assert (await price(return_state=True)).name == "Completed"


async def test_link_a_document(make_world, state):
    """The link is kept as one that a person made; an id that Magento does not have is refused."""
    here = Sales(make_world(PRODUCTS))
    here.entered("000001", {"P-1": 1})
    magento_id = str(here.ordered({"P-1": 1}, increment_id="100000001"))
    refused = await link_document("order", "000001", "17", return_state=True)
    assert refused.message == "Magento has no order with the id 17. Nothing was linked."
    final = await link_document("order", "SO 000001", magento_id, return_state=True)
    assert final.message.startswith("order SO 000001 is order 100000001, ")
    assert final.message.endswith(", in Magento; nothing was waiting.")
    with state.read() as connection:
        (link,) = links.of_records(connection, "order", ["SO 000001"]).values()
    assert (link.magento_id, link.made_by) == (magento_id, "hand")
