"""How long to wait, and how often to try, while Acumatica accepts no further session ("API Login Limit").

While sessions of dead processes are known to be counted, it is worth waiting until Acumatica has closed them. If
nothing is known that will make room, the wait is only half a minute. The licence determines who waits for whom.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.acumatica.access import Licence
from connector.acumatica.errors import LoginLimit
from connector.clock import Clock

PATIENCE = 35.0
"""Seconds for which a login that is refused because of the licence's number of sessions is tried again, at least."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 30.0


class FullLicence:
    """Since when, and how often in a row, Acumatica accepted no session; and when dead processes' sessions
    are closed.
    """

    def __init__(self, licence: Licence, clock: Clock, patience: timedelta) -> None:
        self._licence = licence
        self._clock = clock
        self._patience = patience
        self._since: datetime | None = None
        self._ends: datetime | None = None
        self._met = 0

    async def wait(self, fault: LoginLimit) -> None:
        """Pause before the next try. Raises `LoginLimit` if nothing is known that will make room in time."""
        words = await self._licence.limit_was_met(str(fault))
        now = self._clock.now()
        self._since = self._since or now
        self._ends = await self._licence.counted_until() or self._ends  # what was known a moment ago still applies
        least = self._since + timedelta(seconds=PATIENCE)
        known = least if self._ends is None else self._ends + timedelta(seconds=2 * LONGEST_PAUSE)
        if now >= max(least, min(known, self._since + self._patience)):
            raise LoginLimit(words) from fault
        await self._clock.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._met))
        self._met += 1
