"""Read the rows of an entity for many keys at once.

Keys that were read as one page lie close together. Then all rows between the first and the last key are read, which
takes half as long as looking up each key. Where many other rows lie between them, each key is looked up.
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
_MAX_ROWS_PER_WANTED_ROW = 2
_AS_JSON_LIST, _AS_LINES = "json_group_array({})", "CAST(group_concat({}, char(10)) AS BLOB)"
_decode = msgspec.json.Decoder(list[Any]).decode


def rows_of_keys(
    connection: Connection,
    query: str,
    column: str,
    entity: str,
    keys: Sequence[str],
    *,
    key_index: int = 0,
    condition: str = "",
    suffix: str = "",
    rows_per_key: float = 1,
) -> list[tuple[Any, ...]]:
    """Return the rows of an entity whose `column` is one of the keys, as the driver returns them, in no order.

    query: `SELECT … FROM …`. key_index: the index of `column` in its rows. condition: a further condition, beginning
    with AND. suffix: SQL after the conditions. rows_per_key: an estimate of the rows of one key.
    """
    rows: list[tuple[Any, ...]] = []
    table = query.rpartition(" FROM ")[2]
    for part in chunked(keys, KEYS_PER_QUERY):
        first, last = min(part), max(part)
        span = (entity, first, last)
        if are_all_kept(span) and lie_close(
            connection, table, column, entity, part, condition=condition, rows_per_key=rows_per_key
        ):
            wanted = set(part)
            between = f"{query} WHERE entity = ? AND {column} BETWEEN ? AND ? {condition} {suffix}"
            rows += [row for row in driver_rows(connection, between, span) if row[key_index] in wanted]
            continue
        is_postgresql = connection.dialect.name == "postgresql"
        among = "= ANY(?)" if is_postgresql else "IN (SELECT value FROM json_each(?))"
        parameter = list(map(kept_text, part)) if is_postgresql else as_json(part)
        where = f"WHERE entity = ? AND {column} {among} {condition}"
        rows += driver_rows(connection, f"{query} {where} {suffix}", (entity, parameter))
    return rows


def columns_of_keys(
    connection: Connection,
    table: str,
    names: Sequence[str],
    column: str,
    entity: str,
    keys: Sequence[str],
    *,
    condition: str = "",
    rows_per_key: float = 1,
    json_columns: Collection[str] = (),
) -> list[list[Any]]:
    """Return the rows of an entity whose `column` is one of the keys, as one list per column or expression in `names`.

    `names` has to include `column`. Where the keys lie close together, SQLite makes a JSON list of each column, because
    handing over a row takes longer than reading it. So booleans may be 0 and 1, and a column of bytes is possible only
    if it holds JSON in one line; `json_columns` names these.
    """
    key_index = names.index(column)
    columns: list[list[Any]] = [[] for _name in names]
    for part in chunked(keys, KEYS_PER_QUERY):
        span = (entity, min(part), max(part))
        of_part: Sequence[Sequence[Any]]
        if (
            connection.dialect.name == "sqlite"
            and are_all_kept(span)
            and lie_close(connection, table, column, entity, part, condition=condition, rows_per_key=rows_per_key)
        ):
            lists = ", ".join((_AS_LINES if name in json_columns else _AS_JSON_LIST).format(name) for name in names)
            between = f"SELECT {lists} FROM {table} WHERE entity = ? AND {column} BETWEEN ? AND ? {condition}"
            of_part = [_decoded_column(packed) for packed in driver_rows(connection, between, span)[0]]
            wanted = set(part)
            if not wanted.issuperset(of_part[key_index]):
                is_wanted = [key in wanted for key in of_part[key_index]]
                of_part = [list(compress(values, is_wanted)) for values in of_part]
        else:
            query = f"SELECT {', '.join(names)} FROM {table}"
            rows = rows_of_keys(
                connection,
                query,
                column,
                entity,
                part,
                key_index=key_index,
                condition=condition,
                rows_per_key=rows_per_key,
            )
            of_part = list(zip(*rows, strict=True)) or [()] * len(names)
        for values, more in zip(columns, of_part, strict=True):
            values += more
    return columns


def _decoded_column(packed: str | bytes | None) -> list[Any]:
    """Return the values of a column that SQLite aggregated into a JSON list or lines; `None` stands for no lines."""
    if packed is None:
        return []
    return packed.split(b"\n") if isinstance(packed, bytes) else _decode(packed)


def lie_close(
    connection: Connection,
    table: str,
    column: str,
    entity: str,
    keys: Sequence[str],
    *,
    condition: str = "",
    rows_per_key: float = 1,
) -> bool:
    """Return whether reading all rows between the first and the last key is cheaper than looking up each key: the keys
    are many, and few other rows lie between them.
    """
    most = int(len(keys) * rows_per_key * _MAX_ROWS_PER_WANTED_ROW)
    return (
        len(keys) >= _FEW and count_between(connection, table, column, entity, keys, most, condition=condition) <= most
    )


def count_between(
    connection: Connection, table: str, column: str, entity: str, keys: Sequence[str], most: int, *, condition: str = ""
) -> int:
    """Return the number of rows from the first to the last key, or `most` + 1 if it is larger than `most`."""
    span = (entity, kept_text(min(keys)), kept_text(max(keys)))
    some = f"SELECT 1 FROM {table} WHERE entity = ? AND {column} BETWEEN ? AND ? {condition} LIMIT ?"
    [(count,)] = driver_rows(connection, f"SELECT count(*) FROM ({some}) AS some_rows", (*span, most + 1))
    return int(count)
