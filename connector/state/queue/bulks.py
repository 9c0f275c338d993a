"""The asynchronous bulk that Magento is still processing: at most one per entity, and no other is published meanwhile.

A bulk is recorded before it is published and deleted when all of its operations have ended, so that no run trusts a
value that a late consumer may still overwrite.
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
    """A bulk that may be open in Magento.

    uuid: `None` until Magento has returned it. keys: the keys whose values it carries. is_stalled: no consumer has
    processed it for so long that its values were sent another way.
    """

    uuid: str | None
    published_at: datetime
    keys: list[str]
    is_stalled: bool


def of_entity(connection: Connection, entity: str) -> Bulk | None:
    """Return the open bulk of the entity, or `None`."""
    row = connection.execute(_OF_ENTITY, {"the_entity": entity}).one_or_none()
    if row is None:
        return None
    return Bulk(row.uuid, instant(row.published_at), msgspec.json.decode(row.keys), row.stands_still)


def begin(connection: Connection, entity: str, keys: Sequence[str], now: datetime) -> None:
    """Record that a bulk with the values of these keys is about to be published."""
    row = {
        "entity": entity,
        "published_at": micros(now),
        "keys": msgspec.json.encode(list(keys)),
        "stands_still": False,
    }
    insert_rows(connection, bulks, [row])


def published(connection: Connection, entity: str, uuid: str) -> None:
    """Record the UUID that Magento returned for the bulk."""
    connection.execute(update(bulks).where(bulks.c.entity == entity).values(uuid=uuid))


def mark_stalled(connection: Connection, entity: str) -> None:
    """Record that no consumer processes the bulk and its values are sent another way."""
    connection.execute(update(bulks).where(bulks.c.entity == entity).values(stands_still=True))


def end(connection: Connection, entity: str, *, in_doubt: Sequence[str] = (), now: datetime) -> None:
    """Delete the bulk, because all of its operations have ended or it was never published. Have the values of the keys
    in doubt read in Magento again.
    """
    connection.execute(delete(bulks).where(bulks.c.entity == entity))
    ledger.schedule_rechecks(connection, entity, [(key, "") for key in in_doubt], now)
