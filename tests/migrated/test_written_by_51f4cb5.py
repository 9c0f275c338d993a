"""A database that commit 51f4cb5 wrote, with a thousand messages in each state, ends as it would have ended then."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from migrated import then
from sqlalchemy import Connection, create_engine, text
from support import invariant
from support.world import START, World

from connector.state.operator import actions
from connector.state.revision import MIGRATIONS

DATA = Path(__file__).with_name("written_by_51f4cb5.json.xz")
SCHEMA = "0010"
"""The newest one that commit 51f4cb5 had."""

AS_THEN = {**then.SECTIONS, "inventory": {**then.SECTIONS["inventory"], "add_back_open_orders": False}}
"""Open orders were not added back (ADR 0019)."""


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """What `write.py` kept: rows, requests that made the world, and what the code of then made of both."""
    found: dict[str, Any] = json.loads(lzma.decompress(DATA.read_bytes()))
    return found


def keep(url: str, tables: dict[str, Any]) -> None:
    """Make a database as it was then, with these rows."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, SCHEMA)
        for name, table in tables.items():
            _insert(connection, name, table)
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('messages_id_seq', (SELECT max(id) FROM messages))"))
    engine.dispose()


def _insert(connection: Connection, name: str, table: dict[str, Any]) -> None:
    columns = table["columns"]
    rows = [[value["bytes"].encode() if isinstance(value, dict) else value for value in row] for row in table["rows"]]
    named = ", ".join(f'"{column}"' for column in columns)
    given = ", ".join(f":{column}" for column in columns)
    insert = text(f"INSERT INTO {name} ({named}) VALUES ({given})")
    connection.execute(insert, [dict(zip(columns, row, strict=True)) for row in rows])


def bring_about(world: World, written: dict[str, Any]) -> None:
    """Do again what had brought both systems to where they were."""
    served = {"site": world.acumatica.url, "shop": world.magento.url}
    headers = {"Authorization": "Bearer sandbox-magento-token", "Content-Type": "application/json"}
    for seconds, name, method, path, body in written["requests"]:
        world.clock.advance(seconds - (world.clock.now() - START).total_seconds())
        answer = world.http.request(method, f"{served[name]}{path}", content=body.encode(), headers=headers)
        assert answer.is_success, (method, path, answer.text)
    world.clock.advance(written["seconds"] - (world.clock.now() - START).total_seconds())


@pytest.fixture
def world(written: dict[str, Any], database: str, new_database: Any, tmp_path: Path) -> Any:
    """Both systems as they were then, and a connector of today with the database of then."""
    url = new_database(database, empty=True)
    keep(url, written["rows"])
    made = World(tmp_path, then.products(), shop_products=then.shop_products(), database_url=url)
    made.keeps_history = False
    bring_about(made, written)
    yield made
    made.close()


def test_there_are_a_thousand_messages_in_each_state(written: dict[str, Any]) -> None:
    """Of all five entities, and each of the six states of then."""
    table = written["rows"]["messages"]
    state, entity = (table["columns"].index(name) for name in ("state", "entity"))
    found = Counter(row[state] for row in table["rows"])
    assert set(found) == {"pending", "sending", "sent", "failed", "superseded", "skipped"}
    assert min(found.values()) >= 1_000, found
    assert {(row[state], row[entity]) for row in table["rows"]} == {(a, b) for a in found for b in then.ENTITIES}


async def test_it_ends_as_then(world: World, written: dict[str, Any]) -> None:
    """Everything that waited arrives once, what failed or was skipped stays; and once mended, the rest arrives too."""
    await then.finish(world, AS_THEN)
    same(then.shown(world), written["finished"])
    then.mend(world)
    actions.send_again(world.state, world.failed(), world.clock.now())
    await then.finish(world, AS_THEN)
    same(then.shown(world), written["mended"])
    invariant.settled(world.state, then.ENTITIES, retry_count=3)


def same(now: dict[str, list[Any]], before: dict[str, list[Any]]) -> None:
    """Magento shows what it did before."""
    for part, rows in before.items():
        here, there = (Counter(json.dumps(one, sort_keys=True) for one in some) for some in (now[part], rows))
        assert (list(here - there)[:5], list(there - here)[:5]) == ([], []), part
