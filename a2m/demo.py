"""`a2m demo`: everything on this machine, end to end: sandbox, Prefect with its UI, deployments, one full sync.

Its files are in the folder `demo` of the state folder and are recreated at each start. The user's own Prefect, settings
and state are not touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from a2m.console import out, print_error
from a2m.demo_parts import START_SECONDS, DemoFailed, free_port, refuse_ended, stop, wait
from a2m.demo_result import check, leave_one_to_fail, print_how_to_fix, print_result, write_command
from a2m.demo_runs import sync_all
from a2m.processes import Children, StillRunning
from a2m.usage import TRY
from app.logs import FORMAT, LEVEL

PREFECT_PORT, WEB_PORT = 4200, 8086
PREFECT_RETENTION = "P1D"
"""How long the demo's Prefect server stores runs and events: one day."""
RUN_LIFE = 1
"""Check Process Time in seconds: short, so that the result comes soon."""
SETTINGS = {
    "A2M_QUEUE__CHECK_PROCESS_TIME": str(RUN_LIFE),
    "A2M_QUEUE__PROCESS_SLEEP_TIME": str(RUN_LIFE),
}
"""The demo's settings, in addition to those that connect to the sandbox."""
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_COMMAND_VARIABLES = ("A2M_HOME", "A2M_DATABASE_URL", "PREFECT_HOME", "PREFECT_API_URL")
"""The variables for the command line of the demo. `SETTINGS` are not among them: with Retry Count attempts, a command
takes longer than such a short run.
"""


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
        if not once and not sys.stdout.isatty():
            out.print("The output is not a terminal, so the demo ends when it is done, as with --once.")
            once = True
        return _run(items, database, once=once)


def _refuse_used(database: str | None) -> None:
    """Raise `BadParameter` if the database is in use."""
    if database is None:
        return
    from connector.state.engine import is_unused

    if not is_unused(database):
        raise typer.BadParameter("there is a state already; name a new, empty database", param_hint="--database")


def _run(items: list[str], database: str | None, *, once: bool) -> int:
    from connector.private_files import close_folder, make_folder
    from settings import home_folder

    for number in _STOP_SIGNALS:
        signal.signal(number, stop)
    folder = (home_folder() / "demo").resolve()
    make_folder(folder)
    close_folder(folder)
    try:
        children = Children(folder)
    except StillRunning as error:
        print_error(f"The demo of {folder} is in use. {error}")
        return 1
    try:
        _enter(folder)
        if database is not None:
            os.environ["A2M_DATABASE_URL"] = database
        return _demo(children, folder, items, once=once)
    except DemoFailed as error:
        print_error(str(error))
        return 1
    except KeyboardInterrupt:
        out.print("\nStopped.")
        return 130 if once else 0
    finally:
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # nothing may interrupt the end of the children
        children.close()


def _enter(folder: Path) -> None:
    """Empty the folder, make it the working folder, and point the A2M_ and PREFECT_ variables to it."""
    for part in ("prefect", "state"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for log in folder.glob("*.log"):
        log.unlink()
    for name in [name for name in os.environ if name.upper().startswith(("A2M_", "PREFECT_"))]:
        if name not in (LEVEL, FORMAT):
            del os.environ[name]
    os.environ |= {
        "A2M_HOME": str(folder / "state"),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": PREFECT_RETENTION,
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": PREFECT_RETENTION,
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }
    os.chdir(folder)


def _demo(children: Children, folder: Path, items: list[str], *, once: bool) -> int:
    began = time.monotonic()
    workspace, ui = _addresses()
    if not once:
        out.print(f"The workspace will be at {workspace}", markup=False)
    out.print(f"Prefect's UI will be at {ui}", markup=False)
    port = ui.rpartition(":")[2]
    children.start("prefect", ["a2m.prefect_server", "start", "--host", "127.0.0.1", "--port", port])
    out.print("Starting a sandbox (an Acumatica and a Magento on this machine) and Prefect …")
    _start_sandbox(children, folder, items)
    out.print(f"[{time.monotonic() - began:3.0f} s] The sandbox is there.", markup=False)
    if os.environ.get("A2M_ACTIVE__CUSTOMER") == "true":
        leave_one_to_fail()
    if not once:
        children.start("workspace", ["a2m", "web"])
    command = write_command(folder, {name: os.environ[name] for name in _COMMAND_VARIABLES if name in os.environ})
    children.start("deployments", ["a2m", "serve", "--wait", str(round(START_SECONDS))])
    wait(children, lambda: _answers(ui), "prefect")
    out.print(f"[{time.monotonic() - began:3.0f} s] Prefect is there.", markup=False)
    outcomes = sync_all(children, f"{ui}/api", began)
    checked = check()
    simulated = {name: os.environ[f"A2M_{name.upper()}__URL"] for name in ("Acumatica", "Magento")}
    pages = {} if once else {"Workspace": workspace, "Prefect UI": ui, **simulated}
    print_result(outcomes, checked, pages, folder, time.monotonic() - began)
    if any(kind.compared - kind.right > kind.wrong for kind in checked):
        print_how_to_fix(command, stays=not once)
    if once:
        return 0 if all(kind.wrong == 0 for kind in checked) else 1
    out.print("\nIt goes on syncing every minute. Ctrl-C ends everything.")
    while True:
        refuse_ended(children)
        time.sleep(1)


def _start_sandbox(children: Children, folder: Path, items: list[str]) -> None:
    """Start both simulators, and set the environment variables that connect to them."""
    from dotenv import dotenv_values

    lines = folder / "state" / "sandbox.env"
    lines.parent.mkdir(parents=True)
    ports = ["--acumatica-port", "0", "--magento-port", "0"]
    children.start("sandbox", ["a2m", "sandbox", *items, *ports, "--env", str(lines)], only_errors=True)
    wait(children, lines.exists, "sandbox")
    os.environ |= {name: value or "" for name, value in dotenv_values(lines).items()} | SETTINGS


def _addresses() -> tuple[str, str]:
    """Choose ports for the workspace and Prefect's UI, and return both addresses.

    The demo serves the workspace in a process of its own, so that it is available before the deployments are.
    """
    web, ui = (f"http://127.0.0.1:{free_port(usual)}" for usual in (WEB_PORT, PREFECT_PORT))
    os.environ |= {
        "A2M_WEB__ENABLED": "false",
        "A2M_WEB__PORT": web.rpartition(":")[2],
        "PREFECT_API_URL": f"{ui}/api",
        "PREFECT_UI_API_URL": f"{ui}/api",
    }
    return web, ui


def _answers(ui: str) -> bool:
    import httpx

    from connector.http import trust

    try:  # with our TLS context: reading the certificates again takes longer than the request
        return httpx.get(f"{ui}/api/health", timeout=2, verify=trust()).status_code == 200
    except httpx.TransportError:
        return False
