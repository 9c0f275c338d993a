"""Every deployment: one per entity, every minute, and those that an administrator starts by hand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from app.deployment_names import POOL, deployment_name
from app.effective_settings import effective_settings
from deployments.pool import BY_HAND as BY_HAND_QUEUE
from entities.names import NAMES
from flows.administer import full_sync, link_document, one_key_now, pause, resume
from flows.connection import connection
from flows.explain import explain_record, status
from flows.housekeeping import OUR_TAG, housekeeping
from flows.reconcile import compare_both
from flows.reprocess import reprocess
from flows.setup_parameters import setup_parameters
from flows.watch import watch
from settings import as_form

OF_ENTITIES = "a2m-entity"
"""The tag of the entities' deployments; the automations know it too."""
EVERY_MINUTE = "* * * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
DAILY = "0 3 * * *"
DAILY_LATER = "30 4 * * *"
ENTITY_FLOWS: tuple[Flow[Any, Any], ...] = tuple(getattr(import_module(f"flows.{name}"), name) for name in NAMES)
"""An entity's flow is the function of its name in the module of its name."""
BY_HAND = (status, explain_record, connection, compare_both, reprocess, one_key_now, pause, resume, link_document)


async def deployments() -> list[RunnerDeployment]:
    """Return all deployments. Raises `SettingsError` and `StateError`.

    They have no Prefect concurrency limit on purpose: a worker takes the slot ten seconds before a run is due, so each
    run of more than about 50 s would cancel its successor (ADR 0003).
    """
    of_entities = [await _deployment(flow, cron=EVERY_MINUTE, tags=[OUR_TAG, OF_ENTITIES]) for flow in ENTITY_FLOWS]
    with effective_settings() as now:
        defaults = {"settings": as_form(now.settings), "changed_by": ""}
    return [
        *of_entities,
        await _deployment(setup_parameters, parameters=defaults, enforce_parameter_schema=False),
        await _deployment(full_sync, cron=DAILY),
        await _deployment(housekeeping, cron=DAILY_LATER),
        await _deployment(watch, cron=EVERY_FIVE_MINUTES),
        *[await _deployment(flow) for flow in BY_HAND],
    ]


def about(flow: Flow[Any, Any]) -> str:
    """Return what a flow does. Its arguments stand beside the fields of the form, and their list would be one
    paragraph on the page, which reads a description as Markdown.
    """
    return (flow.description or "").partition("\n\nArgs:")[0]


async def _deployment(flow: Flow[Any, Any], *, tags: list[str] | None = None, **traits: Any) -> RunnerDeployment:
    """Return the deployment of a flow, with a module path as its entrypoint.

    Deployments without their own tags are for people, and use a work queue with priority over the schedules.
    """
    is_of_entity = OF_ENTITIES in (tags or ())
    deployment: RunnerDeployment = await flow.ato_deployment(
        name=deployment_name(flow.name) if is_of_entity else flow.name,
        description=about(flow),
        tags=tags or [OUR_TAG, "by hand"],
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=POOL,
        work_queue_name=None if tags else BY_HAND_QUEUE,
        **traits,
    )
    return deployment
