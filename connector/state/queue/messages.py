"""What is in the queue: the messages that wait, are in a request, failed or were left out, and what became of others.

A message in an open request (`connector.state.queue.requests`) is `sending` for all who read it, whatever its own row
says, and has used the attempt of that request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, TextClause, and_, func, or_, select, true

from connector.state.queue import requests
from connector.state.queue.message import Message
from connector.state.queue.statements import COLUMNS
from connector.state.queue.wait import Wait
from connector.state.rows import chunked, in_any, in_none, truth, tuples
from connector.state.schema import IS_FAILED, IS_LIVE, IS_PENDING, PENDING, SENDING, instant, messages, micros

_KEYS_PER_QUERY = 5_000
_ATTEMPTS_KEPT_IN_MIND = 10


def _message(row: tuple[Any, ...], claim: tuple[int, datetime] | None = None) -> Message:
    """Return a row of `COLUMNS` as what it says by itself, or as the request and instant that claim it make it."""
    number, entity, key, source, acumatica_key, sku, value, in_stock, state, attempts, *more = row
    cause, reason, at, document, not_before, wait, since, waits_for, told_at, request = more
    if claim is None:
        changed_at = instant(at)
    else:
        request, changed_at = claim
        state, attempts, not_before = SENDING, attempts + 1, None
    return Message(
        number,
        entity,
        key,
        source,
        acumatica_key,
        sku,
        value,
        truth(in_stock),
        state,
        attempts,
        cause,
        reason,
        changed_at,
        document,
        None if not_before is None else instant(not_before),
        _wait(wait, since, waits_for, told_at),
        request,
    )


def _wait(code: str | None, since: int, waits_for: str | None, told_at: int | None) -> Wait | None:
    if code is None:
        return None
    return Wait(code, instant(since), waits_for, None if told_at is None else instant(told_at))


def claimed_message(row: tuple[Any, ...], request: int, now: datetime) -> Message:
    """Return a row of `COLUMNS` as a message that goes in this request now."""
    return _message(row, (request, now))


def _in_request(message: Message, request: int, at: datetime) -> Message:
    """Return the message as one that is in an open request since then."""
    return msgspec.structs.replace(
        message, state=SENDING, attempts=message.attempts + 1, changed_at=at, not_before=None, request=request
    )


def _messages(
    connection: Connection, entity: str | None, *conditions: ColumnElement[bool] | TextClause
) -> list[Message]:
    """Return messages in order of key and source."""
    here = [messages.c.entity == entity, *conditions] if entity is not None else [*conditions]
    query = select(*COLUMNS).where(*here).order_by(messages.c.key, messages.c.source)
    return _as_they_are(connection, entity, tuples(connection, query))


def _as_they_are(connection: Connection, entity: str | None, rows: list[tuple[Any, ...]]) -> list[Message]:
    found = [_message(row) for row in rows]
    sending = requests.messages_in(connection, entity) if found else {}
    if not sending:  # nearly always
        return found
    return [one if (its := sending.get(one.id)) is None else _in_request(one, *its) for one in found]


def live(connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Sequence[str]) -> list[Message]:
    """The pending, sending, failed and skipped messages of these Acumatica records or of these SKUs."""
    found: dict[int, Message] = {}
    for column, values in ((messages.c.acumatica_key, acumatica_keys), (messages.c.key, keys)):
        for part in chunked(values, _KEYS_PER_QUERY):
            rows = _messages(connection, entity, in_any(connection, column, part), IS_LIVE)
            found.update((message.id, message) for message in rows)
    return list(found.values())


def waiting_here(connection: Connection, entity: str) -> ColumnElement[bool]:
    """Return the condition that a message of the entity waits, and is in no open request."""
    sending = list(requests.messages_in(connection, entity))
    not_sending = in_none(connection, messages.c.id, sending) if sending else true()
    return and_(messages.c.entity == entity, IS_PENDING, not_sending)


def _due(connection: Connection, entity: str, now: datetime) -> ColumnElement[bool]:
    is_due = or_(messages.c.not_before.is_(None), messages.c.not_before <= micros(now))
    return and_(waiting_here(connection, entity), is_due)


def due_count(connection: Connection, entity: str, now: datetime) -> int:
    """Return how many messages may be sent now."""
    due = select(func.count()).select_from(messages).where(_due(connection, entity, now))
    return connection.execute(due).scalar_one()


def is_due(connection: Connection, entity: str, now: datetime) -> bool:
    """Return whether any message may be sent now."""
    due = select(messages.c.id).where(_due(connection, entity, now)).limit(1)
    return connection.execute(due).first() is not None


def next_due(connection: Connection, entity: str) -> datetime | None:
    """Return when the earliest pending message may be sent; None if nothing is pending but what waits for something
    else.
    """
    taking_turns = and_(waiting_here(connection, entity), messages.c.wait.is_(None))
    earliest = select(func.min(func.coalesce(messages.c.not_before, 0))).where(taking_turns)
    found = connection.execute(earliest).scalar()
    return None if found is None else instant(found)


def all_due(connection: Connection, entity: str, until: datetime) -> datetime | None:
    """Return when every pending message that may be sent before `until` may be sent; None if there is no such message.

    What waits for something else does not count: no push waits for it.
    """
    latest = select(func.max(func.coalesce(messages.c.not_before, 0))).where(
        _due(connection, entity, until), messages.c.wait.is_(None)
    )
    found = connection.execute(latest).scalar()
    return None if found is None else instant(found)


def attempted(connection: Connection, entity: str, key: str) -> list[bytes]:
    """What was tried to be told of a document, the newest first: Magento may know of it, whatever became of it."""
    sending = [one for of_it in requests.open_of(connection, entity) for one in of_it.left]
    was_tried = (messages.c.attempts > 0) | in_any(connection, messages.c.id, sending)
    chosen = and_(messages.c.entity == entity, messages.c.key == key, was_tried)
    tried = select(messages.c.document).where(chosen, messages.c.document.is_not(None)).order_by(messages.c.id.desc())
    return [bytes(document) for (document,) in tuples(connection, tried.limit(_ATTEMPTS_KEPT_IN_MIND))]


def unsettled(connection: Connection, entity: str) -> list[Message]:
    """Return messages whose request's outcome is unknown: claimed by a run that died, or whose answer was lost."""
    sending = list(requests.messages_in(connection, entity))
    found = [one for part in chunked(sending, _KEYS_PER_QUERY) for one in _with_ids(connection, entity, part)]
    return sorted(found, key=lambda one: (one.key, one.source))


def pending(connection: Connection, entity: str, keys: Sequence[str] | None = None) -> list[Message]:
    """Return the messages that wait to be sent, all or those of these keys, by key."""
    parts = [None] if keys is None else chunked(keys, _KEYS_PER_QUERY)
    named = [[] if part is None else [in_any(connection, messages.c.key, part)] for part in parts]
    found = [one for of_these in named for one in _messages(connection, entity, *of_these, IS_PENDING)]
    return [one for one in found if one.state == PENDING]


def failed(connection: Connection, entity: str | None = None) -> list[Message]:
    """The failed messages of one entity or of all, by key."""
    return _messages(connection, entity, IS_FAILED)


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Message]:
    """The messages with these ids, in whatever state they are."""
    parts = chunked(list(ids), _KEYS_PER_QUERY)
    return [one for part in parts for one in _with_ids(connection, None, part)]


def _with_ids(connection: Connection, entity: str | None, ids: Sequence[int]) -> list[Message]:
    return _messages(connection, entity, in_any(connection, messages.c.id, ids))


def of_records(connection: Connection, entity: str, acumatica_keys: Sequence[str], limit: int = 50) -> list[Message]:
    """All messages of these records, whatever became of them, the newest ones."""
    chosen = [messages.c.entity == entity, messages.c.acumatica_key.in_(list(acumatica_keys))]
    query = select(*COLUMNS).where(*chosen).order_by(messages.c.id.desc()).limit(limit)
    return _as_they_are(connection, entity, tuples(connection, query))
