"""The bulk that Magento has not worked off yet, one for an entity at most: while it is open no other is published.

It is written down before it is published and forgotten when none of its operations is open any more, so that no run
believes a value that a late consumer may still overwrite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

from connector.state.rows import insert_rows
from connector.state.schema import bulks, instant, micros
from connector.state.sync import ledger

_OF_ENTITY = select(bulks).where(bulks.c.entity == bindparam("the_entity"))


class Bulk(msgspec.Struct, frozen=True):
    """A bulk that may be open in Magento; `uuid` is none while Magento has not told its number.

    `keys`: whose values it carries. `stands_still`: nobody worked it off for so long that its values went another way.
    """

    uuid: str | None
    published_at: datetime
    keys: list[str]
    stands_still: bool


def of_entity(connection: Connection, entity: str) -> Bulk | None:
    """The entity's bulk; none if none is open."""
    row = connection.execute(_OF_ENTITY, {"the_entity": entity}).one_or_none()
    if row is None:
        return None
    return Bulk(row.uuid, instant(row.published_at), msgspec.json.decode(row.keys), row.stands_still)


def begin(connection: Connection, entity: str, keys: Sequence[str], now: datetime) -> None:
    """A bulk with the values of these keys is about to be published."""
    row = {
        "entity": entity,
        "published_at": micros(now),
        "keys": msgspec.json.encode(list(keys)),
        "stands_still": False,
    }
    insert_rows(connection, bulks, [row])


def published(connection: Connection, entity: str, uuid: str) -> None:
    """Magento told the number of the bulk."""
    connection.execute(update(bulks).where(bulks.c.entity == entity).values(uuid=uuid))


def stands_still(connection: Connection, entity: str) -> None:
    """Nobody works the bulk off: its values go another way."""
    connection.execute(update(bulks).where(bulks.c.entity == entity).values(stands_still=True))


def end(connection: Connection, entity: str, *, in_doubt: Sequence[str] = (), now: datetime) -> None:
    """No operation of the bulk is open any more, or it never was. What Magento shows of the keys in doubt is read
    again.
    """
    connection.execute(delete(bulks).where(bulks.c.entity == entity))
    ledger.doubt(connection, entity, [(key, "") for key in in_doubt], now)
