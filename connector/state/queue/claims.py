"""Claim messages for requests, and store the outcomes of requests.

A claim is one row of `requests`, committed immediately before the request is sent, in the same transaction as the
outcomes of earlier requests; the targets are not written. The attempt counts from then on: a target in an open request
has used one attempt more than its row says, until the outcome is stored. The attempts in the state database are
authoritative; Prefect's retries only start the push again.

Targets are claimed in the order of `not_before`, then of their ids, which an index provides however many are pending.
Inside a request they are sorted by SKU.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from connector.state.coordination import hosts
from connector.state.coordination.lease import Lease
from connector.state.queue import documents, messages, requests, waits
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.requests import Claim, Ended, NotSent, OpenRequest
from connector.state.queue.statements import CLAIMED, statements
from connector.state.queue.transitions import overtaken
from connector.state.related import RelatedEntities
from connector.state.rows import array_of, chunked, driver_count, driver_ids, driver_many, driver_rows, update_tuples
from connector.state.schema import PENDING, SENDING, SENT, micros, targets
from connector.state.sync import compensations, ledger, links
from connector.state.text import kept_text


def settle_together(
    connection: Connection,
    lease: Lease,
    answers: Sequence[BatchResult],
    now: datetime,
    related: RelatedEntities = RelatedEntities(),
) -> list[list[Message]]:
    """Store the outcomes of several requests, and claim the messages of the next ones, in one transaction of the run
    that holds the lease.

    Return for each answer the messages claimed for its sender's next request, empty if none is due or none was asked
    for. If a target has a newer desired value by now, the outcome of the older value does not change its state. An
    outcome of a request that was settled already changes nothing.
    """
    still_open = requests.open_of(connection, lease.entity)
    if any(answer.outcomes or answer.sent for answer in answers):
        still_open = _settle(connection, lease, answers, still_open, now, related)
    claims: list[list[Message]] = [[] for _answer in answers]
    specs = {index: answer.then for index, answer in enumerate(answers) if answer.then is not None}
    if specs:
        sending = [target for request in still_open for target in request.left]
        spec = next(iter(specs.values()))
        claimed = _Claims(connection, lease, spec, now, sending).for_requests(len(specs))
        for index, messages_of_request in zip(specs, claimed, strict=False):
            claims[index] = messages_of_request
    return claims


_PLACE = itemgetter(CLAIMED.index("key"), CLAIMED.index("source"))
_HAS_MORE = itemgetter(len(CLAIMED))
_CLAIM_SAYS = (
    *("id", "seq", "wanted", "wanted_in_stock"),
    *("confirmed", "confirmed_in_stock", "last_request", "wanted_at"),
)
"""The columns of a `Claim`."""


class _Claims:
    """Claim targets for the next requests in one transaction. sending: the targets in open requests, which are not
    claimed.
    """

    def __init__(
        self, connection: Connection, lease: Lease, spec: ClaimSpec, now: datetime, sending: Sequence[int]
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._spec = spec
        self._now = now
        self._statements = statements(connection.dialect.name)
        self._sending = list(sending)

    def for_requests(self, count: int) -> list[list[Message]]:
        """Return the messages of up to `count` requests, one list each."""
        spec = self._spec
        blocked = hosts.blocked_until(self._connection, spec.host)
        if blocked is not None and blocked > self._now:
            return []
        claims = [self._claimed(part, 0) for part in self._fresh(count)]
        while len(claims) < count and not spec.whole:
            attempts = self._rows(self._statements.fewest_attempts)[0][0]
            if attempts is None:
                break
            size = spec.size_after[min(attempts, len(spec.size_after)) - 1] if attempts else spec.size
            claims.append(self._claimed(self._due(attempts, size), attempts))
        return claims

    def _fresh(self, count: int) -> Iterable[list[tuple[Any, ...]]]:
        """Return targets without an attempt, split for up to `count` requests."""
        size = self._spec.size * count
        fresh = self._new(size, stock_outs=True) if self._spec.stock_outs_first else []
        if len(fresh) < size:
            fresh += self._new(size - len(fresh))
        if self._spec.whole:
            del fresh[len(fresh) // self._spec.size * self._spec.size :]
        return [list(part) for part in chunked(fresh, self._spec.size)]

    def _new(self, size: int, *, stock_outs: bool = False) -> list[tuple[Any, ...]]:
        """Return up to `size` due targets without an attempt; with `stock_outs` only those with the value 0."""
        behind = self._statements.claim_stock_outs_behind if stock_outs else self._statements.claim_behind
        rows = driver_rows(self._connection, behind, (self._lease.entity, max(self._sending, default=0), size))
        self._sending += [row[0] for row in rows]
        return rows if len(rows) == size else rows + self._due(0, size - len(rows), stock_outs=stock_outs)

    def _due(self, attempts: int, size: int, *, stock_outs: bool = False) -> list[tuple[Any, ...]]:
        """Return up to `size` due targets with this many attempts; with `stock_outs` only those with the value 0."""
        rows = self._rows(self._statements.claim_stock_outs if stock_outs else self._statements.claim, attempts, size)
        self._sending += [row[0] for row in rows]
        return rows

    def _rows(self, statement: str, *more: int) -> list[tuple[Any, ...]]:
        sending = driver_ids(self._connection, self._sending)
        return driver_rows(self._connection, statement, (self._lease.entity, micros(self._now), sending, *more))

    def _claimed(self, rows: list[tuple[Any, ...]], attempts: int) -> list[Message]:
        """Record a request with these targets, sorted by place, and return its messages. attempts: used before it."""
        rows.sort(key=_PLACE)
        columns = dict(zip(CLAIMED, zip(*rows, strict=True), strict=False))
        claim = Claim(*(columns[name] for name in _CLAIM_SAYS))
        request = requests.begin(self._connection, self._lease, claim, now=self._now)
        with_more = [row[0] for row in rows if _HAS_MORE(row)]
        more = {row[0]: row for row in self._rows_of(with_more)} if with_more else {}
        claimed = messages.claimed_messages(self._lease.entity, columns, more, request, attempts, self._now)
        documents.keep_attempts(self._connection, claimed)
        return claimed

    def _rows_of(self, ids: Sequence[int]) -> list[tuple[Any, ...]]:
        return driver_rows(self._connection, self._statements.claimed_too, (driver_ids(self._connection, ids),))


def _settle(
    connection: Connection,
    lease: Lease,
    answers: Sequence[BatchResult],
    still_open: Sequence[OpenRequest],
    now: datetime,
    related: RelatedEntities,
) -> list[OpenRequest]:
    """Store the outcomes; return the requests that are still open."""
    is_open = {request.id: request for request in still_open}
    others = [answer for answer in answers if not _settle_accepted(connection, answer, is_open, now)]
    left = {request.id: set(request.left) for request in is_open.values()}
    outcomes = [outcome for answer in others for outcome in _still_claimed(answer.every_outcome(), left)]
    if outcomes:
        _accept(connection, [outcome.message for outcome in outcomes if outcome.state == SENT], now)
        special = [outcome for outcome in outcomes if not _is_plainly_sent(outcome)]
        logged = _store(connection, special, now)
        ended = _ended(outcomes, special, is_open, logged)
        requests.end(connection, ended, now)
        for request_ended in ended:
            is_open[request_ended.request.id] = request_ended.still_open()
    with_effects = [outcome for outcome in outcomes if outcome.state != SENT or _has_effects(outcome)]
    if with_effects:
        _store_effects(connection, lease.entity, with_effects, now, related)
    for answer in others:
        if answer.recheck_at is not None:
            claimed = [outcome.message for outcome in _still_claimed(answer.every_outcome(), left)]
            places = [(message.key, message.source) for message in claimed]
            ledger.schedule_rechecks(connection, lease.entity, places, answer.recheck_at)
    return list(is_open.values())


def _settle_accepted(
    connection: Connection, answer: BatchResult, is_open: dict[int, OpenRequest], now: datetime
) -> bool:
    """Settle a request if Magento accepted all of it at the first attempt, nearly always the case, and return whether
    that is so. Otherwise change nothing.
    """
    sent = answer.sent
    request = is_open.get(sent[0].request or 0) if sent and answer.recheck_at is None else None
    if request is None:
        return False
    if [message.target for message in sent] != request.left:
        return False
    if any(message.attempts != 1 or message.cause is not None or message.wait is not None for message in sent):
        return False
    _accept_of(connection, request.id, sent, micros(now))
    requests.end(connection, [Ended(request, request.left, len(sent), 0, 0)], now)
    del is_open[request.id]
    return True


def _still_claimed(outcomes: Sequence[MessageOutcome], left: Mapping[int, set[int]]) -> list[MessageOutcome]:
    """Return the outcomes whose claim is still open. left: the targets without an outcome, by request id."""
    return [outcome for outcome in outcomes if outcome.message.target in left.get(outcome.message.request or 0, ())]


def _accept(connection: Connection, accepted: Sequence[Message], now: datetime) -> None:
    """Store in the ledger what Magento accepted."""
    by_request: dict[int | None, list[Message]] = {}
    for message in accepted:
        by_request.setdefault(message.request, []).append(message)
    for request, messages_of_request in by_request.items():
        _accept_of(connection, request, messages_of_request, micros(now))


def _accept_of(connection: Connection, request: int | None, accepted: Sequence[Message], at: int) -> None:
    for message in accepted:
        if message.value is None or message.sku is None:
            raise ValueError(f"message {message.id} has nothing that Magento could have accepted")
    if _confirm_newest(connection, request, accepted, at) == len(accepted):
        return
    newest = _newest(connection, accepted)
    older = [message for message in accepted if newest.get(message.target) != message.seq]
    rows = [(message.value, message.in_stock, at, request, message.target) for message in older]
    if rows and connection.dialect.name == "sqlite":
        driver_many(connection, statements("sqlite").confirm, rows)
    elif rows:
        lists = tuple(map(list, zip(*rows, strict=True)))
        driver_count(connection, statements("postgresql").confirm, lists)


def _confirm_newest(connection: Connection, request: int | None, accepted: Sequence[Message], at: int) -> int:
    """Confirm the accepted values that are still their targets' newest ones; return how many there are."""
    accept = statements(connection.dialect.name).accept
    if connection.dialect.name == "sqlite":
        seqs = msgspec.json.encode({message.target: message.seq for message in accepted}).decode()
        return driver_count(connection, accept, (at, request, seqs))
    arrays = (array_of([message.target for message in accepted]), array_of([message.seq for message in accepted]))
    return driver_count(connection, accept, (at, request, *arrays))


def _newest(connection: Connection, claimed: Sequence[Message]) -> dict[int, int]:
    """Return the newest sequence number of the target of each message, by target id."""
    ids = driver_ids(connection, [message.target for message in claimed])
    return dict(driver_rows(connection, statements(connection.dialect.name).seqs, (ids,)))


def _is_plainly_sent(outcome: MessageOutcome) -> bool:
    """Return whether the value was accepted and nothing else of the target changes."""
    message = outcome.message
    return (
        outcome.state == SENT
        and outcome.reason is None
        and outcome.cause is None
        and message.attempts == 1
        and message.cause is None
        and message.wait is None
    )


def _has_effects(outcome: MessageOutcome) -> bool:
    return outcome.link is not None or bool(outcome.taken or outcome.compensated)


_OUTCOME = (
    *("state", "cause", "reason", "not_before", "attempts"),
    *("wait", "waiting_since", "waits_for", "wait_told_at", "last_request", "changed_at"),
)
"""The columns of a target that store the outcome of its value in a request."""


class _Logged(NamedTuple):
    """The outcome of one message as the delivery log stores it."""

    state: str
    cause: str | None
    reason: str | None


def _store(connection: Connection, outcomes: Sequence[MessageOutcome], now: datetime) -> dict[int, _Logged]:
    """Store the outcomes in their targets, except in targets with a newer desired value; return what is logged, by
    target id.
    """
    if not outcomes:
        return {}
    newest = _newest(connection, [outcome.message for outcome in outcomes])
    at = micros(now)
    settled, older, unknown = [], [], []
    logged: dict[int, _Logged] = {}
    never_sent = []
    for outcome in outcomes:
        message, cause, reason = outcome.message, _storable(outcome.cause), _storable(outcome.reason)
        is_newest = newest.get(message.target) == message.seq
        attempts = message.attempts if outcome.attempts is None else outcome.attempts
        logged[message.target] = _Logged(outcome.state if is_newest else overtaken(outcome.state), cause, reason)
        if attempts == 0:
            never_sent.append(message)
        if not is_newest:
            older.append((message.target, message.request))
        elif outcome.state == SENDING:
            unknown.append((message.target, cause, reason, message.request, at))
        else:
            wait = (outcome.wait or message.wait) if outcome.state == PENDING else None
            not_before = 0 if outcome.not_before is None or outcome.state != PENDING else micros(outcome.not_before)
            if waits.over_since(connection, wait, message.changed_at):
                not_before = 0
            columns = (outcome.state, cause, reason, not_before, attempts, *waits.columns(wait).values())
            settled.append((message.target, *columns, message.request, at))
    update_tuples(connection, targets, _OUTCOME, settled)
    update_tuples(connection, targets, ("cause", "reason", "last_request", "changed_at"), unknown)
    update_tuples(connection, targets, ("last_request",), older)
    documents.forget_attempts(connection, never_sent)
    return logged


def _storable(text: str | None) -> str | None:
    return None if text is None else kept_text(text)


def _ended(
    outcomes: Sequence[MessageOutcome],
    special: Sequence[MessageOutcome],
    is_open: dict[int, OpenRequest],
    logged: dict[int, _Logged],
) -> list[Ended]:
    """Return the outcomes by request. special: those that are not plainly sent."""
    targets_of: dict[int, list[int]] = {}
    for outcome in outcomes:
        targets_of.setdefault(outcome.message.request or 0, []).append(outcome.message.target)
    not_sent_of: dict[int, list[MessageOutcome]] = {}
    for outcome in special:
        if outcome.state != SENT:
            not_sent_of.setdefault(outcome.message.request or 0, []).append(outcome)
    return [_ended_request(is_open[id_], ids, not_sent_of.get(id_, ()), logged) for id_, ids in targets_of.items()]


def _ended_request(
    request: OpenRequest, ids: list[int], others: Sequence[MessageOutcome], logged: dict[int, _Logged]
) -> Ended:
    """Return the outcomes of one request. ids: its targets that have one. others: the outcomes that are not sent."""
    if not others:
        return Ended(request, ids, len(ids), 0, 0)
    lost = {outcome.message.target for outcome in others if outcome.state == SENDING}
    not_sent = [outcome.message.target for outcome in others if outcome.state != SENDING]
    return Ended(
        request,
        [target for target in ids if target not in lost],
        len(ids) - len(others),
        len(not_sent),
        len(lost),
        _not_sent(not_sent, logged),
    )


def _not_sent(ids: Sequence[int], logged: dict[int, _Logged]) -> list[NotSent]:
    by_outcome: dict[_Logged, list[int]] = {}
    for target in ids:
        by_outcome.setdefault(logged[target], []).append(target)
    return [(*outcome, of_outcome) for outcome, of_outcome in by_outcome.items()]


def _store_effects(
    connection: Connection,
    entity: str,
    outcomes: Sequence[MessageOutcome],
    now: datetime,
    related: RelatedEntities,
) -> None:
    """Store what came with the outcomes: links, rechecks, and what a shipment took."""
    links.write(connection, entity, [outcome.link for outcome in outcomes if outcome.link is not None], now)
    linked = [outcome.link.acumatica_key for outcome in outcomes if outcome.link is not None and outcome.state == SENT]
    waits.end_of(connection, entity, linked)
    # the next desired value is sent even if it equals the last confirmed one: Magento may have only a part of it
    ledger.forget(connection, entity, [outcome.message.key for outcome in outcomes if outcome.partially_applied])
    no_product = sorted({outcome.message.key for outcome in outcomes if outcome.no_product})
    ledger.forget_products(connection, entity, no_product, related.same_products, now)
    for outcome in outcomes:
        if outcome.compensated:
            compensations.add(connection, outcome.message.key, outcome.compensated, now)
    if related.quantities is not None:
        places = _changed_quantities(connection, related.quantities, outcomes)
        ledger.schedule_rechecks(connection, related.quantities, sorted(places), now)


def _changed_quantities(
    connection: Connection, entity: str, outcomes: Sequence[MessageOutcome]
) -> set[tuple[str, str]]:
    """Return the places of quantities to correct: what a shipment took, and all sources of what is compensated."""
    keys = sorted({row.key for outcome in outcomes for row in outcome.compensated})
    compensated = ledger.of_records(connection, entity, [], keys) if keys else {}
    return {*(place for outcome in outcomes for place in outcome.taken), *compensated}
