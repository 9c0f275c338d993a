"""Why Magento shows what it shows for one record: what Acumatica last said, what the rules make of it, what was sent.

Comes in: an entity and a key as somebody types it (inventory id, SKU, document number). Goes out: lines of (what,
said), from the state database alone; neither system is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from app.composition import RULES, customer_rule, item_rule, order_rule
from app.explain_salable import salable_terms
from connector.model.comparison import comparison_key
from connector.model.customers import Customer
from connector.state.engine import State
from connector.state.queue import messages
from connector.state.queue.messages import Message
from connector.state.schema import PENDING
from connector.state.sync import entities, ledger, links, records
from connector.state.sync.records import Stored
from entities.customer import rules as customers
from entities.inventory import rules as quantities
from entities.order import rules as orders
from entities.price import rules as prices
from entities.registry import DOCUMENTS
from entities.values import frames, items
from entities.waiting import describe
from settings import Settings, as_on_the_screen

Line = tuple[str, str]
ONES = {"price": Decimal(1_000_000), "inventory": Decimal(10_000)}


def explain(settings: Settings, state: State, entity: str, typed: str) -> list[Line]:
    """The lines about one record; a single line that says so where nothing is known of it."""
    with state.read() as connection:
        known = entities.read(connection, entity)
        keys = records.with_key(connection, entity, comparison_key(typed)) or [typed]
        stored = list(records.read(connection, entity, keys).values())
        told = messages.of_records(connection, entity, keys)
        confirmed = ledger.of_records(connection, entity, keys, [])
        linked = links.of_records(connection, entity, keys)
    lines: list[Line] = []
    for one in stored:
        lines += [("Acumatica key", one.acumatica_key), *_said(one)]
    if stored and entity in ONES:
        lines += list(_ruled(settings, entity, stored))
    if stored and entity == "inventory":
        own = [one.key for one in stored if one.key is not None]
        lines += salable_terms(settings, state, own, [one.acumatica_key for one in stored])
    lines += [("Rules say", said) for one in stored for said in _names(settings, entity, one.record.document)]
    for row in confirmed.values():
        if entity in ONES:
            lines.append(
                (f"Magento confirmed{_at(row.source)}", f"{Decimal(row.value) / ONES[entity]:f} for {row.sku}")
            )
    lines += [(f"Link of {link.key}", f"{link.magento_id} in Magento ({link.made_by})") for link in linked.values()]
    lines += [_message(entity, one) for one in told]
    if not lines:
        seen = "never" if known.last_look_at is None else f"{known.last_look_at:%Y-%m-%d %H:%M:%S} UTC"
        return [("Nothing known", f"no look has seen {typed!r}; the last look of {entity} was {seen}")]
    return [(what, as_on_the_screen(said)) for what, said in lines]


def _said(stored: Stored) -> Iterator[Line]:
    record = stored.record
    if record.facts is not None:
        facts = record.facts
        exported = "exported" if facts.exported else "not exported"
        yield "Item", f"SKU {facts.sku}, {facts.status}, class {facts.item_class}, {exported}"
        if facts.default_price is not None:
            yield "Default price", f"{Decimal(facts.default_price) / ONES['price']:f} per {facts.base_uom}"
    for warehouse, quantity in sorted(record.quantities.items()):
        yield f"Quantity in {warehouse}", f"{Decimal(quantity) / ONES['inventory']:f}"
    for warehouse, quantity in sorted(record.vendor.items()):
        yield f"Vendor quantity {warehouse}".rstrip(), f"{Decimal(quantity) / ONES['inventory']:f}"
    for row in record.price_rows:
        kind = "promotion" if row.promotion else row.price_type.replace("_", " ")
        days = f"{row.effective or '…'} to {row.expiration or '…'}"
        yield f"Price list, {kind}", f"{Decimal(row.price) / ONES['price']:f} {row.currency} per {row.uom}, {days}"
    for name, value in (record.document or {}).items():
        if isinstance(value, str | int | bool):
            yield f"Acumatica {name}", str(value)
    if stored.next_change is not None:
        yield "Changes by itself on", str(datetime.fromordinal(stored.next_change).date())


def _ruled(settings: Settings, entity: str, stored: list[Stored]) -> Iterator[Line]:
    """What the rules make of the records with today's settings."""
    published = items.published(frames.items(stored), item_rule(settings))
    if published.items.empty and published.problems.empty:
        yield "Rules", "not published: its status, class or export flag is not among those that go to Magento"
        return
    rule = RULES[entity](settings)
    if entity == "price":
        today = datetime.now(UTC).astimezone(settings.acumatica.zone()).date()
        priced = prices.compute(published.items, frames.price_rows(stored), rule, today)
        values, problems, notes = priced.values, priced.problems, priced.notes
    else:
        of_vendors = frames.quantities(stored, of_vendors=True)
        counted = quantities.compute(published.items, frames.quantities(stored, of_vendors=False), of_vendors, rule)
        values, problems, notes = counted.values, counted.problems, counted.problems.iloc[:0]
    columns = (values[name].tolist() for name in ("sku", "source", "value"))
    for sku, source, value in zip(*columns, strict=True):
        yield f"Rules say{_at(source)}", f"{Decimal(value) / ONES[entity]:f} for {sku}"
    for frame in (published.problems, problems, notes):
        yield from (("Rules say", str(reason)) for reason in frame["reason"])


def _names(settings: Settings, entity: str, document: dict[str, Any] | None) -> Iterator[str]:
    """What is changed of a document's names on the way, or that a setting leaves a customer out."""
    if document is None:
        return
    if entity == "customer":
        customer, rule = msgspec.convert(document, type=Customer), customer_rule(settings)
        if customers.is_sent(customer, rule) and customers.is_left_out(customer, rule):
            yield "left out: it has no e-mail (A2M_CUSTOMER__WITHOUT_EMAIL)"
        yield from (one.in_full() for one in customers.names_changed(customer, rule))
    elif entity == "order" and not orders.reference_of(document, order_rule(settings)):
        yield from (one.in_full() for one in orders.names_changed(document))


def _message(entity: str, one: Message) -> Line:
    value = ""
    if one.value is not None and entity not in DOCUMENTS:
        value = f"{Decimal(one.value) / ONES[entity]:f}, "
    reason = f": {one.reason}" if one.reason else ""
    said = f"{value}{one.state}{_waits(one)}, {one.attempts} attempts, {one.changed_at:%Y-%m-%d %H:%M:%S} UTC{reason}"
    return f"Message {one.id}{_at(one.source)}", said


def _waits(one: Message) -> str:
    """For what a pending message waits, since when, and when it is looked at again."""
    if one.wait is None or one.state != PENDING:
        return ""
    again = "by the next sync" if one.not_before is None else f"after {one.not_before:%Y-%m-%d %H:%M:%S} UTC"
    since = f"since {one.wait.since:%Y-%m-%d %H:%M:%S} UTC"
    return f", waits for {describe(one.wait.code)} ({one.wait.code}) {since}, looked at again {again}"


def _at(source: str) -> str:
    return f" at {source}" if source else ""
