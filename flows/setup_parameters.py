"""The deployment Setup Parameters: a form with every setting except secrets, which are Blocks (`flows.credentials`).

A run saves the form as a new version of the settings, which the next sync uses. If a value is invalid, nothing is
changed, and the run fails with the field, its value and the rule.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.objects import State
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, Failed
from pydantic import BaseModel

from app.change_settings import save
from app.effective_settings import AppContext, effective_settings, read
from connector.state.faults import StateError
from connector.state.operator import saved_settings
from flows.artifacts import named
from settings import SettingsError, as_form, as_on_the_screen, form, from_form

if TYPE_CHECKING:
    SetupParameters = BaseModel
else:
    SetupParameters = form()

NAME = "Setup Parameters"
VERSIONS_SHOWN = 20


@flow(name=NAME, validate_parameters=False, persist_result=False)
async def setup_parameters(settings: SetupParameters, changed_by: str = "") -> State[Any]:
    """Change the settings of the connector. The form shows the current values; the next sync uses what you save.

    Args:
        settings: Every setting but the secrets, which are the Blocks Magento Credentials and Acumatica Credentials.
        changed_by: Your name; it is stored with the change.
    """
    filled = settings.model_dump() if isinstance(settings, BaseModel) else settings
    try:
        with effective_settings() as now:
            who = changed_by.strip() or f"the Prefect UI, run {flow_run.name}"
            kept = save(now, from_form(filled), after=now.version, who=who, moment=datetime.now(UTC))
            await _show(now, as_form(read(now.state).settings))
    except (SettingsError, StateError, saved_settings.SavedMeanwhile) as refused:
        return await named(Failed(message=f"Nothing was changed. {as_on_the_screen(str(refused))}"))
    if kept is None:
        return await named(Completed(name="NothingChanged", message="Everything is as it was filled in already."))
    return await named(Completed(message=f"Version {kept.number}: {kept.summary}. The next sync uses it."))


async def _show(now: AppContext, filled: dict[str, Any]) -> None:
    """Create a table of the last changes, and fill the form with the effective settings."""
    with now.state.read() as connection:
        versions = saved_settings.history(connection, VERSIONS_SHOWN)
    await acreate_table_artifact(
        key="setup-parameters-changes",
        table=[
            {
                "version": version.number,
                "when": f"{version.saved_at:%Y-%m-%d %H:%M:%S} UTC",
                "who": version.saved_by,
                "what": version.summary,
            }
            for version in versions
        ],
        description=f"The last {VERSIONS_SHOWN} changes of Setup Parameters, the newest first.",
    )
    if deployment.id is not None:
        async with get_client() as client:
            update = DeploymentUpdate(parameters={"settings": filled, "changed_by": ""})
            await client.update_deployment(UUID(deployment.id), update)
