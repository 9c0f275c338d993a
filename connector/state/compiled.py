"""A cache of compiled SQL statements that all engines of the process share.

Compiling the statements of one sync takes several times as long as running them. SQLAlchemy's own cache belongs to one
engine, but a dry run has two engines, and a process that runs for months opens the state database again and again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.util import LRUCache

_CAPACITY = 1000
"""Number of statements; the connector has some hundreds."""


class _SharedCache(LRUCache[Any, Any]):
    """Compiled statements by their content and the kind of database, independent of the engine."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_by_kind(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_by_kind(key), value)


def _by_kind(key: Any) -> Any:
    """Return SQLAlchemy's cache key with the dialect object replaced by its name, driver and server version."""
    dialect, *rest = key
    return dialect.name, dialect.driver, dialect.server_version_info, *rest


COMPILED = _SharedCache(_CAPACITY)
"""The value of the option `compiled_cache` for every engine."""
