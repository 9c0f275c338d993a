"""Requests to Magento: the claim of their messages, and the log of what was delivered.

A request is one row: which messages it carries, with their values and with what Magento had confirmed before. It is
committed before the request leaves, in the transaction that checks the run's fence, and no message is written for it.
While it is open its messages are in a request: none of them is claimed, skipped or erased. An open request of an
earlier run means that Magento is asked what it shows.

Lists are kept as JSON, place by place: the message at a place of `message_ids` said `new_values` there, where
`old_values` was confirmed before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from connector.state.coordination.lease import Lease
from connector.state.rows import chunked, driver_rows, in_any, tuples
from connector.state.schema import instant, micros, requests

_KEYS_PER_QUERY = 5_000
_BEGIN = (
    "INSERT INTO requests (entity, state, fence, message_ids, new_values, new_in_stock, old_values, old_in_stock, "
    "sent_at) VALUES (?, 'sending', ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_END = (
    "UPDATE requests SET state = ?, left_open = ?, sent = sent + ?, failed = failed + ?, "
    "lost_at = COALESCE(?, lost_at), settled_at = ? WHERE id = ?"
)
_numbers = msgspec.json.Decoder(list[int | None]).decode
_ids = msgspec.json.Decoder(list[int]).decode


class OpenRequest(NamedTuple):
    """A request that has no outcome for some of its messages, `left`; `at`: when it left, or its answer was lost."""

    id: int
    left: list[int]
    at: int


class InRequest(NamedTuple):
    """The open request that a message is in."""

    request: int
    at: datetime


class Sent(NamedTuple):
    """What a request said of a message, what was confirmed before, and when it left."""

    request: int
    sent_at: datetime
    value: int | None
    in_stock: bool | None
    value_before: int | None
    in_stock_before: bool | None


def open_of(connection: Connection, entity: str | None = None) -> list[OpenRequest]:
    """Return the open requests of an entity or of all, the oldest first."""
    query = "SELECT id, message_ids, left_open, sent_at, lost_at FROM requests WHERE state = 'sending'"
    rows = (
        driver_rows(connection, f"{query} ORDER BY id")
        if entity is None
        else driver_rows(connection, f"{query} AND entity = ? ORDER BY id", (entity,))
    )
    return [OpenRequest(number, _ids(left or ids), lost_at or sent_at) for number, ids, left, sent_at, lost_at in rows]


def messages_in(connection: Connection, entity: str | None = None) -> dict[int, InRequest]:
    """Return the messages in open requests, by id."""
    found: dict[int, InRequest] = {}
    for one in open_of(connection, entity):
        found.update(dict.fromkeys(one.left, InRequest(one.id, instant(one.at))))
    return found


def begin(
    connection: Connection,
    held: Lease,
    message_ids: Sequence[int],
    new_values: Sequence[int | None],
    new_in_stock: Sequence[Any],
    old_values: Sequence[int | None],
    old_in_stock: Sequence[Any],
    *,
    now: datetime,
) -> int:
    """Keep that a request with these messages is about to leave; return its number.

    new: what they say; old: what Magento had confirmed before. A stock status is as its driver tells truth.
    """
    given = (
        held.entity,
        held.fence,
        _json(message_ids),
        _json(new_values),
        _truths(new_in_stock),
        _json(old_values),
        _truths(old_in_stock),
        micros(now),
    )
    return int(driver_rows(connection, _BEGIN, given)[0][0])


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def _truths(values: Sequence[Any]) -> str | None:
    """The list as 0, 1 and null; None where it says nothing."""
    if not any(value is not None for value in values):
        return None
    return _json([None if value is None else int(value) for value in values])


class Ended(NamedTuple):
    """What a request brought in one answer: messages with an outcome, how many were sent and failed, answers lost."""

    request: OpenRequest
    ended: Collection[int]
    sent: int
    failed: int
    lost: int


def end(connection: Connection, answers: Iterable[Ended], now: datetime) -> None:
    """Keep what became of requests; one whose messages all have an outcome is settled."""
    for one in answers:
        ended = set(one.ended)
        left = [number for number in one.request.left if number not in ended]
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
                one.request.id,
            ),
        )


def last_sent(connection: Connection, of: Sequence[tuple[int, int]]) -> dict[int, Sent]:
    """Return what requests said of messages, from (message, request) pairs, by message; requests are kept as long as
    messages are.
    """
    wanted: dict[int, list[int]] = {}
    for message, request in of:
        wanted.setdefault(request, []).append(message)
    found: dict[int, Sent] = {}
    columns = (
        requests.c.id,
        requests.c.sent_at,
        requests.c.message_ids,
        requests.c.new_values,
        requests.c.new_in_stock,
        requests.c.old_values,
        requests.c.old_in_stock,
    )
    for part in chunked(list(wanted), _KEYS_PER_QUERY):
        for number, sent_at, ids, *lists in tuples(
            connection, select(*columns).where(in_any(connection, requests.c.id, part))
        ):
            places = {message: place for place, message in enumerate(_ids(ids))}
            new, in_stock, old, was_in_stock = (None if one is None else _numbers(one) for one in lists)
            for message in wanted[number]:
                place = places[message]
                found[message] = Sent(
                    number,
                    instant(sent_at),
                    None if new is None else new[place],
                    _truth(in_stock, place),
                    None if old is None else old[place],
                    _truth(was_in_stock, place),
                )
    return found


def _truth(values: Sequence[int | None] | None, place: int) -> bool | None:
    value = None if values is None else values[place]
    return None if value is None else bool(value)
