"""Defaults for what most entities have in common (`entities.base.Entity`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from connector.magento.client import MagentoClient
from connector.magento.permissions import When
from connector.state.queue.message import Message
from connector.state.sync.records import Stored
from entities.base import R, RunContext
from entities.checks import Check
from entities.link_sides import LinkSides
from entities.shown import Shown
from entities.waiting import NotYet
from settings import Settings


class EntityDefaults(Generic[R]):
    """Nothing is refused, done before a stage, or waited for. Requests go one by one over all connections."""

    follows: tuple[str, ...] = ()
    link_sides: LinkSides | None = None

    def connections(self, settings: Settings) -> int:
        """See `Entity.connections`."""
        return settings.magento.concurrency

    async def refuse_settings(self, context: RunContext[R], *, full: bool, changed: bool) -> None:
        """See `Entity.refuse_settings`."""

    async def before_pull(self, context: RunContext[R], *, full: bool) -> None:
        """See `Entity.before_pull`."""

    def ask_ahead(self, context: RunContext[R], pulled: Sequence[Stored], shown: Shown) -> None:
        """See `Entity.ask_ahead`."""

    async def before_push(self, context: RunContext[R]) -> None:
        """See `Entity.before_push`."""

    def requests_at_once(self, context: RunContext[R], count: int, size: int) -> int:
        """See `Entity.requests_at_once`."""
        return 1

    async def before_settle(self, context: RunContext[R]) -> None:
        """See `Entity.before_settle`."""

    async def still_waiting(
        self, context: RunContext[R], client: MagentoClient, waiting: Sequence[Message]
    ) -> dict[str, NotYet]:
        """See `Entity.still_waiting`."""
        return {}

    def currency(self, settings: Settings) -> str:
        """See `Entity.currency`."""
        return ""

    def conditions(self, settings: Settings) -> frozenset[When]:
        """See `Entity.conditions`."""
        return frozenset()

    def checks_of_settings(self, settings: Settings) -> list[Check]:
        """See `Entity.checks_of_settings`."""
        return []

    def spellings(self, settings: Settings, typed: str) -> list[str]:
        """See `Entity.spellings`: Acumatica's codes are in capital letters."""
        return list(dict.fromkeys([typed, typed.upper()]))
