"""The base class of price and inventory: entities whose messages are numbers that Magento must show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connector.magento.batches import RowResult
from connector.magento.client import MagentoClient
from connector.model.difference import Difference
from connector.state.queue import messages
from connector.state.queue.desired import Computed
from connector.state.queue.message import Message, MessageOutcome
from connector.state.schema import SENT
from connector.state.sync import ledger
from connector.state.sync.ledger import LedgerRow
from entities.base import R, RequestResult, RunContext
from entities.defaults import EntityDefaults
from entities.difference_cause import DifferenceCause
from entities.from_settings import item_rule
from entities.pulled import Pulled
from entities.values.amounts import as_text
from entities.values.compute import compute_values
from entities.values.current_values import TargetKey, Value
from entities.values.explain import number
from entities.values.parts import ValueParts
from entities.without_answer import LATE_WRITE, tried_again
from settings import Settings


class ValueEntity(ValueParts[R], EntityDefaults[R]):
    """An entity of values. It implements `entities.base.Entity` by means of the entity's `ValueParts`."""

    is_batched = True
    merges_feeds = True
    has_daily_full_sync = True

    def computed_with(self, settings: Settings) -> tuple[Any, ...]:
        """See `Entity.computed_with`: which items are sent, and what happens to those that Magento does not have."""
        return (item_rule(settings), settings.items.unknown_sku)

    def shown_in(self, settings: Settings) -> tuple[Any, ...]:
        """See `Entity.shown_in`."""
        return ()

    def is_tuned(self, settings: Settings) -> bool:
        """See `Entity.is_tuned`."""
        return True

    async def compute(self, context: RunContext[R], pulled: Pulled) -> Computed:
        """See `Entity.compute`."""
        return await compute_values(context, self, pulled)

    def may_be_applied(self, result: RowResult) -> bool:
        """See `Entity.may_be_applied`: a gateway's 5xx does not show what happened behind it."""
        return result.kind in ("unknown", "temporary")

    def outcomes(self, outcomes: list[MessageOutcome], result: RequestResult) -> list[MessageOutcome]:
        """See `Entity.outcomes`."""
        return outcomes

    async def settle(
        self, context: RunContext[R], client: MagentoClient, unknown: Sequence[Message]
    ) -> list[MessageOutcome]:
        """See `Entity.settle`: a value that Magento shows was sent."""
        targets = [TargetKey(message.key, message.source, message.sku or message.key) for message in unknown]
        current = await self.current_values(context, client, targets)
        return [
            MessageOutcome(message, SENT)
            if _matches(current.get((message.key, message.source)), message)
            else tried_again(message, context.queue.retry_count)
            for message in unknown
        ]

    def decided_at(self, message: Message) -> datetime:
        """See `Entity.decided_at`: a value is decided at once."""
        return message.changed_at

    def recheck_after(self) -> timedelta | None:
        """See `Entity.recheck_after`."""
        return LATE_WRITE

    def value_text(self, value: int | None) -> str:
        """See `Entity.value_text`."""
        return "" if value is None else number(value, self.digits)

    async def differences(
        self, context: RunContext[R], waiting: Sequence[Message], began: datetime
    ) -> tuple[int, list[Difference]]:
        """See `Entity.differences`."""
        with context.state.read() as connection:
            current = ledger.all_of(connection, self.name)
            unsent = messages.failed(connection, self.name)
        targets = {(one.key, one.source) for one in (*waiting, *unsent)} | set(current)
        return len(targets), [self._difference(one, current.get((one.key, one.source)), began) for one in waiting]

    def _difference(self, message: Message, current: LedgerRow | None, began: datetime) -> Difference:
        waits = message.changed_at < began
        shows_nothing = DifferenceCause.NOT_SHOWN if current is None else DifferenceCause.OTHER_VALUE
        return Difference(
            message.key,
            message.source,
            sku=message.sku or message.key,
            acumatica=as_text(message.value, message.in_stock, self.digits),
            magento="nothing" if current is None else as_text(current.value, current.in_stock, self.digits),
            why=f"waits to be sent since {message.changed_at:%Y-%m-%d %H:%M:%S} UTC" if waits else "",
            cause=DifferenceCause.TO_BE_SENT if waits else shows_nothing,
        )


def _matches(value: Value | None, message: Message) -> bool:
    return value is not None and value[0] == message.value and message.in_stock in (None, value[1])
