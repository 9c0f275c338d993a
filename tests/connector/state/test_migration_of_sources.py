"""Rows of a source that was stored in several spellings are merged into one source."""

from collections.abc import Callable

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from connector.state.revision import MIGRATIONS

LEDGER = "INSERT INTO ledger VALUES ('inventory', :key, :source, :key, :key, :value, true, :at)"
MESSAGE = (
    "INSERT INTO messages (entity, key, source, acumatica_key, sku, value, state, live, attempts, created_at, "
    "changed_at) VALUES ('inventory', :key, :source, :key, :key, :value, :state, true, 0, :at, :at)"
)


def migrate(connection: Connection, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@pytest.fixture
def old(database: str, new_database: Callable[..., str]) -> str:
    """Return the address of a database with rows, with the schema from before sources had one identity."""
    url = new_database(database, empty=True)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        migrate(connection, "0013")
        connection.execute(
            text("INSERT INTO entities (entity, paused, computed_with) VALUES ('inventory', false, 'x')")
        )
        for key, source, value, at in (
            ("A", "Default", 0, 2),
            ("A", "default", 100_000, 1),
            ("B", "EAST", 50_000, 1),
            ("C", "attribute:Vendor", 10_000, 1),
        ):
            connection.execute(text(LEDGER), {"key": key, "source": source, "value": value, "at": at})
        for key, source, value, state, at in (
            ("A", "default", 100_000, "pending", 5),
            ("A", "Default", 0, "pending", 5),
            ("B", "EAST", 70_000, "pending", 5),
            ("C", "EAST", 80_000, "failed", 5),
        ):
            row = {"key": key, "source": source, "value": value, "state": state, "at": at}
            connection.execute(text(MESSAGE), row)
    engine.dispose()
    return url


def test_rows_of_one_source_are_merged(old: str) -> None:
    """Ledger rows are merged and rechecked, messages stay pending, a withdrawal is sent, and everything is computed
    again.
    """
    engine = create_engine(old.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        migrate(connection, "0014")
        ledger = connection.execute(text("SELECT key, source, value FROM ledger ORDER BY key")).all()
        live = connection.execute(text("SELECT key, source, value, state FROM messages WHERE live ORDER BY key")).all()
        again = connection.execute(text("SELECT key, source FROM rechecks")).all()
        computed = connection.execute(text("SELECT computed_with FROM entities")).scalar_one()
    engine.dispose()
    assert ledger == [("A", "default", 0), ("B", "east", 50_000), ("C", "attribute:Vendor", 10_000)]
    assert live == [
        ("A", "default", 100_000, "pending"),
        ("B", "east", 70_000, "pending"),
        ("C", "east", 80_000, "failed"),
    ]
    assert again == [("A", "default")]
    assert computed is None
