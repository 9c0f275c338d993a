"""Links: the Magento id of each Acumatica document, and the content that was last sent of it.

A link is used before any search in Magento. It is stored when a document was sent, when it was found in Magento by its
mark, by hand (`a2m link`), or when a shipment that somebody else had made was adopted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, Row, select

from connector.state.keyed_rows import KEYS_PER_QUERY
from connector.state.rows import chunked, in_any, upsert
from connector.state.schema import links, micros

MadeBy = Literal["sent", "found", "hand", "adopted"]


@dataclass(frozen=True)
class Link:
    """A document and its Magento id. `document`: the JSON that was last sent, or `None` where it is not known.

    `in_doubt`: a newer version was interrupted while it was sent, and Magento may have applied it in part.
    """

    key: str
    acumatica_key: str
    magento_id: str
    document: bytes | None = None
    made_by: MadeBy = "sent"
    in_doubt: bool = False


def of_keys(connection: Connection, entity: str, keys: Sequence[str]) -> dict[str, Link]:
    """Return the links of the documents with these keys, by key."""
    return _read(connection, entity, links.c.key, keys)


def of_records(connection: Connection, entity: str, acumatica_keys: Sequence[str]) -> dict[str, Link]:
    """Return the links of all documents of these Acumatica records, by the documents' keys."""
    return _read(connection, entity, links.c.acumatica_key, acumatica_keys)


def of_magento_id(connection: Connection, entity: str, magento_id: str) -> list[Link]:
    """Return the links to this id of Magento."""
    return list(_read(connection, entity, links.c.magento_id, [magento_id]).values())


def newest(connection: Connection, entity: str, count: int) -> list[Link]:
    """Return the newest links that were not made by hand and whose document's content is known, the newest first."""
    ours = (links.c.entity == entity) & (links.c.made_by != "hand") & links.c.document.is_not(None)
    query = select(links).where(ours).order_by(links.c.linked_at.desc(), links.c.key).limit(count)
    return [_link(row) for row in connection.execute(query)]


def _read(connection: Connection, entity: str, column: Column[str], values: Sequence[str]) -> dict[str, Link]:
    by_key: dict[str, Link] = {}
    for part in chunked(list(values), KEYS_PER_QUERY):
        condition = (links.c.entity == entity) & in_any(connection, column, part)
        for row in connection.execute(select(links).where(condition)):
            by_key[row.key] = _link(row)
    return by_key


def _link(row: Row[Any]) -> Link:
    return Link(row.key, row.acumatica_key, row.magento_id, row.document, row.made_by)


def write(connection: Connection, entity: str, rows: Sequence[Link], now: datetime) -> None:
    """Store these links, replacing existing ones."""
    upsert(connection, links, [_row(entity, link, now) for link in rows])


def _row(entity: str, link: Link, now: datetime) -> Mapping[str, object]:
    return {
        "entity": entity,
        "key": link.key,
        "acumatica_key": link.acumatica_key,
        "magento_id": link.magento_id,
        "document": link.document,
        "made_by": link.made_by,
        "linked_at": micros(now),
    }
