"""What the last comparison of both systems found, for each entity."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from connector.state.engine import State
from connector.state.rows import upsert
from connector.state.schema import instant, micros, reconciled

KEPT = 1_000
"""Differences of which the details are kept."""


@dataclass(frozen=True)
class Comparison:
    """How many places were compared, how many differ, and the first of those as (key, source, SKU, what Acumatica says,
    what Magento shows, why); `why_not`: why nothing could be compared.
    """

    at: datetime
    places: int
    differing: int
    why_not: str | None
    differences: Sequence[Sequence[str]]


def keep(
    state: State,
    entity: str,
    places: int,
    differences: Sequence[Sequence[str]],
    now: datetime,
    *,
    why_not: str | None = None,
) -> None:
    """Keep what was found, in the place of what was found before."""
    row = {
        "entity": entity,
        "at": micros(now),
        "places": places,
        "differing": len(differences),
        "why_not": why_not,
        "differences": json.dumps([list(one) for one in differences[:KEPT]], ensure_ascii=False),
    }
    with state.write() as connection:
        upsert(connection, reconciled, [row])


def newest(connection: Connection) -> dict[str, Comparison]:
    """Return the last comparison of each entity that was ever compared."""
    return {
        row.entity: Comparison(instant(row.at), row.places, row.differing, row.why_not, json.loads(row.differences))
        for row in connection.execute(select(reconciled))
    }
