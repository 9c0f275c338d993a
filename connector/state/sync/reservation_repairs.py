"""When Magento's reservations of a stock were last found to be repaired, and when that was last checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from connector.state.rows import upsert
from connector.state.schema import instant, micros, reservation_repairs


@dataclass(frozen=True)
class Repair:
    """One stock. `repaired_at`: orders made through the API until then are reserved. `unclear`: SKUs that fit nothing
    known.
    """

    repaired_at: datetime | None = None
    read_at: datetime | None = None
    unclear: tuple[str, ...] = ()


def read(connection: Connection, stock_id: int) -> Repair:
    """Return what is known of a stock's repairs."""
    chosen = select(reservation_repairs).where(reservation_repairs.c.stock_id == stock_id)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return Repair()
    unclear = () if row.unclear is None else msgspec.json.decode(bytes(row.unclear), type=tuple[str, ...])
    return Repair(_instant(row.repaired_at), _instant(row.read_at), unclear)


def last_of_any(connection: Connection) -> datetime | None:
    """Return the last repair of any stock."""
    return _instant(connection.execute(select(func.max(reservation_repairs.c.repaired_at))).scalar())


def write(connection: Connection, stock_id: int, repair: Repair) -> None:
    """Store what is known of a stock's repairs."""
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
