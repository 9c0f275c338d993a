"""What `a2m serve` registers on the Prefect server at its start and each minute: deployments, Blocks, automations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterName,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import DeploymentApplyError, RunnerDeployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from app.deployment_names import deployment_name, entity_of
from app.effective_settings import effective_settings
from app.logs import print_to_stderr
from connector.state.faults import StateError
from connector.state.sync import entities
from deployments.automate import apply_automations, notification_blocks
from deployments.busy_server import repeated
from deployments.catalogue import OF_ENTITIES, deployments
from deployments.open_api import OpenApi, refuse_open_api
from deployments.paused import Held, described, held, tagged
from deployments.pool import Refused
from entities.names import NAMES
from flows.credentials import register
from flows.watch import Mail
from settings import SettingsError

_WRITTEN = (
    "version",
    "description",
    "tags",
    "parameters",
    "entrypoint",
    "enforce_parameter_schema",
    "work_pool_name",
    "work_queue_name",
    "job_variables",
)
DEFAULT_QUEUE = "default"
"""The work queue that Prefect's server gives a deployment that names none."""
FORMER_NAMES = {"Full Sync": "Full Look", **{deployment_name(entity): entity for entity in NAMES}}
"""Deployments that had another name in the last version: their schedules are taken over, and they are deleted."""


def register_all() -> list[str]:
    """Register everything; return the names of the deployments. Raises `Refused`, `SettingsError` and `StateError`."""
    return asyncio.run(_register_all())


async def _register_all() -> list[str]:
    with effective_settings() as now:
        try:
            await refuse_open_api(str(PREFECT_API_URL.value()), now.state)
        except OpenApi as error:
            raise Refused(str(error)) from error
    served = await deployments()
    try:
        await repeated(register)
        await repeated(Mail.aregister_type_and_schema)
        async with get_client() as client:
            _told, wanted = _wanted_now()
            for deployment in served:
                why = wanted.get(entity_of(deployment.name), Held.NOT)
                deployment.paused = bool(why)
                deployment.description = described(deployment.description, why)
                deployment.tags = tagged(deployment.tags, why)
            await register_deployments(client, served)
            await repeated(partial(bring_up_to_date, client))
    except PrefectHTTPStatusError as error:
        raise Refused(f"it refuses the deployments: {error}") from error
    return [one.name for one in served]


def leave_to_the_operator(deployment: RunnerDeployment) -> None:
    """Of a deployment that is there already, take out its schedules and whether it is paused: what an operator switched
    off or changed stays so. They are written only when it is first made.
    """
    deployment.schedules = None
    deployment.model_fields_set.difference_update({"schedules", "paused"})


def is_written(known: DeploymentResponse, deployment: RunnerDeployment) -> bool:
    """Return whether a deployment is on the server as it would be written, but for what is the operator's. Each that is
    written takes Prefect's server a quarter of a second, and after an outage the runs that are late wait for it.
    """
    schema = deployment._parameter_openapi_schema.model_dump(mode="json", exclude_unset=True)
    ours = deployment.model_dump(mode="json", include=set(_WRITTEN))
    ours["work_queue_name"] = ours["work_queue_name"] or DEFAULT_QUEUE
    there = known.model_dump(mode="json", include={*_WRITTEN, "parameter_openapi_schema"})
    return there == {**ours, "parameter_openapi_schema": schema}


async def register_deployments(client: PrefectClient, served: Sequence[RunnerDeployment]) -> list[UUID]:
    """Write those that are not there so already; one that had another name in the last version takes the old one's
    place. Return their ids.
    """
    known = await repeated(partial(_known, client, served))
    return [await repeated(partial(_register, client, one, known)) for one in served]


async def _known(client: PrefectClient, served: Sequence[RunnerDeployment]) -> dict[str, DeploymentResponse]:
    """Return what is on the server of these and of their former names, by `flow/deployment`. All are asked for at once:
    one after the other they take Prefect's server a third of a second.
    """
    names = [*(one.name for one in served), *FORMER_NAMES.values()]
    flows = [*(one.flow_name or "" for one in served), *FORMER_NAMES.values()]
    of_flows = FlowFilter(name=FlowFilterName(any_=flows))
    named = {one.id: one.name for one in await client.read_flows(flow_filter=of_flows)}
    found = await client.read_deployments(
        flow_filter=of_flows, deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=names))
    )
    return {f"{named[one.flow_id]}/{one.name}": one for one in found if one.flow_id in named}


async def _register(
    client: PrefectClient, deployment: RunnerDeployment, all_known: Mapping[str, DeploymentResponse]
) -> UUID:
    former_name = FORMER_NAMES.get(deployment.name)
    former = all_known.get(f"{former_name}/{former_name}")
    known = all_known.get(f"{deployment.flow_name}/{deployment.name}")
    if former is not None:
        deployment.schedules = [
            DeploymentScheduleCreate(schedule=one.schedule, active=one.active) for one in former.schedules
        ]
        deployment.paused = former.paused
    if known is not None:
        if former is None and is_written(known, deployment):
            return known.id
        leave_to_the_operator(deployment)
    try:
        deployment_id = await deployment.aapply()
    except DeploymentApplyError as error:
        raise error.__cause__ or error from None
    if former is not None:
        with suppress(ObjectNotFound):
            await client.delete_deployment(former.id)
    return deployment_id


def keep_up_to_date() -> None:
    """Settings are saved, files are edited and entities are paused while this serves: let Prefect show it."""
    try:
        asyncio.run(_keep_up_to_date())
    except (SettingsError, StateError, httpx.HTTPError) as error:
        print_to_stderr(f"Whether the entities are active could not be compared with Prefect: {error}")


async def _keep_up_to_date() -> None:
    async with get_client() as client:
        for entity, is_paused in (await bring_up_to_date(client)).items():
            print_to_stderr(
                f"The deployment {entity} was {'paused' if is_paused else 'resumed'} in Prefect, as the entity is."
            )


async def bring_up_to_date(client: PrefectClient) -> dict[str, bool]:
    """Let Prefect have what the settings and the state say now: which deployments are paused, and whom the automations
    tell. Return the deployments that were paused or resumed. Raises `SettingsError` and `StateError`.
    """
    told, wanted = _wanted_now()
    await apply_automations(client, await notification_blocks(client, told))
    return await pause_and_resume(client, wanted)


def _wanted_now() -> tuple[Sequence[str], dict[str, Held]]:
    """Return the Blocks through which somebody is told, and for each entity whether its deployment is to be paused."""
    with effective_settings() as now, now.state.read() as connection:
        by_hand = [entity for entity in NAMES if entities.read(connection, entity).paused]
        active = [entity for entity in NAMES if getattr(now.settings.active, entity)]
        return now.settings.notify.blocks, held(active, by_hand)


async def pause_and_resume(client: PrefectClient, wanted: Mapping[str, Held]) -> dict[str, bool]:
    """Pause and resume the entities' deployments as they have to be, and let them show why; return those that were not
    so.
    """
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[OF_ENTITIES]))
    changed = {}
    for deployment in await client.read_deployments(deployment_filter=ours):
        entity = entity_of(deployment.name)
        why = wanted.get(entity)
        if why is None or not (deployment.entrypoint or "").startswith("flows."):
            continue
        shown = described(deployment.description, why), tagged(deployment.tags, why)
        if shown != (deployment.description, deployment.tags):
            await client.update_deployment(deployment.id, DeploymentUpdate(description=shown[0], tags=shown[1]))
        if bool(why) != deployment.paused:
            await (client.pause_deployment if why else client.resume_deployment)(deployment.id)
            changed[entity] = bool(why)
    return changed
