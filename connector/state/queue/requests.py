"""Requests to Magento: the claim of their targets and the delivery log.

A request is one row with its targets, their values, and the values that were confirmed before. The row is committed
before the request is sent, in the transaction that checks the run's fence; its targets are not written. While the row
is open, none of its targets is claimed, skipped or erased. If a run finds an open request of an earlier run, it reads
in Magento what became of it.

The lists of a request are stored as JSON and have the same order: the target `targets[n]` had the desired value
`new_values[n]`, the confirmed value `old_values[n]`, and was last in the request `previous[n]`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from connector.state.coordination.lease import Lease
from connector.state.rows import among_ids, driver_ids, driver_rows
from connector.state.schema import SENDING, SENT, instant, micros

_BEGIN = (
    "INSERT INTO requests (entity, state, fence, targets, seqs, new_values, new_in_stock, old_values, old_in_stock, "
    "previous, oldest_wanted_at, sent_at) VALUES (?, 'sending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_END = (
    "UPDATE requests SET state = ?, left_open = ?, sent = sent + ?, failed = failed + ?, "
    "lost_at = COALESCE(?, lost_at), settled_at = ?, not_sent = COALESCE(?, not_sent) WHERE id = ?"
)
_numbers = msgspec.json.Decoder(list[int | None]).decode
_ids = msgspec.json.Decoder(list[int]).decode
NotSent = tuple[str, str | None, str | None, list[int]]
"""Targets of a request whose values were not sent: state, cause, reason, and the target ids."""
_not_sent = msgspec.json.Decoder(list[NotSent]).decode


class OpenRequest(NamedTuple):
    """A request without an outcome for some of its targets. left: their ids."""

    id: int
    left: list[int]


class InRequest(NamedTuple):
    """The open request of a target and the value that it carries. at: when it was sent, or when its answer was lost."""

    request: int
    at: datetime
    seq: int
    value: int | None
    in_stock: bool | None


class Claim(NamedTuple):
    """The targets of a request, in columns of equal length.

    values, in_stock: what is sent. old_values, old_in_stock: what Magento had confirmed. previous: the last request
    that each target was in.
    """

    targets: Sequence[int]
    seqs: Sequence[int]
    values: Sequence[int | None]
    in_stock: Sequence[Any]
    old_values: Sequence[int | None]
    old_in_stock: Sequence[Any]
    previous: Sequence[int | None]
    wanted_at: Sequence[int]


class Delivery(NamedTuple):
    """A value of a target that a request carried, and its outcome.

    value_before, in_stock_before: what Magento had confirmed. state: the outcome. cause, reason: why it was not sent.
    """

    request: int
    sent_at: datetime
    value: int | None
    in_stock: bool | None
    value_before: int | None
    in_stock_before: bool | None
    state: str
    cause: str | None = None
    reason: str | None = None


def open_of(connection: Connection, entity: str | None = None) -> list[OpenRequest]:
    """Return the open requests of one entity or of all, the oldest first."""
    rows = _open(connection, "id, targets, left_open", entity)
    return [OpenRequest(number, _ids(left or ids)) for number, ids, left in rows]


def _open(connection: Connection, columns: str, entity: str | None) -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM requests WHERE state = 'sending'"
    if entity is None:
        return driver_rows(connection, f"{query} ORDER BY id")
    return driver_rows(connection, f"{query} AND entity = ? ORDER BY id", (entity,))


def targets_in(connection: Connection, entity: str | None = None) -> dict[int, InRequest]:
    """Return the targets in open requests of one entity or of all, by target id."""
    columns = "id, targets, left_open, seqs, new_values, new_in_stock, sent_at, lost_at"
    found: dict[int, InRequest] = {}
    for number, ids, left, seqs, values, in_stock, sent_at, lost_at in _open(connection, columns, entity):
        at = instant(lost_at or sent_at)
        is_open = None if left is None else set(_ids(left))
        carried = zip(_ids(ids), _ids(seqs), _numbers(values), _truths_of(in_stock, values), strict=True)
        for target, seq, value, stock in carried:
            if is_open is None or target in is_open:
                found[target] = InRequest(number, at, seq, value, stock)
    return found


def begin(connection: Connection, lease: Lease, claim: Claim, *, now: datetime) -> int:
    """Record that a request with these targets is about to be sent; return its id."""
    parameters = (
        lease.entity,
        lease.fence,
        _json(claim.targets),
        _json(claim.seqs),
        _json(claim.values),
        _truths(claim.in_stock),
        _json(claim.old_values),
        _truths(claim.old_in_stock),
        _json(claim.previous) if any(claim.previous) else None,
        min(claim.wanted_at),
        micros(now),
    )
    return int(driver_rows(connection, _BEGIN, parameters)[0][0])


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def _truths(values: Sequence[Any]) -> str | None:
    """Return the list as JSON of 0, 1 and null; `None` if all values are `None`."""
    if values.count(None) == len(values):
        return None
    return _json([None if value is None else int(value) for value in values])


def _truths_of(text: str | None, values: str) -> list[bool | None]:
    numbers = [None] * len(_numbers(values)) if text is None else _numbers(text)
    return [None if value is None else bool(value) for value in numbers]


class Ended(NamedTuple):
    """The outcomes of a request.

    ended: the targets that have an outcome. sent, failed, lost: how many values were accepted, were not, and have no
    known outcome. not_sent: the outcomes of the targets whose values were not sent.
    """

    request: OpenRequest
    ended: Collection[int]
    sent: int
    failed: int
    lost: int
    not_sent: Sequence[NotSent] = ()

    def still_open(self) -> OpenRequest:
        """Return the request with the targets that still have no outcome."""
        ended = set(self.ended)
        return OpenRequest(self.request.id, [number for number in self.request.left if number not in ended])


def end(connection: Connection, answers: Iterable[Ended], now: datetime) -> None:
    """Store the outcomes of requests; a request whose targets all have an outcome is settled."""
    for answer in answers:
        left = answer.still_open().left if len(answer.ended) < len(answer.request.left) else []
        driver_rows(
            connection,
            _END,
            (
                "sending" if left else "settled",
                _json(left) if left else None,
                answer.sent,
                answer.failed,
                micros(now) if answer.lost else None,
                None if left else micros(now),
                _all_not_sent(connection, answer) if answer.not_sent else None,
                answer.request.id,
            ),
        )


def _all_not_sent(connection: Connection, answer: Ended) -> str:
    query = "SELECT not_sent FROM requests WHERE id = ?"
    [(before,)] = driver_rows(connection, query, (answer.request.id,))
    return _json([*(_not_sent(before) if before else []), *answer.not_sent])


def forget_reasons(connection: Connection, entity: str, targets: Collection[int]) -> None:
    """Erase the reasons why these targets were not sent: an answer of Magento may name a person."""
    erased = set(targets)
    query = "SELECT id, not_sent FROM requests WHERE entity = ? AND not_sent IS NOT NULL"
    for number, not_sent in driver_rows(connection, query, (entity,)):
        before = _not_sent(not_sent)
        after = [(state, cause, None if erased & set(ids) else reason, ids) for state, cause, reason, ids in before]
        if after != before:
            driver_rows(connection, "UPDATE requests SET not_sent = ? WHERE id = ?", (_json(after), number))


def deliveries(connection: Connection, of: dict[int, int], limit: int) -> dict[int, list[Delivery]]:
    """Return the deliveries of targets, the newest first, at most `limit` per target.

    of: target ids with the id of the last request of each. Older requests are deleted by housekeeping.
    """
    found: dict[int, list[Delivery]] = {target: [] for target in of}
    request_of = dict(of)
    for _step in range(limit):
        if not request_of:
            break
        previous_of: dict[int, int] = {}
        for row in _with_ids(connection, sorted(set(request_of.values()))):
            for target in [target for target, request in request_of.items() if request == row[0]]:
                delivery, previous = _delivery(row, target)
                found[target].append(delivery)
                if previous is not None:
                    previous_of[target] = previous
        request_of = previous_of
    return found


def carried_by(connection: Connection, numbers: Sequence[int]) -> list[tuple[int, Delivery]]:
    """Return every target of these requests with its delivery, the newest request first."""
    found = []
    for row in sorted(_with_ids(connection, numbers), key=lambda row: int(row[0]), reverse=True):
        number, state, ids, left, new, in_stock, old, was_in_stock, _previous, not_sent, sent_at = row
        at, outcomes = instant(sent_at), _not_accepted(state, ids, left, not_sent)
        sent = zip(_numbers(new), _truths_of(in_stock, new), strict=True)
        confirmed = zip(_numbers(old), _truths_of(was_in_stock, old), strict=True)
        for target, values, before in zip(_ids(ids), sent, confirmed, strict=True):
            outcome, cause, reason = outcomes.get(target, (SENT, None, None))
            found.append((target, Delivery(number, at, *values, *before, outcome, cause, reason)))
    return found


_LOGGED = (
    "id, state, targets, left_open, new_values, new_in_stock, old_values, old_in_stock, previous, not_sent, sent_at"
)


def _with_ids(connection: Connection, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    query = f"SELECT {_LOGGED} FROM requests WHERE id {among_ids(connection)}"
    return driver_rows(connection, query, (driver_ids(connection, numbers),))


def _delivery(row: tuple[Any, ...], target: int) -> tuple[Delivery, int | None]:
    number, state, ids, left, new, in_stock, old, was_in_stock, previous, not_sent, sent_at = row
    index = _ids(ids).index(target)

    def at(text: str | None) -> int | None:
        return None if text is None else _numbers(text)[index]

    def bool_at(text: str | None) -> bool | None:
        value = at(text)
        return None if value is None else bool(value)

    outcome = _not_accepted(state, ids, left, not_sent).get(target, (SENT, None, None))
    sent = (number, instant(sent_at), at(new), bool_at(in_stock), at(old), bool_at(was_in_stock))
    return Delivery(*sent, *outcome), at(previous)


def _not_accepted(
    state: str, ids: str, left: str | None, not_sent: str | None
) -> dict[int, tuple[str, str | None, str | None]]:
    """Return the state, cause and reason of the targets of a request that Magento did not accept, by target id."""
    found: dict[int, tuple[str, str | None, str | None]] = {}
    if state == SENDING:
        found |= dict.fromkeys(_ids(left or ids), (SENDING, None, None))
    for outcome, cause, reason, targets in _not_sent(not_sent) if not_sent else []:
        found |= dict.fromkeys(targets, (outcome, cause, reason))
    return found
