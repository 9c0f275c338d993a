"""What an operator switched off in Prefect stays off when the deployments are registered again."""

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule

from deployments.catalogue import deployments
from deployments.serve import leave_to_the_operator

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
        found = {}
        for one in await deployments():
            await leave_to_the_operator(client, one)
            found[one.name] = await client.read_deployment(await one.aapply())
    return found


async def test_schedules_are_the_operators():
    """A schedule that is switched off, changed or taken away, and a deployment that is paused, stay so; what is new is
    written.
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
        await client.pause_deployment(first["order"].id)
        await client.delete_deployment(first["customer"].id)
    again = await registered()
    assert [schedule.active for schedule in again["price"].schedules] == [False]
    assert [schedule.schedule.cron for schedule in again["inventory"].schedules] == ["*/7 * * * *"]
    assert again["Watch"].schedules == []
    assert again["order"].paused
    assert [(one.active, one.schedule.cron) for one in again["customer"].schedules] == [(True, "* * * * *")]
    assert again["price"].entrypoint == first["price"].entrypoint
    async with get_client() as client:
        for one in again.values():
            await client.delete_deployment(one.id)
