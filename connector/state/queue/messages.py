"""Read the queue: messages that are pending, in a request, failed or skipped, and the outcome of earlier ones.

A message is the desired value of a target. A message in an open request (`connector.state.queue.requests`) is read as
`sending`, with the attempt of that request counted. If its target has a newer desired value meanwhile, that value is a
second, pending message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, TextClause, and_, func, or_, select, true

from connector.state.keyed_rows import KEYS_PER_QUERY
from connector.state.queue import requests
from connector.state.queue.message import Message
from connector.state.queue.requests import InRequest
from connector.state.queue.statements import COLUMNS
from connector.state.queue.wait import Wait
from connector.state.rows import as_bool, chunked, in_any, in_none, tuples
from connector.state.schema import (
    IS_FAILED,
    IS_PENDING,
    IS_PLACE,
    IS_PUT_ASIDE,
    PENDING,
    SENDING,
    SUPERSEDED,
    attempted_documents,
    instant,
    micros,
    targets,
    turns,
)

_MOST_ATTEMPTED_VERSIONS = 10


def _message(row: tuple[Any, ...]) -> Message:
    """Return the message in a row of `COLUMNS`, regardless of open requests."""
    target, seq, entity, key, source, acumatica_key, sku, wanted, in_stock, state, attempts, *more = row
    cause, reason, at, document, not_before, wait, since, waits_for, reported_at, request, rejected = more
    return Message(
        target,
        seq,
        entity,
        key,
        source,
        acumatica_key,
        sku,
        wanted,
        as_bool(in_stock),
        state,
        attempts,
        cause,
        reason,
        instant(at),
        document,
        instant(not_before) if not_before else None,
        _wait(wait, since, waits_for, reported_at),
        request,
        bool(rejected),
    )


def _wait(code: str | None, since: int, waits_for: str | None, reported_at: int | None) -> Wait | None:
    if code is None:
        return None
    return Wait(code, instant(since), waits_for, None if reported_at is None else instant(reported_at))


def claimed_messages(
    entity: str,
    columns: Mapping[str, Sequence[Any]],
    more: Mapping[int, tuple[Any, ...]],
    request: int,
    attempts: int,
    now: datetime,
) -> list[Message]:
    """Return the messages of targets that are claimed for this request.

    columns: the targets by the names in `CLAIMED`. more: rows of `CLAIMED_TOO` by target id, for the targets that have
    any of these values. attempts: how many attempts each target has used before this request.
    """
    in_stock = columns["wanted_in_stock"]
    messages = list(
        map(
            Message,
            columns["id"],
            columns["seq"],
            repeat(entity),
            *(columns[name] for name in ("key", "source", "acumatica_key", "sku", "wanted")),
            in_stock if in_stock.count(None) == len(in_stock) else map(as_bool, in_stock),
            repeat(SENDING),
            repeat(attempts + 1),
            repeat(None),
            repeat(None),
            repeat(now),
            repeat(None),
            repeat(None),
            repeat(None),
            repeat(request),
        )
    )
    if not more:
        return messages
    return [_with_more(message, *more[message.target]) if message.target in more else message for message in messages]


def _with_more(
    message: Message,
    _target: int,
    cause: str | None,
    reason: str | None,
    document: bytes | None,
    *wait: Any,
) -> Message:
    return msgspec.structs.replace(message, cause=cause, reason=reason, document=document, wait=_wait(*wait))


def _messages(
    connection: Connection, entity: str | None, *conditions: ColumnElement[bool] | TextClause
) -> list[Message]:
    """Return the messages of targets that fulfil the conditions, ordered by key and source."""
    of_entity = [] if entity is None else [targets.c.entity == entity]
    query = select(*COLUMNS).where(*of_entity, *conditions).order_by(targets.c.key, targets.c.source)
    return [_message(row) for row in tuples(connection, query)]


class FailedChoice(msgspec.Struct, frozen=True):
    """A filter of failed messages; an empty field does not filter. text: part of the SKU, key, source or reason, in any
    letter case. ids: ids of messages or of targets.
    """

    entity: str = ""
    cause: str = ""
    text: str = ""
    ids: Collection[str] | None = None

    def conditions(self, connection: Connection) -> list[ColumnElement[bool] | TextClause]:
        """Return the conditions on `targets`."""
        conditions: list[ColumnElement[bool] | TextClause] = [IS_FAILED, IS_PUT_ASIDE]
        if self.entity:
            conditions.append(targets.c.entity == self.entity)
        if self.cause:
            conditions.append(targets.c.cause == self.cause)
        if text := self.text.strip().lower():
            columns = (targets.c.sku, targets.c.key, targets.c.source, targets.c.reason)
            # SQLite's LIKE ignores letter case by itself, which is twice as fast as lower()
            is_sqlite = connection.dialect.name == "sqlite"
            searched = [column if is_sqlite else func.lower(column) for column in columns]
            conditions.append(or_(*(column.contains(text, autoescape=True) for column in searched)))
        if self.ids is not None:
            target_ids = [numbers[0] for numbers in map(_numbers, self.ids) if numbers is not None]
            conditions.append(in_any(connection, targets.c.id, target_ids))
        return conditions


def _sending(connection: Connection, message: Message, sent: InRequest) -> Message:
    """Return the message that the open request carries for the target of `message`, which may be an older one."""
    if sent.seq == message.seq:
        attempts = message.attempts + 1
        return msgspec.structs.replace(
            message, state=SENDING, attempts=attempts, changed_at=sent.at, not_before=None, request=sent.request
        )
    version = and_(attempted_documents.c.target == message.target, attempted_documents.c.fingerprint == sent.value)
    document = None
    if message.document is not None:
        document = connection.execute(select(attempted_documents.c.content).where(version)).scalar()
    return msgspec.structs.replace(
        message,
        seq=sent.seq,
        value=sent.value,
        in_stock=sent.in_stock,
        state=SENDING,
        attempts=1,
        cause=None,
        reason=None,
        changed_at=sent.at,
        document=document,
        not_before=None,
        wait=None,
        request=sent.request,
    )


def _with_requests(
    connection: Connection, messages: Sequence[Message], sending: dict[int, InRequest]
) -> Iterator[Message]:
    """Yield each message as its open request carries it, followed by the target's newer pending message if any."""
    for message in messages:
        sent = sending.get(message.target)
        if sent is None:
            yield message
            continue
        yield _sending(connection, message, sent)
        if sent.seq != message.seq and message.state == PENDING:
            yield message


def live(connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Sequence[str]) -> list[Message]:
    """Return the pending, sending, failed and skipped messages of these Acumatica records or of these SKUs."""
    found: dict[int, Message] = {}
    sending = requests.targets_in(connection, entity)
    for column, values in ((targets.c.acumatica_key, acumatica_keys), (targets.c.key, keys)):
        for part in chunked(values, KEYS_PER_QUERY):
            has_value = in_any(connection, column, part)
            for is_live in (IS_PENDING, IS_PUT_ASIDE):
                found.update((message.target, message) for message in _messages(connection, entity, has_value, is_live))
    if sending:
        of_records, of_keys = set(acumatica_keys), set(keys)
        for message in of_targets(connection, [target for target in sending if target not in found]):
            if message.acumatica_key in of_records or message.key in of_keys:
                found[message.target] = message
    return list(_with_requests(connection, list(found.values()), sending))


def waiting_here(connection: Connection, entity: str) -> ColumnElement[bool]:
    """Return the condition that a row of `turns` belongs to the entity and its target is in no open request."""
    sending = [target for request in requests.open_of(connection, entity) for target in request.left]
    not_sending = in_none(connection, turns.c.target, sending) if sending else true()
    return and_(turns.c.entity == entity, not_sending)


def _due(connection: Connection, entity: str, now: datetime) -> ColumnElement[bool]:
    return and_(waiting_here(connection, entity), turns.c.not_before <= micros(now))


def due_count(connection: Connection, entity: str, now: datetime) -> int:
    """Return how many messages may be sent now."""
    due = select(func.count()).select_from(turns).where(_due(connection, entity, now))
    return connection.execute(due).scalar_one()


def is_due(connection: Connection, entity: str, now: datetime) -> bool:
    """Return whether any message may be sent now."""
    due = select(turns.c.target).where(_due(connection, entity, now)).limit(1)
    return connection.execute(due).first() is not None


def next_due(connection: Connection, entity: str) -> datetime | None:
    """Return when the earliest pending message may be sent; `None` if there is none, apart from waiting messages."""
    taking_turns = and_(waiting_here(connection, entity), ~turns.c.waits)
    earliest = select(turns.c.not_before).where(taking_turns).order_by(turns.c.not_before).limit(1)
    found = connection.execute(earliest).scalar()
    return None if found is None else instant(found)


def all_due(connection: Connection, entity: str, until: datetime) -> datetime | None:
    """Return when the last of the pending messages that are due before `until` is due; `None` if there are none.

    Waiting messages do not count, because a push does not wait for them.
    """
    taking_turns = and_(_due(connection, entity, until), ~turns.c.waits)
    latest = select(turns.c.not_before).where(taking_turns).order_by(turns.c.not_before.desc()).limit(1)
    found = connection.execute(latest).scalar()
    return None if found is None else instant(found)


def attempted(connection: Connection, entity: str, key: str) -> list[bytes]:
    """Return the versions of a document that were sent, the newest first: Magento may have any of them, whatever the
    outcome was.
    """
    same_target = attempted_documents.c.target == targets.c.id
    of_document = and_(targets.c.entity == entity, targets.c.key == key, IS_PLACE)
    versions = select(attempted_documents.c.content).join(targets, same_target).where(of_document)
    newest = versions.order_by(attempted_documents.c.request.desc()).limit(_MOST_ATTEMPTED_VERSIONS)
    return [bytes(content) for (content,) in tuples(connection, newest)]


def unsettled(connection: Connection, entity: str) -> list[Message]:
    """Return the messages whose request has no known outcome: the run that claimed them died, or the answer was
    lost.
    """
    sending = requests.targets_in(connection, entity)
    messages = of_targets(connection, list(sending))
    unknown = [_sending(connection, message, sending[message.target]) for message in messages]
    return sorted(unknown, key=attrgetter("key", "source"))


def pending(connection: Connection, entity: str, keys: Sequence[str] | None = None) -> list[Message]:
    """Return the pending messages, all or those of these keys, ordered by key."""
    conditions: list[ColumnElement[bool]]
    if keys is None:
        conditions = [targets.c.id.in_(select(turns.c.target).where(turns.c.entity == entity))]
    else:
        conditions = [in_any(connection, targets.c.key, part) for part in chunked(keys, KEYS_PER_QUERY)]
    messages = [message for condition in conditions for message in _messages(connection, entity, condition, IS_PENDING)]
    sending = requests.targets_in(connection, entity) if messages else {}
    return [message for message in messages if (sent := sending.get(message.target)) is None or sent.seq != message.seq]


def failed(connection: Connection, entity: str | None = None, causes: Collection[str] | None = None) -> list[Message]:
    """Return the failed messages of one entity or of all, with any cause or one of these causes, ordered by key."""
    of_causes = [] if causes is None else [targets.c.cause.in_(sorted(causes))]
    return _messages(connection, entity, IS_FAILED, IS_PUT_ASIDE, *of_causes)


def put_aside(connection: Connection, entity: str, causes: Collection[str]) -> list[Message]:
    """The messages of an entity that failed, or that a setting left out, for these causes, by key."""
    return _messages(connection, entity, IS_PUT_ASIDE, targets.c.cause.in_(sorted(causes)))


def count_failed(connection: Connection, choice: FailedChoice) -> int:
    """Return how many failed messages the filter selects."""
    query = select(func.count()).select_from(targets).where(*choice.conditions(connection))
    return int(connection.execute(query).scalar_one())


def some_failed(connection: Connection, choice: FailedChoice, limit: int) -> list[int]:
    """Return the target ids of failed messages that the filter selects, at most `limit`, in no order."""
    query = select(targets.c.id).where(*choice.conditions(connection)).limit(limit)
    return [target for (target,) in tuples(connection, query)]


def chosen_failed(
    connection: Connection, choice: FailedChoice, *, limit: int | None = None, offset: int = 0
) -> list[Message]:
    """Return the failed messages that the filter selects, ordered by key: `limit` of them after `offset`."""
    query = select(*COLUMNS).where(*choice.conditions(connection))
    ordered = query.order_by(targets.c.key, targets.c.source, targets.c.id).limit(limit).offset(offset)
    messages = [_message(row) for row in tuples(connection, ordered)]
    return messages if choice.ids is None else [message for message in messages if message.has_id(choice.ids)]


def by_ids(connection: Connection, ids: Collection[str]) -> list[Message]:
    """Return the messages with these ids, ordered by key. An id is a target and a sequence number, or a target alone
    for its newest message. A message older than its target's newest one is superseded, and its reason names that one.
    """
    named = [numbers for text in ids if (numbers := _numbers(text)) is not None]
    newest_of = {
        message.target: message for message in of_targets(connection, sorted({target for target, _seq in named}))
    }
    sending = requests.targets_in(connection) if newest_of else {}
    found: dict[str, Message] = {}
    for target, seq in named:
        newest = newest_of.get(target)
        if newest is None or (seq is not None and seq > newest.seq):
            continue
        sent = sending.get(target)
        message = newest if seq in (None, newest.seq) else _superseded(newest, seq or 0)
        if sent is not None and sent.seq == message.seq:
            message = _sending(connection, newest, sent)
        found[message.id] = message
    return sorted(found.values(), key=attrgetter("key", "source"))


def became_of(connection: Connection, earlier: Sequence[Message]) -> list[Message]:
    """Return the present state of messages that were read earlier, in the same order. If the record of a rejected
    message can be sent by now, that is the message of its place.
    """
    by_id = {message.id: message for message in by_ids(connection, [message.id for message in earlier])}
    missing = [message for message in earlier if message.id not in by_id]
    by_place: dict[tuple[str, str, str], Message] = {}
    for entity in {message.entity for message in missing}:
        keys = sorted({message.key for message in missing if message.entity == entity})
        for part in chunked(keys, KEYS_PER_QUERY):
            at_places = _messages(connection, entity, in_any(connection, targets.c.key, part), IS_PLACE)
            by_place.update(((entity, message.key, message.source), message) for message in at_places)
    present = []
    for message in earlier:
        found = by_id.get(message.id) or by_place.get((message.entity, message.key, message.source))
        present.append(msgspec.structs.replace(message, state=SUPERSEDED, reason=None) if found is None else found)
    return present


def _superseded(newest: Message, seq: int) -> Message:
    return msgspec.structs.replace(
        newest,
        seq=seq,
        value=None,
        in_stock=None,
        state=SUPERSEDED,
        cause=None,
        reason=f"Overtaken by {newest.id}.",
        document=None,
        not_before=None,
        wait=None,
    )


def _numbers(text: str) -> tuple[int, int | None] | None:
    """Return the target and the sequence number, if given, of an id; `None` if the text is not an id."""
    target, point, seq = text.strip().partition(".")
    if not _is_number(target) or (point and not _is_number(seq)):
        return None
    return int(target), int(seq) if point else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def of_targets(connection: Connection, ids: Sequence[int]) -> list[Message]:
    """Return the newest message of these targets, regardless of open requests."""
    messages: list[Message] = []
    for part in chunked(ids, KEYS_PER_QUERY):
        messages += _messages(connection, None, in_any(connection, targets.c.id, part))
    return messages


def of_records(connection: Connection, entity: str, acumatica_keys: Sequence[str], limit: int = 50) -> list[Message]:
    """Return the messages of these records in any state, the newest first."""
    of_these = and_(targets.c.entity == entity, targets.c.acumatica_key.in_(list(acumatica_keys)))
    was_queued = or_(targets.c.seq > 0, targets.c.rejected)
    query = select(*COLUMNS).where(of_these, was_queued).order_by(targets.c.changed_at.desc(), targets.c.id.desc())
    messages = [_message(row) for row in tuples(connection, query.limit(limit))]
    return list(_with_requests(connection, messages, requests.targets_in(connection, entity)))
