"""A source has one identity, whatever spelling a setting gave it: rows of `Default` and `default` become one.

Of two ledger rows the newer one stays and is read again in Magento; of two messages that wait, the newer one, and of
equally new ones that which is no withdrawal. All quantities are then computed again by the next sync, so nothing that
waited is lost.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ATTRIBUTE = "attribute:"
_TEXT = sa.Text()


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


LEDGER = _table("ledger", "entity", "key", "source", "confirmed_at")
RECHECKS = _table("rechecks", "entity", "key", "source", "due_at")
COMPENSATIONS = _table("compensations", "document", "key", "source", "made_at")
MESSAGES = _table("messages", "id", "entity", "key", "source", "state", "live", "value", "created_at")
ENTITIES = _table("entities", "entity", "computed_with")


def source_key(code: str) -> str:
    """As `entities.sources.source_key` was when this was written."""
    if not code or code.startswith(ATTRIBUTE):
        return code
    bare = "".join(c for c in unicodedata.normalize("NFD", code.strip()) if not unicodedata.combining(c))
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in bare).lower()


def upgrade() -> None:
    connection = op.get_bind()
    changed = _one_row_each(connection, LEDGER, ("entity", "key"), "confirmed_at", asked_again=True)
    changed |= _one_row_each(connection, RECHECKS, ("entity", "key"), "due_at")
    changed |= _one_row_each(connection, COMPENSATIONS, ("document", "key"), "made_at")
    changed |= _one_message_each(connection)
    if changed:
        connection.execute(sa.update(ENTITIES).where(ENTITIES.c.entity == "inventory").values(computed_with=None))


def downgrade() -> None:
    """Nothing to undo: the former version reads these spellings too."""


def _respelled(connection: sa.Connection, table: sa.TableClause) -> dict[str, str]:
    """Return the key of each source in the table that is spelled otherwise."""
    found = connection.execute(sa.select(table.c.source).distinct()).scalars()
    return {source: source_key(source) for source in found if source_key(source) != source}


def _one_row_each(
    connection: sa.Connection,
    table: sa.TableClause,
    names: tuple[str, str],
    newness: str,
    *,
    asked_again: bool = False,
) -> bool:
    """Give each row its source's key; of rows that meet there the newest stays."""
    keys = _respelled(connection, table)
    for source, key in keys.items():
        for own, other in _meeting(connection, table, (*names, newness), source, key):
            older = source if other[2] >= own[2] else key
            same = sa.and_(*(table.c[name] == value for name, value in zip(names, own, strict=False)))
            connection.execute(sa.delete(table).where(same, table.c.source == older))
            if asked_again:
                _ask_again(connection, own[0], own[1], key)
        connection.execute(sa.update(table).where(table.c.source == source).values(source=key))
    return bool(keys)


def _meeting(
    connection: sa.Connection, table: sa.TableClause, names: tuple[str, ...], source: str, key: str
) -> Iterator[tuple[Sequence[Any], Sequence[Any]]]:
    """The rows of a source that has a row under its key too, and that one: the columns named, the first two equal."""
    one, other = table.alias(), table.alias()
    same = sa.and_(*(one.c[name] == other.c[name] for name in names[:2]), one.c.source == source, other.c.source == key)
    columns = [*(one.c[name] for name in names), *(other.c[name] for name in names)]
    for row in connection.execute(sa.select(*columns).where(same)).all():
        yield row[: len(names)], row[len(names) :]


def _ask_again(connection: sa.Connection, entity: str, key: str, source: str) -> None:
    these = sa.and_(RECHECKS.c.entity == entity, RECHECKS.c.key == key, RECHECKS.c.source == source)
    if connection.execute(sa.select(RECHECKS.c.due_at).where(these)).first() is None:
        connection.execute(sa.insert(RECHECKS).values(entity=entity, key=key, source=source, due_at=0))


def _one_message_each(connection: sa.Connection) -> bool:
    """The same for messages; only one may be pending at a place."""
    keys = _respelled(connection, MESSAGES)
    names = ("entity", "key", "state", "created_at", "value", "id")
    for source, key in keys.items():
        for own, other in _meeting(connection, MESSAGES, names, source, key):
            if own[2] == other[2] == "pending":
                older = min(own, other, key=lambda one: (one[3], bool(one[4]), one[5]))
                over = sa.update(MESSAGES).where(MESSAGES.c.id == older[5])
                connection.execute(over.values(state="superseded", live=sa.false()))
        connection.execute(sa.update(MESSAGES).where(MESSAGES.c.source == source).values(source=key))
    return bool(keys)
