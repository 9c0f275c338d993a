"""What the state database need not remember for ever: requests that are over, leftovers of what is past.

Every function takes an instant, and returns how many messages or rows it deleted. What Magento shows is in the targets
and the links, which stay. So does a *failed* or *skipped* target: its value is not queued again, so deleting it would
send what a person left out (ADR 0013).

One statement deletes at most `ROWS_PER_STATEMENT` requests, in a transaction of its own, and others get their turn
between two of them. The newest request always stays: without it SQLite would give its number to the next one.
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
"""Seconds: SQLite lets a waiting writer try ten times a second, and who deletes without a pause would keep it out."""
LEFTOVERS = timedelta(days=1)


async def forget_messages(state: State, clock: Clock, before: datetime, *, rows: int = ROWS_PER_STATEMENT) -> int:
    """Delete the requests that were settled before then, and what was tried in them; return how many messages they
    had. What Magento has confirmed stays known. Raises `StateError`.
    """
    over = requests.c.settled_at < micros(before)
    deleted, after, last = 0, 0, await asyncio.to_thread(_end_of_slice, state, 0, before, rows)
    while last is not None:
        deleted += await asyncio.to_thread(_forget_slice, state, over, after, last)
        after, last = last, await asyncio.to_thread(_end_of_slice, state, last, before, rows)
        if last is not None:
            await clock.sleep(PAUSE)
    await asyncio.to_thread(_forget_what_is_closed, state, before, rows)
    return deleted


def _end_of_slice(state: State, after: int, before: datetime, rows: int) -> int | None:
    """Return the last id of the next `rows` requests; None where all of them are younger."""
    number = requests.c.id
    ahead = select(number, requests.c.sent_at).where(number > after).order_by(number).limit(rows).subquery()
    with state.read() as connection:
        last, oldest = connection.execute(select(func.max(ahead.c.id), func.min(ahead.c.sent_at))).one()
    return None if last is None or oldest >= micros(before) else int(last)


def _forget_slice(state: State, over: ColumnElement[bool], after: int, last: int) -> int:
    newest = select(func.max(requests.c.id)).scalar_subquery()
    here = and_(requests.c.id > after, requests.c.id <= last, requests.c.id < newest, over)
    with state.write() as connection:
        counted = select(func.coalesce(func.sum(requests.c.sent + requests.c.failed), 0)).where(here)
        how_many = int(connection.execute(counted).scalar_one())
        connection.execute(delete(requests).where(here))
    return how_many


def _forget_what_is_closed(state: State, before: datetime, rows: int) -> None:
    """Delete targets that want nothing and of which Magento has confirmed nothing, what was tried of documents that
    are over, and counts.
    """
    over = and_(targets.c.state.in_(CLOSED), targets.c.changed_at < micros(before))
    with state.write() as connection:
        of_over = exists().where(targets.c.id == attempted_documents.c.target, over)
        connection.execute(delete(attempted_documents).where(of_over))
        day = before.astimezone(UTC).date().toordinal()
        connection.execute(delete(superseded).where(superseded.c.day < day))
    with state.read() as connection:
        nothing = and_(over, targets.c.confirmed.is_(None))
        found = list(connection.execute(select(targets.c.id).where(nothing)).scalars())
    for part in chunked(found, rows):
        with state.write() as connection:
            sending = {number for one in open_of(connection) for number in one.left}
            these = in_any(connection, targets.c.id, [number for number in part if number not in sending])
            connection.execute(delete(targets).where(these, nothing))


def forget_leftovers(state: State, now: datetime) -> int:
    """Delete sessions that nobody gave back, logins that may be tried again, and notifications that cannot come again,
    as far as no run did so by itself; return how many.
    """
    with state.write() as connection:
        left = licence.forget(connection, now - LEFTOVERS)
        return left + wakeups.forget(connection, now)
