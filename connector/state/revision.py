"""The schema of the state database as a revision: the newest one that this version knows, and the one that is there.

Nothing here imports Alembic, which takes a tenth of a second in every command: it is needed where a schema changes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def known_schemas() -> list[str]:
    """Return the revisions that this version knows, oldest first: the files of the migrations begin with them."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def newest_schema() -> str:
    """Return the revision that a state database is brought to."""
    return known_schemas()[-1]


def schema_of(connection: Connection) -> str | None:
    """Return the revision of this database; None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def unknown_schema(connection: Connection) -> str | None:
    """Return the revision of this database if this version does not know it: a newer one has changed it."""
    found = schema_of(connection)
    return found if found is not None and found not in known_schemas() else None
