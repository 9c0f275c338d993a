"""`a2m receiver`: receive Acumatica's push notifications, so that a change is synced within seconds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from a2m.console import print_error
from a2m.usage import SYNC
from entities.names import NAMES

if TYPE_CHECKING:
    from app.effective_settings import AppContext
    from receiver.app import Start

START_SECONDS = 20.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=SYNC)
    def receiver(
        host: Annotated[
            str, typer.Option(metavar="ADDRESS", help="Address to listen at; put a proxy with TLS before it.")
        ] = "127.0.0.1",
        port: Annotated[
            int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen at; 0 takes any free one.")
        ] = 8085,
    ) -> int:
        """Receive Acumatica's push notifications, so that a change is synced within seconds, until Ctrl-C."""
        return _receive(host, port)


def _receive(host: str, port: int) -> int:
    import uvicorn

    from app.effective_settings import effective_settings
    from app.logs import print_to_stderr
    from receiver.app import create_app

    with effective_settings() as now:
        chosen = now.settings.receiver
        if chosen.secret is None:
            print_error("A2M_RECEIVER__SECRET is not set: without it anybody could wake the connector.")
            return 2
        start = starter(now)
        app = create_app(
            now.state,
            secret=chosen.secret.get_secret_value(),
            header=chosen.header,
            entities=NAMES,
            now=lambda: datetime.now(UTC),
            start=start,
            on_message=print_error,
        )
        where = "is started through Prefect" if start else "is not started (A2M_RECEIVER__START_RUNS, PREFECT_API_URL)"
        print_to_stderr(f"POST http://{host}:{port}/notify/ENTITY, with {chosen.header}")
        print_to_stderr(f"A run that sleeps is woken; where none works, one {where}.")
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
    return 0


def starter(here: AppContext) -> Start | None:
    """Return a function that starts a run of an entity's deployment.

    Return None if that is switched off in the settings or no Prefect server is configured.
    """
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound
    from prefect.settings import PREFECT_API_URL

    from app.deployment_names import full_name
    from app.effective_settings import read
    from receiver.app import NotStarted
    from settings import SettingsError

    server = PREFECT_API_URL.value()
    if not (here.settings.receiver.start_runs and server):
        return None

    async def start(entity: str) -> None:
        try:
            if not getattr(read(here.state).settings.active, entity):
                raise NotStarted(f"{entity} is not active (Individual Sync Status).")
            async with asyncio.timeout(START_SECONDS), get_client() as client:
                deployment = await client.read_deployment_by_name(full_name(entity))
                await client.create_flow_run_from_deployment(deployment.id)
        except ObjectNotFound as error:
            raise NotStarted(f"Prefect has no deployment {full_name(entity)}: a2m serve registers it.") from error
        except TimeoutError as error:
            raise NotStarted(f"Prefect at {server} did not answer within {START_SECONDS:g} s.") from error
        except httpx.HTTPError as error:
            raise NotStarted(f"Prefect at {server} (PREFECT_API_URL): {error}.") from error
        except SettingsError as error:
            raise NotStarted(str(error)) from error

    return start
