"""Orders: those that Acumatica made are made in Magento, those that Magento made are kept up to date there.

Input: orders of the chosen types with their released invoices. Output: orders in Magento, each made once, with their
invoices and statuses. Where an order came from is decided when it is sent: by its link, else by our own number, else by
the number in its reference field. The rules are in `entities.order.rules`, the steps of one order in
`entities.order.steps`. Source: spec, *Rules of the field*, "Orders".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connector.acumatica import order_invoices
from connector.acumatica import orders as acumatica
from connector.acumatica.items import item_units
from connector.acumatica.order_invoices import InvoicePage
from connector.acumatica.orders import OrderChoice, OrderPage
from connector.acumatica.records import Problem
from connector.magento import orders as magento
from connector.model.failures import FailureCode, Rejected
from connector.model.sales_orders import SalesOrder, invoiced_document, order_document
from connector.model.units import ItemUnits
from connector.state.queue import messages
from connector.state.schema import SENDING
from connector.state.sync import links
from entities.base import Feed, FeedPage, RunContext
from entities.documents.document import Beside, Document, noted
from entities.order.differences import differences
from entities.order.rules import (
    comes_to_nothing,
    content_of,
    is_chosen,
    names_changed,
    number_in_magento,
    reference_of,
)
from entities.order.steps import was_sent_on_hold
from entities.order.stored import stored_order
from entities.order.types import OrderContent, OrderRule


def _choice(context: RunContext[OrderRule]) -> OrderChoice:
    read = context.read
    return OrderChoice(read.chosen, read.branches, read.begins_on, read.begins)


def _reasons_by_key(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.key, problem.reason) for problem in problems]


def _page(page: OrderPage) -> FeedPage:
    parts = {key: order_document(one) for key, one in page.orders.items()}
    return FeedPage(parts, page.last_key, _reasons_by_key(page.problems))


async def _pages(context: RunContext[OrderRule], since: datetime | None, after: str | None) -> AsyncIterator[FeedPage]:
    async for page in acumatica.order_pages(context.acumatica, _choice(context), changed_since=since, after=after):
        yield _page(page)


async def _of_keys(context: RunContext[OrderRule], keys: list[str]) -> FeedPage:
    return _page(await acumatica.orders_with_keys(context.acumatica, _choice(context), keys))


def _invoice_page(page: InvoicePage) -> FeedPage:
    parts = {
        key: {invoice: [invoiced_document(line) for line in lines] for invoice, lines in invoices.items()}
        for key, invoices in page.lines.items()
    }
    return FeedPage(parts, page.last_key, _reasons_by_key(page.problems))


async def _invoice_pages(
    context: RunContext[OrderRule], since: datetime | None, after: str | None
) -> AsyncIterator[FeedPage]:
    read = context.read
    async for page in order_invoices.invoices_of_orders(
        context.acumatica, read.chosen, read.begins_on, changed_since=since, after=after
    ):
        yield _invoice_page(page)


async def _invoices_of_keys(context: RunContext[OrderRule], keys: list[str]) -> FeedPage:
    return _invoice_page(await order_invoices.invoices_with_orders(context.acumatica, keys))


async def compute(context: RunContext[OrderRule], records: Mapping[str, dict[str, Any] | None]) -> list[Document]:
    """Return the content of each order. An order that the settings no longer choose gets no content and is left as it
    is in Magento.
    """
    rule: OrderRule = context.rule
    stored = {key: stored_order(document) for key, document in records.items() if document is not None}
    orders = {key: order for key, order in stored.items() if is_chosen(order, rule)}
    unseen = [key for key, document in records.items() if document is None]
    left_alone = stored.keys() - orders.keys()
    left_alone |= await acumatica.existing(context.acumatica, unseen) if unseen else set()
    inventory_ids = sorted({line.item for order in orders.values() for line in order.lines} - {""})
    items = await item_units(context.acumatica, context.read.fields, inventory_ids) if inventory_ids else {}
    with context.state.read() as connection:
        in_magento = links.of_keys(connection, context.name, list(orders)).keys()
        live = messages.live(connection, context.name, [], list(orders))
    may_be_in_magento = {*in_magento, *(message.key for message in live if message.state == SENDING)}
    may_be_in_magento |= await _dead_in_magento(
        context, {k: o for k, o in orders.items() if k not in may_be_in_magento}
    )
    documents = [_document(key, order, items, rule, key in may_be_in_magento) for key, order in orders.items()]
    return [*documents, *(Document(key, key) for key in records if key in left_alone)]


async def _dead_in_magento(context: RunContext[OrderRule], orders: Mapping[str, SalesOrder]) -> set[str]:
    """Return the canceled orders that Magento has by their reference number. The other canceled orders need not be
    sent.
    """
    references = {
        key: number_in_magento(order, context.rule)
        for key, order in orders.items()
        if comes_to_nothing(order, context.rule)
    }
    asked = sorted(set(references.values()) - {""})
    if not asked:
        return set()
    async with context.shop.client() as client:
        existing = {number.casefold() for number in await magento.numbers(client, asked)}
    return {key for key, reference in references.items() if reference.casefold() in existing}


def _document(
    key: str, order: SalesOrder, items: Mapping[str, ItemUnits], rule: OrderRule, may_be_in_magento: bool
) -> Document:
    try:
        content = content_of(key, order, items, rule)
    except Rejected as why:
        return Document(key, key, cause=why.code, reason=str(why))
    if not may_be_in_magento and comes_to_nothing(order, rule):
        return Document(key, key)
    if may_be_in_magento or reference_of(order, rule):
        return Document(key, key, content)
    if content.why_not is not None:
        return Document(key, key, cause=content.why_not.code, reason=content.why_not.reason)
    return Document(key, key, content, notes=noted(names_changed(order)))


def changed(sent: OrderContent, now: OrderContent) -> OrderContent:
    """Return the content to send for an order that Magento has: its new status and further invoices. What the customer
    sees of the order stays as it was sent; a change of that is reported by `edited`.
    """
    status = now.status or sent.status
    hold_is_over = was_sent_on_hold(sent) and now.status is None  # completed in Acumatica, and not invoiced there yet
    is_unchanged = (status, now.invoices, now.rest) == (sent.status, sent.invoices, sent.rest)
    if is_unchanged and not hold_is_over:
        return sent
    return replace(now, facts=sent.facts)


def edited(sent: OrderContent, now: OrderContent) -> Beside | None:
    """Report what changed in Acumatica after the order was sent and Magento cannot follow."""
    changes = differences(sent.facts, now.facts)
    if not changes:
        return None
    code = FailureCode.EDITED_AFTER_IT_WAS_SENT
    return Beside(
        "edited",
        code,
        code.because(
            f"{now.key} changed in Acumatica after it was sent to Magento: {'; '.join(changes)}. "
            "Magento cannot follow; its status, invoices and shipments go on. Change it there by hand, then link it "
            f"again (a2m link order {now.key!r} ID), or skip this message."
        ),
    )


def _with_invoices_before(before: dict[str, Any], part: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """Return the invoices of both: a released invoice is never taken back."""
    del whole
    return {**before, **part}


FEEDS = {
    "order_invoices": Feed(
        _invoice_pages,
        of_keys=_invoices_of_keys,
        nothing=dict,
        attribute="invoices",
        seen="rows_seen",
        merge=_with_invoices_before,
        outlives_sweeps=True,
    ),
    "orders": Feed(
        _pages, of_keys=_of_keys, nothing=lambda: None, attribute="document", seen="facts_seen", outlives_sweeps=True
    ),
}
