"""Schema revisions: the newest one that this version of the connector knows, and the one that a database has.

Nothing here imports Alembic, because its import takes a tenth of a second. It is needed only where a schema changes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def known_schemas() -> list[str]:
    """Return the revisions that this version knows, oldest first, from the names of the migrations' files."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def newest_schema() -> str:
    """Return the revision to which a state database is migrated."""
    return known_schemas()[-1]


def schema_of(connection: Connection) -> str | None:
    """Return the revision of this database, or `None` if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return revision


def unknown_schema(connection: Connection) -> str | None:
    """Return the revision of this database if this version does not know it, as after an upgrade by a newer version."""
    revision = schema_of(connection)
    return revision if revision is not None and revision not in known_schemas() else None
