"""Suggested names for the fields of a page, read from both systems and cached for some minutes."""

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
"""Seconds after which the page is shown without suggestions."""


class Offers:
    """The cached lists of this process, by section and systems."""

    def __init__(self) -> None:
        self._cached: dict[tuple[str, ...], tuple[datetime, Choices]] = {}
        self._one_at_a_time = threading.Lock()

    def of(self, section: str, settings: Settings, state: State, now: datetime) -> Choices:
        """Return the suggestions for a section's fields. Raises `StateError`."""
        acumatica, magento = settings.acumatica, settings.magento
        key = (section, acumatica.url, acumatica.tenant, acumatica.username, magento.url)
        with self._one_at_a_time:
            read_at, cached = self._cached.get(key, (now - KEPT, None))
            if cached is not None and now - read_at < KEPT and not cached.problems:
                return cached
            choices = asyncio.run(_read(settings, state, offers_of(section)))
            self._cached[key] = (now, choices)
            return choices


async def _read(settings: Settings, state: State, offers: set[Offer]) -> Choices:
    from app.setting_choices import Choices, read_choices  # imported late: it loads what other pages do not need

    try:
        async with asyncio.timeout(PATIENCE):
            return await read_choices(settings, state, SystemClock(), offers)
    except TimeoutError:
        return Choices(problems=[f"There was no answer within {PATIENCE:g} seconds."])
