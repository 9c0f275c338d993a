"""What makes one entity of values different from another: prices from quantities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Generic, NamedTuple

from connector.magento.client import MagentoClient
from connector.state.queue.desired import DesiredValue
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.open_orders import OpenOrder
from connector.state.sync.records import Stored
from entities.base import R, RunContext
from entities.shown import Shown
from entities.values.columns import Note, Problem
from entities.values.current_values import Found, TargetKey, Value
from entities.values.items import Published


class Ruled(NamedTuple):
    """A rule's result: the values that Magento must show; the items without one, and why; the days on which values
    change by themselves, by inventory id; open orders of the shop as they are to be stored with the chunk.
    """

    values: list[DesiredValue]
    problems: Sequence[Problem]
    notes: Sequence[Note] = ()
    next_change: Mapping[str, date] = {}
    open_orders: Sequence[OpenOrder] = ()


class ValueParts(ABC, Generic[R]):
    """The parts of an entity of values.

    noun: what people call the value. digits: how many decimals a value's whole number has. withdrawn_value: what a
    place shows whose record no longer goes there; `None`: it keeps what it has. asks_only_of_new: a usual sync asks
    Magento only about places that it never confirmed, or that are in doubt; else also whether it still has the product
    of each value that changes.
    """

    name: str
    noun: str
    digits: int
    withdrawn_value: int | None
    asks_only_of_new: bool

    @abstractmethod
    async def ruled(self, context: RunContext[R], published: Published, chosen: Mapping[str, Stored]) -> Ruled:
        """Return what the rule makes of the records."""

    @abstractmethod
    async def current_values(
        self, context: RunContext[R], client: MagentoClient, targets: Sequence[TargetKey]
    ) -> dict[tuple[str, str], Value]:
        """Return what Magento shows at these places."""

    @abstractmethod
    async def find(
        self, context: RunContext[R], targets: Sequence[TargetKey], others: Mapping[str, str], shown: Shown
    ) -> Found:
        """Return what Magento shows at these places; of these and of `others` (key by SKU), whether it has them.

        `shown`: what it was asked about the chunk so far; only the rest is asked.
        """

    @abstractmethod
    async def is_read_by_pages(self, context: RunContext[R]) -> bool:
        """Return whether many values are read with one request, so that a full sync may compare all of them."""

    @abstractmethod
    def is_nothing(self, value: Value | None) -> bool:
        """Return whether Magento shows nothing there, as of a product that was just made."""

    async def corrected(
        self,
        context: RunContext[R],
        values: list[DesiredValue],
        confirmed: Collection[LedgerRow],
    ) -> list[DesiredValue]:
        """Return the values, corrected by what Magento shows."""
        return values
