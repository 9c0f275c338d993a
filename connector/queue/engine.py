"""Opens the state database.

`open_state(url)` gives a `State` whose schema is the newest one. SQLite (the embedded default) is opened in WAL mode
with a 30 s busy timeout and `synchronous=FULL`, and every write transaction begins with `BEGIN IMMEDIATE`: five
processes then wait for each other instead of failing with "database is locked". A damaged file is refused with what to
do; it is never silently made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError

from connector.queue.tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"
ROWS_PER_STATEMENT = 10_000
_MIGRATION_LOCK = 0x61326D  # "a2m": the advisory lock that lets one process migrate a PostgreSQL database


T = TypeVar("T")


class StateError(Exception):
    """The state database cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class State:
    """The state database with its newest schema."""

    engine: Engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write: all of it is kept, or nothing."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads and never waits for a writer."""
        with self.engine.connect().execution_options(a2m_reads_only=True) as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_state(url: str) -> State:
    """The state database at `url` (`sqlite:///…` or `postgresql+psycopg://…`), migrated to the newest schema.

    Raises `StateError` for a damaged or unreachable database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        _migrate(engine)
    except OperationalError as error:
        raise StateError(
            f"The state database {parsed.render_as_string(hide_password=True)} cannot be opened: {error.orig}."
        ) from error
    except DatabaseError as error:
        raise StateError(
            f"The state database {parsed.render_as_string(hide_password=True)} is damaged: {error.orig}. "
            "Nothing was changed. Put a backup in its place, or move the file away and start again: "
            "the next look then compares everything with what Magento shows."
        ) from error
    return State(engine)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver shall not begin transactions of its own
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("a2m_reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect().execution_options(a2m_reads_only=True) as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        if MigrationContext.configure(connection).get_current_revision() != newest:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def copy_state(source: State, target: State) -> None:
    """Copy every row of one state database into another, new one."""
    with source.read() as from_there, target.write() as to_here:
        for table in metadata.sorted_tables:
            for rows in from_there.execute(select(table)).mappings().partitions(ROWS_PER_STATEMENT):
                to_here.execute(table.insert(), [dict(row) for row in rows])


def in_parts(values: Sequence[T], size: int = ROWS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The values in slices that fit one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def upsert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], *, only_new: bool = False) -> None:
    """Insert the rows; a row with the primary key of an existing one replaces its other columns, or is left out with
    `only_new`.
    """
    given = list(rows)
    if not given:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    replaced = {name: statement.excluded[name] for name in given[0] if name not in keys}
    if only_new or not replaced:
        complete = statement.on_conflict_do_nothing(index_elements=keys)
    else:
        complete = statement.on_conflict_do_update(index_elements=keys, set_=replaced)
    for part in in_parts(given):
        connection.execute(complete, list(part))
