"""Explain faults of the state database in messages that say what to do.

An error of the database's driver becomes a `StateError`. An error that is a bug of the connector is raised unchanged. A
failed transaction leaves nothing behind, with one exception: a commit may have succeeded although its answer was lost
with the connection. This is safe because every sync can be repeated. Messages never contain a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from connector.errors import ConnectorError
from connector.state.revision import unknown_schema

_START_AGAIN = (
    "Nothing was changed. Put a backup in its place, or move the file away and start again: "
    "the next sync then compares everything with what Magento shows."
)
_LOCKED = "is kept locked by another program (a database browser, a backup, a run that hangs): close it."
_SQLITE = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_FULL": "cannot grow because the disk is full: make room on it.",
    "SQLITE_CORRUPT": f"is damaged. {_START_AGAIN}",
    "SQLITE_NOTADB": f"is damaged, or the file is something else. {_START_AGAIN}",
    "SQLITE_READONLY": "may only be read: give this user the right to write the file and its folder.",
    "SQLITE_CANTOPEN": "cannot be opened: its folder has to exist, and this user must be allowed to write there.",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error.",
}
_WENT_AWAY = "went away in the middle of the work; what it did not confirm is done again by the next run."
_POSTGRESQL = {
    "55P03": "is kept locked by another program (pg_stat_activity shows which): end it.",
    "53100": "cannot grow because the server's disk is full: make room on it.",
    "53200": "has no memory left for this.",
    "53300": "has no connection left for us: raise max_connections on the server, or close other programs.",
    "42501": "may not be changed by this user: make the user the owner of the database.",
    "25006": "can only be read: give the address of the primary server.",
    "57P01": _WENT_AWAY,
    "57P02": _WENT_AWAY,
    "57P03": _WENT_AWAY,
    "40P01": "broke a deadlock off; the next run does this step again.",
    "XX001": f"is damaged. {_START_AGAIN}",
    "XX002": f"is damaged. {_START_AGAIN}",
}


class StateError(ConnectorError):
    """The state database cannot be used. The message says why and what to do."""


class AddressUnusable(StateError):
    """A2M_DATABASE_URL is wrong: a fault of the settings, with their exit code."""

    exit_code: ClassVar[int] = 2


def shown(url: URL) -> str:
    """Return the address without its password."""
    options = {name: value for name, value in url.query.items() if "password" not in name}
    return url.set(query=options).render_as_string(hide_password=True)


class SchemaUnknown(StateError):
    """A newer version of the connector has upgraded the database's schema; this version leaves it alone."""


@contextmanager
def explained_faults(engine: Engine) -> Iterator[None]:
    """Raise faults of the database inside the body as `StateError`."""
    try:
        yield
    except DBAPIError as error:
        explanation = None if error.orig is None else _explanation(error.orig, went_away=error.connection_invalidated)
        if explanation is None:
            _refuse_unknown_schema(engine, error)
            raise
        raise StateError(_message(engine.url, explanation, error.orig)) from error
    except engine.dialect.loaded_dbapi.Error as error:  # from COPY, which runs on the driver directly
        explanation = _explanation(error, went_away=False)
        if explanation is None:
            _refuse_unknown_schema(engine, error)
            raise
        raise StateError(_message(engine.url, explanation, error)) from error


def _refuse_unknown_schema(engine: Engine, error: BaseException) -> None:
    """Raise `SchemaUnknown` if a newer version has changed the schema meanwhile: that may explain the error."""
    with engine.execution_options(a2m_reads_only=True).connect() as connection:
        unknown = unknown_schema(connection)
    if unknown is not None:
        raise SchemaUnknown(f"The state database {shown(engine.url)} {upgraded_to(unknown)}") from error


def upgraded_to(schema: str) -> str:
    """Return the message for a database that a newer version has upgraded while this process runs."""
    return (
        f"was brought to the schema {schema} by a newer version of the connector. This process runs an older one and "
        "writes nothing more; nothing is lost. Start it again with the newer version."
    )


def _message(url: URL, explanation: str, fault: BaseException | None) -> str:
    return f"The state database {shown(url)} {explanation} ({' '.join(str(fault).split())})"


def _explanation(fault: BaseException, *, went_away: bool) -> str | None:
    if went_away:
        return _WENT_AWAY
    name = getattr(fault, "sqlite_errorname", None)
    if name is not None:
        return next((text for known, text in _SQLITE.items() if name == known or name.startswith(f"{known}_")), None)
    code = getattr(fault, "sqlstate", None)
    if type(fault).__name__ == "OperationalError" and code is None:  # no server answered the statement
        return "cannot be reached: check its address, the user and the password in A2M_DATABASE_URL."
    return _POSTGRESQL.get(code or "")
