"""Why Magento shows what it shows for one record: the data last read from Acumatica, the rules' result, and what was
sent.

Input: an entity and a key as somebody types it (inventory id, SKU, document number). Output: lines of (what,
text) and what was delivered, from the state database alone; neither system is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.record_keys import did_you_mean, keys_of
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
NOTHING_KNOWN = "Nothing known"


def _in_utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Delivered:
    """What one request carried to a place: the value, what Magento had confirmed before, and what became of it, with
    its code and Magento's answer where it was not accepted. The values of documents are empty.
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
    """What is known of a record, and what was delivered of it, the newest first. is_known: any sync has seen it."""

    lines: list[Line]
    delivered: list[Delivered]
    is_known: bool = True


def explain(settings: Settings, state: State, entity: str, typed: str) -> list[Line]:
    """Return the lines about one record; a single line that says so where nothing is known of it."""
    found = explanation(settings, state, entity, typed)
    return [*found.lines, *(_delivery(one) for one in found.delivered)]


def explanation(
    settings: Settings,
    state: State,
    entity: str,
    typed: str,
    *,
    deliveries: int = _DELIVERIES_SHOWN,
    at: Callable[[datetime], str] = _in_utc,
) -> Explanation:
    """Return what is known of one record, with so many of the last deliveries to each place; `at` writes instants."""
    keys = keys_of(state, settings, entity, typed)
    with state.read() as connection:
        known = entities.read(connection, entity)
        stored = list(records.read(connection, entity, keys).values())
        queued = messages.of_records(connection, entity, keys)
        requested = {one.target: one.request for one in queued if one.request is not None}
        delivered = requests.deliveries(connection, requested, deliveries)
        confirmed = ledger.of_records(connection, entity, keys, [])
        linked = links.of_records(connection, entity, keys)
    lines: list[Line] = []
    for one in stored:
        lines += [("Acumatica key", one.acumatica_key), *_record_lines(one)]
    kind = ENTITIES[entity]
    if stored:
        lines += kind.explained(settings, state, stored)
    lines += [
        (f"Magento confirmed{_at(row.source)}", f"{value} for {row.sku}")
        for row in confirmed.values()
        if (value := kind.value_text(row.value))
    ]
    lines += [(f"Link of {link.key}", f"{link.magento_id} in Magento ({link.made_by})") for link in linked.values()]
    lines += [_message(kind.value_text(message.value), message, at) for message in queued]
    if not lines:
        return Explanation(
            [(NOTHING_KNOWN, _nothing_of(state, entity, typed, known.last_sync_at, at))], [], is_known=False
        )
    shown = [(what, as_on_the_screen(text)) for what, text in lines]
    return Explanation(shown, _delivered(kind, queued, delivered))


def _nothing_of(
    state: State, entity: str, typed: str, synced_at: datetime | None, at: Callable[[datetime], str]
) -> str:
    if synced_at is None:
        return f"there was no sync of {entity} yet: a2m sync {entity}"
    message = f"no sync has seen {typed!r}; the last sync of {entity} was {at(synced_at)}."
    return message + did_you_mean(state, entity, typed)


def _record_lines(stored: Stored) -> Iterator[Line]:
    record = stored.record
    if record.facts is not None:
        facts = record.facts
        exported = "exported" if facts.exported else "not exported"
        yield "Item", f"SKU {facts.sku}, {facts.status}, class {facts.item_class}, {exported}"
    for name, value in (record.document or {}).items():
        if isinstance(value, str | int | bool):
            yield f"Acumatica {name}", str(value)
    if stored.next_change is not None:
        yield "Changes by itself on", str(datetime.fromordinal(stored.next_change).date())


def _message(value: str, one: Message, at: Callable[[datetime], str]) -> Line:
    value = f"{value}, " if value else ""
    reason = f": {one.reason}" if one.reason else ""
    refused = f", {one.attempts} attempt{'' if one.attempts == 1 else 's'}" if one.attempts else ""
    text = f"{value}{one.state}{_waits(one, at)}{refused}, {at(one.changed_at)}{reason}"
    return f"Message {one.id}{_at(one.source)}", text


def _delivered(
    kind: Entity[Any], queued: Sequence[Message], delivered: Mapping[int, Sequence[Delivery]]
) -> list[Delivered]:
    found = [
        delivered_as_text(kind, message.sku or message.key, message.source, one)
        for message in queued
        for one in delivered.get(message.target, ())
    ]
    return sorted(found, key=lambda one: (one.sent_at, one.request), reverse=True)


def delivered_as_text(kind: Entity[Any], key: str, source: str, one: Delivery) -> Delivered:
    """Return a delivery to a place as people read it."""
    return Delivered(
        one.request,
        one.sent_at,
        key,
        source,
        value=kind.value_text(one.value),
        before=kind.value_text(one.value_before),
        outcome=one.state,
        code=one.cause or "",
        reason=as_on_the_screen(one.reason or ""),
    )


def _delivery(one: Delivered) -> Line:
    """Return what a request said of a place, what Magento had before, and what became of it."""
    sent = f"{one.value}{f' (before: {one.before})' if one.before else ''}, " if one.value else ""
    reason = f": {one.reason}" if one.reason else ""
    return (
        f"Request {one.request}{_at(one.source)}",
        f"{sent}{one.outcome}, {_in_utc(one.sent_at)}{reason}",
    )


def _waits(one: Message, at: Callable[[datetime], str]) -> str:
    """Return for what a pending message waits, since when, and when it is checked again."""
    if one.wait is None or one.state != PENDING:
        return ""
    again = "by the next sync" if one.not_before is None else f"after {at(one.not_before)}"
    since = f"since {at(one.wait.since)}"
    return f", waits for {describe(one.wait.code)} ({one.wait.code}) {since}, checked again {again}"


def _at(source: str) -> str:
    return f" at {source}" if source else ""
