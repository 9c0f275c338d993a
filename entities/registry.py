"""Which entities are documents, and everything that is read in Acumatica, by name."""

from __future__ import annotations

from entities import feeds
from entities.customer.deliver import CUSTOMERS
from entities.documents.document import DocumentEntity
from entities.feeds import Feed
from entities.order.deliver import ORDERS
from entities.shipment.read import SHIPMENTS

DOCUMENTS: dict[str, DocumentEntity] = {"customer": CUSTOMERS, "order": ORDERS, "shipment": SHIPMENTS}

FEEDS: dict[str, Feed] = {
    **feeds.FEEDS,
    **{name: feed for entity in DOCUMENTS.values() for name, feed in entity.feeds.items()},
}
