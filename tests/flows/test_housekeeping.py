"""Housekeeping in Prefect: which runs are deleted, with what belongs to them, and what the run says."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Crashed, Failed, Pending, Running, Scheduled
from prefect.types.entrypoint import EntrypointType
from sqlalchemy import update

from connector.clock import ManualClock
from connector.state.coordination import lease
from connector.state.engine import open_state
from connector.state.schema import micros, requests
from flows import housekeeping as module
from flows.dead_runs import end_dead_runs
from flows.housekeeping import forget_runs, housekeeping
from flows.price import price
from sandbox.catalogue import Product

pytestmark = pytest.mark.usefixtures("prefect")
SOON = timedelta(hours=1)
CLOCK = ManualClock(datetime(2026, 11, 24, tzinfo=UTC))


@flow(name="price")
async def strangers() -> None:
    """A flow of somebody else, with the name of one of ours."""


async def deployment_of(one, *, name, tags):
    """A deployment's id; our flows are named by module."""
    by_module = EntrypointType.MODULE_PATH if one is price else EntrypointType.FILE_PATH
    made = await one.ato_deployment(name=name, tags=tags, entrypoint_type=by_module)
    return await made.aapply()


async def run_of(client, deployment, *states):
    """Make a run that went through these states and return its id."""
    run = await client.create_flow_run_from_deployment(deployment)
    for state in states:
        await client.set_flow_run_state(run.id, state, force=True)
    return run.id


async def is_there(client, run):
    """Whether Prefect knows the run."""
    try:
        await client.read_flow_run(run)
    except ObjectNotFound:
        return False
    return True


@pytest.fixture(autouse=True)
async def no_run_is_over():
    """Other tests have left finished runs on the same server."""
    async with get_client() as client:
        await forget_runs(client, CLOCK, datetime.now(UTC))


async def test_only_our_finished_runs_that_are_old():
    """However they ended; not one that works or is still due, not a younger one, and nobody else's."""
    ours = await deployment_of(price, name="price", tags=["a2m", "a2m-entity"])
    others = [
        await deployment_of(strangers, name="tagged", tags=["a2m"]),
        await deployment_of(price, name="not tagged", tags=["mine"]),
    ]
    async with get_client() as client:
        old = [await run_of(client, ours, Running(), end) for end in (Completed(), Failed(), Crashed())]
        kept = [await run_of(client, ours, Running()), await run_of(client, ours, Scheduled())]
        kept += [await run_of(client, other, Running(), Completed()) for other in others]
        before = datetime.now(UTC)
        kept.append(await run_of(client, ours, Running(), Completed()))
        assert await forget_runs(client, CLOCK, before) == 3
        assert [await is_there(client, run) for run in old] == [False] * 3
        assert [await is_there(client, run) for run in kept] == [True] * 5
        assert await forget_runs(client, CLOCK, before) == 0


async def test_runs_whose_machine_died_are_ended():
    """Pending or Running for an hour without a lease: Crashed, with the reason, under a name that starts nothing again.
    One that works, a younger one, one that is still due and those of others stay as they are.
    """
    ours = await deployment_of(price, name="price", tags=["a2m", "a2m-entity"])
    others = await deployment_of(strangers, name="tagged", tags=["a2m"])
    now = datetime.now(UTC) + 2 * SOON
    async with get_client() as client:
        deployments = await module._our_deployments(client)
        await end_dead_runs(client, deployments, (), now)
        dead = [await run_of(client, ours, *states) for states in ([Pending()], [Pending(), Running()])]
        works = await run_of(client, ours, Running())
        kept = [works, await run_of(client, ours, Scheduled()), await run_of(client, others, Running())]
        assert await end_dead_runs(client, deployments, {str(works)}, datetime.now(UTC)) == 0
        assert await end_dead_runs(client, deployments, {str(works)}, now) == 2
        ends = [(await client.read_flow_run(run)).state for run in dead]
        assert [(end.type, end.name) for end in ends] == [("CRASHED", "MachineDied")] * 2
        assert "It should have started" in ends[0].message
        assert "works on nothing" in ends[1].message
        types = [(await client.read_flow_run(run)).state.type for run in kept]
        assert types == ["RUNNING", "SCHEDULED", "RUNNING"]
        assert await end_dead_runs(client, deployments, (), now) == 1
        assert await end_dead_runs(client, deployments, (), now) == 0


async def test_a_run_that_works_is_known_by_its_lease(make_world):
    """The state database knows which Prefect run holds a lease; once it let go, none does."""
    here = make_world(1)
    began = datetime.now(UTC)
    assert isinstance(lease.acquire(here.state, "price", "run nimble-otter", began, run_id="a run"), lease.Lease)
    with here.state.read() as connection:
        assert lease.runs_at_work(connection, began) == {"a run"}
        assert lease.runs_at_work(connection, began + SOON) == set()


async def test_pages_and_a_bound(monkeypatch):
    """Many runs go page by page, with pauses; a bounded number at a time, and the rest the next time."""
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(module, "MOST_RUNS", 4)
    ours = await deployment_of(price, name="price", tags=["a2m", "a2m-entity"])
    async with get_client() as client:
        await forget_runs(client, CLOCK, datetime.now(UTC) + SOON)
        for _run in range(5):
            await run_of(client, ours, Completed())
        clock = ManualClock(datetime.now(UTC))
        assert await forget_runs(client, clock, datetime.now(UTC) + SOON) == 4
        assert len(clock.slept) == 2
        assert await forget_runs(client, clock, datetime.now(UTC) + SOON) == 1


async def test_a_runs_tables_go_with_it():
    """Prefect would keep them; those of other runs stay."""
    ours = await deployment_of(price, name="price", tags=["a2m", "a2m-entity"])
    async with get_client() as client:
        old = await run_of(client, ours, Running(), Completed())
        before = datetime.now(UTC)
        young = await run_of(client, ours, Running(), Completed())
        for run in (old, old, young):
            made = ArtifactCreate(key="price-summary", type="markdown", data="10 sent", flow_run_id=run)
            await client.create_artifact(made)
        assert await forget_runs(client, CLOCK, before) == 1
        of_both = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[old, young]))
        assert [one.flow_run_id for one in await client.read_artifacts(artifact_filter=of_both)] == [young]


async def test_the_run_says_what_it_deleted(make_world, home):
    """In words; what is younger than the settings say stays."""
    here = make_world([Product(f"P-{number}", "x", 5_000_000, {"MAIN": 30_000}) for number in range(3)])
    assert (await price(return_state=True)).message == "3 changed, 3 sent in 3 requests"
    final = await housekeeping(return_state=True)
    assert (final.name, final.message) == (
        "Completed",
        "0 messages in the log of requests and 0 finished runs in Prefect deleted.",
    )
    state = open_state(here.database_url)
    with state.write() as connection:
        long_ago = micros(datetime.now(UTC) - timedelta(days=31))
        connection.execute(update(requests).values(sent_at=long_ago, settled_at=long_ago))
    state.close()
    final = await housekeeping(return_state=True)
    assert final.message == "2 messages in the log of requests and 0 finished runs in Prefect deleted."
    assert (await price(return_state=True)).message == "nothing changed"


async def test_a_wrong_setting(make_world, monkeypatch):
    """It is refused by name, and nothing is deleted."""
    make_world(1)
    monkeypatch.setenv("A2M_HOUSEKEEPING__MESSAGES", "0")
    final = await housekeeping(return_state=True)
    assert final.name == "Failed"
    assert "A2M_HOUSEKEEPING__MESSAGES = 0" in final.message
