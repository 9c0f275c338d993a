"""Repairs of Magento's reservations, per stock: when one was last found, and when that was last checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from connector.state.rows import upsert
from connector.state.schema import instant, micros, reservation_repairs


@dataclass(frozen=True)
class Repair:
    """The last repair of one stock.

    `repaired_at`: Magento has reservations for orders that were made through the API until then. `read_at`: when the
    salable quantities were last read. `unclear`: SKUs whose reservations match no known case.
    """

    repaired_at: datetime | None = None
    read_at: datetime | None = None
    unclear: tuple[str, ...] = ()


def read(connection: Connection, stock_id: int) -> Repair:
    """Return the last known repair of a stock."""
    query = select(reservation_repairs).where(reservation_repairs.c.stock_id == stock_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return Repair()
    unclear = () if row.unclear is None else msgspec.json.decode(bytes(row.unclear), type=tuple[str, ...])
    return Repair(_instant(row.repaired_at), _instant(row.read_at), unclear)


def last_of_any(connection: Connection) -> datetime | None:
    """Return when any stock was last repaired, or `None` if none was."""
    return _instant(connection.execute(select(func.max(reservation_repairs.c.repaired_at))).scalar())


def write(connection: Connection, stock_id: int, repair: Repair) -> None:
    """Store the last known repair of a stock."""
    row = {
        "stock_id": stock_id,
        "repaired_at": _micros(repair.repaired_at),
        "read_at": _micros(repair.read_at),
        "unclear": msgspec.json.encode(repair.unclear),
    }
    upsert(connection, reservation_repairs, [row])


def _instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def _micros(value: datetime | None) -> int | None:
    return None if value is None else micros(value)
