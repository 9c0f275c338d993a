"""Read shipments under either trigger. Each is sent to Magento once, as one shipment for each of its orders.

Input: shipments of Acumatica and released receipts of drop-ship orders. Output: messages, whose keys are the same under
either trigger. Under *On Invoice Release* a shipment is due for an order when its invoice for that order is released;
what was sent before the trigger was switched stays known by its key. Source: spec, *Shipment Sync Trigger*,
"Documents", "Before a shipment is made". The rules are in `entities.shipment.rules`, sending is in
`entities.shipment.deliver`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from connector.acumatica import invoices, items, receipts, shipments
from connector.acumatica.records import plain_values
from connector.acumatica.shipments import Found, FoundPage
from connector.acumatica.shipped_orders import orders_with_keys
from connector.model.shipments import Shipment, ShippedOrder, acumatica_key
from connector.state.queue import messages
from connector.state.schema import SENDING
from connector.state.sync import links, records
from entities.base import Feed, FeedPage, RunContext
from entities.documents.document import Beside, Document
from entities.shipment import rules
from entities.shipment.types import ShipmentContent, ShipmentRule

RECEIPT = acumatica_key("receipt", "")


async def _shipment_pages(
    context: RunContext[ShipmentRule], since: datetime | None, after: str | None
) -> AsyncIterator[FeedPage]:
    async for found_page in shipments.shipment_pages(
        context.acumatica, changed_since=since, begins_on=context.read.begins_on, after=after
    ):
        yield await _page(context, found_page)
    async for page in _invoiced_pages(context, since):
        yield page


async def _receipt_pages(
    context: RunContext[ShipmentRule], since: datetime | None, after: str | None
) -> AsyncIterator[FeedPage]:
    async for found_page in receipts.receipt_pages(
        context.acumatica, changed_since=since, begins_on=context.read.begins_on, after=_number(after)
    ):
        yield await _page(context, found_page)
    if since is not None and context.rule.dropship_via:
        page = await _receipts_of(context, await _of_changed_purchases(context, since))
        if page.parts or page.problems:
            yield page


async def _of_changed_purchases(context: RunContext[ShipmentRule], since: datetime) -> list[str]:
    """Return the known receipts whose purchase order changed: it holds the vendor's tracking number."""
    numbers = await receipts.purchases_changed(context.acumatica, since)
    with context.state.read() as connection:
        return [key for number in numbers for key in records.with_key(connection, context.name, _purchase_key(number))]


def _purchase_key(number: str) -> str:
    return f"purchase {number}"


def identity(document: Mapping[str, Any]) -> str | None:
    """Return the key of a receipt's (first) purchase order, by which the receipt is found again; None for a
    shipment.
    """
    return next((_purchase_key(number) for number in document.get("purchases") or ()), None)


def _number(key: str | None) -> str | None:
    return None if key is None else key.removeprefix(RECEIPT)


async def _invoiced_pages(context: RunContext[ShipmentRule], since: datetime | None) -> AsyncIterator[FeedPage]:
    """Yield what became due because an invoice was released. A full read includes it anyway.

    An invoice refers to shipments and receipts alike by a bare number. Only the known ones are meant: what an invoice
    names was read when it was confirmed or received.
    """
    if since is None or context.read.trigger != "invoice_release":
        return
    numbers = await invoices.shipped_by_invoices_since(context.acumatica, since)
    keys = [acumatica_key(kind, number) for number in numbers for kind in ("shipment", "receipt")]
    with context.state.read() as connection:
        known = list(records.read(connection, context.name, keys))
    for of_keys in (_shipments_of, _receipts_of):
        page = await of_keys(context, known)
        if page.parts or page.problems:
            yield page


async def _shipments_of(context: RunContext[ShipmentRule], keys: list[str]) -> FeedPage:
    numbers = [_record(key) for key in keys if not key.startswith(RECEIPT)]
    return await _page(context, await shipments.shipments_with_numbers(context.acumatica, numbers))


async def _receipts_of(context: RunContext[ShipmentRule], keys: list[str]) -> FeedPage:
    numbers = [_record(key).removeprefix(RECEIPT) for key in keys if key.startswith(RECEIPT)]
    return await _page(context, await receipts.receipts_with_numbers(context.acumatica, numbers))


def _record(key: str) -> str:
    """Return the Acumatica key of a key that a person typed, which may be a message's key."""
    return key.partition("|")[0]


async def _page(context: RunContext[ShipmentRule], page: FoundPage) -> FeedPage:
    """Return the shipments with their orders, items and released invoices, as they are stored."""
    named = {line.order for one in page.found for line in one.shipment.lines if line.order not in one.shipment.orders}
    orders, unreadable = await orders_with_keys(context.acumatica, named)
    problems = [(problem.key, problem.reason) for problem in page.problems]
    readable = []
    for one in page.found:
        bad = next((line.order for line in one.shipment.lines if line.order in unreadable), None)
        if bad is None:
            readable.append(one)
        else:
            problems.append((one.shipment.key, f"{unreadable[bad]} It stands in its order {bad}."))
    completed = await _completed(context, readable, orders)
    return FeedPage({one.key: plain_values(one) for one in completed}, page.last, problems)


async def _completed(
    context: RunContext[ShipmentRule], shipments_read: Sequence[Found], orders: Mapping[str, ShippedOrder]
) -> list[Shipment]:
    ids = {line.inventory_id for one in shipments_read for line in one.shipment.lines}
    ids |= {line.inventory_id for order in orders.values() for line in order.lines}
    units = await items.item_units(context.acumatica, context.read.fields, sorted(ids))
    released: set[tuple[str, str]] = set()
    if context.read.trigger == "invoice_release":
        named = {(kind, number) for one in shipments_read for _order, kind, number in one.invoices}
        released = await invoices.released(context.acumatica, named)
    completed = []
    for one in shipments_read:
        order_keys = {line.order for line in one.shipment.lines}
        of_orders = {**one.shipment.orders, **{key: orders[key] for key in sorted(order_keys & orders.keys())}}
        needed = {line.inventory_id for line in one.shipment.lines}
        needed |= {line.inventory_id for order in of_orders.values() for line in order.lines}
        invoiced = sorted(order for order, kind, number in one.invoices if (kind, number) in released)
        known_items = {code: units[code] for code in sorted(needed & units.keys())}
        completed.append(replace(one.shipment, orders=of_orders, items=known_items, released=tuple(invoiced)))
    return completed


async def compute(
    context: RunContext[ShipmentRule], records_by_key: Mapping[str, dict[str, Any] | None]
) -> list[Document]:
    sent = _sent(context, list(records_by_key))
    documents = []
    for key, document in records_by_key.items():
        if document is not None:
            shipment = msgspec.convert(document, Shipment)
            shipment_messages = rules.shipment_messages(
                shipment, context.rule, context.read.begins_on, sent.get(key, {})
            )
            documents += [Document(key, one.key, one.content, one.cause, one.reason) for one in shipment_messages]
    return documents


def _sent(context: RunContext[ShipmentRule], keys: list[str]) -> dict[str, dict[str, ShipmentContent | None]]:
    """Return what was sent, or is being sent, of each record, by the message's key."""
    with context.state.read() as connection:
        sent_links = links.of_records(connection, context.name, keys).values()
        live = messages.live(connection, context.name, keys, [])
    sent: dict[str, dict[str, ShipmentContent | None]] = {}
    for message in live:
        if message.state == SENDING:
            sent.setdefault(message.acumatica_key, {})[message.key] = _decoded(message.document)
    for link in sent_links:
        sent.setdefault(link.acumatica_key, {})[link.key] = _decoded(link.document)
    return sent


def _decoded(document: bytes | None) -> ShipmentContent | None:
    return None if document is None else msgspec.json.decode(document, type=ShipmentContent)


def corrected(before: ShipmentContent, now: ShipmentContent) -> Beside | None:
    reason = rules.edited(before, now)
    return None if reason is None else Beside("corrected", rules.CHANGED, reason)


FEEDS = {
    "shipments": Feed(
        _shipment_pages,
        of_keys=_shipments_of,
        nothing=lambda: None,
        attribute="document",
        seen="facts_seen",
        of_records=True,
        outlives_sweeps=True,
    ),
    "receipts": Feed(
        _receipt_pages,
        of_keys=_receipts_of,
        nothing=lambda: None,
        attribute="document",
        seen="rows_seen",
        of_records=True,
        outlives_sweeps=True,
    ),
}
