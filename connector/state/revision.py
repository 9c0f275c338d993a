"""The schema of the state database as a revision: the newest one that this version knows, and the one that is there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def migrations() -> ScriptDirectory:
    """Return the migrations; read once, because every one of them is a module to compile."""
    return ScriptDirectory(str(MIGRATIONS))


def newest_schema() -> str:
    """Return the revision that a state database is brought to."""
    newest = migrations().get_current_head()
    assert newest is not None
    return newest


def schema_of(connection: Connection) -> str | None:
    """Return the revision of this database; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def unknown_schema(connection: Connection) -> str | None:
    """Return the revision of this database if this version does not know it: a newer one has changed it."""
    found = schema_of(connection)
    known = {script.revision for script in migrations().walk_revisions()}
    return found if found is not None and found not in known else None
