"""The statements of the push in letters, for either database: they run for each request, on the driver itself.

`?` stands for a parameter, and `{…}` for what SQLite and PostgreSQL say differently.
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
_CLAIMED = (*COLUMNS, targets.c.confirmed, targets.c.confirmed_in_stock, targets.c.wanted_at)
_DUE = "entity = ? AND state = 'pending' AND not_before <= ? AND id NOT IN ({ids})"
"""Parameters: the entity, now, and the targets in open requests: what is newer waits for the end of these."""
_TURN = "ORDER BY not_before, id LIMIT ?"
_FIRST = f"SELECT {', '.join(column.name for column in _CLAIMED)} FROM targets"


class Statements(NamedTuple):
    """The statements for one kind of database."""

    claim: str
    claim_stock_outs: str
    how_many: str
    fewest_attempts: str
    accept: str
    seqs: str


@cache
def statements(dialect: str) -> Statements:
    """Return the statements for SQLite or PostgreSQL."""
    # PostgreSQL looks for each of an array by the index, but might read the whole table for what it unnests
    is_postgresql = dialect == "postgresql"
    ids = "SELECT unnest(?::bigint[])" if is_postgresql else "SELECT value FROM json_each(?)"
    in_ids = "= ANY(?::bigint[])" if is_postgresql else f"IN ({ids})"

    def made(text: str) -> str:
        return " ".join(text.format(ids=ids, in_ids=in_ids).split())

    return Statements(
        claim=made(f"{_FIRST} WHERE {_DUE} AND attempts = ? {_TURN}"),
        claim_stock_outs=made(f"{_FIRST} WHERE {_DUE} AND attempts = ? AND wanted = 0 {_TURN}"),
        how_many=made(f"SELECT count(*) FROM (SELECT 1 FROM targets WHERE {_DUE} AND attempts = ? LIMIT ?) AS fresh"),
        fewest_attempts=made(f"SELECT min(attempts) FROM targets WHERE {_DUE}"),
        accept=_ACCEPT_ON_POSTGRESQL if is_postgresql else _ACCEPT_ON_SQLITE,
        seqs=made("SELECT id, seq FROM targets WHERE id {in_ids}"),
    )


_ACCEPT_ON_SQLITE = """
UPDATE targets SET confirmed = ?1, confirmed_in_stock = ?2, confirmed_at = ?3, last_request = ?4,
    state = CASE WHEN wanted IS ?1 AND wanted_in_stock IS ?2 THEN 'sent' ELSE state END,
    changed_at = CASE WHEN wanted IS ?1 AND wanted_in_stock IS ?2 THEN ?3 ELSE changed_at END
WHERE id = ?5
"""
_ACCEPT_ON_POSTGRESQL = """
UPDATE targets SET confirmed = value, confirmed_in_stock = in_stock, confirmed_at = at, last_request = request,
    state = CASE WHEN wanted IS NOT DISTINCT FROM value AND wanted_in_stock IS NOT DISTINCT FROM in_stock
        THEN 'sent' ELSE state END,
    changed_at = CASE WHEN wanted IS NOT DISTINCT FROM value AND wanted_in_stock IS NOT DISTINCT FROM in_stock
        THEN at ELSE changed_at END
FROM unnest(%s::bigint[], %s::boolean[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS accepted(value, in_stock, at, request, target)
WHERE id = target
"""
"""What Magento accepted is confirmed; the target is closed unless it wants something else by now."""
