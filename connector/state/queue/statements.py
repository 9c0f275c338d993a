"""The statements of the push in letters, for either database: they run for each request, on the driver itself.

`?` stands for a parameter, and `{…}` for what SQLite and PostgreSQL say differently: a list of numbers as one parameter
(`driver_ids` makes it).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from connector.state.schema import messages

COLUMNS = (
    messages.c.id,
    messages.c.entity,
    messages.c.key,
    messages.c.source,
    messages.c.acumatica_key,
    messages.c.sku,
    messages.c.value,
    messages.c.in_stock,
    messages.c.state,
    messages.c.attempts,
    messages.c.cause,
    messages.c.reason,
    messages.c.changed_at,
    messages.c.document,
    messages.c.not_before,
    messages.c.wait,
    messages.c.waiting_since,
    messages.c.waits_for,
    messages.c.wait_told_at,
    messages.c.request,
)
_NAMES = ", ".join(f"m.{column.name}" for column in COLUMNS)
_DUE = """
    m.entity = ? AND m.state = 'pending' AND (m.not_before IS NULL OR m.not_before <= ?)
    AND m.id NOT IN ({ids})
    AND NOT EXISTS (
        SELECT 1 FROM messages o
        WHERE o.entity = m.entity AND o.key = m.key AND o.source = m.source AND o.state = 'sending'
    )
"""
"""Parameters: the entity, now, and the messages in open requests. A message whose place is in a request with an older
value waits for the end of that.
"""
_WITH_CONFIRMED = """
    SELECT {names}, l.value, l.in_stock FROM messages m
    LEFT JOIN ledger l ON l.entity = m.entity AND l.key = m.key AND l.source = m.source
"""
_TURN = "ORDER BY m.key, m.source LIMIT ?"


class Statements(NamedTuple):
    """The statements for one kind of database."""

    claim: str
    claim_stock_outs: str
    how_many: str
    fewest_attempts: str
    settle: str
    doubt: str
    confirm: str


@cache
def statements(dialect: str) -> Statements:
    """Return the statements for SQLite or PostgreSQL."""
    # PostgreSQL looks for each of an array by the index, but might read the whole table for what it unnests
    is_postgresql = dialect == "postgresql"
    ids = "SELECT unnest(?::bigint[])" if is_postgresql else "SELECT value FROM json_each(?)"
    in_ids = "= ANY(?::bigint[])" if is_postgresql else f"IN ({ids})"

    def made(text: str) -> str:
        return " ".join(text.format(ids=ids, in_ids=in_ids, names=_NAMES).split())

    return Statements(
        claim=made(f"{_WITH_CONFIRMED} WHERE {_DUE} AND m.attempts = ? {_TURN}"),
        claim_stock_outs=made(f"{_WITH_CONFIRMED} WHERE {_DUE} AND m.attempts = ? AND m.value = 0 {_TURN}"),
        how_many=made(
            f"SELECT count(*) FROM (SELECT 1 FROM messages m WHERE {_DUE} AND m.attempts = ? LIMIT ?) AS fresh"
        ),
        fewest_attempts=made(f"SELECT min(m.attempts) FROM messages m WHERE {_DUE}"),
        settle=made("""
            UPDATE messages SET state = ?, live = ?, cause = ?, reason = ?, not_before = ?, attempts = ?, wait = ?,
                waiting_since = ?, waits_for = ?, wait_told_at = ?, request = ?, changed_at = ?
            WHERE id {in_ids}
        """),
        doubt=made("UPDATE messages SET cause = ?, reason = ?, request = ?, changed_at = ? WHERE id {in_ids}"),
        confirm=made("""
            INSERT INTO ledger (entity, key, source, acumatica_key, sku, value, in_stock, confirmed_at)
            SELECT entity, key, source, acumatica_key, sku, value, in_stock, CAST(? AS BIGINT)
            FROM messages WHERE id {in_ids}
            ON CONFLICT (entity, key, source) DO UPDATE SET acumatica_key = excluded.acumatica_key,
                sku = excluded.sku, value = excluded.value, in_stock = excluded.in_stock,
                confirmed_at = excluded.confirmed_at
        """),
    )
