"""The invariant that ends every fault test: nothing is lost, doubled, or replaced by an older value.

It compares the state database, the data of both simulators and the shop's journal of applied writes. `oracle`, which
shares no code with the connector, computes what Magento must show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from oracle import documents, values
from sqlalchemy import select

from connector.model.failures import FailureCode
from connector.records import of_figure
from connector.state.engine import State
from connector.state.queue import requests
from connector.state.queue.notes import is_note_on
from connector.state.schema import FAILED, PENDING, SKIPPED, targets
from connector.state.schema import records as record_table
from connector.state.schema import watermarks as watermark_table
from connector.state.sync import records, watermarks
from connector.state.sync.records import Record
from settings import Settings

View = Mapping[str, Any]
SentValues = Mapping[tuple[str, str, str], Sequence[Decimal]]
Right = dict[tuple[str, str], list[Decimal]]
"""By SKU and source: the values that were right, oldest first."""
NAMED = (FailureCode.CLOSED_SHORT, FailureCode.INVOICE_TOTALS_DIFFER)
"""Causes of failures that report what Magento cannot follow. They stay until a person acts."""
CLOCKS_DIFFER = timedelta(seconds=30)
"""A usual sync reads from so far behind the watermark (docs/adr/0010)."""


def settled(state: State, entities: Sequence[str], retry_count: int) -> frozenset[str]:
    """Assert that no message is in an intermediate state and each failed one has a reason.

    Return the Acumatica keys of failed and skipped messages, whose data Magento need not show. Notes on a document (for
    example that it was edited) and the causes in `NAMED` are left out: Magento must show the document all the same.
    """
    with state.read() as connection:
        found = connection.execute(select(targets).where(targets.c.entity.in_(entities))).all()
        in_requests = [number for entity in entities for number in requests.targets_in(connection, entity)]
    assert not in_requests, f"{len(in_requests)} targets are still in requests"
    for one in found:
        assert one.state != PENDING, f"{one.entity} {one.key} is still {one.state}: {one.reason}"
        assert one.attempts <= retry_count, f"{one.entity} {one.key} had {one.attempts} attempts"
        if one.state == FAILED:
            assert one.reason and one.cause, f"{one.entity} {one.key} failed without a reason"
    not_sent = (one for one in found if one.state in (FAILED, SKIPPED) and one.cause not in NAMED)
    return frozenset(one.acumatica_key for one in not_sent if not is_note(one.entity, one.key, one.acumatica_key))


def is_note(entity: str, key: str, acumatica_key: str) -> bool:
    """Return whether a message is a note on a document instead of the document itself (docs/adr/0024)."""
    return entity == "order" and key != acumatica_key and is_note_on(key, acumatica_key)


def wrong(
    site: View, shop: View, settings: Settings, today: date, entities: Collection[str], excused: frozenset[str]
) -> list[str]:
    """Return a description of each difference between Magento and what the oracle computes."""
    found: dict[str, Iterator[str]] = {
        "price": values.wrong_prices(site, shop, settings, today, excused),
        "inventory": values.wrong_quantities(site, shop, settings, excused),
        "customer": documents.wrong_customers(site, shop, settings, excused),
        "order": documents.wrong_orders(site, shop, settings, excused),
        "shipment": documents.wrong_shipments(site, shop, settings, excused),
    }
    return [message for entity in entities for message in found[entity]]


def not_queued_yet(
    state: State, site: View, settings: Settings, entity: str, excused: Collection[str] = ()
) -> list[tuple[str, str | None]]:
    """Return (Acumatica key, its time of change if it has one) of each record whose newest state is not stored yet."""
    with state.read() as connection:
        keys = connection.execute(select(record_table.c.acumatica_key).where(record_table.c.entity == entity)).scalars()
        known = {key: one.record for key, one in records.read(connection, entity, list(keys)).items()}
    return [
        (key, stamp)
        for key, stamp, message in _records(site, settings, entity)
        if key not in excused and message != _merged(known.get(key), entity)
    ]


def _records(site: View, settings: Settings, entity: str) -> Iterator[tuple[str, str | None, Any]]:
    """Yield (Acumatica key, time of change, compared fields) of each record of the entity."""
    if entity == "price":
        for key, one in site["items"].items():
            if one["stock"]:
                yield key, one["modified"], (Decimal(one["default_price"]), one["status"])
    elif entity == "inventory":
        for key, thing in values.things(site, settings).items():
            yield key, None, thing.shelves
    elif entity == "customer":
        for key, one in site["customers"].items():
            if one["customer_class"] in settings.customer.classes:
                yield key, one["modified"], (one["name"], one["status"])
    elif entity == "order":
        for one in site["orders"]:
            if one["order_type"] in settings.order.types:
                yield f"{one['order_type']} {one['order_nbr']}", one["modified"], one["status"]
    else:
        for one in site["shipments"]:
            if one["confirmed"]:
                yield one["shipment_nbr"], one["modified"], True


def _merged(record: Record | None, entity: str) -> Any:
    """Return the compared fields of a stored record, in the form in which `_records` yields them."""
    if record is None:
        return None
    if entity == "price":
        facts = record.facts
        return facts and (Decimal(facts.default_price or 0) / 1_000_000, facts.status)
    if entity == "inventory":
        figures = {warehouse: of_figure(one, "available") for warehouse, one in record.quantities.items()}
        return {warehouse: Decimal(one or 0) / 10_000 for warehouse, one in figures.items()}
    if record.document is None:
        return None
    if entity == "customer":
        return record.document["name"], record.document["status"]
    return record.document["status"] if entity == "order" else True


def assert_watermark_is_behind(
    state: State, site: View, settings: Settings, entity: str, last_change: datetime
) -> None:
    """Assert that no watermark is past a change that is not queued yet, so that the next sync reads it."""
    left = not_queued_yet(state, site, settings, entity)
    with state.read() as connection:
        feeds = connection.execute(select(watermark_table.c.feed).where(watermark_table.c.entity == entity)).scalars()
        marks = [watermarks.read(connection, entity, feed) for feed in feeds.all()]
    for key, stamp in left:
        changed_at = last_change if stamp is None else datetime.fromisoformat(stamp)
        for mark in marks:
            behind = mark.pulled_to is None or mark.pulled_to - CLOCKS_DIFFER <= changed_at
            assert behind, f"{entity} {key} changed at {changed_at}, and {mark.feed} was pulled to {mark.pulled_to}"


def sent_values(writes: Iterable[View]) -> dict[tuple[str, str, str], list[Decimal]]:
    """Return the prices and quantities that Magento applied, in order, by route, SKU and source."""
    found: dict[tuple[str, str, str], list[Decimal]] = {}
    for write in writes:
        if write["applied"] and write["path"].endswith(("/base-prices", "/source-items")):
            for key, value in zip(write["keys"], write["values"], strict=True):
                place = (write["path"], str(key), values.folded(str(value.get("source_code", ""))))
                number = value["price"] if "price" in value else value["quantity"]
                found.setdefault(place, []).append(Decimal(str(number)))
    return found


def went_back(
    values: SentValues, history: Iterable[tuple[View, Settings, date]], skus: Collection[str] = ()
) -> list[str]:
    """Return a description of each key that was sent an older value after a newer one, except for these SKUs."""
    right: Right = {}
    for site, settings, today in history:
        note_right(right, site, settings, today)
    return out_of_order({place: sent for place, sent in values.items() if place[1] not in skus}, right)


def note_right(right: Right, site: View, settings: Settings, today: date) -> None:
    """Add the values that are right from now on. A source to which an item no longer belongs must show 0."""
    current = values.wanted_prices(site, settings, today) | values.wanted_quantities(site, settings)
    for sku, source in right.keys() - current.keys():
        if source and sku in site["items"]:
            _append(right[sku, source], Decimal(0))
    for place, value in current.items():
        _append(right.setdefault(place, []), value)


def out_of_order(values: SentValues, right: Right) -> list[str]:
    """Return a description of each key that was sent an older value after a newer one.

    The values sent must be a subsequence of the values that were right.
    """
    wrong_order = []
    for (path, sku, source), sent in values.items():
        if not path.endswith(("/base-prices", "/source-items")):
            continue
        was_right = iter(right.get((sku, source), []))
        different: list[Decimal] = []
        for value in sent:
            _append(different, value)
        if not all(any(value == one for one in was_right) for value in different):
            wrong_order.append(f"{sku} {source} was sent {different}; right was {right.get((sku, source))}")
    return wrong_order


def _append(found: list[Decimal], value: Decimal) -> None:
    if not found or found[-1] != value:
        found.append(value)
