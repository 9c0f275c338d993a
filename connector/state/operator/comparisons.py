"""The result of the last comparison of both systems, per entity, and the progress of running comparisons."""

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

DETAILS_PER_CAUSE = 1_000
"""At most this many differences with the same cause are stored with their details."""
SILENT_FOR = timedelta(minutes=1)
"""A comparison that reported no progress for this long is over: its process died."""


@dataclass(frozen=True)
class Comparison:
    """The result: how many places were compared, how many differ, and how many differ by each cause.

    `why_not`: why nothing could be compared.
    """

    at: datetime
    places: int
    differing: int
    why_not: str | None
    causes: Mapping[str, int]


@dataclass(frozen=True)
class RunningComparison:
    """A running comparison. `progress`: how far it is, as JSON."""

    began_at: datetime
    progress: str | None


def store(
    state: State,
    entity: str,
    places: int,
    differences: Sequence[Difference],
    now: datetime,
    *,
    why_not: str | None = None,
) -> None:
    """Store the result of a comparison, which has ended, replacing the entity's earlier result."""
    counts = Counter(difference.cause for difference in differences)
    room, details = dict.fromkeys(counts, DETAILS_PER_CAUSE), []
    for difference in differences:
        if room[difference.cause]:
            room[difference.cause] -= 1
            details.append(list(difference))
    row = {
        "entity": entity,
        "at": micros(now),
        "places": places,
        "differing": len(differences),
        "why_not": why_not,
        "differences": json.dumps(details, ensure_ascii=False),
        "causes": json.dumps(dict(counts.most_common())),
    }
    with state.write() as connection:
        upsert(connection, reconciled, [row])
        connection.execute(delete(comparing).where(comparing.c.entity == entity))


def newest(connection: Connection) -> dict[str, Comparison]:
    """Return the last comparison of each entity that was compared."""
    columns = (reconciled.c[name] for name in ("entity", "at", "places", "differing", "why_not", "causes"))
    return {
        row.entity: Comparison(
            instant(row.at), row.places, row.differing, row.why_not, causes=json.loads(row.causes) if row.causes else {}
        )
        for row in connection.execute(select(*columns))
    }


def differences(connection: Connection, entity: str, cause: str | None = None) -> list[Difference]:
    """Return the stored differences of the last comparison, all or those with this cause."""
    stored = connection.execute(select(reconciled.c.differences).where(reconciled.c.entity == entity)).scalar()
    details = [Difference(*fields) for fields in json.loads(stored or "[]")]
    return details if cause is None else [difference for difference in details if difference.cause == cause]


def record_progress(state: State, entity: str, began_at: datetime, now: datetime, progress: str | None) -> None:
    """Record that a comparison is running, and how far it is."""
    row = {"entity": entity, "began_at": micros(began_at), "heard_at": micros(now), "progress": progress}
    with state.write() as connection:
        upsert(connection, comparing, [row])


def record_end(state: State, entity: str) -> None:
    """Record that a comparison has ended."""
    with state.write() as connection:
        connection.execute(delete(comparing).where(comparing.c.entity == entity))


def running(connection: Connection, now: datetime) -> dict[str, RunningComparison]:
    """Return the running comparisons, by entity."""
    query = select(comparing).where(comparing.c.heard_at > micros(now - SILENT_FOR))
    return {row.entity: RunningComparison(instant(row.began_at), row.progress) for row in connection.execute(query)}
