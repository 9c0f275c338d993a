"""What the state database need not remember for ever: messages that are over, and leftovers of what is past.

Comes in: an instant. Goes out: nothing but the number of rows deleted. A *sent* or *superseded* message is over: no
function leads out of these states, and what Magento shows is in the ledger and the links, which stay. A *failed* or
*skipped* message is not over: its value is not queued again, so deleting it would send what a person left out (ADR
0013).

One statement deletes at most `ROWS_PER_STATEMENT` rows, in a transaction of its own, and others get their turn between
two of them. The newest message always stays: without it SQLite would give its number to the next one.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, select

from connector.clock import Clock
from connector.state.coordination import quota as licence
from connector.state.coordination import wakeups as wakes
from connector.state.engine import State
from connector.state.rows import ROWS_PER_STATEMENT
from connector.state.schema import messages, micros

PAUSE = 0.1
"""Seconds: SQLite lets a waiting writer try ten times a second, and who deletes without a pause would keep it out."""
LEFTOVERS = timedelta(days=1)


async def forget_messages(state: State, clock: Clock, before: datetime, *, rows: int = ROWS_PER_STATEMENT) -> int:
    """Delete the messages that were sent or superseded before then; gives how many. Raises `StateError`."""
    deleted, after, last = 0, 0, await asyncio.to_thread(_end_of_slice, state, 0, before, rows)
    while last is not None:
        deleted += await asyncio.to_thread(_forget_slice, state, after, last, before)
        after, last = last, await asyncio.to_thread(_end_of_slice, state, last, before, rows)
        if last is not None:
            await clock.sleep(PAUSE)
    return deleted


def _end_of_slice(state: State, after: int, before: datetime, rows: int) -> int | None:
    """The last id of the next `rows` messages; none where all of them are younger: they are numbered as they come."""
    ahead = select(messages.c.id, messages.c.created_at).where(messages.c.id > after).order_by(messages.c.id)
    ahead_of_it = ahead.limit(rows).subquery()
    with state.read() as connection:
        ends = select(func.max(ahead_of_it.c.id), func.min(ahead_of_it.c.created_at))
        last, oldest = connection.execute(ends).one()
    return None if last is None or oldest >= micros(before) else int(last)


def _forget_slice(state: State, after: int, last: int, before: datetime) -> int:
    newest = select(func.max(messages.c.id)).scalar_subquery()
    here = and_(messages.c.id > after, messages.c.id <= last, messages.c.id < newest)
    over = and_(~messages.c.live, messages.c.changed_at < micros(before))
    with state.write() as connection:
        return connection.execute(delete(messages).where(here, over)).rowcount


def forget_leftovers(state: State, now: datetime) -> int:
    """Delete sessions that nobody gave back, logins that may be tried again, and notifications that cannot come again,
    as far as no run did so by itself; gives how many.
    """
    with state.write() as connection:
        left = licence.forget(connection, now - LEFTOVERS)
        return left + wakes.forget(connection, now)
