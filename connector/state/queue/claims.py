"""The queue's way through a request: messages are claimed one request's worth at a time, and each outcome is kept.

A claim is one row of `requests`, committed immediately before the request leaves, together with the outcomes of earlier
ones; the targets themselves are not written for it. An attempt counts from then on: a target in an open request has
used one more than its row says, and its row says so once the outcome is kept. What the state database says of attempts
is the truth; Prefect's retries only bring the push back.

Requests take targets in the order in which they may be tried, and of those in the order in which they first came: an
index gives them so, however many wait. Inside a request they are sorted by SKU.
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
from connector.state.rows import array_of, chunked, driver_count, driver_ids, driver_many, driver_rows, update_tuples
from connector.state.schema import PENDING, SENDING, SENT, micros, targets
from connector.state.sync import compensations, ledger, links
from connector.state.text import kept_text


def settle_together(
    connection: Connection, lease: Lease, answers: Sequence[BatchResult], now: datetime
) -> list[list[Message]]:
    """Keep the outcomes of several requests, and what Magento confirmed, in one transaction; in it claim the messages
    of as many next ones. Return the claim of each answer, empty where nothing is left or nothing was wished.

    Where a target wants something newer meanwhile, a value that did not arrive changes nothing of it. The outcome of a
    claim that was settled already changes nothing. The transaction is one of the run that has the lease.
    """
    still_open = requests.open_of(connection, lease.entity)
    if any(answer.outcomes or answer.sent for answer in answers):
        still_open = _settle(connection, lease, answers, still_open, now)
    wishing = [place for place, answer in enumerate(answers) if answer.then is not None]
    claims: list[list[Message]] = [[] for _answer in answers]
    if wishing:
        spec = answers[wishing[0]].then
        assert spec is not None
        taken = [number for one in still_open for number in one.left]
        claimed = _Claims(connection, lease, spec, now, taken).of_requests(len(wishing))
        for place, of_it in zip(wishing, claimed, strict=False):
            claims[place] = of_it
    return claims


_PLACE = itemgetter(CLAIMED.index("key"), CLAIMED.index("source"))
_HAS_MORE = itemgetter(len(CLAIMED))
_CLAIM_SAYS = (
    *("id", "seq", "wanted", "wanted_in_stock"),
    *("confirmed", "confirmed_in_stock", "last_request", "wanted_at"),
)
"""The columns of a `Claim`."""


class _Claims:
    """Claims targets for the next requests of one transaction; taken: those in open requests, which are left out."""

    def __init__(
        self, connection: Connection, lease: Lease, spec: ClaimSpec, now: datetime, taken: Sequence[int]
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._spec = spec
        self._now = now
        self._made = statements(connection.dialect.name)
        self._taken = list(taken)

    def of_requests(self, count: int) -> list[list[Message]]:
        """Return the messages of so many requests; fewer lists where there are not that many."""
        spec = self._spec
        blocked = hosts.blocked_until(self._connection, spec.host)
        if blocked is not None and blocked > self._now:
            return []
        claims = [self._claimed(part, 0) for part in self._fresh(count)]
        while len(claims) < count and not spec.whole:
            first = self._rows(self._made.fewest_attempts)[0][0]
            if first is None:
                break
            size = spec.size_after[min(first, len(spec.size_after)) - 1] if first else spec.size
            claims.append(self._claimed(self._due(first, size), first))
        return claims

    def _fresh(self, count: int) -> Iterable[list[tuple[Any, ...]]]:
        """Return targets whose value was never tried, for so many requests."""
        size = self._spec.size * count
        fresh = self._new(size, stock_outs=True) if self._spec.stock_outs_first else []
        if len(fresh) < size:
            fresh += self._new(size - len(fresh))
        if self._spec.whole:
            del fresh[len(fresh) // self._spec.size * self._spec.size :]
        return [list(part) for part in chunked(fresh, self._spec.size)]

    def _new(self, size: int, *, stock_outs: bool = False) -> list[tuple[Any, ...]]:
        """Take up to `size` of the due targets that were never tried; with `stock_outs` only those that want 0."""
        behind = self._made.claim_stock_outs_behind if stock_outs else self._made.claim_behind
        rows = driver_rows(self._connection, behind, (self._lease.entity, max(self._taken, default=0), size))
        self._taken += [row[0] for row in rows]
        return rows if len(rows) == size else rows + self._due(0, size - len(rows), stock_outs=stock_outs)

    def _due(self, attempts: int, size: int, *, stock_outs: bool = False) -> list[tuple[Any, ...]]:
        """Take up to `size` of the due targets with so many attempts behind them; with `stock_outs` only those that
        want 0.
        """
        rows = self._rows(self._made.claim_stock_outs if stock_outs else self._made.claim, attempts, size)
        self._taken += [row[0] for row in rows]
        return rows

    def _rows(self, statement: str, *more: int) -> list[tuple[Any, ...]]:
        taken = driver_ids(self._connection, self._taken)
        return driver_rows(self._connection, statement, (self._lease.entity, micros(self._now), taken, *more))

    def _claimed(self, rows: list[tuple[Any, ...]], attempts: int) -> list[Message]:
        """Keep that these targets go in one request, in the order of their places; attempts: those behind them."""
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
        return driver_rows(self._connection, self._made.claimed_too, (driver_ids(self._connection, ids),))


def _settle(
    connection: Connection,
    lease: Lease,
    answers: Sequence[BatchResult],
    still_open: Sequence[OpenRequest],
    now: datetime,
) -> list[OpenRequest]:
    """Keep the outcomes; return the requests that are open after that."""
    is_open = {one.id: one for one in still_open}
    others = [answer for answer in answers if not _keep_sent(connection, answer, is_open, now)]
    left = {number: set(one.left) for number, one in is_open.items()}
    outcomes = [one for answer in others for one in _still_claimed(answer.every_outcome(), left)]
    if outcomes:
        _accept(connection, [one.message for one in outcomes if one.state == SENT], now)
        special = [one for one in outcomes if not _is_plainly_sent(one)]
        kept = _keep(connection, special, now)
        ended = _ended(outcomes, special, is_open, kept)
        requests.end(connection, ended, now)
        for one in ended:
            is_open[one.request.id] = one.still_open()
    more = [one for one in outcomes if one.state != SENT or _brings_more(one)]
    if more:
        _keep_what_it_brought(connection, lease.entity, more, now)
    for answer in others:
        if answer.recheck_at is not None:
            claimed = [one.message for one in _still_claimed(answer.every_outcome(), left)]
            ledger.doubt(connection, lease.entity, [(one.key, one.source) for one in claimed], answer.recheck_at)
    return list(is_open.values())


def _keep_sent(connection: Connection, answer: BatchResult, is_open: dict[int, OpenRequest], now: datetime) -> bool:
    """Keep that Magento simply has all of a request, and return whether nothing else is to be kept: nearly always."""
    sent = answer.sent
    request = is_open.get(sent[0].request or 0) if sent and answer.recheck_at is None else None
    if request is None:
        return False
    if [one.target for one in sent] != request.left:
        return False
    if any(one.attempts != 1 or one.cause is not None or one.wait is not None for one in sent):
        return False
    _accept_of(connection, request.id, sent, micros(now))
    requests.end(connection, [Ended(request, request.left, len(sent), 0, 0)], now)
    del is_open[request.id]
    return True


def _still_claimed(outcomes: Sequence[MessageOutcome], left: Mapping[int, set[int]]) -> list[MessageOutcome]:
    """Return the outcomes whose claim is open; left: the targets without an outcome, by request."""
    return [one for one in outcomes if one.message.target in left.get(one.message.request or 0, ())]


def _accept(connection: Connection, accepted: Sequence[Message], now: datetime) -> None:
    """The ledger keeps what Magento accepted."""
    of_requests: dict[int | None, list[Message]] = {}
    for message in accepted:
        of_requests.setdefault(message.request, []).append(message)
    for request, of_it in of_requests.items():
        _accept_of(connection, request, of_it, micros(now))


def _accept_of(connection: Connection, request: int | None, of_it: Sequence[Message], at: int) -> None:
    for message in of_it:
        if message.value is None or message.sku is None:
            raise ValueError(f"message {message.id} has nothing that Magento could have accepted")
    if _accepted(connection, request, of_it, at) == len(of_it):
        return
    newest = _newest(connection, of_it)
    passed = [one for one in of_it if newest.get(one.target) != one.seq]
    rows = [(one.value, one.in_stock, at, request, one.target) for one in passed]
    if rows and connection.dialect.name == "sqlite":
        driver_many(connection, statements("sqlite").confirm, rows)
    elif rows:
        lists = tuple(map(list, zip(*rows, strict=True)))
        driver_count(connection, statements("postgresql").confirm, lists)


def _accepted(connection: Connection, request: int | None, of_it: Sequence[Message], at: int) -> int:
    """Confirm what targets still want as it was accepted; return how many these are."""
    made = statements(connection.dialect.name)
    if connection.dialect.name == "sqlite":
        seqs = msgspec.json.encode({one.target: one.seq for one in of_it}).decode()
        return driver_count(connection, made.accept, (at, request, seqs))
    accepted = (array_of([one.target for one in of_it]), array_of([one.seq for one in of_it]))
    return driver_count(connection, made.accept, (at, request, *accepted))


def _newest(connection: Connection, of: Sequence[Message]) -> dict[int, int]:
    """Return the sequence number of what each target wants by now."""
    made = statements(connection.dialect.name)
    return dict(driver_rows(connection, made.seqs, (driver_ids(connection, [one.target for one in of]),)))


def _is_plainly_sent(one: MessageOutcome) -> bool:
    """Return whether nothing is to be kept of it but that Magento has it, and nothing is there that has to go."""
    message = one.message
    return (
        one.state == SENT
        and one.reason is None
        and one.cause is None
        and message.attempts == 1
        and message.cause is None
        and message.wait is None
    )


def _brings_more(one: MessageOutcome) -> bool:
    return one.link is not None or bool(one.taken or one.compensated)


_KEPT = (
    *("state", "cause", "reason", "not_before", "attempts"),
    *("wait", "waiting_since", "waits_for", "wait_told_at", "last_request", "changed_at"),
)
"""The columns of a target that say what became of its value in a request."""


class _Kept(NamedTuple):
    """What is kept in the log of one outcome that is not simply sent."""

    state: str
    cause: str | None
    reason: str | None


def _keep(connection: Connection, outcomes: Sequence[MessageOutcome], now: datetime) -> dict[int, _Kept]:
    """Give these targets what became of their values, unless they want something newer; return what the log says."""
    if not outcomes:
        return {}
    newest = _newest(connection, [one.message for one in outcomes])
    at = micros(now)
    settled, passed, in_doubt = [], [], []
    kept: dict[int, _Kept] = {}
    never_tried = []
    for one in outcomes:
        message, cause, reason = one.message, _storable(one.cause), _storable(one.reason)
        is_newest = newest.get(message.target) == message.seq
        attempts = message.attempts if one.attempts is None else one.attempts
        kept[message.target] = _Kept(one.state if is_newest else overtaken(one.state), cause, reason)
        if attempts == 0:
            never_tried.append(message)
        if not is_newest:
            passed.append((message.target, message.request))
        elif one.state == SENDING:
            in_doubt.append((message.target, cause, reason, message.request, at))
        else:
            wait = (one.wait or message.wait) if one.state == PENDING else None
            not_before = 0 if one.not_before is None or one.state != PENDING else micros(one.not_before)
            if waits.over_since(connection, wait, message.changed_at):
                not_before = 0
            says = (one.state, cause, reason, not_before, attempts, *waits.columns(wait).values())
            settled.append((message.target, *says, message.request, at))
    update_tuples(connection, targets, _KEPT, settled)
    update_tuples(connection, targets, ("cause", "reason", "last_request", "changed_at"), in_doubt)
    update_tuples(connection, targets, ("last_request",), passed)
    documents.forget_attempts(connection, never_tried)
    return kept


def _storable(text: str | None) -> str | None:
    return None if text is None else kept_text(text)


def _ended(
    outcomes: Sequence[MessageOutcome],
    special: Sequence[MessageOutcome],
    is_open: dict[int, OpenRequest],
    kept: dict[int, _Kept],
) -> list[Ended]:
    """Return what each request brought; special: the outcomes that are not plainly sent."""
    of_request: dict[int, list[int]] = {}
    for one in outcomes:
        of_request.setdefault(one.message.request or 0, []).append(one.message.target)
    others: dict[int, list[MessageOutcome]] = {}
    for one in special:
        if one.state != SENT:
            others.setdefault(one.message.request or 0, []).append(one)
    return [_ended_one(is_open[number], ids, others.get(number, ()), kept) for number, ids in of_request.items()]


def _ended_one(
    request: OpenRequest, targets_of_it: list[int], others: Sequence[MessageOutcome], kept: dict[int, _Kept]
) -> Ended:
    """others: the outcomes that are not sent."""
    if not others:
        return Ended(request, targets_of_it, len(targets_of_it), 0, 0)
    lost = {one.message.target for one in others if one.state == SENDING}
    not_sent = [one.message.target for one in others if one.state != SENDING]
    return Ended(
        request,
        [number for number in targets_of_it if number not in lost],
        len(targets_of_it) - len(others),
        len(not_sent),
        len(lost),
        _not_sent(not_sent, kept),
    )


def _not_sent(ids: Sequence[int], kept: dict[int, _Kept]) -> list[NotSent]:
    groups: dict[_Kept, list[int]] = {}
    for number in ids:
        groups.setdefault(kept[number], []).append(number)
    return [(*what, those) for what, those in groups.items()]


def _keep_what_it_brought(
    connection: Connection, entity: str, outcomes: Sequence[MessageOutcome], now: datetime
) -> None:
    """Keep what came with the outcomes: links, what is in doubt, what a shipment took."""
    links.write(connection, entity, [one.link for one in outcomes if one.link is not None], now)
    linked = [one.link.acumatica_key for one in outcomes if one.link is not None and one.state == SENT]
    waits.end_of(connection, entity, linked)
    # the next desired value is sent even if it equals the last confirmed one: Magento may have only a part of it
    ledger.forget(connection, entity, [one.message.key for one in outcomes if one.partially_applied])
    ledger.forget_products(connection, entity, sorted({one.message.key for one in outcomes if one.no_product}), now)
    for one in outcomes:
        if one.compensated:
            compensations.add(connection, one.message.key, one.compensated, now)
    ledger.doubt(connection, "inventory", sorted(_places(connection, outcomes)), now)


def _places(connection: Connection, outcomes: Sequence[MessageOutcome]) -> set[tuple[str, str]]:
    """Where quantities are to be put right: what a shipment took, and every source of what has to be compensated."""
    keys = sorted({row.key for one in outcomes for row in one.compensated})
    elsewhere = ledger.of_records(connection, "inventory", [], keys) if keys else {}
    return {*(place for one in outcomes for place in one.taken), *elsewhere}
