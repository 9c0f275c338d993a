"""Delete what the state database does not need any more: settled requests, and leftovers of processes.

Every function takes an instant and returns how many messages or rows it deleted. Targets and links stay, because they
record what Magento shows. *Failed* and *skipped* targets stay too: as long as they exist, their value is not queued
again, so deleting them would send what a person skipped (ADR 0013).

Each transaction deletes at most `ROWS_PER_STATEMENT` requests, and others can write between two transactions. The
newest request always stays, because SQLite would give its number to the next one.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, select

from connector.clock import Clock
from connector.state.coordination import quota as licence
from connector.state.coordination import wakeups
from connector.state.engine import State
from connector.state.queue.requests import open_of
from connector.state.rows import ROWS_PER_STATEMENT, chunked, in_any
from connector.state.schema import CLOSED, attempted_documents, micros, requests, superseded, targets

PAUSE = 0.1
"""Seconds. A writer that waits for SQLite's lock tries ten times a second; deleting without a pause would starve it."""
LEFTOVERS = timedelta(days=1)


async def forget_messages(state: State, clock: Clock, before: datetime, *, rows: int = ROWS_PER_STATEMENT) -> int:
    """Delete requests that were settled before an instant, and the documents that were attempted in them; return how
    many messages they had.

    Values that Magento confirmed are not deleted. Raises `StateError`.
    """
    is_settled = requests.c.settled_at < micros(before)
    deleted, after, last = 0, 0, await asyncio.to_thread(_end_of_slice, state, 0, before, rows)
    while last is not None:
        deleted += await asyncio.to_thread(_forget_slice, state, is_settled, after, last)
        after, last = last, await asyncio.to_thread(_end_of_slice, state, last, before, rows)
        if last is not None:
            await clock.sleep(PAUSE)
    await asyncio.to_thread(_forget_closed_targets, state, before, rows)
    return deleted


def _end_of_slice(state: State, after: int, before: datetime, rows: int) -> int | None:
    """Return the last id of the next `rows` requests, or `None` if all of them were sent later than `before`."""
    number = requests.c.id
    ahead = select(number, requests.c.sent_at).where(number > after).order_by(number).limit(rows).subquery()
    with state.read() as connection:
        last, oldest = connection.execute(select(func.max(ahead.c.id), func.min(ahead.c.sent_at))).one()
    return None if last is None or oldest >= micros(before) else int(last)


def _forget_slice(state: State, is_settled: ColumnElement[bool], after: int, last: int) -> int:
    newest = select(func.max(requests.c.id)).scalar_subquery()
    is_deleted = and_(requests.c.id > after, requests.c.id <= last, requests.c.id < newest, is_settled)
    with state.write() as connection:
        query = select(func.coalesce(func.sum(requests.c.sent + requests.c.failed), 0)).where(is_deleted)
        how_many = int(connection.execute(query).scalar_one())
        connection.execute(delete(requests).where(is_deleted))
    return how_many


def _forget_closed_targets(state: State, before: datetime, rows: int) -> None:
    """Delete targets that are closed since before then and have no confirmed value, the attempted documents of closed
    targets, and the daily counts of superseded messages.
    """
    is_closed = and_(targets.c.state.in_(CLOSED), targets.c.changed_at < micros(before))
    with state.write() as connection:
        of_closed = exists().where(targets.c.id == attempted_documents.c.target, is_closed)
        connection.execute(delete(attempted_documents).where(of_closed))
        day = before.astimezone(UTC).date().toordinal()
        connection.execute(delete(superseded).where(superseded.c.day < day))
    with state.read() as connection:
        is_empty = and_(is_closed, targets.c.confirmed.is_(None))
        ids = list(connection.execute(select(targets.c.id).where(is_empty)).scalars())
    for part in chunked(ids, rows):
        with state.write() as connection:
            sending = {number for request in open_of(connection) for number in request.left}
            is_in_part = in_any(connection, targets.c.id, [number for number in part if number not in sending])
            connection.execute(delete(targets).where(is_in_part, is_empty))


def forget_leftovers(state: State, now: datetime) -> int:
    """Delete sessions that were never released, refused logins that may be tried again, and notifications that cannot
    arrive again, unless runs have already deleted them; return how many rows were deleted.
    """
    with state.write() as connection:
        left = licence.forget(connection, now - LEFTOVERS)
        return left + wakeups.forget(connection, now)
