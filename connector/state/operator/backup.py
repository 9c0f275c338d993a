"""Back up and restore the state database. A backup is consistent although the connector goes on working.

A backup is one SQLite file, for either kind of database, so it can also move a state from one kind to the other. It
leaves out what belongs to running processes, such as leases. A restored state is older than what Magento shows, so a
full sync of every entity is requested: values that were sent since are sent once more, which changes nothing in
Magento, and documents are found there by their marks.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, func, select

from connector.errors import ConnectorError
from connector.private_files import make_file, make_folder
from connector.state.coordination import wakeups
from connector.state.engine import State, copy_state, is_unused, open_state, shown_address
from connector.state.revision import newest_schema
from connector.state.schema import metadata

OF_PROCESSES = ("leases", "sessions", "web_sessions", "comparing")
"""Tables whose rows belong to running processes and are of no use to others: leases, sessions of Acumatica, logins to
the workspace, running comparisons.
"""


class BackupUnusable(ConnectorError):
    """A backup cannot be written, the file is not a backup, or the database to restore into already holds a state. The
    message says which.
    """


@dataclass(frozen=True)
class Backup:
    """A backup: its file, its size in bytes, its schema, and how many rows it holds."""

    file: Path
    size: int
    schema: str
    rows: int


def back_up(state: State, file: Path) -> Backup:
    """Write a backup as a whole or not at all, readable only by its owner. Raises `BackupUnusable` and `StateError`."""
    if file.exists():
        raise BackupUnusable(f"There is a file {file} already. Nothing was written.")
    part = file.with_name(f"{file.name}.part")
    try:
        make_folder(file.parent)
        part.unlink(missing_ok=True)
        make_file(part)
        _write(state, part)
        part.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise BackupUnusable(f"The backup {file} cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Backup(file, file.stat().st_size, newest_schema(), _rows(state))


def _write(state: State, part: Path) -> None:
    if state.engine.dialect.name == "sqlite":
        _copy_file(state, part)
    else:
        copy = open_state(f"sqlite:///{part}")
        try:
            copy_state(state, copy, without=OF_PROCESSES)
        finally:
            copy.close()
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        for table in OF_PROCESSES:
            connection.execute(f'DELETE FROM "{table}"')
        connection.execute("PRAGMA journal_mode = DELETE")  # a single file, without -wal and -shm
        _refuse_damaged(connection, part)


def open_copy(state: State, file: Path, *, without: Collection[str]) -> State:
    """Copy a state, without the rows of the tables `without`, into a new SQLite file, and open it.

    A SQLite file is copied as a whole, because migrating an empty file and inserting every row takes many times as
    long.
    """
    if state.engine.dialect.name != "sqlite":
        copy = open_state(f"sqlite:///{file}")
        copy_state(state, copy, without=without)
        return copy
    _copy_file(state, file)
    copy = open_state(f"sqlite:///{file}")
    with copy.write() as connection:
        for table in without:
            connection.execute(delete(metadata.tables[table]))
    return copy


def _copy_file(state: State, file: Path) -> None:
    source = f"{Path(str(state.engine.url.database)).resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as here, closing(sqlite3.connect(file)) as there:
        here.backup(there)  # one snapshot, which does not block writers


def restore(file: Path, url: str, entities: Sequence[str], now: datetime) -> Backup:
    """Restore a backup into an empty database of either kind, migrate it to the newest schema, and request a full sync
    of these entities.

    The backup stays as it is. Raises `BackupUnusable` and `StateError`.
    """
    if not file.is_file():
        raise BackupUnusable(f"There is no file {file}.")
    with TemporaryDirectory(prefix="a2m-restore-") as folder:
        copy = Path(folder) / "state.sqlite"
        make_file(copy)
        shutil.copyfile(file, copy)
        _refuse_others(file, copy)
        if not is_unused(url):
            where = shown_address(url)
            raise BackupUnusable(f"There is a state already in {where}. {_make_room(url)} Nothing was changed.")
        source = open_state(f"sqlite:///{copy}")
        target = open_state(url)
        try:
            copy_state(source, target, without=OF_PROCESSES)
            wakeups.ask(target, entities, now, full=True)
            return Backup(file, file.stat().st_size, newest_schema(), _rows(target))
        finally:
            target.close()
            source.close()


def _make_room(url: str) -> str:
    if url.startswith("sqlite"):
        return "Stop what works with it, and move that file and those beside it (-wal, -shm) away."
    return "Name a new, empty database in A2M_DATABASE_URL."


def _refuse_others(file: Path, copy: Path) -> None:
    """Refuse a file that is not a SQLite file, is damaged, or holds no state."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            _refuse_damaged(connection, file)
    except sqlite3.DatabaseError as error:
        raise BackupUnusable(f"{file} is no backup of a state: {error}. Nothing was changed.") from error
    if is_unused(f"sqlite:///{copy}"):
        raise BackupUnusable(f"{file} is no backup of a state: it holds none. Nothing was changed.")


def _refuse_damaged(connection: sqlite3.Connection, file: Path) -> None:
    (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        raise BackupUnusable(f"{file} is damaged: {result}.")


def _rows(state: State) -> int:
    with state.read() as connection:
        counts = (select(func.count()).select_from(table) for table in metadata.sorted_tables)
        return sum(connection.execute(count).scalar_one() for count in counts)
