"""What an operator switched off in Prefect stays off when the deployments are registered again."""

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule

from deployments.catalogue import deployments
from deployments.paused import paused
from deployments.pool import make_pool
from deployments.register import leave_to_the_operator, pause_and_resume
from deployments.worker import WarmWorker
from entities.names import NAMES

pytestmark = pytest.mark.usefixtures("prefect", "home", "no_deployments")


@pytest.fixture
async def no_deployments(prefect):
    """The server is shared by all tests: what others registered is gone before, and what these did afterwards."""

    async def forget() -> None:
        async with get_client() as client:
            for one in await client.read_deployments():
                await client.delete_deployment(one.id)

    await forget()
    yield
    await forget()


async def registered():
    """What `a2m serve` registers, by name, as the server has it then."""
    async with get_client() as client:
        await make_pool(client, WarmWorker.get_default_base_job_template())
        found = {}
        for one in await deployments():
            await leave_to_the_operator(client, one)
            found[one.name] = await client.read_deployment(await one.aapply())
    return found


async def test_schedules_are_the_operators():
    """A schedule that is switched off, changed or taken away, and a deployment by hand that is paused, stay so; what is
    new is written.
    """
    first = await registered()
    assert [schedule.active for schedule in first["price"].schedules] == [True]
    assert len(first["Watch"].schedules) == 1
    assert first["Test Connection"].schedules == []
    async with get_client() as client:
        (of_prices,) = first["price"].schedules
        await client.update_deployment_schedule(first["price"].id, of_prices.id, active=False)
        (of_stock,) = first["inventory"].schedules
        seldom = CronSchedule(cron="*/7 * * * *")
        await client.update_deployment_schedule(first["inventory"].id, of_stock.id, schedule=seldom)
        (of_watch,) = first["Watch"].schedules
        await client.delete_deployment_schedule(first["Watch"].id, of_watch.id)
        await client.pause_deployment(first["Pause"].id)
        await client.delete_deployment(first["customer"].id)
    again = await registered()
    assert [schedule.active for schedule in again["price"].schedules] == [False]
    assert [schedule.schedule.cron for schedule in again["inventory"].schedules] == ["*/7 * * * *"]
    assert again["Watch"].schedules == []
    assert again["Pause"].paused
    assert [(one.active, one.schedule.cron) for one in again["customer"].schedules] == [(True, "* * * * *")]
    assert again["price"].entrypoint == first["price"].entrypoint
    async with get_client() as client:
        for one in again.values():
            await client.delete_deployment(one.id)


async def test_whether_an_entity_is_paused_is_ours():
    """The deployment of an entity that is not active, or paused by hand, is paused and has no runs; the switch of its
    schedule is left alone meanwhile.
    """
    first = await registered()
    async with get_client() as client:
        (of_stock,) = first["inventory"].schedules
        await client.update_deployment_schedule(first["inventory"].id, of_stock.id, active=False)
        active = [name for name in NAMES if name != "price"]
        changed = await pause_and_resume(client, paused(active, by_hand=["inventory"]))
        assert changed == {"price": True, "inventory": True}
        assert await pause_and_resume(client, paused(active, by_hand=["inventory"])) == {}
        now = {name: await client.read_deployment(first[name].id) for name in NAMES}
        assert [name for name, one in now.items() if one.paused] == ["price", "inventory"]
        assert [one.schedules[0].active for one in now.values()] == [True, False, True, True, True]
        assert await pause_and_resume(client, paused(NAMES, by_hand=[])) == {"price": False, "inventory": False}
        again = await client.read_deployment(first["inventory"].id)
        assert (again.paused, again.schedules[0].active) == (False, False)
