"""The SQL of the push for both databases: it runs for each request, so it bypasses SQLAlchemy.

`?` is a parameter; `{…}` is replaced by what differs between SQLite and PostgreSQL.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from connector.state.schema import targets

COLUMNS = (
    targets.c.id,
    targets.c.seq,
    targets.c.entity,
    targets.c.key,
    targets.c.source,
    targets.c.acumatica_key,
    targets.c.sku,
    targets.c.wanted,
    targets.c.wanted_in_stock,
    targets.c.state,
    targets.c.attempts,
    targets.c.cause,
    targets.c.reason,
    targets.c.changed_at,
    targets.c.document,
    targets.c.not_before,
    targets.c.wait,
    targets.c.waiting_since,
    targets.c.waits_for,
    targets.c.wait_told_at,
    targets.c.last_request,
    targets.c.rejected,
)
CLAIMED = (
    *("id", "seq", "key", "source", "acumatica_key", "sku", "wanted", "wanted_in_stock"),
    *("last_request", "confirmed", "confirmed_in_stock", "wanted_at"),
)
"""The columns that are read of every claimed target, for its message and for the row of its request."""
CLAIMED_TOO = ("id", "cause", "reason", "document", "wait", "waiting_since", "waits_for", "wait_told_at")
"""Further columns of a claimed target that are rarely set: of documents, waits and earlier failures."""
_HAS_MORE = "cause IS NOT NULL OR reason IS NOT NULL OR document IS NOT NULL OR wait IS NOT NULL"
_DUE = "entity = ? AND not_before <= ? AND {target} NOT IN ({ids})"
"""Parameters: the entity, now, and the targets in open requests, whose newer values wait until these have ended."""
_BEHIND = "entity = ? AND not_before = 0 AND attempts = 0 AND {target} > ?"
"""New values with a higher target id than those in open requests. Nearly always these are next in turn, and no target
in an open request has to be skipped to find them.
"""
_IN_TURN = "ORDER BY not_before, {target} LIMIT ?{end}"
_CLAIMED = f"SELECT {', '.join(CLAIMED)}, {_HAS_MORE} FROM targets WHERE"
_ON_SQLITE = {
    "ids": "SELECT value FROM json_each(?)",
    "in_ids": "IN (SELECT value FROM json_each(?))",
    "turns": "targets WHERE state = 'pending' AND",
    "target": "id",
    "is_stock_out": "wanted = 0",
    "claimed": f"{_CLAIMED} state = 'pending' AND",
    "end": "",
}
_ON_POSTGRESQL = {
    "ids": "SELECT unnest(?::bigint[])",
    # `= ANY` uses the index for each element; for a join with unnest PostgreSQL might read the whole table
    "in_ids": "= ANY(?::bigint[])",
    "turns": "turns WHERE",
    "target": "target",
    "is_stock_out": "is_stock_out",
    "claimed": f"{_CLAIMED} id = ANY(ARRAY(SELECT target FROM turns WHERE",
    "end": "))",
}
"""The turn of a target is in its own row on SQLite, and in `connector.state.schema.turns` on PostgreSQL."""


class Statements(NamedTuple):
    """The statements for one of the databases."""

    claim: str
    claim_stock_outs: str
    claim_behind: str
    claim_stock_outs_behind: str
    claimed_too: str
    fewest_attempts: str
    accept: str
    confirm: str
    seqs: str


@cache
def statements(dialect: str) -> Statements:
    """Return the statements for SQLite or PostgreSQL."""
    is_postgresql = dialect == "postgresql"
    words = _ON_POSTGRESQL if is_postgresql else _ON_SQLITE

    def complete(text: str) -> str:
        return " ".join(text.format_map(words).split())

    return Statements(
        claim=complete(f"{{claimed}} {_DUE} AND attempts = ? {_IN_TURN}"),
        claim_stock_outs=complete(f"{{claimed}} {_DUE} AND attempts = ? AND {{is_stock_out}} {_IN_TURN}"),
        claim_behind=complete(f"{{claimed}} {_BEHIND} {_IN_TURN}"),
        claim_stock_outs_behind=complete(f"{{claimed}} {_BEHIND} AND {{is_stock_out}} {_IN_TURN}"),
        claimed_too=complete(f"SELECT {', '.join(CLAIMED_TOO)} FROM targets WHERE id {{in_ids}}"),
        fewest_attempts=complete(f"SELECT min(attempts) FROM {{turns}} {_DUE}"),
        accept=_ACCEPT_ON_POSTGRESQL if is_postgresql else _ACCEPT_ON_SQLITE,
        confirm=_CONFIRM_ON_POSTGRESQL if is_postgresql else _CONFIRM_ON_SQLITE,
        seqs=complete("SELECT id, seq FROM targets WHERE id {in_ids}"),
    )


_ACCEPT_ON_SQLITE = """
UPDATE targets SET confirmed = wanted, confirmed_in_stock = wanted_in_stock, confirmed_at = ?1, last_request = ?2,
    state = 'sent', changed_at = ?1
FROM json_each(?3) AS accepted WHERE targets.id = CAST(accepted.key AS INTEGER) AND targets.seq = accepted.value
"""
_ACCEPT_ON_POSTGRESQL = """
UPDATE targets SET confirmed = wanted, confirmed_in_stock = wanted_in_stock, confirmed_at = now,
    last_request = its_request, state = 'sent', changed_at = now
FROM (VALUES (%s::bigint, %s::bigint)) AS this(now, its_request),
    unnest(%s::bigint[], %s::bigint[]) AS accepted(target, its_seq)
WHERE id = target AND seq = its_seq
"""
"""Confirm accepted values that are still the desired ones. One statement for a request is three times as fast as one
for each of its targets.
"""
_CONFIRM = """
UPDATE targets SET confirmed = {value}, confirmed_in_stock = {in_stock}, confirmed_at = {at}, last_request = {request},
    state = CASE WHEN wanted {same} {value} AND wanted_in_stock {same} {in_stock} THEN 'sent' ELSE state END,
    changed_at = {at}
"""
_CONFIRM_ON_SQLITE = _CONFIRM.format(value="?1", in_stock="?2", at="?3", request="?4", same="IS") + "WHERE id = ?5"
_CONFIRM_ON_POSTGRESQL = (
    _CONFIRM.format(value="value", in_stock="in_stock", at="at", request="request", same="IS NOT DISTINCT FROM")
    + """
    FROM unnest(%s::bigint[], %s::boolean[], %s::bigint[], %s::bigint[], %s::bigint[])
        AS accepted(value, in_stock, at, request, target)
    WHERE id = target
    """
)
"""Confirm an accepted value whose target has a newer desired value; close the target if both values are equal."""
