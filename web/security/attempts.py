"""Limit failed logins, so that nobody can try many passwords.

They are counted for a name from one address, for an address, and for a name from all addresses. The last limit is high,
so that nobody can lock out another user by entering wrong passwords.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
OF_NAME_AND_ADDRESS, OF_ADDRESS, OF_NAME = 5, 20, 100
_MOST_KEYS = 10_000


class LoginAttempts:
    """The recent failed logins in this process."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str], deque[datetime]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, address: str, now: datetime) -> timedelta | None:
        """Return how long a login has to wait; None if it may be tried now."""
        with self._lock:
            waits = [self._wait(key, limit, now) for key, limit in _keys(name, address)]
        return max((wait for wait in waits if wait is not None), default=None)

    def _wait(self, key: tuple[str, str], limit: int, now: datetime) -> timedelta | None:
        failed = self._failed.get(key)
        while failed and now - failed[0] >= WINDOW:
            failed.popleft()
        return None if not failed or len(failed) < limit else failed[-limit] + WINDOW - now

    def failed(self, name: str, address: str, now: datetime) -> None:
        """Count a failed login."""
        with self._lock:
            if len(self._failed) >= _MOST_KEYS:
                self._forget(now)
            for key, limit in _keys(name, address):
                self._failed.setdefault(key, deque(maxlen=limit)).append(now)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failed logins for this name from this address."""
        with self._lock:
            self._failed.pop(_keys(name, address)[0][0], None)

    def _forget(self, now: datetime) -> None:
        over = [key for key, failed in self._failed.items() if not failed or now - failed[-1] >= WINDOW]
        for key in over or list(self._failed)[: _MOST_KEYS // 2]:
            del self._failed[key]


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (((name, address), OF_NAME_AND_ADDRESS), (("", address), OF_ADDRESS), ((name, ""), OF_NAME))
