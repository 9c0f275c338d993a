"""Versions of the Setup Parameters that were saved in the Prefect UI, each with who saved it and when.

The newest version is in effect; the older ones show what was changed. The values, by section and field as in JSON, are
validated before they are saved and contain no secrets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from connector.state.engine import State
from connector.state.schema import instant, micros, saved_settings

Values = Mapping[str, Mapping[str, Any]]


class SavedMeanwhile(Exception):
    """Somebody else saved a newer version in the meantime; nothing was saved."""


@dataclass(frozen=True)
class Version:
    """A saved version: all its values, and a summary of its changes."""

    number: int
    saved_at: datetime
    saved_by: str
    summary: str
    values: Values


def newest(connection: Connection) -> Version | None:
    """Return the newest version, or `None` if nothing was ever saved."""
    row = connection.execute(select(saved_settings).order_by(saved_settings.c.version.desc()).limit(1)).one_or_none()
    return None if row is None else _version(row)


def newest_number(connection: Connection) -> int:
    """Return the number of the newest version, or 0 if nothing was ever saved."""
    return connection.execute(select(func.max(saved_settings.c.version))).scalar() or 0


def of_number(connection: Connection, number: int) -> Version | None:
    """Return the version with this number, or `None`."""
    row = connection.execute(select(saved_settings).where(saved_settings.c.version == number)).one_or_none()
    return None if row is None else _version(row)


def history(connection: Connection, limit: int = 50) -> list[Version]:
    """Return the last versions, the newest first."""
    query = select(saved_settings).order_by(saved_settings.c.version.desc()).limit(limit)
    return [_version(row) for row in connection.execute(query)]


def _version(row: Any) -> Version:
    return Version(
        row.version,
        saved_at=instant(row.saved_at),
        saved_by=row.saved_by,
        summary=row.said,
        values=json.loads(row.settings),
    )


def save(state: State, values: Values, *, after: int, who: str, summary: str, now: datetime) -> int:
    """Save the values as the version after number `after`; return its number. Raises `SavedMeanwhile`."""
    with state.write() as connection:
        number = newest_number(connection)
        if number != after:
            raise SavedMeanwhile(f"Version {number} was saved by somebody else meanwhile; look at it and save again.")
        row = {
            "version": number + 1,
            "saved_at": micros(now),
            "saved_by": who,
            "said": summary,
            "settings": json.dumps(values, ensure_ascii=False, sort_keys=True),
        }
        connection.execute(saved_settings.insert().values(row))
        return number + 1
