"""Compensations: by how much Magento's salable quantities are too high, per SKU and source.

Magento makes no reservation for an order that came by `POST /V1/orders`, yet shipping such an order releases one. So
the salable quantity still includes what was shipped (magento-observed.md, "Orders" and part two, section 2; ADR 0007).
The quantities of such a shipment are stored here with its key, so that storing them twice changes nothing, and
inventory publishes correspondingly less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from connector.state.keyed_rows import KEYS_PER_QUERY
from connector.state.rows import chunked, driver_rows, in_any, upsert
from connector.state.schema import compensations, instant, micros


@dataclass(frozen=True)
class Compensation:
    """A quantity that a shipment of an order made by the connector took: SKU as Magento compares it, source, and
    quantity in 1/10,000.

    `order_made_at`: when the order came to Magento, which decides whether a repair of the reservations has covered it;
    `None` means the time at which the compensation is stored.
    """

    key: str
    source: str
    quantity: int
    order_made_at: datetime | None = None


def add(connection: Connection, document: str, rows: Sequence[Compensation], now: datetime) -> None:
    """Store the quantities that the shipment with the key `document` took, replacing earlier ones at the same places.

    The time of its order stays as it was stored first.
    """
    stored = select(compensations.c.order_made_at).where(compensations.c.document == document)
    first = min(connection.execute(stored).scalars(), default=None)
    upsert(
        connection,
        compensations,
        [
            {
                "document": document,
                "key": row.key,
                "source": row.source,
                "quantity": row.quantity,
                "made_at": micros(now),
                "order_made_at": micros(row.order_made_at or now) if first is None else first,
            }
            for row in rows
        ],
    )


def exist(connection: Connection) -> bool:
    """Return whether there are any compensations."""
    return bool(driver_rows(connection, "SELECT 1 FROM compensations LIMIT 1"))


def of_keys(connection: Connection, keys: Sequence[str], after: datetime | None) -> dict[tuple[str, str], int]:
    """Return the quantities of these SKUs that shipments of orders made after an instant took, in 1/10,000, by (key,
    source).
    """
    totals: dict[tuple[str, str], int] = {}
    quantity = func.sum(compensations.c.quantity)
    for part in chunked(list(keys), KEYS_PER_QUERY):
        has_key = in_any(connection, compensations.c.key, part)
        query = select(compensations.c.key, compensations.c.source, quantity).where(has_key)
        if after is not None:
            query = query.where(compensations.c.order_made_at > micros(after))
        rows = connection.execute(query.group_by(compensations.c.key, compensations.c.source))
        totals.update(((key, source), int(total)) for key, source, total in rows)
    return totals


def events(connection: Connection, after: datetime | None) -> list[tuple[datetime, str, int]]:
    """Return each quantity that a shipment of an order made after an instant took: the order's time, SKU, 1/10,000."""
    query = select(compensations.c.order_made_at, compensations.c.key, compensations.c.quantity)
    if after is not None:
        query = query.where(compensations.c.order_made_at > micros(after))
    return [(instant(made_at), key, int(quantity)) for made_at, key, quantity in connection.execute(query)]


def of_documents(connection: Connection, keys: Sequence[str], after: datetime | None) -> list[tuple[str, str, int]]:
    """Return each quantity of these SKUs that a shipment of an order made after an instant took: the shipment's key,
    source, 1/10,000.
    """
    columns = (compensations.c.document, compensations.c.source, compensations.c.quantity)
    query = select(*columns).where(in_any(connection, compensations.c.key, list(keys)))
    if after is not None:
        query = query.where(compensations.c.order_made_at > micros(after))
    rows = connection.execute(query.order_by(compensations.c.document, compensations.c.source))
    return [(document, source, int(quantity)) for document, source, quantity in rows]
