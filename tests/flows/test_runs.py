"""The flows of prices and quantities inside Prefect: final states, task runs, the table of what failed, retries."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from prefect import tags
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, FlowRunFilter

from connector.state.coordination import lease
from connector.state.engine import open_state
from connector.state.queue import messages
from connector.state.sync import entities
from flows.inventory import inventory
from flows.price import price
from sandbox.catalogue import Product, generated

pytestmark = pytest.mark.usefixtures("prefect")
STAGES = {"pull", "compute", "queue", "push", "confirm"}


@pytest.fixture
def state(home):
    """The state database that the flows use."""
    opened = open_state(f"sqlite:///{home / 'state.sqlite'}")
    yield opened
    opened.close()


async def task_runs(final, expected):
    """The task runs of a flow run; Prefect's server writes them down late, so they are waited for."""
    of_this_run = FlowRunFilter(id={"any_": [final.state_details.flow_run_id]})
    async with get_client() as client:
        for _ in range(150):
            found = await client.read_task_runs(flow_run_filter=of_this_run)
            if len(found) >= expected and all(one.state and one.state.is_final() for one in found):
                return found
            await asyncio.sleep(0.1)
    raise AssertionError(f"only {[one.name for one in found]} after 15 s")


async def artifacts(final):
    """What a flow run left, by its key: rows of a table, a text, or how far it is in per cent."""
    of_this_run = ArtifactFilter(flow_run_id={"any_": [final.state_details.flow_run_id]})
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=of_this_run)
    return {one.key: json.loads(one.data) if one.type == "table" else one.data for one in found}


async def name_of(final):
    """The name of a flow run."""
    async with get_client() as client:
        return (await client.read_flow_run(final.state_details.flow_run_id)).name


async def test_a_working_run_and_an_idle_one(make_world):
    """A run says in its final state what happened, with one task run per stage and chunk; an idle run leaves none."""
    here = make_world(30)
    worked = await price(return_state=True)
    assert (worked.name, worked.type.value) == ("Completed", "COMPLETED")
    assert worked.message == "30 changed, 30 sent in 1 request"
    idle = await price(return_state=True)
    assert (idle.name, idle.message) == ("Completed", "nothing changed")
    quantities = await inventory(return_state=True)
    assert quantities.message == "90 changed, 90 sent in 1 request"
    here.assert_converged()

    counted = Counter(one.name.split("-")[0] for one in await task_runs(quantities, len(STAGES)))
    assert set(counted) == STAGES
    assert {counted[stage] for stage in STAGES - {"pull"}} == {1}
    assert {one.name.split("-")[0] for one in await task_runs(worked, len(STAGES))} == STAGES
    assert await task_runs(idle, 0) == []  # what came after it has been written down by now
    left = await artifacts(worked)
    assert set(left) == {"price-progress", "price-summary"}
    assert left["price-progress"] == 100
    assert "| sent today | 30 |" in left["price-summary"]
    assert await artifacts(idle) == {}
    names = [await name_of(final) for final in (worked, idle)]
    assert names == ["price: 30 changed, 30 sent in 1 request", "price: nothing changed"]


async def test_a_scheduled_run_sends_like_any_other(make_world):
    """Its life counts from when Prefect says that it was due, an instant of a kind of Prefect's own."""
    here = make_world(5)
    with tags("auto-scheduled"):
        final = await price(return_state=True)
    assert (final.name, final.message) == ("Completed", "5 changed, 5 sent in 5 requests")
    here.assert_converged(entities=["price"])


async def test_messages_that_failed(make_world):
    """A run in which messages failed needs a person, says so in its state, and leaves a table of what failed and why.
    The next run, which finds nothing but what failed before, is complete and says so.
    """
    products = [*generated(5), Product("NOT-IN-THE-SHOP", "x", 5_000_000, {"MAIN": 10_000})]
    make_world(products, shop_products=products[:5])
    final = await price(return_state=True)
    assert (final.name, final.type.value) == ("NeedsAttention", "FAILED")
    assert final.message == "6 changed, 5 sent in 5 requests, 1 failed"
    (row,) = (await artifacts(final))["price-failed"]
    assert row["key"] == "NOT-IN-THE-SHOP"
    assert "Magento has no product" in row["reason"]
    again = await price(return_state=True)
    assert (again.name, again.message) == ("Completed", "nothing changed; 1 failed message waits")
    assert await name_of(again) == "price: nothing changed; 1 failed message waits"


async def test_retry_count_by_prefects_own_retries(make_world, state, monkeypatch):
    """Retry Count 2: Prefect runs the push a second time after its pause; then the message is Failed, and only that."""
    here = make_world(3, faults="magento POST path=*/base-prices: status=503")
    monkeypatch.setenv("A2M_QUEUE__RETRY_COUNT", "2")
    monkeypatch.setenv("A2M_QUEUE__CHECK_PROCESS_TIME", "30")
    final = await price(key="SKU-000001", return_state=True)
    assert final.name == "NeedsAttention"
    assert len(here.writes()) == 2
    with state.read() as connection:
        (message,) = messages.failed(connection, "price")
    assert message.attempts == 2
    assert "503" in message.reason
    (push,) = [one for one in await task_runs(final, 5) if one.name.startswith("push")]
    assert push.run_count == 2
    assert push.state.is_completed()


async def test_a_fault_of_the_whole_connection(make_world, state):
    """Magento answers 503 to everything: the run has failed and says why; no message has, and the next run sends."""
    here = make_world(5)
    here.faults.replace("magento: status=503 body=html")
    final = await price(return_state=True)
    assert (final.name, final.type.value) == ("Failed", "FAILED")
    assert "503" in final.message
    with state.read() as connection:
        assert messages.failed(connection) == []
    here.faults.replace("")
    assert (await price(return_state=True)).name == "Completed"
    here.assert_converged(entities=["price"])


async def test_a_fault_in_the_middle_of_the_push(make_world, state, monkeypatch):
    """The shop goes away while messages are being sent: the push is not repeated, no message loses an attempt."""
    here = make_world(5)
    monkeypatch.setenv("A2M_QUEUE__RETRY_COUNT", "3")
    here.faults.replace("magento POST path=*/base-prices: status=503; magento path=*/storeConfigs: status=503")
    final = await price(return_state=True)
    assert final.name == "Failed"
    with state.read() as connection:
        assert messages.failed(connection) == []
        waiting = messages.due_count(connection, "price", datetime.now(UTC))
    assert waiting == 5
    (push,) = [one for one in await task_runs(final, 4) if one.name.startswith("push")]
    assert push.run_count == 1
    here.faults.replace("")
    assert (await price(return_state=True)).name == "Completed"
    here.assert_converged(entities=["price"])


async def test_wrong_settings(make_world, monkeypatch):
    """A wrong setting fails the run with its name, value and rule, and nothing is sent."""
    here = make_world(3)
    monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "0")
    final = await price(return_state=True)
    assert final.name == "Failed"
    assert "A2M_QUEUE__BATCH_COUNT = 0" in final.message
    assert here.site_state()["requests"] == 0


async def test_a_schema_of_a_newer_version(make_world, state):
    """A run of an older version, beside a newer one, fails with what to do and sends nothing."""
    here = make_world(3)
    with state.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    final = await price(return_state=True)
    assert final.name == "Failed"
    assert "has the schema 9999, which this version does not know" in final.message
    assert "Install the newest version" in final.message
    assert here.site_state()["requests"] == 0


async def test_another_run_works_on_the_entity(make_world, state):
    """A run started by hand ends at once, names who works on it, and has that one look again at once."""
    here = make_world(3)
    lease.acquire(state, "price", "run nimble-otter", datetime.now(UTC), 3600)
    final = await price(return_state=True)
    assert (final.name, final.type.value) == ("AlreadyRunning", "COMPLETED")
    assert final.message == "price is being worked on by run nimble-otter, which syncs again at once."
    assert here.site_state()["requests"] == 0


async def test_paused_or_not_active(make_world, state, monkeypatch):
    """A paused or inactive entity's run ends at once and says how to change that."""
    here = make_world(3)
    entities.pause(state, ["price"], paused=True)
    final = await price(return_state=True)
    assert (final.name, final.message) == ("NothingToDo", "price is paused; resume it with: Resume")
    monkeypatch.setenv("A2M_ACTIVE__INVENTORY", "false")
    final = await inventory(return_state=True)
    assert final.name == "NothingToDo"
    assert "inventory is not active" in final.message
    assert here.site_state()["requests"] == 0
