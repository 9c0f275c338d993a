"""Every earlier schema is migrated to the newest one, on either database, even if many processes begin at once."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, select, text
from support.project import ROOT

from connector.state.engine import State, open_state
from connector.state.faults import StateError
from connector.state.revision import MIGRATIONS, known_schemas
from connector.state.schema import ON_SQLITE_ONLY, leases, metadata

CONFIG = Config()
CONFIG.set_main_option("script_location", str(MIGRATIONS))
REVISIONS = [script.revision for script in ScriptDirectory.from_config(CONFIG).walk_revisions()]


def bring_to(revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest.fixture
def url(database: str, new_database: Callable[..., str]) -> str:
    """Return the address of an empty database."""
    return new_database(database, empty=True)


def differences(state: State) -> list[object]:
    """Return the differences between the database and the code, except for the two ways in which `turns` is stored."""
    is_postgresql = state.engine.dialect.name == "postgresql"

    def is_compared(_item: object, name: str | None, *_more: object) -> bool:
        return not is_postgresql or name not in {"turns", *ON_SQLITE_ONLY}

    opts = {"compare_type": True, "include_object": is_compared}
    with state.read() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=opts), metadata))


@pytest.fixture(scope="module")
def earlier(template: Callable[..., str]) -> Callable[[str, str], str]:
    """Return a function that makes a database with an earlier schema to be copied, each from the one before it."""

    @cache
    def made(kind: str, revision: str) -> str:
        before = REVISIONS[REVISIONS.index(revision) + 1 :]  # the newest is the first
        like = made(kind, before[0]) if before else ""

        def fill(url: str) -> None:
            engine = create_engine(url)
            with engine.begin() as connection:
                bring_to(revision, connection)
            engine.dispose()

        return template(kind, fill, like)

    return made


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_earlier_schema_becomes_the_newest(
    database: str, new_database: Callable[..., str], earlier: Callable[[str, str], str], revision: str
) -> None:
    """After the upgrade the database has the schema of the code and still holds its data. The fence is raised: a run of
    the older version that is still active writes nothing more.
    """
    url = new_database(database, like=earlier(database, revision))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(leases.insert().values(entity="price", holder="an earlier version", fence=7, expires_at=0))
    engine.dispose()
    upgraded = open_state(url)
    assert differences(upgraded) == []
    with upgraded.read() as connection:
        fence = 7 if revision == REVISIONS[0] else 8
        assert connection.execute(select(leases.c.holder, leases.c.fence)).one() == ("an earlier version", fence)
    upgraded.close()


def test_the_known_schemas_are_those_of_alembic() -> None:
    """They are read from the file names."""
    assert known_schemas() == REVISIONS[::-1]


def test_a_state_of_the_newest_schema_is_opened_without_alembic(url: str) -> None:
    """Every command opens the state, and Alembic takes longer to import than the rest of it."""
    open_state(url).close()
    program = f"import sys; from connector.state.engine import open_state; open_state({url!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "connector.state.engine" in done.stdout.split()
    assert "alembic" not in done.stdout.split()


def test_every_text_is_compared_by_code_point(state: State) -> None:
    """No text column of a PostgreSQL database has the collation of the server."""
    with state.read() as connection:
        found = {
            (table, column["name"]): column["type"].collation  # type: ignore[attr-defined]
            for table in metadata.tables
            for column in inspect(connection).get_columns(table)
            if str(column["type"]).startswith(("TEXT", "VARCHAR"))
        }
    assert len(found) > 30
    assert set(found.values()) == {"C" if state.engine.dialect.name == "postgresql" else None}


def test_many_may_open_a_new_database_at_once(url: str) -> None:
    """Of runs that begin together one migrates, and none fails."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_state(url), range(8)))
    assert [differences(state) for state in opened] == [[]] * 8
    for state in opened:
        state.close()


def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    """A database of a newer version, or of another program that uses Alembic, is not changed."""
    state = open_state(database_url)
    with state.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    state.close()
    with pytest.raises(StateError, match="schema 9999, which this version does not know"):
        open_state(database_url)
