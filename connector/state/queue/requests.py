"""Requests to Magento: the claim of their targets, and the log of what was delivered.

A request is one row: which targets it carries, with their values and with what Magento had confirmed before. It is
committed before the request leaves, in the transaction that checks the run's fence, and no target is written for it.
While it is open its targets are in a request: none of them is claimed, skipped or erased. An open request of an
earlier run means that Magento is asked what it shows.

Lists are kept as JSON, place by place: the target at a place of `targets` wanted `new_values` there, where `old_values`
was confirmed before, and was last in the request at that place of `previous`.
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
"""What became of targets that a request did not bring to Magento: the state, cause and reason, and their ids."""
_not_sent = msgspec.json.Decoder(list[NotSent]).decode


class OpenRequest(NamedTuple):
    """A request that has no outcome for some of its targets, `left`."""

    id: int
    left: list[int]


class InRequest(NamedTuple):
    """The open request that a target is in, since when (it left, or its answer was lost), and what it says of it."""

    request: int
    at: datetime
    seq: int
    value: int | None
    in_stock: bool | None


class Claim(NamedTuple):
    """What a request says of its targets, what Magento had confirmed there, and the request that each was in before;
    place by place.
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
    """What a request carried of a target, what was confirmed before, when it left, and what became of it: the state,
    with the cause and reason if it was not sent.
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
    """Return the open requests of an entity or of all, the oldest first."""
    rows = _open(connection, "id, targets, left_open", entity)
    return [OpenRequest(number, _ids(left or ids)) for number, ids, left in rows]


def _open(connection: Connection, columns: str, entity: str | None) -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM requests WHERE state = 'sending'"
    if entity is None:
        return driver_rows(connection, f"{query} ORDER BY id")
    return driver_rows(connection, f"{query} AND entity = ? ORDER BY id", (entity,))


def targets_in(connection: Connection, entity: str | None = None) -> dict[int, InRequest]:
    """Return the targets in open requests, by id."""
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
    """Keep that a request with these targets is about to leave; return its number."""
    given = (
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
    return int(driver_rows(connection, _BEGIN, given)[0][0])


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def _truths(values: Sequence[Any]) -> str | None:
    """The list as 0, 1 and null; None where it says nothing."""
    if values.count(None) == len(values):
        return None
    return _json([None if value is None else int(value) for value in values])


def _truths_of(text: str | None, values: str) -> list[bool | None]:
    numbers = [None] * len(_numbers(values)) if text is None else _numbers(text)
    return [None if value is None else bool(value) for value in numbers]


class Ended(NamedTuple):
    """What a request brought in one answer: targets with an outcome, how many were sent and failed, answers lost, and
    what was not sent.
    """

    request: OpenRequest
    ended: Collection[int]
    sent: int
    failed: int
    lost: int
    not_sent: Sequence[NotSent] = ()

    def still_open(self) -> OpenRequest:
        """Return the request with the targets that have no outcome yet."""
        ended = set(self.ended)
        return OpenRequest(self.request.id, [number for number in self.request.left if number not in ended])


def end(connection: Connection, answers: Iterable[Ended], now: datetime) -> None:
    """Keep what became of requests; one whose targets all have an outcome is settled."""
    for one in answers:
        left = one.still_open().left if len(one.ended) < len(one.request.left) else []
        driver_rows(
            connection,
            _END,
            (
                "sending" if left else "settled",
                _json(left) if left else None,
                one.sent,
                one.failed,
                micros(now) if one.lost else None,
                None if left else micros(now),
                _all_not_sent(connection, one) if one.not_sent else None,
                one.request.id,
            ),
        )


def _all_not_sent(connection: Connection, one: Ended) -> str:
    query = "SELECT not_sent FROM requests WHERE id = ?"
    [(before,)] = driver_rows(connection, query, (one.request.id,))
    return _json([*(_not_sent(before) if before else []), *one.not_sent])


def forget_reasons(connection: Connection, entity: str, targets: Collection[int]) -> None:
    """Erase why these targets were not sent: what Magento answered may name a person."""
    those = set(targets)
    query = "SELECT id, not_sent FROM requests WHERE entity = ? AND not_sent IS NOT NULL"
    for number, not_sent in driver_rows(connection, query, (entity,)):
        before = _not_sent(not_sent)
        after = [(was, cause, None if those & set(ids) else reason, ids) for was, cause, reason, ids in before]
        if after != before:
            driver_rows(connection, "UPDATE requests SET not_sent = ? WHERE id = ?", (_json(after), number))


def deliveries(connection: Connection, of: dict[int, int], limit: int) -> dict[int, list[Delivery]]:
    """Return what requests carried of targets, the newest first, at most `limit` each: from targets and the last
    request of each. Requests are kept for as long as housekeeping says.
    """
    found: dict[int, list[Delivery]] = {target: [] for target in of}
    ahead = dict(of)
    for _step in range(limit):
        if not ahead:
            break
        before: dict[int, int] = {}
        for row in _with_ids(connection, sorted(set(ahead.values()))):
            for target in [target for target, request in ahead.items() if request == row[0]]:
                delivery, previous = _delivery(row, target)
                found[target].append(delivery)
                if previous is not None:
                    before[target] = previous
        ahead = before
    return found


def carried_by(connection: Connection, numbers: Sequence[int]) -> list[tuple[int, Delivery]]:
    """Return every target that these requests carried, with what became of it: the newest request first."""
    found = []
    for row in sorted(_with_ids(connection, numbers), key=lambda row: int(row[0]), reverse=True):
        number, state, ids, left, new, in_stock, old, was_in_stock, _previous, not_sent, sent_at = row
        at, became = instant(sent_at), _not_taken(state, ids, left, not_sent)
        sent = zip(_numbers(new), _truths_of(in_stock, new), strict=True)
        confirmed = zip(_numbers(old), _truths_of(was_in_stock, old), strict=True)
        for target, values, before in zip(_ids(ids), sent, confirmed, strict=True):
            result, cause, reason = became.get(target, (SENT, None, None))
            found.append((target, Delivery(number, at, *values, *before, result, cause, reason)))
    return found


_LOGGED = (
    "id, state, targets, left_open, new_values, new_in_stock, old_values, old_in_stock, previous, not_sent, sent_at"
)


def _with_ids(connection: Connection, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    query = f"SELECT {_LOGGED} FROM requests WHERE id {among_ids(connection)}"
    return driver_rows(connection, query, (driver_ids(connection, numbers),))


def _delivery(row: tuple[Any, ...], target: int) -> tuple[Delivery, int | None]:
    number, state, ids, left, new, in_stock, old, was_in_stock, previous, not_sent, sent_at = row
    place = _ids(ids).index(target)

    def at(text: str | None) -> int | None:
        return None if text is None else _numbers(text)[place]

    def bool_at(text: str | None) -> bool | None:
        value = at(text)
        return None if value is None else bool(value)

    became = _not_taken(state, ids, left, not_sent).get(target, (SENT, None, None))
    sent = (number, instant(sent_at), at(new), bool_at(in_stock), at(old), bool_at(was_in_stock))
    return Delivery(*sent, *became), at(previous)


def _not_taken(
    state: str, ids: str, left: str | None, not_sent: str | None
) -> dict[int, tuple[str, str | None, str | None]]:
    """Return the targets of a request that Magento has not taken in it, with the state, cause and reason of each."""
    found: dict[int, tuple[str, str | None, str | None]] = {}
    if state == SENDING:
        found |= dict.fromkeys(_ids(left or ids), (SENDING, None, None))
    for was, cause, reason, those in _not_sent(not_sent) if not_sent else []:
        found |= dict.fromkeys(those, (was, cause, reason))
    return found
