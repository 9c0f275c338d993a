"""`a2m demo`: the main job on this machine, end to end: sandbox, Prefect with its UI, deployments, one full sync.

Everything it needs lives in the folder `demo` of the state folder and is made anew at each start; the user's own
Prefect and state are not touched.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from dotenv import dotenv_values

from a2m.say import complain, out, table

PREFECT_PORT = 4200
START_SECONDS = 120.0
RUN_SECONDS = 900.0
RUN_LIFE = 10  # seconds: short, so that the table comes soon


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        once: Annotated[
            bool, typer.Option("--once", help="End when everything is over: 0 if Magento is right.")
        ] = False,
        skus: Annotated[int, typer.Option(min=1, help="How many items to make up.")] = 200,
        catalog: Annotated[Path | None, typer.Option(help="Take the items of this CSV file instead.")] = None,
    ) -> int:
        """Show the connector at work: sandbox Acumatica and Magento, Prefect with its UI, one full sync."""
        signal.signal(signal.SIGTERM, _interrupted)
        catalog = None if catalog is None else catalog.resolve()
        if catalog is not None and not catalog.is_file():
            raise typer.BadParameter(f"there is no file {catalog}", param_hint="--catalog")
        try:
            return asyncio.run(_demo(once=once or not sys.stdout.isatty(), skus=skus, catalog=catalog))
        except KeyboardInterrupt:
            out.print("\nStopped.")
            return 0 if not once else 130


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


class NotStarted(Exception):
    """A part of the demo did not come up; the message names its log."""


async def _demo(*, once: bool, skus: int, catalog: Path | None) -> int:
    from a2m.processes import Children
    from settings import home_folder

    began = time.monotonic()
    folder = home_folder() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    children = Children(folder)
    try:
        _empty(folder)
        out.print("Starting the sandbox: an Acumatica and a Magento on this machine …")
        environ = _environ(folder)
        environ |= _start_sandbox(children, folder, environ, skus, catalog)
        out.print("Starting Prefect with its UI (the first start takes some seconds) …")
        ui = await _start_prefect(children, folder, environ)
        outcomes = await _sync_all(environ)
        right = await _compare(environ)
        _tell(outcomes, right, ui, folder, time.monotonic() - began)
        if once:
            return 0 if all(wrong == 0 for _what, _compared, wrong in right) else 1
        out.print("\nIt goes on looking every minute. Ctrl-C ends everything.")
        await asyncio.Event().wait()
        return 0
    except NotStarted as error:
        complain(str(error))
        return 1
    finally:
        children.close()


def _empty(folder: Path) -> None:
    for part in ("prefect", "state"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for log in folder.glob("*.log"):
        log.unlink()


def _environ(folder: Path) -> dict[str, str]:
    """This process's environment without any A2M_ or PREFECT_ setting of the user's, and with the demo's own homes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("A2M_", "PREFECT_"))}
    return kept | {
        "A2M_HOME": str(folder / "state"),
        "A2M_QUEUE__CHECK_PROCESS_TIME": str(RUN_LIFE),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _start_sandbox(
    children: Any, folder: Path, environ: dict[str, str], skus: int, catalog: Path | None
) -> dict[str, str]:
    lines = folder / "state" / "sandbox.env"
    lines.parent.mkdir(parents=True, exist_ok=True)
    items = ["--catalog", str(catalog)] if catalog else ["--skus", str(skus)]
    ports = ["--acumatica-port", "0", "--magento-port", "0"]
    child = children.start("sandbox", ["a2m", "sandbox", *items, *ports, "--env", str(lines)], environ)
    _wait(lambda: lines.exists() and lines.read_text().endswith("\n"), child, folder / "sandbox.log", "The sandbox")
    return {name: value or "" for name, value in dotenv_values(lines).items()}


async def _start_prefect(children: Any, folder: Path, environ: dict[str, str]) -> str:
    import httpx

    port = _free_port(PREFECT_PORT)
    ui = f"http://127.0.0.1:{port}"
    environ["PREFECT_API_URL"] = f"{ui}/api"
    arguments = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = children.start("prefect", arguments, environ | {"PREFECT_UI_API_URL": f"{ui}/api"})

    def answers() -> bool:
        try:
            return httpx.get(f"{ui}/api/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    _wait(answers, server, folder / "prefect.log", "The Prefect server")
    children.start("deployments", ["a2m", "serve"], environ)
    return ui


def _wait(ready: Callable[[], bool], child: Any, log: Path, what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace").strip().splitlines()[-5:] if log.exists() else []
            raise NotStarted(f"{what} did not start. The end of {log}:\n" + "\n".join(said))
        time.sleep(0.1)


def _free_port(usual: int) -> int:
    for port in (usual, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotStarted("No free port was found on 127.0.0.1.")


async def _sync_all(environ: dict[str, str]) -> list[tuple[str, str, str]]:
    """Start one run of each active entity, show how far they are, and give (entity, state, what it said)."""
    os.environ.update({name: value for name, value in environ.items() if name.startswith(("PREFECT_", "A2M_"))})
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    outcomes = []
    async with get_client() as client:
        runs = {}
        deadline = time.monotonic() + START_SECONDS
        for entity in ("price", "inventory"):
            while entity not in runs:
                try:
                    deployment = await client.read_deployment_by_name(f"{entity}/{entity}")
                    runs[entity] = (await client.create_flow_run_from_deployment(deployment.id)).id
                except ObjectNotFound:
                    if time.monotonic() > deadline:
                        raise NotStarted("The deployments were not registered; see deployments.log.") from None
                    await asyncio.sleep(0.3)
        with out.status("Waiting for the runs …") as line:
            deadline = time.monotonic() + RUN_SECONDS
            while runs and time.monotonic() < deadline:
                for entity, run_id in list(runs.items()):
                    run = await client.read_flow_run(run_id)
                    if run.state is not None and run.state.is_final():
                        outcomes.append((entity, run.state.name or "", run.state.message or ""))
                        del runs[entity]
                line.update(_progress())
                await asyncio.sleep(0.5)
    outcomes.extend((entity, "still working", "it took longer than the demo waits") for entity in runs)
    return outcomes


def _progress() -> str:
    from a2m.status import read_status

    return "  ".join(f"{row['entity']}: {row['sent']:,} sent, {row['pending']:,} waiting" for row in read_status())


async def _compare(environ: dict[str, str]) -> list[tuple[str, int, int]]:
    """Compare the two sandboxes themselves, without the connector: (what, compared, wrong)."""
    import httpx

    from a2m.compare import differences

    async with httpx.AsyncClient(timeout=120) as client:
        acumatica = (await client.get(environ["A2M_ACUMATICA__URL"] + "/_sandbox/state")).json()
        magento = (await client.get(environ["A2M_MAGENTO__URL"] + "/_sandbox/state")).json()
    return differences(acumatica, magento, environ)


def _tell(
    outcomes: list[tuple[str, str, str]], right: list[tuple[str, int, int]], ui: str, folder: Path, seconds: float
) -> None:
    out.print()
    table("What happened", ("entity", "run", "in words"), outcomes)
    out.print()
    rows = [(what, compared, wrong, "yes" if wrong == 0 else "NO") for what, compared, wrong in right]
    table("Does Magento show what Acumatica says?", ("", "compared", "wrong", "right"), rows, ("compared", "wrong"))
    out.print(f"\nIt took {seconds:.0f} s. Where to look:", markup=False)
    out.print(f"  Prefect UI     {ui}", markup=False)
    out.print(f"  Settings used  {folder / 'state' / 'sandbox.env'}", markup=False)
    out.print(f"  State database {folder / 'state' / 'state.sqlite'}", markup=False)
    out.print(f"  Logs           {folder}", markup=False)
