"""What the state database need not remember for ever: messages and requests that are over, leftovers of what is past.

Comes in: an instant. Goes out: nothing but the number of rows deleted. A *sent* or *superseded* message is over: no
function leads out of these states, and what Magento shows is in the ledger and the links, which stay. A *failed* or
*skipped* message is not over: its value is not queued again, so deleting it would send what a person left out (ADR
0013).

One statement deletes at most `ROWS_PER_STATEMENT` rows, in a transaction of its own, and others get their turn between
two of them. The newest row always stays: without it SQLite would give its number to the next one.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Table, and_, delete, func, select

from connector.clock import Clock
from connector.state.coordination import quota as licence
from connector.state.coordination import wakeups as wakes
from connector.state.engine import State
from connector.state.rows import ROWS_PER_STATEMENT
from connector.state.schema import messages, micros, requests

PAUSE = 0.1
"""Seconds: SQLite lets a waiting writer try ten times a second, and who deletes without a pause would keep it out."""
LEFTOVERS = timedelta(days=1)


async def forget_messages(state: State, clock: Clock, before: datetime, *, rows: int = ROWS_PER_STATEMENT) -> int:
    """Delete the messages that were sent or superseded before then; return how many. Raises `StateError`."""
    over = and_(~messages.c.live, messages.c.changed_at < micros(before))
    return await _forget(state, clock, messages, messages.c.created_at, over, before, rows)


async def forget_requests(state: State, clock: Clock, before: datetime, *, rows: int = ROWS_PER_STATEMENT) -> int:
    """Delete the requests that were settled before then; return how many. Raises `StateError`."""
    over = requests.c.settled_at < micros(before)
    return await _forget(state, clock, requests, requests.c.sent_at, over, before, rows)


async def _forget(
    state: State,
    clock: Clock,
    table: Table,
    made_at: Column[int],
    over: ColumnElement[bool],
    before: datetime,
    rows: int,
) -> int:
    """Delete what is over, of a table whose rows are numbered as they are made."""
    deleted, after, last = 0, 0, await asyncio.to_thread(_end_of_slice, state, table, made_at, 0, before, rows)
    while last is not None:
        deleted += await asyncio.to_thread(_forget_slice, state, table, over, after, last)
        after, last = last, await asyncio.to_thread(_end_of_slice, state, table, made_at, last, before, rows)
        if last is not None:
            await clock.sleep(PAUSE)
    return deleted


def _end_of_slice(
    state: State, table: Table, made_at: Column[int], after: int, before: datetime, rows: int
) -> int | None:
    """Return the last id of the next `rows` rows; None where all of them are younger."""
    number = table.c.id
    ahead = select(number, made_at.label("made_at")).where(number > after).order_by(number).limit(rows).subquery()
    with state.read() as connection:
        last, oldest = connection.execute(select(func.max(ahead.c.id), func.min(ahead.c.made_at))).one()
    return None if last is None or oldest >= micros(before) else int(last)


def _forget_slice(state: State, table: Table, over: ColumnElement[bool], after: int, last: int) -> int:
    newest = select(func.max(table.c.id)).scalar_subquery()
    here = and_(table.c.id > after, table.c.id <= last, table.c.id < newest)
    with state.write() as connection:
        return connection.execute(delete(table).where(here, over)).rowcount


def forget_leftovers(state: State, now: datetime) -> int:
    """Delete sessions that nobody gave back, logins that may be tried again, and notifications that cannot come again,
    as far as no run did so by itself; gives how many.
    """
    with state.write() as connection:
        left = licence.forget(connection, now - LEFTOVERS)
        return left + wakes.forget(connection, now)
