"""What the last comparison of both systems found, for each entity, and how far one is that works now."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from connector.model.difference import Difference
from connector.state.engine import State
from connector.state.rows import upsert
from connector.state.schema import comparing, instant, micros, reconciled

KEPT = 1_000
"""Differences with one cause of which the details are kept."""
SILENT_FOR = timedelta(minutes=1)
"""A comparison that has said nothing for so long is over: its process died."""


@dataclass(frozen=True)
class Comparison:
    """How many places were compared, how many differ, and how many by cause; `why_not`: why nothing could be
    compared.
    """

    at: datetime
    places: int
    differing: int
    why_not: str | None
    causes: Mapping[str, int]


@dataclass(frozen=True)
class AtWork:
    """A comparison that works: since when, and how far it is, as it was kept."""

    began_at: datetime
    progress: str | None


def keep(
    state: State,
    entity: str,
    places: int,
    differences: Sequence[Difference],
    now: datetime,
    *,
    why_not: str | None = None,
) -> None:
    """Store what was found, in the place of what was found before; it does not work any more."""
    counted = Counter(one.cause for one in differences)
    room, kept = dict.fromkeys(counted, KEPT), []
    for one in differences:
        if room[one.cause]:
            room[one.cause] -= 1
            kept.append(list(one))
    row = {
        "entity": entity,
        "at": micros(now),
        "places": places,
        "differing": len(differences),
        "why_not": why_not,
        "differences": json.dumps(kept, ensure_ascii=False),
        "causes": json.dumps(dict(counted.most_common())),
    }
    with state.write() as connection:
        upsert(connection, reconciled, [row])
        connection.execute(delete(comparing).where(comparing.c.entity == entity))


def newest(connection: Connection) -> dict[str, Comparison]:
    """Return the last comparison of each entity that was ever compared."""
    columns = (reconciled.c[name] for name in ("entity", "at", "places", "differing", "why_not", "causes"))
    return {
        row.entity: Comparison(
            instant(row.at), row.places, row.differing, row.why_not, causes=json.loads(row.causes) if row.causes else {}
        )
        for row in connection.execute(select(*columns))
    }


def differences(connection: Connection, entity: str, cause: str | None = None) -> list[Difference]:
    """Return what differed in the last comparison as far as it is kept: everything, or what has this cause."""
    kept = connection.execute(select(reconciled.c.differences).where(reconciled.c.entity == entity)).scalar()
    found = [Difference(*one) for one in json.loads(kept or "[]")]
    return found if cause is None else [one for one in found if one.cause == cause]


def works(state: State, entity: str, began_at: datetime, now: datetime, progress: str | None) -> None:
    """Record that a comparison works, and how far it is."""
    row = {"entity": entity, "began_at": micros(began_at), "heard_at": micros(now), "progress": progress}
    with state.write() as connection:
        upsert(connection, comparing, [row])


def ended(state: State, entity: str) -> None:
    """Record that it does not work any more."""
    with state.write() as connection:
        connection.execute(delete(comparing).where(comparing.c.entity == entity))


def at_work(connection: Connection, now: datetime) -> dict[str, AtWork]:
    """Return the comparisons that work now, by entity."""
    heard = select(comparing).where(comparing.c.heard_at > micros(now - SILENT_FOR))
    return {row.entity: AtWork(instant(row.began_at), row.progress) for row in connection.execute(heard)}
