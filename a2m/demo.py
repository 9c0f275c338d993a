"""`a2m demo`: the main job on this machine, end to end: sandbox, Prefect with its UI, deployments, one full sync.

Everything it needs lives in the folder `demo` of the state folder and is made anew at each start; the user's own
Prefect, settings and state are not touched.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from a2m.console import out, print_error, progress, table
from a2m.processes import Children, StillRunning
from a2m.usage import TRY
from app.logs import FORMAT, LEVEL

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

PREFECT_PORT, WEB_PORT = 4200, 8086
START_SECONDS = 120.0
RUN_SECONDS = 900.0
OWN_FILES = "P1D"  # for a day the demo's own Prefect server keeps runs and events
RUN_LIFE = 3  # seconds: short, so that the table comes soon


class DemoFailed(Exception):
    """A part of the demo did not come up or ended; the message names its log."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=TRY)
    def demo(
        once: Annotated[
            bool, typer.Option("--once", help="End when done, with exit code 0 only if Magento is right.")
        ] = False,
        skus: Annotated[int, typer.Option(metavar="N", min=1, help="How many items to make up.")] = 200,
        catalog: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Take the items of this CSV file instead.")
        ] = None,
        documents: Annotated[
            int, typer.Option(metavar="N", min=0, help="How many orders, with customers and shipments.")
        ] = 30,
        database: Annotated[
            str | None, typer.Option(metavar="URL", help="Keep the state in this new, empty database: postgresql://…")
        ] = None,
    ) -> int:
        """Show the connector at work on a sandbox Acumatica and Magento, with Prefect and its UI."""
        if catalog is not None and not catalog.is_file():
            raise typer.BadParameter(f"there is no file {catalog}", param_hint="--catalog")
        items = ["--skus", str(skus)] if catalog is None else ["--catalog", str(catalog.resolve())]
        items += ["--documents", str(documents)]
        _refuse_used(database)
        return _run(items, database, once=once or not sys.stdout.isatty())


def _refuse_used(database: str | None) -> None:
    """A state that somebody may want to keep is not taken for a demo's."""
    if database is None:
        return
    from connector.state.engine import is_unused

    if not is_unused(database):
        raise typer.BadParameter("there is a state already; name a new, empty database", param_hint="--database")


def _run(items: list[str], database: str | None, *, once: bool) -> int:
    from connector.private_files import close_folder, make_folder
    from settings import home_folder

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    folder = (home_folder() / "demo").resolve()
    make_folder(folder)
    close_folder(folder)
    try:
        children = Children(folder)
    except StillRunning as error:
        print_error(f"The demo of {folder} is in use. {error}")
        return 1
    try:
        _live_in(folder)
        if database is not None:
            os.environ["A2M_DATABASE_URL"] = database
        return asyncio.run(_demo(children, folder, items, once=once))
    except DemoFailed as error:
        print_error(str(error))
        return 1
    except KeyboardInterrupt:
        out.print("\nStopped.")
        return 130 if once else 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # from here on nothing may keep a child alive
        children.close()


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _live_in(folder: Path) -> None:
    """Empty the folder and move this process into it: its A2M_ and PREFECT_ settings, its homes, its `.env`."""
    for part in ("prefect", "state"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for log in folder.glob("*.log"):
        log.unlink()
    for name in [name for name in os.environ if name.upper().startswith(("A2M_", "PREFECT_"))]:
        if name not in (LEVEL, FORMAT):
            del os.environ[name]
    os.environ |= {
        "A2M_HOME": str(folder / "state"),
        "A2M_QUEUE__CHECK_PROCESS_TIME": str(RUN_LIFE),
        "A2M_QUEUE__PROCESS_SLEEP_TIME": str(RUN_LIFE),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": OWN_FILES,
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": OWN_FILES,
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }
    os.chdir(folder)


async def _demo(children: Children, folder: Path, items: list[str], *, once: bool) -> int:
    began = time.monotonic()
    workspace, ui = _addresses()
    if not once:
        out.print(f"The workspace: {workspace} (in some seconds)", markup=False)
    out.print("Starting the sandbox: an Acumatica and a Magento on this machine …")
    _start_sandbox(children, folder, items)
    if not once:
        children.start("workspace", ["a2m", "web"])
    out.print("Starting Prefect with its UI (the first start takes some seconds) …")
    _start_prefect(children, ui)
    outcomes = await _sync_all(children)
    right = _compare()
    _print_result(outcomes, right, workspace, ui, folder, time.monotonic() - began)
    if once:
        return 0 if all(wrong == 0 for _what, _compared, wrong in right) else 1
    out.print("\nIt goes on looking every minute. Ctrl-C ends everything.")
    while True:
        _refuse_ended(children)
        await asyncio.sleep(1)


def _start_sandbox(children: Children, folder: Path, items: list[str]) -> None:
    """Start both simulators and take over the settings that connect to them."""
    from dotenv import dotenv_values

    lines = folder / "state" / "sandbox.env"
    lines.parent.mkdir(parents=True)
    ports = ["--acumatica-port", "0", "--magento-port", "0"]
    children.start("sandbox", ["a2m", "sandbox", *items, *ports, "--env", str(lines)], only_errors=True)
    _wait(children, lines.exists, "sandbox")
    os.environ |= {name: value or "" for name, value in dotenv_values(lines).items()}


def _addresses() -> tuple[str, str]:
    """Choose where the workspace and Prefect's UI are; return both addresses. The workspace has a process of its own,
    so that it is there before the deployments are.
    """
    web, ui = (f"http://127.0.0.1:{_free_port(usual)}" for usual in (WEB_PORT, PREFECT_PORT))
    os.environ |= {
        "A2M_WEB__ENABLED": "false",
        "A2M_WEB__PORT": web.rpartition(":")[2],
        "PREFECT_API_URL": f"{ui}/api",
        "PREFECT_UI_API_URL": f"{ui}/api",
    }
    return web, ui


def _start_prefect(children: Children, ui: str) -> None:
    """Start the Prefect server and, once it answers, the deployments."""
    import httpx

    port = ui.rpartition(":")[2]
    children.start("prefect", ["prefect", "server", "start", "--host", "127.0.0.1", "--port", port])

    def answers() -> bool:
        try:
            return httpx.get(f"{ui}/api/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    _wait(children, answers, "prefect")
    children.start("deployments", ["a2m", "serve"])


def _wait(children: Children, ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        _refuse_ended(children)
        if time.monotonic() > deadline:
            raise DemoFailed(_end_of_log(children, name, "did not start in time"))
        time.sleep(0.1)


def _refuse_ended(children: Children) -> None:
    ended = children.ended()
    if ended is not None:
        raise DemoFailed(_end_of_log(children, ended, "has ended"))


def _end_of_log(children: Children, name: str, what: str) -> str:
    log = children.log(name)
    lines = log.read_text(errors="replace").strip().splitlines()[-5:]
    return "\n".join([f"The part {name!r} of the demo {what}. The end of {log}:", *lines])


def _free_port(usual: int) -> int:
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself asks for it
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("No free port was found on 127.0.0.1.")


async def _sync_all(children: Children) -> list[tuple[str, str, str]]:
    """Runs of every entity, in an order that makes sense: (entity, state, message)."""
    from prefect.client.orchestration import get_client

    from entities.registry import waves

    async with get_client() as client:
        with progress() as show_line:
            return [ended for wave in waves() for ended in await _sync_wave(children, client, show_line, wave)]


async def _sync_wave(
    children: Children, client: PrefectClient, show_line: Callable[[str], None], wave: Sequence[str]
) -> list[tuple[str, str, str]]:
    """One run of each entity of a wave, with a line that says how far they are."""
    outcomes: dict[str, tuple[str, str, str]] = {}
    deadline = time.monotonic() + RUN_SECONDS
    runs = {entity: await _start_run(children, client, entity) for entity in wave}
    while len(outcomes) < len(runs) and time.monotonic() < deadline:
        _refuse_ended(children)
        show_line(_how_far())
        for entity in runs.keys() - outcomes.keys():
            state = (await client.read_flow_run(runs[entity])).state
            if state is None or not state.is_final():
                continue
            known = _status()[entity]
            if state.name == "AlreadyRunning" or (state.is_completed() and _is_left(known)):
                # a scheduled run was quicker, or left something to wait for another entity
                runs[entity] = await _start_run(children, client, entity)
            else:
                # what the last sync that did something said, which may be a scheduled run's
                words = known["last_result"] if state.is_completed() else None
                outcomes[entity] = (entity, state.name or "", words or state.message or "")
        await asyncio.sleep(0.5)
    late = {entity: (entity, "still working", "it took longer than the demo waits") for entity in runs}
    return [outcomes.get(entity, late[entity]) for entity in runs]


def _is_left(known: dict[str, Any]) -> bool:
    """Return whether messages are left that another run sends: not those that wait for something in the shop."""
    from entities.waiting import OF_OTHER_ENTITIES

    return bool(known["pending"] or any(code in OF_OTHER_ENTITIES for code in known["waiting_for"]))


async def _start_run(children: Children, client: PrefectClient, entity: str) -> UUID:
    """Start a run of the entity by hand, once `a2m serve` has registered its deployment."""
    from prefect.exceptions import ObjectNotFound

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            deployment = await client.read_deployment_by_name(f"{entity}/{entity}")
        except ObjectNotFound:
            _refuse_ended(children)
            if time.monotonic() > deadline:
                raise DemoFailed(_end_of_log(children, "deployments", "did not start in time")) from None
            await asyncio.sleep(0.3)
        else:
            return (await client.create_flow_run_from_deployment(deployment.id)).id


def _status() -> dict[str, dict[str, Any]]:
    """Return the state of each entity, as `a2m status` shows it."""
    from a2m.status import read_status

    return {row["entity"]: row for row in read_status()}


def _how_far() -> str:
    """One line that fits a terminal: how many each entity has sent, and how many wait in all."""
    rows = _status()
    sent = "  ".join(f"{entity} {row['sent']:,}" for entity, row in rows.items())
    return f"Sent: {sent}; {sum(row['pending'] for row in rows.values()):,} waiting"


def _compare() -> list[tuple[str, int, int]]:
    """Compare the two sandboxes themselves, without the connector: (what, compared, wrong)."""
    import httpx

    from a2m.compare import differences
    from a2m.compare_documents import document_differences

    urls = (os.environ["A2M_ACUMATICA__URL"], os.environ["A2M_MAGENTO__URL"])
    acumatica, magento = (httpx.get(f"{url}/_sandbox/state", timeout=120).json() for url in urls)
    documents = document_differences(acumatica, magento, os.environ)
    return [*differences(acumatica, magento, os.environ), *documents]


def _print_result(
    outcomes: list[tuple[str, str, str]],
    right: list[tuple[str, int, int]],
    workspace: str,
    ui: str,
    folder: Path,
    seconds: float,
) -> None:
    out.print()
    table("What happened", ("entity", "run", "in words"), outcomes)
    out.print()
    rows = [(what, compared, wrong, "yes" if wrong == 0 else "NO") for what, compared, wrong in right]
    table("Does Magento show what Acumatica says?", ("", "compared", "wrong", "right"), rows, ("compared", "wrong"))
    out.print(f"\nIt took {seconds:.0f} s. Where to look:", markup=False)
    out.print(f"  Workspace      {workspace}", markup=False)
    out.print(f"  Prefect UI     {ui}", markup=False)
    out.print(f"  Settings used  {folder / 'state' / 'sandbox.env'}", markup=False)
    out.print(f"  State database {_where_the_state_is(folder)}", markup=False)
    out.print(f"  Logs           {folder}", markup=False)


def _where_the_state_is(folder: Path) -> str:
    """Return the file, or the address without its password."""
    database = os.environ.get("A2M_DATABASE_URL")
    if database is None:
        return str(folder / "state" / "state.sqlite")
    from connector.state.engine import shown_address

    return shown_address(database)
