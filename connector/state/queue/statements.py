"""The statements of the push, made once for each kind of database: making one costs more than running it.

What a statement is given has names that begin with `the_`: SQLAlchemy keeps the columns' own names for itself.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, TextClause, and_, bindparam, exists, func, or_, select, text, update
from sqlalchemy.sql.dml import ReturningUpdate

from connector.state.rows import one_of_parameter
from connector.state.schema import IS_PENDING, IS_SENDING, SENDING, into, messages
from connector.state.sync import ledger

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
)


class Statements(NamedTuple):
    """The statements of the push, which are made once: making one costs more than running it."""

    claim: ReturningUpdate[Any]
    claim_stock_outs: ReturningUpdate[Any]
    how_many: Select[tuple[int]]
    fewest_attempts: Select[tuple[int | None]]
    settle: ReturningUpdate[Any]
    confirm: TextClause


@cache
def statements(dialect: str) -> Statements:
    """The statements for SQLite or PostgreSQL."""
    other = messages.alias("other")
    in_flight = exists().where(
        other.c.entity == messages.c.entity,
        other.c.key == messages.c.key,
        other.c.source == messages.c.source,
        text("other.state = 'sending'"),  # in letters, so that the small index on these is used
    )
    due = and_(
        messages.c.entity == bindparam("the_entity"),
        or_(messages.c.not_before.is_(None), messages.c.not_before <= bindparam("the_now")),
        IS_PENDING,
        ~in_flight,
    )
    these = due & (messages.c.attempts == bindparam("the_attempts"))
    first = select(messages.c.id).where(these).order_by(messages.c.key, messages.c.source).limit(bindparam("the_size"))
    claimed = {
        **into(SENDING),
        "attempts": messages.c.attempts + 1,
        "fence": bindparam("the_fence"),
        "not_before": None,
        "changed_at": bindparam("the_changed_at"),
    }

    def claim_of(chosen: Select[tuple[int]]) -> ReturningUpdate[Any]:
        locked = chosen.with_for_update(of=messages, skip_locked=True).cte()  # PostgreSQL may run a subquery twice
        return update(messages).where(messages.c.id.in_(select(locked.c.id))).values(claimed).returning(*COLUMNS)

    ids = one_of_parameter(dialect, messages.c.id, "the_ids")
    settled = {
        "state": bindparam("the_became"),
        "live": bindparam("the_live"),
        "cause": bindparam("the_cause"),
        "reason": bindparam("the_reason"),
        "not_before": bindparam("the_not_before"),
        "attempts": messages.c.attempts - bindparam("the_given_back"),
        "wait": bindparam("the_wait"),
        "waiting_since": bindparam("the_waiting_since"),
        "waits_for": bindparam("the_waits_for"),
        "wait_told_at": bindparam("the_wait_told_at"),
        "changed_at": bindparam("the_changed_at"),
    }
    still_claimed = and_(ids, IS_SENDING, messages.c.attempts == bindparam("the_attempts"))
    return Statements(
        claim=claim_of(first),
        claim_stock_outs=claim_of(first.where(messages.c.value == 0)),
        how_many=select(func.count()).select_from(first.subquery()),
        fewest_attempts=select(func.min(messages.c.attempts)).where(due),
        settle=update(messages).where(still_claimed).values(settled).returning(messages.c.id),
        confirm=ledger.from_messages(dialect),
    )
