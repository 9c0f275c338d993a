"""Faults of the database itself: each ends with a message that says what to do, and leaves nothing half-written."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.exc import DBAPIError
from support.databases import PASSWORD, SECRET_USER, Postgres
from support.moment import NOW

from connector.state import connections
from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, open_state
from connector.state.faults import StateError
from connector.state.queue.desired import Computed, DesiredValue, Queued
from connector.state.rows import insert_rows
from connector.state.run_state import RunState
from connector.state.schema import hosts, targets
from connector.state.sync import entities


def chunk(count: int) -> Computed:
    keys = [f"SKU-{number:06}" for number in range(count)]
    return Computed(keys, [DesiredValue(key, key, "", key, 10) for key in keys], None)


def kept(state: State) -> int:
    with state.read() as connection:
        return connection.execute(select(func.count()).select_from(targets)).scalar_one()


def price_lease(state: State) -> Lease:
    taken = lease.acquire(state, "price", "the test", NOW)
    assert isinstance(taken, Lease)
    return taken


@pytest.fixture
def path(new_database: Callable[..., str]) -> Path:
    """A SQLite state file with 2,000 messages."""
    path = Path(new_database("sqlite").removeprefix("sqlite:///"))
    state = open_state(f"sqlite:///{path}")
    RunState(state, price_lease(state)).commit(chunk(2_000), NOW)
    state.close()
    return path


def refused(path: Path) -> str:
    """Return the message for a file that cannot be opened, and check that the file and its folder are unchanged."""
    before, beside = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(StateError) as message:
        open_state(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == beside
    return str(message.value)


@pytest.mark.parametrize(
    "content",
    [b"not a database at all, but long enough to be one " * 100, b"SQLite format 3\x00" + b"\xff" * 4080],
    ids=["text", "a header and rubbish"],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """A file that is not a state database is neither used nor replaced, and the message says what to do."""
    path = tmp_path / "state.sqlite"
    path.write_bytes(content)
    assert "Nothing was changed. Put a backup in its place, or move the file away" in refused(path)


def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    """Half a file, as a full disk or an incomplete copy leaves it, is not taken for a smaller one."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "is damaged" in refused(path)


def test_damage_in_the_middle_ends_the_step_with_a_message(path: Path) -> None:
    """Damage that shows only while the file is used is reported with the same message."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xee" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    state = open_state(f"sqlite:///{path}")
    with (
        pytest.raises(StateError, match=r"is damaged\. Nothing was changed\. Put a backup"),
        state.read() as connection,
    ):
        connection.execute(select(targets)).all()
    state.close()


@contextmanager
def limited_to(state: State, pages: int) -> Iterator[None]:
    """Limit the file to a number of pages, as a full disk does."""

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    event.listen(state.engine, "begin", limit)
    yield
    event.remove(state.engine, "begin", limit)
    with state.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")


def test_a_full_disk_leaves_nothing_half_written(new_database: Callable[..., str]) -> None:
    """A chunk that does not fit is not stored at all; when there is room again, it is stored whole."""
    state = open_state(new_database("sqlite"))
    held = price_lease(state)
    with limited_to(state, 150):
        with pytest.raises(StateError, match="because the disk is full: make room on it"):
            RunState(state, held).commit(chunk(20_000), NOW)
        assert kept(state) == 0
        assert RunState(state, held).commit(chunk(10), NOW) == Queued(queued=10)
    assert RunState(state, held).commit(chunk(20_000), NOW) == Queued(queued=19_990)
    state.close()


@contextmanager
def kept_locked(url: str, entity: str) -> Iterator[None]:
    """Hold the lock of an unfinished transaction on the entity's lease."""
    other = open_state(url)
    with other.engine.connect() as connection:
        connection.execute(text(f"UPDATE leases SET holder = 'somebody' WHERE entity = '{entity}'"))
        yield
        connection.rollback()
    other.close()


def test_a_lock_that_lasts_too_long_is_reported(database_url: str) -> None:
    """A run waits for another program's lock. After the timeout the step ends with a message; later it works."""
    state = open_state(database_url, lock_timeout=0.05)
    held = price_lease(state)
    with kept_locked(database_url, "price"):
        with pytest.raises(StateError, match="is kept locked by another program"):
            RunState(state, held).commit(chunk(1), NOW)
        assert kept(state) == 0
    assert RunState(state, held).commit(chunk(1), NOW) == Queued(queued=1)
    state.close()


def test_reading_waits_for_no_writer(database_url: str) -> None:
    """While a transaction writes, the former state can still be read."""
    state = open_state(database_url, lock_timeout=0.05)
    price_lease(state)
    with kept_locked(database_url, "price"), state.read() as connection:
        assert connection.execute(text("SELECT holder FROM leases")).scalar() == "the test"
    state.close()


def test_since_when_an_entity_is_active_waits_for_no_writer(database_url: str) -> None:
    """It is written once. Five runs that begin at the same time then read it without waiting for each other."""
    state = open_state(database_url, lock_timeout=0.05)
    price_lease(state)
    assert entities.first_active(state, "price", NOW) == NOW
    with kept_locked(database_url, "price"):
        assert entities.first_active(state, "price", NOW + timedelta(days=1)) == NOW
    state.close()


def test_a_read_sees_one_snapshot(database_url: str) -> None:
    """A commit between two statements of a read is not visible to the second one."""
    state = open_state(database_url)
    held = price_lease(state)
    with state.read() as connection:
        before = connection.execute(select(func.count()).select_from(targets)).scalar_one()
        RunState(state, held).commit(chunk(3), NOW)
        assert connection.execute(select(func.count()).select_from(targets)).scalar_one() == before
    assert kept(state) == before + 3
    state.close()


def test_a_server_that_restarts_in_the_middle(new_database: Callable[..., str], postgres: Postgres) -> None:
    """The current step is rolled back and reported; the next one works, and committed data is there."""
    state = open_state(new_database("postgresql"))
    held = price_lease(state)
    RunState(state, held).commit(chunk(3), NOW)
    with pytest.raises(StateError, match="went away in the middle of the work"), state.write() as connection:
        connection.execute(hosts.insert().values(host="half-written"))
        postgres.restart()
        connection.execute(hosts.insert().values(host="the other half"))
    with state.read() as connection:
        assert connection.execute(select(hosts)).all() == []
    assert kept(state) == 3
    assert RunState(state, held).commit(chunk(5), NOW) == Queued(queued=2)
    state.close()


def backend(state: State) -> int:
    with state.read() as connection:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def test_a_server_that_restarts_between_two_steps(new_database: Callable[..., str], postgres: Postgres) -> None:
    """It has no effect: the closed connection is replaced before the next step begins."""
    state = open_state(new_database("postgresql"))
    before = backend(state)
    assert backend(state) == before
    postgres.restart()
    RunState(state, price_lease(state)).commit(chunk(3), NOW)
    assert kept(state) == 3
    state.close()


def test_an_idle_connection_is_pinged(new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A network may drop a connection silently: one that was idle for a while is pinged, and replaced if it does not
    answer.
    """
    state = open_state(new_database("postgresql"))
    before, dialect = backend(state), state.engine.dialect
    monkeypatch.setattr(connections, "MAX_IDLE", -1.0)
    assert backend(state) == before
    monkeypatch.setattr(dialect, "do_ping", lambda _connection: False)
    assert backend(state) != before
    state.close()


class Interrupted(list[dict[str, Any]]):
    """Rows that call a function when half of them have been read."""

    def __init__(self, rows: list[dict[str, Any]], happens: Callable[[], None]) -> None:
        super().__init__(rows)
        self._happens = happens

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(super().__iter__()):
            if number == len(self) // 2:
                self._happens()
            yield row


def test_a_server_that_dies_under_many_rows(new_database: Callable[..., str], postgres: Postgres) -> None:
    """A COPY that is cut off is reported with the same message, and none of its rows is stored."""
    state = open_state(new_database("postgresql"))
    rows = [{"host": f"host {number}", "blocked_until": number} for number in range(50_000)]
    with pytest.raises(StateError, match="went away in the middle of the work"), state.write() as connection:
        insert_rows(connection, hosts, Interrupted(rows, postgres.restart))
    with state.read() as connection:
        assert connection.execute(select(func.count()).select_from(hosts)).scalar_one() == 0
    with state.write() as connection:
        insert_rows(connection, hosts, rows)
    state.close()


def test_a_wrong_password_is_reported_without_it(new_database: Callable[..., str], postgres: Postgres) -> None:
    """The server's refusal is passed on, without any password."""
    database = new_database("postgresql").split("/")[3].split("?")[0]
    open_state(postgres.url(database, SECRET_USER, PASSWORD)).close()
    for url in (
        postgres.url(database, SECRET_USER, "wr0ng"),
        f"{postgres.url(database, SECRET_USER)}&password=wr0ng",
    ):
        with pytest.raises(StateError, match="check its address, the user and the password") as message:
            open_state(url)
        assert "authentication failed" in str(message.value)
        assert "wr0ng" not in str(message.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg://u:wr0ng@127.0.0.1:1/x", "cannot be reached"),
        ("postgresql://u:wr0ng@127.0.0.1:1/x?connect_timeout=1", "cannot be reached"),
        ("postgresql+psycopg://u:wr0ng@127.0.0.1", "names no database"),
        ("mysql://u:wr0ng@127.0.0.1/x", "cannot be kept in mysql"),
        ("postgresql+asyncpg://u:wr0ng@127.0.0.1/x", r"cannot be kept in postgresql\+asyncpg"),
        ("sqlite://", "names no database"),
        ("wr0ng", "is no address of a database"),
        ("postgresql://u:wr0ng@127.0.0.1:port/x", "is no address of a database"),
        ("sqlite:////dev/null/state.sqlite", "cannot be made"),
    ],
)
def test_an_address_that_cannot_be_used(url: str, words: str) -> None:
    """Every wrong address is refused with the reason, and without its password."""
    with pytest.raises(StateError, match=words) as message:
        open_state(url)
    assert "wr0ng" not in str(message.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the message says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StateError, match=r"pip install 'psycopg\[binary\]'") as message:
        open_state("postgresql+psycopg://u:wr0ng@127.0.0.1/x")
    assert "wr0ng" not in str(message.value)


def test_a_database_of_another_encoding_is_refused(postgres: Postgres) -> None:
    """A database that cannot store every name is refused before anything is written to it."""
    postgres.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StateError, match="ENCODING 'UTF8'"):
        open_state(postgres.url("latin"))
    postgres.drop("latin")


def test_a_user_without_rights_gets_a_message(new_database: Callable[..., str], postgres: Postgres) -> None:
    """A database that belongs to another user is refused with a message."""
    url = new_database("postgresql", empty=True)
    postgres.sql("CREATE ROLE guest LOGIN")
    with pytest.raises(StateError, match="make the user the owner of the database"):
        open_state(url.replace("//postgres:", "//guest:"))
    postgres.sql("DROP ROLE guest")


def test_a_bug_of_the_connector_is_raised_unchanged(state: State) -> None:
    """Only faults of the database are explained: a wrong statement is not hidden behind such a message."""
    with pytest.raises(DBAPIError), state.write() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_an_empty_file_becomes_a_state_database(tmp_path: Path) -> None:
    """A file left by a process that died before it wrote anything is not damaged."""
    path = tmp_path / "state.sqlite"
    path.touch()
    open_state(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM targets").fetchone() == (0,)
