"""The queue: messages are claimed one request's worth at a time, and each one's outcome is kept.

A claim and its attempt are one commit, made immediately before the request. What the state database says of attempts is
the truth; Prefect's retries only
bring the push back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, TextClause, and_, func, or_, select

from connector.state.coordination import hosts
from connector.state.coordination.lease import Lease
from connector.state.queue import waits
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.statements import COLUMNS, statements
from connector.state.queue.transitions import overtaken
from connector.state.queue.wait import Wait
from connector.state.rows import chunked, in_any, many, truth, tuples
from connector.state.schema import (
    IS_FAILED,
    IS_LIVE,
    IS_PENDING,
    IS_SENDING,
    OVER,
    PENDING,
    SENDING,
    SENT,
    instant,
    messages,
    micros,
)
from connector.state.sync import compensations, ledger, links

_KEYS_PER_QUERY = 5_000
_ATTEMPTS_KEPT_IN_MIND = 10


def _message(row: tuple[Any, ...], changed_at: datetime | None = None) -> Message:
    """A row of `COLUMNS`; `changed_at` where it is known, because making an instant costs more than the rest."""
    number, entity, key, source, acumatica_key, sku, value, in_stock, state, attempts, cause, reason, at, *more = row
    document, not_before, wait, since, waits_for, told_at = more
    at = changed_at or instant(at)
    of_it = (number, entity, key, source, acumatica_key, sku, value, truth(in_stock), state, attempts, cause, reason)
    if not_before is None and wait is None:  # nearly always
        return Message(*of_it, at, document)
    waits = None
    if wait is not None:
        waits = Wait(wait, instant(since), waits_for, None if told_at is None else instant(told_at))
    return Message(*of_it, at, document, None if not_before is None else instant(not_before), waits)


def _messages(connection: Connection, *conditions: ColumnElement[bool] | object) -> list[Message]:
    """In order of key and source."""
    query = select(*COLUMNS).where(*conditions).order_by(messages.c.key, messages.c.source)  # type: ignore[arg-type]
    return [_message(row) for row in tuples(connection, query)]


def live(connection: Connection, entity: str, acumatica_keys: Sequence[str], keys: Sequence[str]) -> list[Message]:
    """The pending, sending, failed and skipped messages of these Acumatica records or of these SKUs."""
    found: dict[int, Message] = {}
    for column, values in ((messages.c.acumatica_key, acumatica_keys), (messages.c.key, keys)):
        for part in chunked(values, _KEYS_PER_QUERY):
            rows = _messages(connection, messages.c.entity == entity, in_any(connection, column, part), IS_LIVE)
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


def is_due(connection: Connection, entity: str, now: datetime) -> bool:
    """Whether any message may be sent now."""
    return connection.execute(select(messages.c.id).where(_due(entity, now)).limit(1)).first() is not None


def next_due(connection: Connection, entity: str) -> datetime | None:
    """When the earliest pending message may be sent; none if nothing is pending but what waits for something else."""
    taking_turns = and_(messages.c.entity == entity, messages.c.wait.is_(None), IS_PENDING)
    earliest = select(func.min(func.coalesce(messages.c.not_before, 0))).where(taking_turns)
    found = connection.execute(earliest).scalar()
    return None if found is None else instant(found)


def all_due(connection: Connection, entity: str, until: datetime) -> datetime | None:
    """When every pending message that may be sent before `until` may be sent; none if there is no such message.

    What waits for something else does not count: no push waits for it.
    """
    latest = select(func.max(func.coalesce(messages.c.not_before, 0))).where(
        messages.c.entity == entity,
        messages.c.wait.is_(None),
        or_(messages.c.not_before.is_(None), messages.c.not_before <= micros(until)),
        IS_PENDING,
    )
    found = connection.execute(latest).scalar()
    return None if found is None else instant(found)


def _next_claim(
    connection: Connection, held: Lease, now: datetime, wish: ClaimSpec, requests: int = 1
) -> list[list[Message]]:
    """The messages of so many requests; fewer lists where there are not that many."""
    blocked = hosts.blocked_until(connection, wish.host)
    if blocked is not None and blocked > now:
        return []
    claims = _fresh(connection, held, now, wish, requests)
    while len(claims) < requests and not wish.whole:
        due = statements(connection.dialect.name).fewest_attempts
        first = connection.execute(due, {"the_entity": held.entity, "the_now": micros(now)}).scalar()
        if first is None:
            break
        size = wish.size_after[min(first, len(wish.size_after)) - 1] if first else wish.size
        claimed = _claim(connection, held, now, first, size)
        if not claimed:
            break
        claims.append(claimed)
    return claims


def _fresh(connection: Connection, held: Lease, now: datetime, wish: ClaimSpec, requests: int) -> list[list[Message]]:
    """Messages that were never tried, for so many requests; the rows of each request in order."""
    size = wish.size * requests
    if wish.whole:
        of_these = {"the_entity": held.entity, "the_now": micros(now), "the_attempts": 0, "the_size": size}
        due = connection.execute(statements(connection.dialect.name).how_many, of_these).scalar_one()
        size = due // wish.size * wish.size
    fresh = _claim(connection, held, now, 0, size, stock_outs=True) if wish.stock_outs_first and size else []
    if len(fresh) < size:
        fresh += _claim(connection, held, now, 0, size - len(fresh))
    return [sorted(part, key=_by_place) for part in chunked(fresh, wish.size)]


def _claim(
    connection: Connection, held: Lease, now: datetime, attempts: int, size: int, *, stock_outs: bool = False
) -> list[Message]:
    """Claim up to `size` of the due messages with so many attempts behind them, the first ones by key and source, in
    one statement; with `stock_outs` only those that say 0.
    """
    made = statements(connection.dialect.name)
    given = {
        "the_entity": held.entity,
        "the_now": micros(now),
        "the_attempts": attempts,
        "the_size": size,
        "the_fence": held.fence,
        "the_changed_at": micros(now),
    }
    rows = tuples(connection, made.claim_stock_outs if stock_outs else made.claim, given)
    return sorted([_message(row, now) for row in rows], key=_by_place)


def _by_place(message: Message) -> tuple[str, str]:
    return message.key, message.source


def settle_together(
    connection: Connection, held: Lease, answers: Sequence[BatchResult], now: datetime
) -> list[list[Message]]:
    """Keep the outcomes of several requests, and what Magento confirmed, in one transaction; in it claim the messages
    of as many next ones. Gives the claim of each answer, empty where nothing is left or nothing was wished.

    A message that a newer one has overtaken meanwhile becomes superseded instead of pending or failed. The outcome of a
    claim that was settled already changes nothing. The transaction is one of the run that has the lease.
    """
    _settle(connection, held, answers, now)
    wishing = [place for place, answer in enumerate(answers) if answer.then is not None]
    claims: list[list[Message]] = [[] for _answer in answers]
    if wishing:
        wish = answers[wishing[0]].then
        assert wish is not None
        for place, claimed in zip(wishing, _next_claim(connection, held, now, wish, len(wishing)), strict=False):
            claims[place] = claimed
    return claims


def _settle(connection: Connection, held: Lease, answers: Sequence[BatchResult], now: datetime) -> None:
    told = [one for answer in answers for one in answer.outcomes]
    unsent = [one.message for one in told if one.state != SENT]
    with_newer = _overtaken(connection, held.entity, unsent) if unsent else set()
    groups: dict[_Kept, list[int]] = {}
    for one in told:
        became = overtaken(one.state) if one.message.id in with_newer else one.state
        given_back = 0 if one.attempts is None else one.message.attempts - one.attempts
        not_before = None if one.not_before is None or became != PENDING else micros(one.not_before)
        wait = (one.wait or one.message.wait) if became in (PENDING, SENDING) else None
        kept = _Kept(became, one.cause, one.reason, not_before, given_back, one.message.attempts, wait)
        groups.setdefault(kept, []).append(one.message.id)
    changed = [_change(connection, kept, ids, now) for kept, ids in groups.items()]
    still_claimed = set().union(*changed)
    outcomes = [one for one in told if one.message.id in still_claimed]
    _confirm(connection, [one.message for one in outcomes if one.state == SENT], now)
    links.write(connection, held.entity, [one.link for one in outcomes if one.link is not None], now)
    partially_applied = [one.message.key for one in outcomes if one.partially_applied]
    linked = [one.link.acumatica_key for one in outcomes if one.link is not None and one.state == SENT]
    waits.end_of(connection, held.entity, linked)
    # the next desired value is sent even if it equals the last confirmed one: Magento may have only a part of it
    ledger.forget(connection, held.entity, partially_applied)
    ledger.forget_products(connection, held.entity, sorted({one.message.key for one in outcomes if one.is_gone}), now)
    for one in outcomes:
        if one.compensated:
            compensations.add(connection, one.message.key, one.compensated, now)
    ledger.doubt(connection, "inventory", sorted(_places(connection, outcomes)), now)
    for answer in answers:
        if answer.doubt_until is not None:
            claimed = [one.message for one in answer.outcomes if one.message.id in still_claimed]
            ledger.doubt(connection, held.entity, [(one.key, one.source) for one in claimed], answer.doubt_until)


class _Kept(NamedTuple):
    """What is kept of messages with the same outcome."""

    became: str
    cause: str | None
    reason: str | None
    not_before: int | None
    given_back: int
    attempts: int
    wait: Wait | None


def _change(connection: Connection, kept: _Kept, ids: list[int], now: datetime) -> set[int]:
    """Give these messages their outcome, as far as they are still claimed; gives those that are."""
    dialect = connection.dialect.name
    values = {**kept._asdict(), **waits.columns(kept.wait)}
    given = {f"the_{name}": value for name, value in values.items()}
    given |= {"the_changed_at": micros(now), "the_live": kept.became not in OVER}
    changed: set[int] = set()
    for part in chunked(ids):
        settled = tuples(connection, statements(dialect).settle, {**given, "the_ids": many(dialect, part)})
        changed.update(number for (number,) in settled)
    return changed


def _confirm(connection: Connection, accepted: Sequence[Message], now: datetime) -> None:
    """The ledger keeps what Magento accepted, copied from the messages themselves."""
    for message in accepted:
        if message.value is None or message.sku is None:
            raise ValueError(f"message {message.id} has nothing that Magento could have accepted")
    dialect = connection.dialect.name
    for part in chunked([message.id for message in accepted]):
        given = {"the_ids": many(dialect, part), "the_confirmed_at": micros(now)}
        connection.execute(statements(dialect).confirm, given)


def _places(connection: Connection, outcomes: Sequence[MessageOutcome]) -> set[tuple[str, str]]:
    """Where quantities are to be put right: what a shipment took, and every source of what has to be compensated."""
    keys = sorted({row.key for one in outcomes for row in one.compensated})
    elsewhere = ledger.of_records(connection, "inventory", [], keys) if keys else {}
    return {*(place for one in outcomes for place in one.taken), *elsewhere}


def _overtaken(connection: Connection, entity: str, unsettled: Iterable[Message]) -> set[int]:
    by_key = {(message.key, message.source): message.id for message in unsettled}
    newer: set[int] = set()
    for part in chunked(list({key for key, _source in by_key}), _KEYS_PER_QUERY):
        named = in_any(connection, messages.c.key, part)
        for message in _messages(connection, messages.c.entity == entity, named, IS_PENDING):
            older = by_key.get((message.key, message.source))
            if older is not None:
                newer.add(older)
    return newer


def attempted(connection: Connection, entity: str, key: str) -> list[bytes]:
    """What was tried to be told of a document, the newest first: Magento may know of it, whatever became of it."""
    chosen = and_(messages.c.entity == entity, messages.c.key == key, messages.c.attempts > 0)
    tried = select(messages.c.document).where(chosen, messages.c.document.is_not(None)).order_by(messages.c.id.desc())
    return [bytes(document) for (document,) in tuples(connection, tried.limit(_ATTEMPTS_KEPT_IN_MIND))]


def unsettled(connection: Connection, entity: str) -> list[Message]:
    """Messages whose request's outcome is unknown: claimed by a run that died, or whose answer was lost."""
    return _messages(connection, messages.c.entity == entity, IS_SENDING)


def pending(connection: Connection, entity: str) -> list[Message]:
    """The messages that wait to be sent, by key."""
    return _messages(connection, messages.c.entity == entity, IS_PENDING)


def failed(connection: Connection, entity: str | None = None) -> list[Message]:
    """The failed messages of one entity or of all, by key."""
    conditions: list[ColumnElement[bool] | TextClause] = [IS_FAILED]
    if entity is not None:
        conditions.append(messages.c.entity == entity)
    return _messages(connection, *conditions)


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Message]:
    """The messages with these ids, in whatever state they are."""
    parts = chunked(list(ids), _KEYS_PER_QUERY)
    return [one for part in parts for one in _messages(connection, in_any(connection, messages.c.id, part))]


def of_records(connection: Connection, entity: str, acumatica_keys: Sequence[str], limit: int = 50) -> list[Message]:
    """All messages of these records, whatever became of them, the newest ones."""
    chosen = [messages.c.entity == entity, messages.c.acumatica_key.in_(list(acumatica_keys))]
    query = select(*COLUMNS).where(*chosen).order_by(messages.c.id.desc()).limit(limit)
    return [_message(row) for row in tuples(connection, query)]
