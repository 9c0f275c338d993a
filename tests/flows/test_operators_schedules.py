"""What an operator switched off in Prefect stays off when the deployments are registered again."""

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from app.deployment_names import entity_of
from deployments.catalogue import deployments
from deployments.paused import pause_reasons
from deployments.pool import make_pool
from deployments.register import pause_and_resume, register_deployments
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
    """What `a2m serve` registers, by name or entity, as the server has it then."""
    async with get_client() as client:
        await make_pool(client, WarmWorker.get_default_base_job_template())
        served = await deployments()
        ids = await register_deployments(client, served)
        return {
            entity_of(one.name): await client.read_deployment(number) for one, number in zip(served, ids, strict=True)
        }


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


async def test_a_renamed_deployment_takes_over_what_the_operator_changed():
    """Its schedule, switched off and changed under the former name, and its pause stay; the former one is deleted."""
    [one] = [one for one in await deployments() if one.name == "Full Sync"]
    async with get_client() as client:
        await make_pool(client, WarmWorker.get_default_base_job_template())
        flow_id = await client.create_flow_from_name("Full Look")
        seldom = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 5 * * 6"), active=False)
        former = await client.create_deployment(flow_id, "Full Look", schedules=[seldom], paused=True)
        [number] = await register_deployments(client, [one])
        now = await client.read_deployment(number)
        assert [(one.active, one.schedule.cron) for one in now.schedules] == [(False, "0 5 * * 6")]
        assert now.paused
        with pytest.raises(ObjectNotFound):
            await client.read_deployment(former)
        [again] = [one for one in await deployments() if one.name == "Full Sync"]
        [number] = await register_deployments(client, [again])
        now = await client.read_deployment(number)
        assert [(one.active, one.schedule.cron) for one in now.schedules] == [(False, "0 5 * * 6")]


async def test_whether_an_entity_is_paused_is_ours():
    """The deployment of an entity that is not active, or paused by hand, is paused and has no runs; the switch of its
    schedule is left alone meanwhile.
    """
    first = await registered()
    async with get_client() as client:
        (of_stock,) = first["inventory"].schedules
        await client.update_deployment_schedule(first["inventory"].id, of_stock.id, active=False)
        active = [name for name in NAMES if name != "price"]
        changed = await pause_and_resume(client, pause_reasons(active, paused=["inventory"]))
        assert changed == {"price": True, "inventory": True}
        assert await pause_and_resume(client, pause_reasons(active, paused=["inventory"])) == {}
        now = {name: await client.read_deployment(first[name].id) for name in NAMES}
        assert [name for name, one in now.items() if one.paused] == ["price", "inventory"]
        shown = {name: (one.tags[2:], one.description.partition("\n")[0]) for name, one in now.items()}
        assert [shown[name][0] for name in ("price", "inventory", "order")] == [["not active"], ["paused"], []]
        assert "Run Resume" in shown["inventory"][1]
        assert [one.schedules[0].active for one in now.values()] == [True, False, True, True, True]
        assert await pause_and_resume(client, pause_reasons(NAMES, paused=[])) == {"price": False, "inventory": False}
        again = await client.read_deployment(first["inventory"].id)
        assert (again.paused, again.schedules[0].active) == (False, False)
        assert (again.tags, again.description) == (first["inventory"].tags, first["inventory"].description)


async def test_what_is_there_is_asked_for_at_once(monkeypatch):
    """Registering what is there already takes two requests, however many deployments there are: after an outage the
    runs that are late wait for it.
    """
    await registered()
    async with get_client() as client:
        asked, send = [], client._client.send

        async def sent(request, *given, **named):
            asked.append((request.method, request.url.path.rpartition("/api/")[2]))
            return await send(request, *given, **named)

        monkeypatch.setattr(client._client, "send", sent)
        await register_deployments(client, await deployments())
    assert [one for one in asked if "csrf" not in one[1]] == [
        ("POST", "flows/filter"),
        ("POST", "deployments/filter"),
    ]


async def test_what_is_there_already_is_not_written_again():
    """Registering a second time changes nothing; what was altered on the server is put right again."""
    first = await registered()
    again = await registered()
    assert {name: one.updated for name, one in again.items()} == {name: one.updated for name, one in first.items()}
    async with get_client() as client:
        await client.update_deployment(first["Pause"].id, DeploymentUpdate(description="altered"))
        await client.update_deployment(first["price"].id, DeploymentUpdate(entrypoint="flows.nowhere.price"))
    third = await registered()
    assert third["Pause"].description == first["Pause"].description
    assert third["price"].entrypoint == first["price"].entrypoint == "flows.price.price"
    assert third["Status"].updated == first["Status"].updated
