"""What is in the queue: the messages that wait, are in a request, failed or were left out, and what became of others.

A message is what a target wants. One in an open request (`connector.state.queue.requests`) is `sending` for all who
read it, and has used the attempt of that request; where its target wants something newer by now, that is a message of
its own, which waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import repeat
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

_ATTEMPTS_KEPT_IN_MIND = 10


def _message(row: tuple[Any, ...]) -> Message:
    """Return a row of `COLUMNS` as what it says by itself."""
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
    """Return targets, as columns of `CLAIMED`, as messages that go in this request now.

    more: rows of `CLAIMED_TOO`, by the target's id, of those that have any of it. attempts: those behind them.
    """
    in_stock = columns["wanted_in_stock"]
    claimed = list(
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
    return [_with_more(one, *more[one.target]) if one.target in more else one for one in claimed] if more else claimed


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
    """Return what targets want, in order of key and source."""
    here = [targets.c.entity == entity, *conditions] if entity is not None else [*conditions]
    query = select(*COLUMNS).where(*here).order_by(targets.c.key, targets.c.source)
    return [_message(row) for row in tuples(connection, query)]


class FailedChoice(msgspec.Struct, frozen=True):
    """Which failed messages are meant; what is empty chooses all. `text`: in SKU, key, source or reason,
    in any letter case. `ids`: only these, each a message's or its target's.
    """

    entity: str = ""
    cause: str = ""
    text: str = ""
    ids: Collection[str] | None = None

    def conditions(self, connection: Connection) -> list[ColumnElement[bool] | TextClause]:
        """Return what a target has to fulfil."""
        found: list[ColumnElement[bool] | TextClause] = [IS_FAILED, IS_PUT_ASIDE]
        if self.entity:
            found.append(targets.c.entity == self.entity)
        if self.cause:
            found.append(targets.c.cause == self.cause)
        if wanted := self.text.strip().lower():
            places = (targets.c.sku, targets.c.key, targets.c.source, targets.c.reason)
            # SQLite's LIKE takes either letter case as it is, and twice as fast
            is_sqlite = connection.dialect.name == "sqlite"
            compared = [one if is_sqlite else func.lower(one) for one in places]
            found.append(or_(*(one.contains(wanted, autoescape=True) for one in compared)))
        if self.ids is not None:
            numbers = [one[0] for one in map(_numbers, self.ids) if one is not None]
            found.append(in_any(connection, targets.c.id, numbers))
        return found


def _sending(connection: Connection, message: Message, its: InRequest) -> Message:
    """Return what the open request says of a target that wants `message`."""
    if its.seq == message.seq:
        attempts = message.attempts + 1
        return msgspec.structs.replace(
            message, state=SENDING, attempts=attempts, changed_at=its.at, not_before=None, request=its.request
        )
    tried = and_(attempted_documents.c.target == message.target, attempted_documents.c.fingerprint == its.value)
    document = None
    if message.document is not None:
        document = connection.execute(select(attempted_documents.c.content).where(tried)).scalar()
    return msgspec.structs.replace(
        message,
        seq=its.seq,
        value=its.value,
        in_stock=its.in_stock,
        state=SENDING,
        attempts=1,
        cause=None,
        reason=None,
        changed_at=its.at,
        document=document,
        not_before=None,
        wait=None,
        request=its.request,
    )


def _as_they_are(connection: Connection, found: Sequence[Message], sending: dict[int, InRequest]) -> Iterator[Message]:
    """Yield the messages, each in its request if it is in one, and apart from it what is wanted by now."""
    for one in found:
        its = sending.get(one.target)
        if its is None:
            yield one
            continue
        yield _sending(connection, one, its)
        if its.seq != one.seq and one.state == PENDING:
            yield one


def live(connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Sequence[str]) -> list[Message]:
    """The pending, sending, failed and skipped messages of these Acumatica records or of these SKUs."""
    found: dict[int, Message] = {}
    sending = requests.targets_in(connection, entity)
    for column, values in ((targets.c.acumatica_key, acumatica_keys), (targets.c.key, keys)):
        for part in chunked(values, KEYS_PER_QUERY):
            chosen = in_any(connection, column, part)
            for is_live in (IS_PENDING, IS_PUT_ASIDE):
                found.update((one.target, one) for one in _messages(connection, entity, chosen, is_live))
    if sending:
        of_records, of_keys = set(acumatica_keys), set(keys)
        for one in of_targets(connection, [number for number in sending if number not in found]):
            if one.acumatica_key in of_records or one.key in of_keys:
                found[one.target] = one
    return list(_as_they_are(connection, list(found.values()), sending))


def waiting_here(connection: Connection, entity: str) -> ColumnElement[bool]:
    """Return the condition that a row of `turns` is of the entity, and its target in no open request."""
    sending = [number for one in requests.open_of(connection, entity) for number in one.left]
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
    """Return when the earliest pending message may be sent; None if nothing is pending but what waits for something
    else.
    """
    taking_turns = and_(waiting_here(connection, entity), ~turns.c.waits)
    earliest = select(turns.c.not_before).where(taking_turns).order_by(turns.c.not_before).limit(1)
    found = connection.execute(earliest).scalar()
    return None if found is None else instant(found)


def all_due(connection: Connection, entity: str, until: datetime) -> datetime | None:
    """Return when every pending message that may be sent before `until` may be sent; None if there is no such message.

    What waits for something else does not count: no push waits for it.
    """
    taking_turns = and_(_due(connection, entity, until), ~turns.c.waits)
    latest = select(turns.c.not_before).where(taking_turns).order_by(turns.c.not_before.desc()).limit(1)
    found = connection.execute(latest).scalar()
    return None if found is None else instant(found)


def attempted(connection: Connection, entity: str, key: str) -> list[bytes]:
    """What was tried to be told of a document, the newest first: Magento may know of it, whatever became of it."""
    same = attempted_documents.c.target == targets.c.id
    chosen = and_(targets.c.entity == entity, targets.c.key == key, IS_PLACE)
    tried = select(attempted_documents.c.content).join(targets, same).where(chosen)
    newest = tried.order_by(attempted_documents.c.request.desc()).limit(_ATTEMPTS_KEPT_IN_MIND)
    return [bytes(content) for (content,) in tuples(connection, newest)]


def unsettled(connection: Connection, entity: str) -> list[Message]:
    """Return messages whose request's outcome is unknown: claimed by a run that died, or whose answer was lost."""
    sending = requests.targets_in(connection, entity)
    found = [_sending(connection, one, sending[one.target]) for one in of_targets(connection, list(sending))]
    return sorted(found, key=lambda one: (one.key, one.source))


def pending(connection: Connection, entity: str, keys: Sequence[str] | None = None) -> list[Message]:
    """Return the messages that wait to be sent, all or those of these keys, by key."""
    named: list[ColumnElement[bool]]
    if keys is None:
        named = [targets.c.id.in_(select(turns.c.target).where(turns.c.entity == entity))]
    else:
        named = [in_any(connection, targets.c.key, part) for part in chunked(keys, KEYS_PER_QUERY)]
    found = [one for these in named for one in _messages(connection, entity, these, IS_PENDING)]
    sending = requests.targets_in(connection, entity) if found else {}
    return [one for one in found if (its := sending.get(one.target)) is None or its.seq != one.seq]


def failed(connection: Connection, entity: str | None = None, causes: Collection[str] | None = None) -> list[Message]:
    """The failed messages of one entity or of all, whatever the cause or for these causes, by key."""
    of_causes = [] if causes is None else [targets.c.cause.in_(sorted(causes))]
    return _messages(connection, entity, IS_FAILED, IS_PUT_ASIDE, *of_causes)


def count_failed(connection: Connection, choice: FailedChoice) -> int:
    """Return how many failed messages are meant."""
    query = select(func.count()).select_from(targets).where(*choice.conditions(connection))
    return int(connection.execute(query).scalar_one())


def some_failed(connection: Connection, choice: FailedChoice, limit: int) -> list[int]:
    """Return the targets of the failed messages that are meant, at most `limit` of them, in no order."""
    query = select(targets.c.id).where(*choice.conditions(connection)).limit(limit)
    return [number for (number,) in tuples(connection, query)]


def chosen_failed(
    connection: Connection, choice: FailedChoice, *, limit: int | None = None, offset: int = 0
) -> list[Message]:
    """Return the failed messages that are meant, by key; of many, `limit` of them after `offset`."""
    query = select(*COLUMNS).where(*choice.conditions(connection))
    ordered = query.order_by(targets.c.key, targets.c.source, targets.c.id).limit(limit).offset(offset)
    found = [_message(row) for row in tuples(connection, ordered)]
    return found if choice.ids is None else [one for one in found if one.has_id(choice.ids)]


def by_ids(connection: Connection, ids: Collection[str]) -> list[Message]:
    """Return the messages with these ids, in the order of their keys: a target and a sequence number, or a target for
    its newest message. One that its target has overtaken is superseded, and says what overtook it.
    """
    wanted = {one: numbers for one in ids if (numbers := _numbers(one)) is not None}
    found = {one.target: one for one in of_targets(connection, sorted({target for target, _seq in wanted.values()}))}
    sending = requests.targets_in(connection) if found else {}
    ended: dict[str, Message] = {}
    for target, seq in wanted.values():
        newest = found.get(target)
        if newest is None or (seq is not None and seq > newest.seq):
            continue
        its = sending.get(target)
        message = newest if seq in (None, newest.seq) else _overtaken(newest, seq or 0)
        if its is not None and its.seq == message.seq:
            message = _sending(connection, newest, its)
        ended[message.id] = message
    return sorted(ended.values(), key=lambda one: (one.key, one.source))


def became_of(connection: Connection, chosen: Sequence[Message]) -> list[Message]:
    """Return what became of messages, in the same order. A rejected one whose record can be sent by now is what its
    place wants.
    """
    found = {one.id: one for one in by_ids(connection, [one.id for one in chosen])}
    at: dict[tuple[str, str, str], Message] = {}
    for entity in {one.entity for one in chosen if one.id not in found}:
        keys = sorted({one.key for one in chosen if one.entity == entity and one.id not in found})
        for part in chunked(keys, KEYS_PER_QUERY):
            here = _messages(connection, entity, in_any(connection, targets.c.key, part), IS_PLACE)
            at.update(((entity, one.key, one.source), one) for one in here)
    ended = []
    for one in chosen:
        now = found.get(one.id) or at.get((one.entity, one.key, one.source))
        ended.append(msgspec.structs.replace(one, state=SUPERSEDED, reason=None) if now is None else now)
    return ended


def _overtaken(newest: Message, seq: int) -> Message:
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
    """Return the target and the sequence number of an id; None for what is no id."""
    target, point, seq = text.strip().partition(".")
    if not _is_number(target) or (point and not _is_number(seq)):
        return None
    return int(target), int(seq) if point else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def of_targets(connection: Connection, ids: Sequence[int]) -> list[Message]:
    """Return what these targets want, as if none of them were in a request."""
    found: list[Message] = []
    for part in chunked(ids, KEYS_PER_QUERY):
        found += _messages(connection, None, in_any(connection, targets.c.id, part))
    return found


def of_records(connection: Connection, entity: str, acumatica_keys: Sequence[str], limit: int = 50) -> list[Message]:
    """What the targets of these records want, whatever became of it, the newest ones first."""
    chosen = and_(targets.c.entity == entity, targets.c.acumatica_key.in_(list(acumatica_keys)))
    was_queued = or_(targets.c.seq > 0, targets.c.rejected)
    query = select(*COLUMNS).where(chosen, was_queued).order_by(targets.c.changed_at.desc(), targets.c.id.desc())
    found = [_message(row) for row in tuples(connection, query.limit(limit))]
    return list(_as_they_are(connection, found, requests.targets_in(connection, entity)))
