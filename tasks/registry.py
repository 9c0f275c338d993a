"""Which entities are documents, and everything that is read in Acumatica, by name."""

from __future__ import annotations

from tasks import feeds
from tasks.customers import CUSTOMERS
from tasks.document import DocumentEntity
from tasks.feeds import Feed
from tasks.orders import ORDERS
from tasks.shipments import SHIPMENTS

DOCUMENTS: dict[str, DocumentEntity] = {"customer": CUSTOMERS, "order": ORDERS, "shipment": SHIPMENTS}

FEEDS: dict[str, Feed] = {
    **feeds.FEEDS,
    **{name: feed for entity in DOCUMENTS.values() for name, feed in entity.feeds.items()},
}
