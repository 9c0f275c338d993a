"""Start runs in Prefect. Only this module of the workspace uses Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

from web.workspace import NotStarted, StartedRun

START_SECONDS = 20.0
SETUP_PARAMETERS = "Setup Parameters/Setup Parameters"


@dataclass(frozen=True)
class PrefectRuns:
    """Starts runs of our deployments on a Prefect server. `server` is its API, `ui` the address of its pages."""

    server: str | None
    ui: str | None

    def start(self, deployment: str, parameters: dict[str, object] | None = None) -> StartedRun:
        """Start a run of `FLOW/DEPLOYMENT`. Raises `NotStarted`."""
        if not self.server:
            raise NotStarted("No Prefect server is configured (PREFECT_API_URL).")
        try:
            with get_client(httpx_settings={"timeout": START_SECONDS}, sync_client=True) as client:
                found = client.read_deployment_by_name(deployment)
                run: Any = client.create_flow_run_from_deployment(found.id, parameters=parameters or {})
        except ObjectNotFound as error:
            raise NotStarted(f"Prefect has no deployment {deployment}: a2m serve registers it.") from error
        except (httpx.HTTPError, PrefectException) as error:
            kind = type(error).__name__
            raise NotStarted(f"Prefect at {self.server} (PREFECT_API_URL) takes no run now: {kind}.") from error
        return StartedRun(str(run.name), str(run.id))

    def show_settings(self, filled: dict[str, Any]) -> None:
        """Update Prefect's form of Setup Parameters, which saves all values that it shows. Raises `NotStarted`."""
        if not self.server:
            return
        try:
            with get_client(httpx_settings={"timeout": START_SECONDS}, sync_client=True) as client:
                found = client.read_deployment_by_name(SETUP_PARAMETERS)
                update = DeploymentUpdate(parameters={"settings": filled, "changed_by": ""})
                client.update_deployment(found.id, update)
        except ObjectNotFound:
            return  # a2m serve will register it with the values of that time
        except (httpx.HTTPError, PrefectException) as error:
            raise NotStarted(f"The form in Prefect still shows the former values: {type(error).__name__}.") from error

    def page(self) -> str | None:
        """Return the address of Prefect's UI; None if it is unknown."""
        return self.ui

    def page_of(self, run_id: str) -> str | None:
        """Return the address of a run's page."""
        return f"{self.ui}/runs/flow-run/{run_id}" if self.ui else None


def configured_runs() -> PrefectRuns:
    """Return the runs of the configured Prefect server."""
    server, ui = PREFECT_API_URL.value(), PREFECT_UI_URL.value()
    shown = ui or (str(server).removesuffix("/api") if server else None)
    return PrefectRuns(str(server) if server else None, str(shown).rstrip("/") if shown else None)
