"""Rows of an entity by many keys at once.

Keys that were read as a page lie close together, and then all rows between the first and the last key are read: that
takes half as long as to look each of them up. Where others lie between them in number, each is looked up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import Any

import msgspec
from sqlalchemy import Connection

from connector.state.rows import as_json, chunked, driver_rows
from connector.state.text import are_all_kept, kept_text

KEYS_PER_QUERY = 5_000
_FEW = 50
_MOST_BESIDE = 2
_LIST, _LINES = "json_group_array({})", "CAST(group_concat({}, char(10)) AS BLOB)"
_decode = msgspec.json.Decoder(list[Any]).decode


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


def columns_of_keys(
    connection: Connection,
    table: str,
    names: Sequence[str],
    column: str,
    entity: str,
    keys: Sequence[str],
    *,
    also: str = "",
    rows_a_key: float = 1,
    json: Collection[str] = (),
) -> list[list[Any]]:
    """Return the same rows column by column; one of the columns, or of the expressions, is that of the keys.

    SQLite makes a JSON list of each column where the keys lie close together, because handing over a row takes longer
    than reading it. So truth values may be 0 and 1, and of columns of bytes only those are possible that hold JSON in
    one line: `json` names them.
    """
    at = names.index(column)
    found: list[list[Any]] = [[] for _name in names]
    for part in chunked(keys, KEYS_PER_QUERY):
        span = (entity, min(part), max(part))
        more: Sequence[Sequence[Any]]
        if (
            connection.dialect.name == "sqlite"
            and are_all_kept(span)
            and lie_close(connection, table, column, entity, part, also=also, rows_a_key=rows_a_key)
        ):
            lists = ", ".join((_LINES if name in json else _LIST).format(name) for name in names)
            between = f"SELECT {lists} FROM {table} WHERE entity = ? AND {column} BETWEEN ? AND ? {also}"
            more = [_column_of(one) for one in driver_rows(connection, between, span)[0]]
            wanted = set(part)
            if not wanted.issuperset(more[at]):
                is_wanted = [key in wanted for key in more[at]]
                more = [list(compress(one, is_wanted)) for one in more]
        else:
            selected = f"SELECT {', '.join(names)} FROM {table}"
            rows = rows_of_keys(connection, selected, column, entity, part, at=at, also=also, rows_a_key=rows_a_key)
            more = list(zip(*rows, strict=True)) or [()] * len(names)
        for whole, one in zip(found, more, strict=True):
            whole += one
    return found


def _column_of(given: str | bytes | None) -> list[Any]:
    """Return a column as SQLite put it together: a JSON list, or lines; `None` are no lines."""
    if given is None:
        return []
    return given.split(b"\n") if isinstance(given, bytes) else _decode(given)


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
