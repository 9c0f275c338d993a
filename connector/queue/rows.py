"""Many rows at once: slices that fit one statement, inserts (COPY on PostgreSQL), and rows that replace others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

ROWS_PER_STATEMENT = 10_000
_WORTH_A_COPY = 1_000

T = TypeVar("T")


def in_parts(values: Sequence[T], size: int = ROWS_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The values in slices that fit one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert new rows, which all have the same columns."""
    if connection.dialect.name == "postgresql" and len(rows) >= _WORTH_A_COPY:
        _copy(connection, table, rows)
        return
    for part in in_parts(rows):
        connection.execute(table.insert(), list(part))


def _copy(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same with COPY, which is three times as fast; the driver does it, so values are made ready here."""
    names = list(rows[0])
    ready = [table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(
                [row[name] if make is None else make(row[name]) for name, make in zip(names, ready, strict=True)]
            )


def upsert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], *, only_new: bool = False) -> None:
    """Insert the rows; a row with the primary key of an existing one replaces its other columns, or is left out with
    `only_new`.
    """
    given = list(rows)
    if not given:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    replaced = {name: statement.excluded[name] for name in given[0] if name not in keys}
    if only_new or not replaced:
        complete = statement.on_conflict_do_nothing(index_elements=keys)
    else:
        complete = statement.on_conflict_do_update(index_elements=keys, set_=replaced)
    for part in in_parts(given):
        connection.execute(complete, list(part))
