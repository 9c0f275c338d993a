"""Statements that are compiled once in a process, and not once for each time that a state database is opened.

To compile the statements of one sync takes several times as long as to run them. SQLAlchemy keeps what it compiled by
engine; a dry run has two, and a process that works for months opens the state again and again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.util import LRUCache

_ROOM = 1000
"""Statements; the connector has some hundreds."""


class _OfAKind(LRUCache[Any, Any]):
    """Compiled statements by what they say and for which kind of database, whichever engine asks."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_by_kind(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_by_kind(key), value)


def _by_kind(key: Any) -> Any:
    """Return SQLAlchemy's key with what the engine's dialect is in place of the dialect itself."""
    dialect, *rest = key
    return dialect.name, dialect.driver, dialect.server_version_info, *rest


COMPILED = _OfAKind(_ROOM)
"""For the option `compiled_cache` of every engine."""
