"""By how much Magento's salable quantities are too high, per SKU and source.

Magento makes no reservation for an order that came by `POST /V1/orders`, yet shipping it writes one off: the salable
quantity keeps what left the house (magento-observed.md, "Orders" and part two, section 2; ADR 0007). What such a
shipment took is kept here with the shipment, so that keeping it twice changes nothing, and inventory publishes less.
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
    """What one shipment of an order that we made took: SKU as Magento compares it, source, quantity in 1/10,000.

    `order_made_at`: when the order came to Magento, which decides whether a repair of the reservations has covered it;
    `None` for the moment of keeping.
    """

    key: str
    source: str
    quantity: int
    order_made_at: datetime | None = None


def add(connection: Connection, document: str, rows: Sequence[Compensation], now: datetime) -> None:
    """Store what the shipment with this key took; what was kept for it at the same places is replaced.

    When its order was made stays as it was kept first.
    """
    kept = select(compensations.c.order_made_at).where(compensations.c.document == document)
    first = min(connection.execute(kept).scalars(), default=None)
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


def are_there(connection: Connection) -> bool:
    """Return whether anything at all was kept."""
    return bool(driver_rows(connection, "SELECT 1 FROM compensations LIMIT 1"))


def of_keys(connection: Connection, keys: Sequence[str], after: datetime | None) -> dict[tuple[str, str], int]:
    """Return by (key, source) how much all shipments of orders made after an instant took of these SKUs, in
    1/10,000.
    """
    found: dict[tuple[str, str], int] = {}
    quantity = func.sum(compensations.c.quantity)
    for part in chunked(list(keys), KEYS_PER_QUERY):
        named = in_any(connection, compensations.c.key, part)
        chosen = select(compensations.c.key, compensations.c.source, quantity).where(named)
        if after is not None:
            chosen = chosen.where(compensations.c.order_made_at > micros(after))
        rows = connection.execute(chosen.group_by(compensations.c.key, compensations.c.source))
        found.update(((key, source), int(total)) for key, source, total in rows)
    return found


def events(connection: Connection, after: datetime | None) -> list[tuple[datetime, str, int]]:
    """Return what each shipment of orders made after an instant took: when the order was made, SKU, 1/10,000."""
    chosen = select(compensations.c.order_made_at, compensations.c.key, compensations.c.quantity)
    if after is not None:
        chosen = chosen.where(compensations.c.order_made_at > micros(after))
    return [(instant(made_at), key, int(quantity)) for made_at, key, quantity in connection.execute(chosen)]


def of_documents(connection: Connection, keys: Sequence[str], after: datetime | None) -> list[tuple[str, str, int]]:
    """Return what each shipment of orders made after an instant took of these SKUs: document, source, 1/10,000."""
    columns = (compensations.c.document, compensations.c.source, compensations.c.quantity)
    chosen = select(*columns).where(in_any(connection, compensations.c.key, list(keys)))
    if after is not None:
        chosen = chosen.where(compensations.c.order_made_at > micros(after))
    rows = connection.execute(chosen.order_by(compensations.c.document, compensations.c.source))
    return [(document, source, int(quantity)) for document, source, quantity in rows]
