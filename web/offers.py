"""What both systems offer for the fields of a page, read once for some minutes."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connector.clock import SystemClock
from connector.state.engine import State
from settings import Settings
from settings.offers import Offer, offers_of

if TYPE_CHECKING:
    from app.setting_choices import Choices

KEPT = timedelta(minutes=10)
PATIENCE = 20.0
"""Seconds after which the names are typed without help."""


class Offers:
    """The lists of this process, by section and by where they come from."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[datetime, Choices]] = {}
        self._one_at_a_time = threading.Lock()

    def of(self, section: str, settings: Settings, state: State, now: datetime) -> Choices:
        """Return what is offered for a section's fields. Raises `StateError`."""
        acumatica, magento = settings.acumatica, settings.magento
        place = (section, acumatica.url, acumatica.tenant, acumatica.username, magento.url)
        with self._one_at_a_time:
            read_at, known = self._known.get(place, (now - KEPT, None))
            if known is not None and now - read_at < KEPT and not known.problems:
                return known
            found = asyncio.run(_read(settings, state, offers_of(section)))
            self._known[place] = (now, found)
            return found


async def _read(settings: Settings, state: State, wanted: set[Offer]) -> Choices:
    from app.setting_choices import Choices, read_choices  # only here: it loads what other pages do not need

    try:
        async with asyncio.timeout(PATIENCE):
            return await read_choices(settings, state, SystemClock(), wanted)
    except TimeoutError:
        return Choices(problems=[f"There was no answer within {PATIENCE:g} seconds."])
