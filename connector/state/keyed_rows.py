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
_MOST_BESIDE = 2


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
    table = selected.rpartition(" FROM ")[2]
    for part in chunked(keys, KEYS_PER_QUERY):
        first, last = min(part), max(part)
        span = (entity, first, last)
        if are_all_kept(span) and lie_close(connection, table, column, entity, part, also=also, rows_a_key=rows_a_key):
            wanted = set(part)
            between = f"{selected} WHERE entity = ? AND {column} BETWEEN ? AND ? {also} {then}"
            found += [row for row in driver_rows(connection, between, span) if row[at] in wanted]
            continue
        is_postgresql = connection.dialect.name == "postgresql"
        among = "= ANY(?)" if is_postgresql else "IN (SELECT value FROM json_each(?))"
        these = list(map(kept_text, part)) if is_postgresql else as_json(part)
        where = f"WHERE entity = ? AND {column} {among} {also}"
        found += driver_rows(connection, f"{selected} {where} {then}", (entity, these))
    return found


def lie_close(
    connection: Connection,
    table: str,
    column: str,
    entity: str,
    keys: Sequence[str],
    *,
    also: str = "",
    rows_a_key: float = 1,
) -> bool:
    """Return whether the keys are many and have few rows of others between the first and the last: whether it is less
    to go through all of these than to look each up.
    """
    most = int(len(keys) * rows_a_key * _MOST_BESIDE)
    return len(keys) >= _FEW and count_between(connection, table, column, entity, keys, most, also=also) <= most


def count_between(
    connection: Connection, table: str, column: str, entity: str, keys: Sequence[str], most: int, *, also: str = ""
) -> int:
    """Return how many rows lie between the first and the last key; one more than `most` if there are more."""
    span = (entity, kept_text(min(keys)), kept_text(max(keys)))
    some = f"SELECT 1 FROM {table} WHERE entity = ? AND {column} BETWEEN ? AND ? {also} LIMIT ?"
    [(count,)] = driver_rows(connection, f"SELECT count(*) FROM ({some}) AS some_rows", (*span, most + 1))
    return int(count)
