"""The parts in which entities of values differ: prices from quantities."""

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
    """A rule's result: the values that Magento must show; the items without one, and the reasons; the dates on which
    values change by themselves, by inventory id; and the shop's open orders to store with the chunk.
    """

    values: list[DesiredValue]
    problems: Sequence[Problem]
    notes: Sequence[Note] = ()
    next_change: Mapping[str, date] = {}
    open_orders: Sequence[OpenOrder] = ()


class ValueParts(ABC, Generic[R]):
    """The parts that each entity of values defines.

    noun: what people call the value. digits: the number of decimals in the scaled whole numbers. withdrawn_value: what
    a place must show whose record no longer goes there; None: it keeps its value. asks_only_of_new: a normal sync reads
    only places that Magento never confirmed or that have to be rechecked; otherwise it also reads whether the product
    of each changed value still exists.
    """

    name: str
    noun: str
    digits: int
    withdrawn_value: int | None
    asks_only_of_new: bool

    @abstractmethod
    async def ruled(self, context: RunContext[R], published: Published, chosen: Mapping[str, Stored]) -> Ruled:
        """Return the rule's result for the records."""

    @abstractmethod
    async def current_values(
        self, context: RunContext[R], client: MagentoClient, targets: Sequence[TargetKey]
    ) -> dict[tuple[str, str], Value]:
        """Return what Magento shows at these places."""

    @abstractmethod
    async def find(
        self, context: RunContext[R], targets: Sequence[TargetKey], others: Mapping[str, str], shown: Shown
    ) -> Found:
        """Return what Magento shows at these places, and which products of these and of `others` (key by SKU) it does
        not have.

        `shown`: what was already requested for the chunk; only the rest is requested.
        """

    @abstractmethod
    async def is_read_by_pages(self, context: RunContext[R]) -> bool:
        """Return whether one request reads many values, so that a full sync can compare all of them."""

    @abstractmethod
    def is_nothing(self, value: Value | None) -> bool:
        """Return whether Magento shows nothing there, as for a product that was just created."""

    async def corrected(
        self,
        context: RunContext[R],
        values: list[DesiredValue],
        confirmed: Collection[LedgerRow],
    ) -> list[DesiredValue]:
        """Return the values, corrected by what Magento shows."""
        return values
