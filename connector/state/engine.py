"""Open the state database.

`open_state(url)` returns a `State` that is migrated to the newest schema. SQLite (the embedded default) is opened in
WAL mode with a 30 s busy timeout and `synchronous=FULL`, and every write transaction begins with `BEGIN IMMEDIATE`, so
that five processes wait for each other instead of failing with "database is locked". PostgreSQL waits as long for a
lock. A damaged file is refused with a message that says what to do; it is never silently replaced by a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, func, make_url, select, update
from sqlalchemy import Connection as Connection
from sqlalchemy.exc import ArgumentError

from connector.private_files import Opened, close_database, make_file, make_folder
from connector.state import revision
from connector.state.compiled import COMPILED
from connector.state.connections import replace_lost_connections
from connector.state.faults import AddressUnusable, SchemaUnknown, StateError, explained_faults, shown
from connector.state.revision import newest_schema, schema_of, unknown_schema
from connector.state.rows import ROWS_PER_STATEMENT, driver_rows, insert_rows
from connector.state.schema import metadata

LOCK_TIMEOUT = 30.0
_CONNECT_TIMEOUT = 10
_CACHE_KIB = 16 * 1024
_MIGRATION_LOCK = 0x61326D  # "a2m": the advisory lock under which one process migrates a PostgreSQL database
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_FORMS = "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"


@dataclass(frozen=True)
class State:
    """The state database with the newest schema. `opened`: files that other users could read when it was opened."""

    engine: Engine
    opened: tuple[Opened, ...] = ()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield one transaction that may write; it is committed as a whole or not at all. Raises `StateError`."""
        with explained_faults(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a read-only transaction on one snapshot, which never waits for a writer. Raises `StateError`."""
        with explained_faults(self.engine), self._reader.begin() as connection:
            yield connection

    @cached_property
    def _reader(self) -> Engine:
        return _read_only(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_state(url: str, *, lock_timeout: float = LOCK_TIMEOUT) -> State:
    """Return the state database at `url` (`sqlite:///…` or `postgresql+psycopg://…`), migrated to the newest schema.

    `lock_timeout`: seconds to wait for another program's lock. Raises `StateError` for a database that is damaged,
    unreachable, of an unsupported kind or of a newer version.
    """
    address = _address(url)
    engine = _engine(address, lock_timeout)
    opened = close_database(Path(str(address.database))) if address.get_backend_name() == "sqlite" else []
    with explained_faults(engine):
        _migrate(engine)
    return State(engine, tuple(opened))


def is_unused(url: str) -> bool:
    """Return whether this address holds no state yet. Creates nothing. Raises `StateError`."""
    engine = _engine(_address(url), LOCK_TIMEOUT)
    try:
        with explained_faults(engine), _read_only(engine).connect() as connection:
            return schema_of(connection) is None
    finally:
        engine.dispose()


def shown_address(url: str) -> str:
    """Return the address of a state database without its password. Raises `StateError` if it is not one."""
    return shown(_address(url))


def _address(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # its text could repeat the password
        raise AddressUnusable(f"A2M_DATABASE_URL is no address of a database: it has the form {_FORMS}.") from error
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise AddressUnusable(
            f"A2M_DATABASE_URL: the state cannot be kept in {parsed.drivername}. Its address has the form {_FORMS}."
        )
    if not parsed.database:
        raise AddressUnusable(
            f"A2M_DATABASE_URL: {shown(parsed)} names no database. Its address has the form {_FORMS}."
        )
    return parsed.set(drivername=driver)


def _engine(url: URL, lock_timeout: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, lock_timeout)
    try:
        engine = create_engine(
            url,
            pool_use_lifo=True,
            isolation_level="READ COMMITTED",
            execution_options={"compiled_cache": COMPILED},
            connect_args={} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_TIMEOUT},
        )
    except ImportError as error:
        raise AddressUnusable(
            f"The state database {shown(url)} needs the PostgreSQL driver, which is not installed here. "
            "Install it with: pip install 'psycopg[binary]'"
        ) from error

    replace_lost_connections(engine)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {max(1, round(lock_timeout * 1000))}")
        connection.commit()

    return engine


def _sqlite(url: URL, lock_timeout: float) -> Engine:
    file = Path(url.database or "")
    try:
        make_folder(file.parent)
    except OSError as error:
        raise StateError(f"The folder {file.parent} of the state database cannot be made: {error.strerror}.") from error
    # last in, first out: the connection that was used last has in its cache what the next transaction needs
    engine = create_engine(url, pool_use_lifo=True, execution_options={"compiled_cache": COMPILED})

    @event.listens_for(engine, "do_connect")
    def make_private(*_arguments: Any) -> None:
        with suppress(OSError):  # SQLite itself reports why a file cannot be created
            make_file(file)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # keep the driver from beginning transactions by itself
        connection.execute(f"PRAGMA busy_timeout = {round(lock_timeout * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("a2m_reads_only", False)
        driver_rows(connection, "BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _read_only(engine: Engine) -> Engine:
    """Return the engine with read-only transactions, each of which sees one snapshot on either database."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(a2m_reads_only=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _migrate(engine: Engine) -> None:
    newest = newest_schema()
    with _read_only(engine).connect() as connection:
        if schema_of(connection) == newest:
            return
        unknown = unknown_schema(connection)
    if unknown is not None:
        raise SchemaUnknown(
            f"The state database {shown(engine.url)} has the schema {unknown}, which this version does not know: "
            "a newer version of the connector made it, or another program. Nothing was changed. "
            "Install the newest version, or give another database in A2M_DATABASE_URL."
        )
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            _require_utf8(connection)
        if (before := schema_of(connection)) != newest:
            if before is not None:  # runs of the older version that are still active lose their leases
                leases = metadata.tables["leases"]
                connection.execute(update(leases).values(fence=leases.c.fence + 1))
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(revision.MIGRATIONS))
    command.upgrade(config, "head")


def _require_utf8(connection: Connection) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StateError(
            f"The database {shown(connection.engine.url)} keeps texts as {encoding}, which has no room for every name. "
            "Make one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


def copy_state(source: State, target: State, *, without: Collection[str] = ()) -> None:
    """Copy all rows, except those of the tables `without`, into a new state database of either kind."""
    with source.read() as reader, target.write() as writer:
        for table in metadata.sorted_tables:
            if table.name in without:
                continue
            columns = [column for column in table.columns if column.computed is None]
            rows = reader.execution_options(yield_per=ROWS_PER_STATEMENT).execute(select(*columns)).mappings()
            for part in rows.partitions():
                insert_rows(writer, table, [dict(row) for row in part])
            number = table.autoincrement_column
            if number is not None and writer.dialect.name == "postgresql":
                last = writer.execute(select(func.max(number))).scalar()
                writer.execute(select(func.setval(func.pg_get_serial_sequence(table.name, number.name), last)))
