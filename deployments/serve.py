"""`a2m serve`: register every deployment, run what is due in child processes, and serve the workspace."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from app.deployment_names import POOL
from app.logs import print_to_stderr
from deployments.pool import Refused, WrongPool, make_pool, make_queue
from deployments.registration_process import keep_up_to_date, register
from deployments.signals import cancel_on_signal
from deployments.warm_processes import WarmProcesses
from deployments.worker import WarmWorker
from deployments.workspace import WorkspaceProcess
from entities.names import NAMES

RUNS_AT_ONCE = 2 * len(NAMES) + 6
"""Two of each entity, of which one waits for the other's lease, and some that people start."""
ASKED_EVERY = 0.5
COMPARED_AT = 52.0
"""The second of the minute at which the registration is updated: runs of up to 50 s have ended, and none begins."""


class NoServerConfigured(Exception):
    """No Prefect server is configured; without one it would start a temporary one, which schedules nothing."""


class ServerUnusable(Exception):
    """The Prefect server does not answer, or refuses; the message says which and why."""


def serve_all(home: Path, processes: WarmProcesses, wait: float = 0) -> None:
    """Register the deployments and run what is due until the process is stopped.

    Args:
        home: The state folder.
        processes: Starts the processes of runs; it is closed at the end.
        wait: How many seconds to wait for the server's first answer.

    Raises `NoServerConfigured`, `ServerUnusable`, `SettingsError` and `StateError`.
    """
    os.chdir(home)
    with suppress(asyncio.CancelledError):  # by a signal
        asyncio.run(_serve(processes, wait))


def make_worker(processes: WarmProcesses) -> WarmWorker:
    """Return this machine's worker in Prefect's work pool."""
    name = f"a2m serve on {socket.gethostname()}"
    return WarmWorker(work_pool_name=POOL, name=name, limit=RUNS_AT_ONCE, processes=processes)


async def _serve(processes: WarmProcesses, wait: float) -> None:
    """Serve until a signal cancels the task. Long steps run in threads, so that signals are handled meanwhile."""
    if (this := asyncio.current_task()) is not None:
        cancel_on_signal(this)
    workspace = WorkspaceProcess(processes)
    try:
        server, worker = _configured_server(), make_worker(processes)
        await _wait_for(server, wait)
        await _register_and_serve(server, worker, workspace)
    finally:
        workspace.stop()
        processes.close()


async def _register_and_serve(server: str, worker: WarmWorker, workspace: WorkspaceProcess) -> None:
    try:
        async with get_client() as client:
            await make_pool(client, WarmWorker.get_default_base_job_template())
            await make_queue(client, POOL)
        await asyncio.to_thread(worker.processes.warm_up)
        workspace.start()
        served = await asyncio.to_thread(worker.processes.call, register)
    except (WrongPool, Refused) as error:
        raise ServerUnusable(f"The Prefect server {server} cannot be used: {error}") from error
    except PrefectHTTPStatusError as error:
        raise ServerUnusable(f"The Prefect server {server} refuses the deployments: {error}") from error
    await _until_stopped(worker, workspace, f"Serving {len(served)} deployments on {server}, until Ctrl-C or SIGTERM.")


async def _until_stopped(worker: WarmWorker, workspace: WorkspaceProcess, message: str) -> None:
    """Work until the task is cancelled, then cancel the runs: each releases its lease and its session."""
    updating = asyncio.create_task(_update_registration_each_minute(worker, workspace))
    try:
        await worker.start(printer=lambda _message: print_to_stderr(message))
    finally:
        updating.cancel()


async def _update_registration_each_minute(worker: WarmWorker, workspace: WorkspaceProcess) -> None:
    """Update the registration in a child process, so that this one needs no memory for flows, settings and state."""
    while True:
        await asyncio.sleep(seconds_until_update(time.time()))
        workspace.start()
        child = worker.processes.start(keep_up_to_date)
        while not child.has_ended():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(1)


def seconds_until_update(now: float) -> float:
    """Return the seconds until the registration is updated next. `now`: seconds since 1970."""
    return (COMPARED_AT - now) % 60 or 60.0


def _configured_server() -> str:
    """Return the address of the configured server."""
    server = PREFECT_API_URL.value()
    if not server:
        raise NoServerConfigured(
            "No Prefect server is configured. Start one in another terminal with: prefect server start\n"
            "and name it with: prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api"
        )
    return str(server)


async def _wait_for(server: str, wait: float) -> None:
    """Return once the server answers. Raises `ServerUnusable` where it does not within `wait` seconds."""
    until = time.monotonic() + wait
    async with get_client() as client:
        while (fault := await client.api_healthcheck()) is not None:
            if time.monotonic() >= until:
                raise ServerUnusable(f"The Prefect server {server} does not answer (PREFECT_API_URL): {fault}")
            await asyncio.sleep(ASKED_EVERY)
