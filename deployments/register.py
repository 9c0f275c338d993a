"""Register deployments, Block types and automations on the Prefect server: at the start and each minute after it."""

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
from deployments.api_access import UnprotectedApi, refuse_unprotected_api
from deployments.automate import apply_automations, notification_blocks
from deployments.busy_server import retry_while_busy
from deployments.catalogue import OF_ENTITIES, deployments
from deployments.paused import PauseReason, description_with, pause_reasons, tags_with
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
"""The names of deployments in the previous version. Their schedules are taken over, and they are deleted."""


def register_all() -> list[str]:
    """Register everything; return the names of the deployments. Raises `Refused`, `SettingsError` and `StateError`."""
    return asyncio.run(_register_all())


async def _register_all() -> list[str]:
    with effective_settings() as now:
        try:
            await refuse_unprotected_api(str(PREFECT_API_URL.value()), now.state)
        except UnprotectedApi as error:
            raise Refused(str(error)) from error
    served = await deployments()
    try:
        await retry_while_busy(register)
        await retry_while_busy(Mail.aregister_type_and_schema)
        async with get_client() as client:
            _blocks, reasons = _read_state()
            for deployment in served:
                reason = reasons.get(entity_of(deployment.name), PauseReason.NONE)
                deployment.paused = bool(reason)
                deployment.description = description_with(deployment.description, reason)
                deployment.tags = tags_with(deployment.tags, reason)
            await register_deployments(client, served)
            await retry_while_busy(partial(bring_up_to_date, client))
    except PrefectHTTPStatusError as error:
        raise Refused(f"it refuses the deployments: {error}") from error
    return [deployment.name for deployment in served]


def keep_operator_changes(deployment: RunnerDeployment) -> None:
    """Remove schedules and the pause from an update, because an operator may have changed them.

    They are only written when the deployment is created.
    """
    deployment.schedules = None
    deployment.model_fields_set.difference_update({"schedules", "paused"})


def is_up_to_date(known: DeploymentResponse, deployment: RunnerDeployment) -> bool:
    """Return whether writing the deployment would change nothing on the server.

    Each write takes Prefect's server a quarter of a second, and after an outage late runs wait for it.
    """
    schema = deployment._parameter_openapi_schema.model_dump(mode="json", exclude_unset=True)
    ours = deployment.model_dump(mode="json", include=set(_WRITTEN))
    ours["work_queue_name"] = ours["work_queue_name"] or DEFAULT_QUEUE
    there = known.model_dump(mode="json", include={*_WRITTEN, "parameter_openapi_schema"})
    return there == {**ours, "parameter_openapi_schema": schema}


async def register_deployments(client: PrefectClient, served: Sequence[RunnerDeployment]) -> list[UUID]:
    """Write the deployments that are missing or differ, and return the ids of all.

    A deployment that had another name in the previous version replaces the old one.
    """
    known = await retry_while_busy(partial(_known, client, served))
    return [await retry_while_busy(partial(_register, client, deployment, known)) for deployment in served]


async def _known(client: PrefectClient, served: Sequence[RunnerDeployment]) -> dict[str, DeploymentResponse]:
    """Return the existing deployments with these names or their former ones, by `flow/deployment`.

    One query reads all of them: queries for each take Prefect's server a third of a second.
    """
    names = [*(deployment.name for deployment in served), *FORMER_NAMES.values()]
    flows = [*(deployment.flow_name or "" for deployment in served), *FORMER_NAMES.values()]
    of_flows = FlowFilter(name=FlowFilterName(any_=flows))
    named = {flow.id: flow.name for flow in await client.read_flows(flow_filter=of_flows)}
    found = await client.read_deployments(
        flow_filter=of_flows, deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=names))
    )
    return {
        f"{named[deployment.flow_id]}/{deployment.name}": deployment
        for deployment in found
        if deployment.flow_id in named
    }


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
        if former is None and is_up_to_date(known, deployment):
            return known.id
        keep_operator_changes(deployment)
    try:
        deployment_id = await deployment.aapply()
    except DeploymentApplyError as error:
        raise error.__cause__ or error from None
    if former is not None:
        with suppress(ObjectNotFound):
            await client.delete_deployment(former.id)
    return deployment_id


def keep_up_to_date() -> None:
    """Update Prefect after settings were saved, files edited or entities paused. Report errors; raise none of them."""
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
    """Update which deployments are paused and whom the automations notify, by the settings and the state.

    Return the entities whose deployment was paused (True) or resumed (False). Raises `SettingsError` and `StateError`.
    """
    blocks, reasons = _read_state()
    await apply_automations(client, await notification_blocks(client, blocks))
    return await pause_and_resume(client, reasons)


def _read_state() -> tuple[Sequence[str], dict[str, PauseReason]]:
    """Return the names of the notification Blocks, and for each entity why its deployment has to be paused."""
    with effective_settings() as now, now.state.read() as connection:
        paused = [entity for entity in NAMES if entities.read(connection, entity).paused]
        active = [entity for entity in NAMES if getattr(now.settings.active, entity)]
        return now.settings.notify.blocks, pause_reasons(active, paused)


async def pause_and_resume(client: PrefectClient, reasons: Mapping[str, PauseReason]) -> dict[str, bool]:
    """Pause and resume the entities' deployments and update their descriptions and tags.

    Return the entities whose deployment was paused (True) or resumed (False).
    """
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[OF_ENTITIES]))
    changed = {}
    for deployment in await client.read_deployments(deployment_filter=ours):
        entity = entity_of(deployment.name)
        reason = reasons.get(entity)
        if reason is None or not (deployment.entrypoint or "").startswith("flows."):
            continue
        description, tags = description_with(deployment.description, reason), tags_with(deployment.tags, reason)
        if (description, tags) != (deployment.description, deployment.tags):
            await client.update_deployment(deployment.id, DeploymentUpdate(description=description, tags=tags))
        if bool(reason) != deployment.paused:
            await (client.pause_deployment if reason else client.resume_deployment)(deployment.id)
            changed[entity] = bool(reason)
    return changed
