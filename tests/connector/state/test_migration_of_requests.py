"""Messages that an earlier version was sending are in open requests, with their attempts."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from support.moment import NOW
from support.queue import claim, settle

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import open_state
from connector.state.queue import messages, requests
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.queue.requests import Delivery
from connector.state.revision import MIGRATIONS
from connector.state.schema import micros

MESSAGE = text(
    "INSERT INTO messages (entity, key, source, acumatica_key, sku, value, in_stock, state, live, attempts, fence, "
    "created_at, changed_at) VALUES ('price', :key, '', :key, :key, :value, true, :state, true, :attempts, 3, 1, :at)"
)
CONFIRMED = text(
    "INSERT INTO ledger (entity, key, source, acumatica_key, sku, value, in_stock, confirmed_at) "
    "VALUES ('price', 'A', '', 'A', 'A', 9, true, 1)"
)
CLAIMED_AT = NOW - timedelta(minutes=3)
KEPT = (("A", 10, "sending", 1), ("B", 20, "sending", 2), ("B", 21, "pending", 0), ("C", 30, "pending", 1))


def migrate(connection: Connection, to: str, way: Callable[[Config, str], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    way(config, to)


@pytest.fixture
def url(database: str, new_database: Callable[..., str]) -> Iterator[str]:
    """Return a database of the former schema: A and B are being sent, B has a newer value, C is pending after an
    attempt.
    """
    url = new_database(database, empty=True)
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection, "0017", command.upgrade)
        connection.execute(CONFIRMED)
        for key, value, state, attempts in KEPT:
            given = {"key": key, "value": value, "state": state, "attempts": attempts, "at": micros(CLAIMED_AT)}
            connection.execute(MESSAGE, given)
    engine.dispose()
    yield url


def test_messages_that_were_being_sent_are_in_doubt(url: str) -> None:
    """They keep their attempts, since when they were claimed, and the values confirmed before; then they are settled as
    usual.
    """
    state = open_state(url)
    with state.read() as connection:
        found = messages.unsettled(connection, "price")
        [a, _b] = found
        said = requests.deliveries(connection, {a.target: a.request or 0}, 10)
    assert [(one.key, one.value, one.attempts, one.changed_at) for one in found] == [
        ("A", 10, 1, CLAIMED_AT),
        ("B", 20, 1, CLAIMED_AT),  # overtaken: how often it was tried does not count any more
    ]
    assert said == {a.target: [Delivery(a.request or 0, CLAIMED_AT, 10, True, 9, True, "sending")]}
    held = lease.acquire(state, "price", "the test", NOW)
    assert isinstance(held, Lease)
    assert [(one.key, one.attempts) for one in claim(state, held, NOW, ClaimSpec("shop", 9, [9]))] == [("C", 2)]
    settle(state, held, [MessageOutcome(one, "pending") for one in found], NOW)
    again = claim(state, held, NOW, ClaimSpec("shop", 9, [9]))
    again += claim(state, held, NOW, ClaimSpec("shop", 9, [9]))
    assert [(one.key, one.value, one.attempts) for one in again] == [("B", 21, 1), ("A", 10, 2)]
    state.close()


def test_downgrade(url: str) -> None:
    """Messages in open requests are in state sending for the earlier version too, with their attempts."""
    open_state(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection, "0017", command.downgrade)
        query = "SELECT key, value, state, attempts FROM messages ORDER BY key, value"
        overtaken = ("B", 20, "sending", 1)  # how often it was tried does not count any more
        assert [tuple(row) for row in connection.execute(text(query))] == [KEPT[0], overtaken, *KEPT[2:]]
        fences = connection.execute(text("SELECT DISTINCT fence, changed_at FROM messages WHERE state = 'sending'"))
        assert [tuple(row) for row in fences] == [(3, micros(CLAIMED_AT))]
    engine.dispose()
