"""Explain why Magento shows what it shows for one record: the data last read, the rules' result, and what was sent.

Input: an entity and a key in any spelling (inventory id, SKU, document number). Output: lines of (what, text) and the
deliveries, from the state database alone. Neither system is queried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.record_keys import did_you_mean, resolve_keys
from connector.state.engine import State
from connector.state.queue import messages, requests
from connector.state.queue.message import Message
from connector.state.queue.requests import Delivery
from connector.state.schema import PENDING
from connector.state.sync import entities, ledger, links, records
from connector.state.sync.records import Stored
from entities.base import Entity
from entities.explained import Line
from entities.registry import ENTITIES
from entities.waiting import describe
from settings import Settings, as_on_the_screen

_DELIVERIES_SHOWN = 10
_FIELDS = {
    "customer_order": "customer order number",
    "external_ref": "external reference",
    "ship_via": "ShipVia",
}
"""Fields of documents whose names say too little; the others are called by their names."""
NOTHING_KNOWN = "Nothing known"


def _in_utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Delivered:
    """What one request sent to one target: the value, the value that Magento had confirmed before, and the outcome.

    `code` and `reason` are Magento's answer if it did not accept the value. Documents have no values.
    """

    request: int
    sent_at: datetime
    key: str
    source: str
    value: str
    before: str
    outcome: str
    code: str
    reason: str


@dataclass(frozen=True)
class Explanation:
    """What is known about a record and its deliveries, the newest first. is_known: a sync has seen the record."""

    lines: list[Line]
    delivered: list[Delivered]
    is_known: bool = True


def explain(settings: Settings, state: State, entity: str, typed: str) -> list[Line]:
    """Return the lines about one record, or a single line with the reason if nothing is known about it."""
    found = explanation(settings, state, entity, typed)
    return [*found.lines, *(_delivery_line(delivered) for delivered in found.delivered)]


def explanation(
    settings: Settings,
    state: State,
    entity: str,
    typed: str,
    *,
    deliveries: int = _DELIVERIES_SHOWN,
    at: Callable[[datetime], str] = _in_utc,
) -> Explanation:
    """Return what is known about one record.

    Args:
        deliveries: How many of the last deliveries to each target are included.
        at: Formats an instant.
    """
    keys = resolve_keys(state, settings, entity, typed)
    with state.read() as connection:
        known = entities.read(connection, entity)
        stored = list(records.read(connection, entity, keys).values())
        queued = messages.of_records(connection, entity, keys)
        requested = {message.target: message.request for message in queued if message.request is not None}
        delivered = requests.deliveries(connection, requested, deliveries)
        confirmed = ledger.of_records(connection, entity, keys, [])
        linked = links.of_records(connection, entity, keys)
    lines: list[Line] = []
    for record in stored:
        lines += [("Acumatica key", record.acumatica_key), *_record_lines(record, at)]
    kind = ENTITIES[entity]
    if stored:
        lines += kind.explained(settings, state, stored)
    lines += [
        (f"Magento confirmed{_at(row.source)}", f"{value} for {row.sku}")
        for row in confirmed.values()
        if (value := kind.value_text(row.value))
    ]
    lines += [(f"Link of {link.key}", f"{link.magento_id} in Magento ({link.made_by})") for link in linked.values()]
    lines += [_message_line(kind.value_text(message.value), message, at) for message in queued]
    if not lines:
        reason = _why_nothing_is_known(state, entity, typed, known.last_sync_at, at)
        return Explanation([(NOTHING_KNOWN, reason)], [], is_known=False)
    shown = [(what, as_on_the_screen(text)) for what, text in lines]
    return Explanation(shown, _delivered(kind, queued, delivered))


def _why_nothing_is_known(
    state: State, entity: str, typed: str, synced_at: datetime | None, at: Callable[[datetime], str]
) -> str:
    if synced_at is None:
        return f"there was no sync of {entity} yet: a2m sync {entity}"
    message = f"no sync has seen {typed!r}; the last sync of {entity} was {at(synced_at)}."
    return message + did_you_mean(state, entity, typed)


def _record_lines(stored: Stored, at: Callable[[datetime], str]) -> Iterator[Line]:
    record = stored.record
    if record.facts is not None:
        facts = record.facts
        exported = "exported" if facts.exported else "not exported"
        yield "Item", f"SKU {facts.sku}, {facts.status}, class {facts.item_class}, {exported}"
    for name, value in (record.document or {}).items():
        if isinstance(value, str | int | bool):
            yield f"Acumatica {_FIELDS.get(name, name.replace('_', ' '))}", _as_text(value, at)
    if stored.next_change is not None:
        yield "Changes by itself on", str(datetime.fromordinal(stored.next_change).date())


def _as_text(value: str | int, at: Callable[[datetime], str]) -> str:
    """Return a value of a document; an instant as every other one is shown, a yes or no as a word."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        moment = datetime.fromisoformat(str(value)) if "T" in str(value) else None
    except ValueError:
        moment = None
    return str(value) if moment is None or moment.tzinfo is None else at(moment.astimezone(UTC))


def _message_line(value: str, message: Message, at: Callable[[datetime], str]) -> Line:
    value = f"{value}, " if value else ""
    reason = f": {message.reason}" if message.reason else ""
    attempts = f", {message.attempts} attempt{'' if message.attempts == 1 else 's'}" if message.attempts else ""
    text = f"{value}{message.state}{_wait(message, at)}{attempts}, {at(message.changed_at)}{reason}"
    return f"Message {message.id}{_at(message.source)}", text


def _delivered(
    kind: Entity[Any], queued: Sequence[Message], delivered: Mapping[int, Sequence[Delivery]]
) -> list[Delivered]:
    found = [
        delivered_as_text(kind, message.sku or message.key, message.source, delivery)
        for message in queued
        for delivery in delivered.get(message.target, ())
    ]
    return sorted(found, key=lambda row: (row.sent_at, row.request), reverse=True)


def delivered_as_text(kind: Entity[Any], key: str, source: str, delivery: Delivery) -> Delivered:
    """Return a delivery with its values as text."""
    return Delivered(
        delivery.request,
        delivery.sent_at,
        key,
        source,
        value=kind.value_text(delivery.value),
        before=kind.value_text(delivery.value_before),
        outcome=delivery.state,
        code=delivery.cause or "",
        reason=as_on_the_screen(delivery.reason or ""),
    )


def _delivery_line(delivered: Delivered) -> Line:
    """Return what a request sent, what Magento had confirmed before, and the outcome."""
    before = f" (before: {delivered.before})" if delivered.before else ""
    sent = f"{delivered.value}{before}, " if delivered.value else ""
    reason = f": {delivered.reason}" if delivered.reason else ""
    return (
        f"Request {delivered.request}{_at(delivered.source)}",
        f"{sent}{delivered.outcome}, {_in_utc(delivered.sent_at)}{reason}",
    )


def _wait(message: Message, at: Callable[[datetime], str]) -> str:
    """Return what a pending message waits for, since when, and when it is checked again."""
    if message.wait is None or message.state != PENDING:
        return ""
    again = "by the next sync" if message.not_before is None else f"after {at(message.not_before)}"
    since = f"since {at(message.wait.since)}"
    return f", waits for {describe(message.wait.code)} ({message.wait.code}) {since}, checked again {again}"


def _at(source: str) -> str:
    return f" at {source}" if source else ""
