"""Rows of an entity by many keys at once.

Keys that were read as a page lie close together, and then all rows between the first and the last key are read: that
takes half as long as to look each of them up. Where others lie between them in number, each is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from connector.state.rows import as_json, chunked, driver_rows
from connector.state.text import are_all_kept, kept_text

KEYS_PER_QUERY = 5_000
_FEW = 50
_MOST_TO_LEAVE_OUT = 2


def rows_of_keys(
    connection: Connection,
    selected: str,
    column: str,
    entity: str,
    keys: Sequence[str],
    *,
    at: int = 0,
    also: str = "",
    then: str = "",
    rows_a_key: float = 1,
) -> list[tuple[Any, ...]]:
    """Return the rows of an entity whose column is one of the keys, as the driver has them, in no order.

    selected: `SELECT … FROM …`, where `at` is that column's place. also: a further condition. then: what
    follows the conditions. rows_a_key: how many rows a key has, about.
    """
    found: list[tuple[Any, ...]] = []
    for part in chunked(keys, KEYS_PER_QUERY):
        first, last = min(part), max(part)
        span, most = (entity, first, last), int(len(part) * rows_a_key * _MOST_TO_LEAVE_OUT)
        where = f"WHERE entity = ? AND {column} BETWEEN ? AND ? {also}"
        if len(part) >= _FEW and are_all_kept(span) and _count(connection, selected, where, span, most) <= most:
            wanted = set(part)
            found += [row for row in driver_rows(connection, f"{selected} {where} {then}", span) if row[at] in wanted]
            continue
        is_postgresql = connection.dialect.name == "postgresql"
        among = "= ANY(?)" if is_postgresql else "IN (SELECT value FROM json_each(?))"
        these = list(map(kept_text, part)) if is_postgresql else as_json(part)
        where = f"WHERE entity = ? AND {column} {among} {also}"
        found += driver_rows(connection, f"{selected} {where} {then}", (entity, these))
    return found


def _count(connection: Connection, selected: str, where: str, span: tuple[str, str, str], most: int) -> int:
    """Return how many rows lie between two keys; one more than `most` if there are more."""
    table = selected.rpartition(" FROM ")[2]
    some = f"SELECT 1 FROM {table} {where} LIMIT ?"
    [(count,)] = driver_rows(connection, f"SELECT count(*) FROM ({some}) AS some_rows", (*span, most + 1))
    return int(count)
