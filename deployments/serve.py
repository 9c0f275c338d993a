"""Every deployment in one process, on the configured Prefect server: the lease keeps two runs from working at once."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from dotenv import dotenv_values
from prefect.client.orchestration import PrefectClient, get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL

from app.logs import print_to_stderr
from connector.private_files import make_folder
from deployments.automate import apply_automations
from deployments.catalogue import ENTITY_FLOWS, deployments
from flows.credentials import register
from flows.watch import Mail
from settings import home_folder
from settings.load import refuse_open_dot_env

POLL_SECONDS = 2.0
STARTED_BEFORE_DUE = 25
"""Seconds. A run's process takes about three seconds of a core until it can look: those of all entities, which are due
at the same instant, need this long on a small machine. They wait for the instant when they are ready. With Prefect's
own ten seconds they began up to five seconds late."""
RUNS_AT_ONCE = 2 * len(ENTITY_FLOWS) + 6
"""The next run of each entity is started while the one before it still works: two of each, and some by hand. Prefect's
own limit is five; with it the next runs began seconds late, when those before them had ended."""


class NoServerConfigured(Exception):
    """Prefect was not told of a server; without one it would start a temporary one, which schedules nothing."""


class ServerUnusable(Exception):
    """The Prefect server does not answer, or refuses; the message says which and why."""


def serve_all() -> None:
    """Register the deployments and run what is due until the process is told to stop.

    Raises `NoServerConfigured`, `ServerUnusable`, `SettingsError` and `StateError`.
    """
    _move_into_the_state_folder()
    asyncio.run(_serve())


def _move_into_the_state_folder() -> None:
    """Runs are processes of their own, and Prefect lets them import from the working folder before anything else: it
    must be one without modules of others. The settings of the `.env` beside the command go along, and so do paths.
    """
    refuse_open_dot_env()
    for name, value in dotenv_values(".env").items():
        if value and name.upper().startswith("A2M_"):
            os.environ.setdefault(name.upper(), value)
    for name in ("A2M_HOME", "A2M_SETTINGS"):
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).expanduser().resolve())
    kind, separator, file = os.environ.get("A2M_DATABASE_URL", "").partition(":///")
    if kind.startswith("sqlite") and file:
        os.environ["A2M_DATABASE_URL"] = f"{kind}{separator}{Path(file).resolve()}"
    os.environ["PYTHONSAFEPATH"] = "1"
    home = home_folder()
    make_folder(home)
    os.chdir(home)


def runner_of_all() -> Runner:
    """What starts the runs: the next one of every entity while the one before it still works, and some by hand."""
    return Runner(
        name="a2m",
        query_seconds=POLL_SECONDS,
        prefetch_seconds=STARTED_BEFORE_DUE,
        limit=RUNS_AT_ONCE,
        pause_on_shutdown=False,
    )


async def _serve() -> None:
    server = await _server()
    runner = runner_of_all()
    served = await deployments()
    try:
        await register()
        await Mail.aregister_type_and_schema()
        async with get_client() as client:
            for deployment in served:
                await leave_to_the_operator(client, deployment)
                await runner.aadd_deployment(deployment)
            await apply_automations(client)
    except PrefectHTTPStatusError as error:
        raise ServerUnusable(f"The Prefect server {server} refuses the deployments: {error}") from error
    print_to_stderr(f"Serving {', '.join(one.name for one in served)} on {server}")
    await _until_told_to_stop(runner)


async def leave_to_the_operator(client: PrefectClient, deployment: RunnerDeployment) -> None:
    """Of a deployment that is there already, take out what an operator may have changed: whether it is paused, and its
    schedules. They are written only when it is first made.
    """
    try:
        await client.read_deployment_by_name(f"{deployment.flow_name}/{deployment.name}")
    except ObjectNotFound:
        return
    deployment.schedules = None
    deployment.model_fields_set.difference_update({"schedules", "paused"})


async def _until_told_to_stop(runner: Runner) -> None:
    """Serve until SIGINT or SIGTERM, then cancel the runs: each of them lets go of its lease and its session."""
    told = asyncio.Event()
    serving = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # it has begun by now, and set a handler of its own, which leaves the runs behind
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if told.is_set():
        await runner.astop()
    stopping.cancel()
    await serving


async def _server() -> str:
    """The address of the configured server, which answers."""
    server = PREFECT_API_URL.value()
    if not server:
        raise NoServerConfigured(
            "No Prefect server is configured. Start one with: prefect server start\n"
            "and name it with: prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api"
        )
    async with get_client() as client:
        fault = await client.api_healthcheck()
    if fault is not None:
        raise ServerUnusable(f"The Prefect server {server} does not answer (PREFECT_API_URL): {fault}")
    return str(server)
