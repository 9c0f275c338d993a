"""A Prefect server of a test's own, as an administrator starts one.

Most of what a first start takes is the making of its database, with all block types that Prefect knows: every server
here begins with a copy of one that is made once for each version of Prefect, and kept beside pytest's own notes.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path

from support.commands import environment
from support.processes import answers, running, wait_until
from support.project import ROOT

KEPT = ROOT / ".pytest_cache" / f"prefect-{version('prefect')}-with-blocks.db"
_MAKE = """
import asyncio
from prefect.server.database import provide_database_interface
from prefect.server.models.block_registration import run_block_auto_registration

async def make():
    database = provide_database_interface()
    await database.create_db()
    async with await database.session() as session:
        await run_block_auto_registration(session=session)

asyncio.run(make())
"""
_QUICKER = {
    "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    # for every schedule in an answer it looks for all time zones, in the system's files unless told that there are none
    "PYTHONTZPATH": "",
}


@contextmanager
def prefect_server(folder: Path, environ: Mapping[str, str], *options: str) -> Iterator[str]:
    """Start a server with its log in this folder; yield its address once it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    home = Path(environ["PREFECT_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(_database(), home / "prefect.db")
    command = [
        sys.executable,
        "-m",
        "a2m.prefect_server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        *options,
    ]
    log = folder / "server.log"
    environ = {**environ, **_QUICKER, "PREFECT_UI_API_URL": f"{url}/api"}
    with running(command, folder=folder, environ=environ, log=log) as process:
        wait_until(lambda: process.poll() is not None or answers(f"{url}/api/health"), "a Prefect server that answers")
        assert process.poll() is None, log.read_text()
        yield url


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _database() -> Path:
    """Return the database of an unused server. One process makes it, which takes long; others wait for it."""
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not KEPT.exists():
            _make_database()
    return KEPT


def _make_database() -> None:
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, "-c", _MAKE], cwd=folder, env=environment(folder, {}), check=True, capture_output=True
        )
        made = folder / "prefect" / "prefect.db"
        with closing(sqlite3.connect(made)) as connection:  # whatever still lies beside the file comes into the copy
            connection.execute("VACUUM INTO ?", (str(folder / "whole.db"),))
        (folder / "whole.db").replace(KEPT)
