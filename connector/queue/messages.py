"""The queue: messages are claimed one request's worth at a time, and each one's outcome is kept.

A claim and its attempt are one commit, made immediately before the request. What the state database says of attempts is
the truth; Prefect's retries only
bring the push back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select, text, update

from connector.queue import compensations, lease, ledger, links
from connector.queue.compensations import Compensation
from connector.queue.engine import State
from connector.queue.lease import Lease
from connector.queue.ledger import LedgerRow
from connector.queue.links import Link
from connector.queue.rows import in_parts, one_of, upsert
from connector.queue.tables import FAILED, PENDING, SENDING, SENT, SUPERSEDED, hosts, instant, messages, micros

IS_LIVE = text("messages.state IN ('pending', 'sending', 'failed', 'skipped')")
IS_PENDING = text("messages.state = 'pending'")
_KEYS_PER_QUERY = 5_000


class Message(msgspec.Struct, frozen=True):
    """One thing to tell Magento; instants are aware, in UTC; values as in the ledger."""

    id: int
    entity: str
    key: str
    source: str
    acumatica_key: str
    sku: str | None
    value: int | None
    in_stock: bool | None
    state: str
    attempts: int
    cause: str | None
    reason: str | None
    changed_at: datetime
    document: bytes | None = None


class Settled(msgspec.Struct, frozen=True):
    """How one claimed message came out of its request.

    `link`: what a document became. `taken`: places (SKU as Magento compares it, source) whose quantity a shipment
    changed in Magento: they are read again and put right by the next inventory look. `compensated`: what it took for an
    order that Magento never reserved.
    """

    message: Message
    state: str
    cause: str | None = None
    reason: str | None = None
    not_before: datetime | None = None
    attempt_given_back: bool = False
    link: Link | None = None
    taken: tuple[tuple[str, str], ...] = ()
    compensated: tuple[Compensation, ...] = ()


_COLUMNS = (
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
)


def _message(row: Row[Any]) -> Message:
    fields = list(row)
    fields[-2] = instant(fields[-2])  # changed_at
    return Message(*fields)


def _messages(connection: Connection, *conditions: ColumnElement[bool] | object) -> list[Message]:
    """In order of key and source."""
    query = select(*_COLUMNS).where(*conditions).order_by(messages.c.key, messages.c.source)  # type: ignore[arg-type]
    return [_message(row) for row in connection.execute(query)]


def live(connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Sequence[str]) -> list[Message]:
    """The pending, sending, failed and skipped messages of these Acumatica records or of these SKUs."""
    found: dict[int, Message] = {}
    for column, values in ((messages.c.acumatica_key, acumatica_keys), (messages.c.key, keys)):
        for part in in_parts(values, _KEYS_PER_QUERY):
            rows = _messages(connection, messages.c.entity == entity, one_of(connection, column, part), IS_LIVE)
            found.update((message.id, message) for message in rows)
    return list(found.values())


def _due(entity: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        messages.c.entity == entity,
        or_(messages.c.not_before.is_(None), messages.c.not_before <= micros(now)),
        IS_PENDING,
    )


def due_count(connection: Connection, entity: str, now: datetime) -> int:
    """How many messages may be sent now."""
    return connection.execute(select(func.count()).select_from(messages).where(_due(entity, now))).scalar_one()


def next_due(connection: Connection, entity: str) -> datetime | None:
    """When the earliest pending message may be sent; none if nothing is pending."""
    earliest = select(func.min(func.coalesce(messages.c.not_before, 0))).where(messages.c.entity == entity, IS_PENDING)
    found = connection.execute(earliest).scalar()
    return None if found is None else instant(found)


def all_due(connection: Connection, entity: str, until: datetime) -> datetime | None:
    """When every pending message that may be sent before `until` may be sent; none if there is no such message."""
    latest = select(func.max(func.coalesce(messages.c.not_before, 0))).where(
        messages.c.entity == entity,
        or_(messages.c.not_before.is_(None), messages.c.not_before <= micros(until)),
        IS_PENDING,
    )
    found = connection.execute(latest).scalar()
    return None if found is None else instant(found)


class Wish(msgspec.Struct, frozen=True):
    """How much to claim: `size` messages that were never tried; of those that were, `size_after[n - 1]` with n attempts
    behind them (its last number for more), so that a record that spoils its request is found. Nothing while `host` is
    to be left alone.
    """

    host: str
    size: int
    size_after: Sequence[int]


def claim(state: State, held: Lease, now: datetime, wish: Wish) -> list[Message]:
    """Claim one request's worth of due messages: they become `sending` and use an attempt, in one commit.

    Raises `LeaseLost`.
    """
    with state.write() as connection:
        lease.require(connection, held)
        return _next_claim(connection, held, now, wish)


def _next_claim(connection: Connection, held: Lease, now: datetime, wish: Wish) -> list[Message]:
    blocked = blocked_until(connection, wish.host)
    if blocked is not None and blocked > now:
        return []
    other = messages.alias("other")
    in_flight = exists().where(
        other.c.entity == messages.c.entity,
        other.c.key == messages.c.key,
        other.c.source == messages.c.source,
        text("other.state = 'sending'"),  # in letters, so that the small index on these is used
    )
    due = and_(_due(held.entity, now), ~in_flight)
    claimed = _claim(connection, held, now, due & (messages.c.attempts == 0), wish.size)
    if claimed:
        return claimed
    first = connection.execute(select(func.min(messages.c.attempts)).where(due)).scalar()
    if first is None:
        return []
    size = wish.size_after[min(first, len(wish.size_after)) - 1]
    return _claim(connection, held, now, due & (messages.c.attempts == first), size)


def _claim(connection: Connection, held: Lease, now: datetime, these: ColumnElement[bool], size: int) -> list[Message]:
    """Claim `size` of these messages, the first ones by key and source, in one statement."""
    first = select(messages.c.id).where(these).order_by(messages.c.key, messages.c.source).limit(size)
    chosen = first.with_for_update(of=messages, skip_locked=True).cte()  # PostgreSQL may run a plain subquery twice
    changed = update(messages).where(messages.c.id.in_(select(chosen.c.id)))
    values = {
        "state": SENDING,
        "attempts": messages.c.attempts + 1,
        "fence": held.fence,
        "not_before": None,
        "changed_at": micros(now),
    }
    rows = connection.execute(changed.values(values).returning(*_COLUMNS))
    return sorted(map(_message, rows), key=lambda message: (message.key, message.source))


def _change(connection: Connection, ids: Sequence[int], **values: object) -> None:
    for part in in_parts(ids):
        connection.execute(update(messages).where(one_of(connection, messages.c.id, part)).values(**values))


def settle(
    state: State,
    held: Lease,
    outcomes: Sequence[Settled],
    now: datetime,
    *,
    doubt_until: datetime | None = None,
    then: Wish | None = None,
) -> list[Message]:
    """Keep the outcome of each claimed message, and what Magento confirmed, in one transaction; `then` claim the next.

    With `doubt_until` the request's answer was lost: its keys are read again in Magento then. A message that a newer
    one has overtaken meanwhile becomes superseded instead of pending or failed. The outcome of a claim that was settled
    already changes nothing. Raises `LeaseLost`.
    """
    with state.write() as connection:
        lease.require(connection, held)
        outcomes = _still_claimed(connection, outcomes)
        overtaken = _overtaken(connection, held.entity, [one.message for one in outcomes if one.state != SENT])
        groups: dict[tuple[str, str | None, str | None, int | None, bool], list[int]] = {}
        for one in outcomes:
            became = SUPERSEDED if one.message.id in overtaken and one.state in (PENDING, FAILED) else one.state
            not_before = None if one.not_before is None or became != PENDING else micros(one.not_before)
            kept = (became, one.cause, one.reason, not_before, one.attempt_given_back)
            groups.setdefault(kept, []).append(one.message.id)
        for (became, cause, reason, not_before, given_back), ids in groups.items():
            values: dict[str, object] = {
                "state": became,
                "cause": cause,
                "reason": reason,
                "not_before": not_before,
                "changed_at": micros(now),
            }
            if given_back:
                values["attempts"] = messages.c.attempts - 1
            _change(connection, ids, **values)
        ledger.confirm(connection, held.entity, [as_ledger(one.message) for one in outcomes if one.state == SENT], now)
        links.write(connection, held.entity, [one.link for one in outcomes if one.link is not None], now)
        for one in outcomes:
            compensations.add(connection, one.message.key, one.compensated, now)
        ledger.doubt(connection, "inventory", sorted(_places(connection, outcomes)), now)
        if doubt_until is not None:
            ledger.doubt(
                connection, held.entity, [(one.message.key, one.message.source) for one in outcomes], doubt_until
            )
        return [] if then is None else _next_claim(connection, held, now, then)


def _places(connection: Connection, outcomes: Sequence[Settled]) -> set[tuple[str, str]]:
    """Where quantities are to be put right: what a shipment took, and every source of what has to be compensated."""
    keys = sorted({row.key for one in outcomes for row in one.compensated})
    elsewhere = ledger.of_records(connection, "inventory", [], keys) if keys else {}
    return {*(place for one in outcomes for place in one.taken), *elsewhere}


def _still_claimed(connection: Connection, outcomes: Sequence[Settled]) -> list[Settled]:
    attempts: dict[int, int] = {}
    for part in in_parts([one.message.id for one in outcomes]):
        chosen = one_of(connection, messages.c.id, part) & (messages.c.state == SENDING)
        claimed = select(messages.c.id, messages.c.attempts).where(chosen)
        attempts.update((row.id, row.attempts) for row in connection.execute(claimed.with_for_update()))
    return [one for one in outcomes if attempts.get(one.message.id) == one.message.attempts]


def as_ledger(message: Message) -> LedgerRow:
    """What the ledger keeps of a message that Magento accepted."""
    if message.value is None or message.sku is None:
        raise ValueError(f"message {message.id} has nothing that Magento could have accepted")
    return LedgerRow(message.key, message.source, message.acumatica_key, message.sku, message.value, message.in_stock)


def _overtaken(connection: Connection, entity: str, unsettled: Iterable[Message]) -> set[int]:
    by_key = {(message.key, message.source): message.id for message in unsettled}
    newer: set[int] = set()
    for part in in_parts(list({key for key, _source in by_key}), _KEYS_PER_QUERY):
        named = one_of(connection, messages.c.key, part)
        for message in _messages(connection, messages.c.entity == entity, named, IS_PENDING):
            older = by_key.get((message.key, message.source))
            if older is not None:
                newer.add(older)
    return newer


def unsettled(connection: Connection, entity: str) -> list[Message]:
    """Messages whose request's outcome is unknown: claimed by a run that died, or whose answer was lost."""
    return _messages(connection, messages.c.entity == entity, messages.c.state == SENDING)


def pending(connection: Connection, entity: str) -> list[Message]:
    """The messages that wait to be sent, by key."""
    return _messages(connection, messages.c.entity == entity, IS_PENDING)


def block_host(state: State, host: str, until: datetime) -> None:
    """Keep that the host told us to send nothing before `until`; a later instant that is already kept stays."""
    with state.write() as connection:
        upsert(connection, hosts, [{"host": host}], only_new=True)
        earlier = func.coalesce(hosts.c.blocked_until, 0) < micros(until)
        connection.execute(update(hosts).where(hosts.c.host == host, earlier).values(blocked_until=micros(until)))


def blocked_until(connection: Connection, host: str) -> datetime | None:
    """Until when the host told us to wait; none if it did not."""
    until = connection.execute(select(hosts.c.blocked_until).where(hosts.c.host == host)).scalar()
    return None if until is None else instant(until)


def failed(connection: Connection, entity: str | None = None) -> list[Message]:
    """The failed messages of one entity or of all, by key."""
    conditions = [messages.c.state == FAILED]
    if entity is not None:
        conditions.append(messages.c.entity == entity)
    return _messages(connection, *conditions)


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Message]:
    """The messages with these ids, in whatever state they are."""
    parts = in_parts(list(ids), _KEYS_PER_QUERY)
    return [one for part in parts for one in _messages(connection, one_of(connection, messages.c.id, part))]


def of_records(connection: Connection, entity: str, acumatica_keys: Sequence[str], limit: int = 50) -> list[Message]:
    """All messages of these records, whatever became of them, the newest ones."""
    chosen = [messages.c.entity == entity, messages.c.acumatica_key.in_(list(acumatica_keys))]
    query = select(*_COLUMNS).where(*chosen).order_by(messages.c.id.desc()).limit(limit)
    return [_message(row) for row in connection.execute(query)]
