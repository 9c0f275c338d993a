"""The queue's way through a request: messages are claimed one request's worth at a time, and each outcome is kept.

A claim is one row of `requests`, committed immediately before the request leaves, together with the outcomes of earlier
ones; the messages themselves are not written for it. An attempt counts from then on: a message in an open request has
used one more than its row says, and its row says so once the outcome is kept. What the state database says of attempts
is the truth; Prefect's retries only bring the push back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from connector.state.coordination import hosts
from connector.state.coordination.lease import Lease
from connector.state.queue import messages, requests, waits
from connector.state.queue.message import BatchResult, ClaimSpec, Message, MessageOutcome
from connector.state.queue.requests import Ended, OpenRequest
from connector.state.queue.statements import statements
from connector.state.queue.transitions import overtaken
from connector.state.queue.wait import Wait
from connector.state.rows import chunked, driver_ids, driver_rows
from connector.state.schema import OVER, PENDING, SENDING, SENT, micros
from connector.state.sync import compensations, ledger, links
from connector.state.text import kept_text


def settle_together(
    connection: Connection, held: Lease, answers: Sequence[BatchResult], now: datetime
) -> list[list[Message]]:
    """Keep the outcomes of several requests, and what Magento confirmed, in one transaction; in it claim the messages
    of as many next ones. Return the claim of each answer, empty where nothing is left or nothing was wished.

    A message that a newer one has overtaken meanwhile becomes superseded instead of pending or failed. The outcome of a
    claim that was settled already changes nothing. The transaction is one of the run that has the lease.
    """
    is_open = {one.id: one for one in requests.open_of(connection, held.entity)}
    if any(answer.outcomes for answer in answers):
        _settle(connection, held, answers, is_open, now)
    wishing = [place for place, answer in enumerate(answers) if answer.then is not None]
    claims: list[list[Message]] = [[] for _answer in answers]
    if wishing:
        wish = answers[wishing[0]].then
        assert wish is not None
        claimed = _Claims(connection, held, wish, now).of_requests(len(wishing))
        for place, of_it in zip(wishing, claimed, strict=False):
            claims[place] = of_it
    return claims


_PLACE = itemgetter(2, 3)
_CARRIED = itemgetter(0, 6, 7, -2, -1)
"""Of a claimed row: its id, value and stock status, and these as Magento confirmed them before."""


class _Claims:
    """Claims messages for the next requests of one transaction: what is in an open request is left out."""

    def __init__(self, connection: Connection, held: Lease, wish: ClaimSpec, now: datetime) -> None:
        self._connection = connection
        self._held = held
        self._wish = wish
        self._now = now
        self._made = statements(connection.dialect.name)
        self._taken = [number for one in requests.open_of(connection, held.entity) for number in one.left]

    def of_requests(self, count: int) -> list[list[Message]]:
        """Return the messages of so many requests; fewer lists where there are not that many."""
        wish = self._wish
        blocked = hosts.blocked_until(self._connection, wish.host)
        if blocked is not None and blocked > self._now:
            return []
        claims = [self._claimed(part) for part in self._fresh(count)]
        while len(claims) < count and not wish.whole:
            first = self._rows(self._made.fewest_attempts)[0][0]
            if first is None:
                break
            size = wish.size_after[min(first, len(wish.size_after)) - 1] if first else wish.size
            claims.append(self._claimed(self._due(first, size)))
        return claims

    def _fresh(self, count: int) -> Iterable[list[tuple[Any, ...]]]:
        """Return messages that were never tried, for so many requests."""
        size = self._wish.size * count
        if self._wish.whole:
            due = self._rows(self._made.how_many, 0, size)[0][0]
            size = due // self._wish.size * self._wish.size
        if not size:
            return []
        fresh = self._due(0, size, stock_outs=True) if self._wish.stock_outs_first else []
        if len(fresh) < size:
            fresh += self._due(0, size - len(fresh))
        return [list(part) for part in chunked(fresh, self._wish.size)]

    def _due(self, attempts: int, size: int, *, stock_outs: bool = False) -> list[tuple[Any, ...]]:
        """Take up to `size` of the due messages with so many attempts behind them, the first ones by key and source;
        with `stock_outs` only those that say 0.
        """
        rows = self._rows(self._made.claim_stock_outs if stock_outs else self._made.claim, attempts, size)
        self._taken += [row[0] for row in rows]
        return rows

    def _rows(self, statement: str, *more: int) -> list[tuple[Any, ...]]:
        taken = driver_ids(self._connection, self._taken)
        return driver_rows(self._connection, statement, (self._held.entity, micros(self._now), taken, *more))

    def _claimed(self, rows: list[tuple[Any, ...]]) -> list[Message]:
        """Keep that these messages go in one request, in the order of their places."""
        rows.sort(key=_PLACE)
        request = requests.begin(self._connection, self._held, *zip(*map(_CARRIED, rows), strict=True), now=self._now)
        return [messages.claimed_message(row[:-2], request, self._now) for row in rows]


def _settle(
    connection: Connection,
    held: Lease,
    answers: Sequence[BatchResult],
    is_open: dict[int, OpenRequest],
    now: datetime,
) -> None:
    without = {number: set(one.left) for number, one in is_open.items()}

    def still_claimed(one: MessageOutcome) -> bool:
        return one.message.id in without.get(one.message.request or 0, ())

    outcomes = [one for answer in answers for one in answer.outcomes if still_claimed(one)]
    _keep(connection, held.entity, outcomes, now)
    requests.end(connection, _ended(outcomes, is_open), now)
    _confirm(connection, [one.message for one in outcomes if one.state == SENT], now)
    more = [one for one in outcomes if one.state != SENT or one.link is not None or one.taken or one.compensated]
    if more:
        _keep_what_it_brought(connection, held.entity, more, now)
    for answer in answers:
        if answer.doubt_until is not None:
            claimed = [one.message for one in answer.outcomes if still_claimed(one)]
            ledger.doubt(connection, held.entity, [(one.key, one.source) for one in claimed], answer.doubt_until)


class _Kept(NamedTuple):
    """What is kept of messages with the same outcome of one request."""

    request: int | None
    became: str
    cause: str | None
    reason: str | None
    not_before: int | None
    attempts: int
    wait: Wait | None


def _keep(connection: Connection, entity: str, outcomes: Sequence[MessageOutcome], now: datetime) -> None:
    unsent = [one.message for one in outcomes if one.state != SENT]
    with_newer = _overtaken(connection, entity, unsent) if unsent else set()
    groups: dict[_Kept, list[int]] = {}
    sent: dict[tuple[int | None, int], list[int]] = {}
    for one in outcomes:
        message = one.message
        if one.state == SENT and one.reason is None and one.cause is None:  # nearly always
            sent.setdefault((message.request, message.attempts), []).append(message.id)
            continue
        became = overtaken(one.state) if message.id in with_newer else one.state
        not_before = None if one.not_before is None or became != PENDING else micros(one.not_before)
        attempts = message.attempts if one.attempts is None else one.attempts
        wait = (one.wait or message.wait) if became in (PENDING, SENDING) else None
        kept = _Kept(message.request, became, one.cause, one.reason, not_before, attempts, wait)
        groups.setdefault(kept, []).append(message.id)
    for (request, attempts), ids in sent.items():
        groups.setdefault(_Kept(request, SENT, None, None, None, attempts, None), []).extend(ids)
    for kept, ids in groups.items():
        _change(connection, kept, ids, now)


def _change(connection: Connection, kept: _Kept, ids: list[int], now: datetime) -> None:
    """Give these messages their outcome; one without an answer stays in its request."""
    made = statements(connection.dialect.name)
    waits_for = None if kept.wait is None else _storable(kept.wait.waits_for)
    cause, reason = _storable(kept.cause), _storable(kept.reason)
    for part in chunked(ids):
        of_these = driver_ids(connection, part)
        if kept.became == SENDING:
            driver_rows(connection, made.doubt, (cause, reason, kept.request, micros(now), of_these))
            continue
        given = (
            kept.became,
            kept.became not in OVER,
            cause,
            reason,
            kept.not_before,
            kept.attempts,
            *{**waits.columns(kept.wait), "waits_for": waits_for}.values(),
            kept.request,
            micros(now),
            of_these,
        )
        driver_rows(connection, made.settle, given)


def _storable(text: str | None) -> str | None:
    return None if text is None else kept_text(text)


def _ended(outcomes: Sequence[MessageOutcome], is_open: dict[int, OpenRequest]) -> list[Ended]:
    of_request: dict[int, list[MessageOutcome]] = {}
    for one in outcomes:
        of_request.setdefault(one.message.request or 0, []).append(one)
    return [
        Ended(
            is_open[number],
            [one.message.id for one in of_it if one.state != SENDING],
            sum(one.state == SENT for one in of_it),
            sum(one.state != SENT and one.state != SENDING for one in of_it),
            sum(one.state == SENDING for one in of_it),
        )
        for number, of_it in of_request.items()
    ]


def _confirm(connection: Connection, accepted: Sequence[Message], now: datetime) -> None:
    """The ledger keeps what Magento accepted, copied from the messages themselves."""
    for message in accepted:
        if message.value is None or message.sku is None:
            raise ValueError(f"message {message.id} has nothing that Magento could have accepted")
    made = statements(connection.dialect.name)
    for part in chunked([message.id for message in accepted]):
        driver_rows(connection, made.confirm, (micros(now), driver_ids(connection, part)))


def _keep_what_it_brought(
    connection: Connection, entity: str, outcomes: Sequence[MessageOutcome], now: datetime
) -> None:
    """Keep what came with the outcomes: links, what is in doubt, what a shipment took."""
    links.write(connection, entity, [one.link for one in outcomes if one.link is not None], now)
    linked = [one.link.acumatica_key for one in outcomes if one.link is not None and one.state == SENT]
    waits.end_of(connection, entity, linked)
    # the next desired value is sent even if it equals the last confirmed one: Magento may have only a part of it
    ledger.forget(connection, entity, [one.message.key for one in outcomes if one.partially_applied])
    ledger.forget_products(connection, entity, sorted({one.message.key for one in outcomes if one.is_gone}), now)
    for one in outcomes:
        if one.compensated:
            compensations.add(connection, one.message.key, one.compensated, now)
    ledger.doubt(connection, "inventory", sorted(_places(connection, outcomes)), now)


def _places(connection: Connection, outcomes: Sequence[MessageOutcome]) -> set[tuple[str, str]]:
    """Where quantities are to be put right: what a shipment took, and every source of what has to be compensated."""
    keys = sorted({row.key for one in outcomes for row in one.compensated})
    elsewhere = ledger.of_records(connection, "inventory", [], keys) if keys else {}
    return {*(place for one in outcomes for place in one.taken), *elsewhere}


def _overtaken(connection: Connection, entity: str, unsettled: Iterable[Message]) -> set[int]:
    """Return those of the messages for whose place a newer one waits."""
    by_place = {(message.key, message.source): message.id for message in unsettled}
    waiting = messages.pending(connection, entity, sorted({key for key, _source in by_place}))
    return {by_place[place] for one in waiting if (place := (one.key, one.source)) in by_place}
