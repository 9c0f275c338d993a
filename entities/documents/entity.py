"""The base class of customer, order and shipment: entities whose messages are documents, each made in Magento once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from connector.magento.batches import RowResult
from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused
from connector.model.difference import Difference
from connector.state.queue import messages
from connector.state.queue.desired import Computed
from connector.state.queue.message import Message, MessageOutcome
from connector.state.schema import SENT
from connector.state.sync import links
from entities.base import ClaimOrder, R, RequestResult, RunContext, Urgency
from entities.defaults import EntityDefaults
from entities.difference_cause import DifferenceCause
from entities.documents.document import (
    LATE_WRITE,
    C,
    DocumentParts,
    compute_documents,
    deliver_document,
    found_document,
    settled_as,
)
from entities.pulled import Pulled
from entities.waiting import describe
from entities.without_answer import tried_again
from settings import Settings


class DocumentEntity(DocumentParts[R, C], EntityDefaults[R]):
    """An entity of documents. It implements `entities.base.Entity` by means of the entity's `DocumentParts`."""

    urgency = Urgency.USUAL
    claim_order = ClaimOrder.BY_KEY
    is_batched = False
    merges_feeds = False
    has_daily_full_sync = False

    def computed_with(self, settings: Settings) -> tuple[Any, ...]:
        """See `Entity.computed_with`."""
        return ()

    def shown_in(self, settings: Settings) -> None:
        """See `Entity.shown_in`."""

    def is_tuned(self, settings: Settings) -> bool:
        """See `Entity.is_tuned`: documents go one by one, so there is nothing to tune."""
        return False

    async def compute(self, context: RunContext[R], pulled: Pulled) -> Computed:
        """See `Entity.compute`."""
        return await compute_documents(context, self, pulled)

    async def deliver(
        self, context: RunContext[R], client: MagentoClient, claimed: Sequence[Message], size: int | None
    ) -> RequestResult:
        """See `Entity.deliver`: a document is claimed alone."""
        return RequestResult(*await deliver_document(context, self, client, claimed[0]))

    def may_be_applied(self, result: RowResult) -> bool:
        """See `Entity.may_be_applied`: a document whose answer was lost is searched for, not read again."""
        return False

    def outcomes(self, outcomes: list[MessageOutcome], result: RequestResult) -> list[MessageOutcome]:
        """See `Entity.outcomes`: adds the document in Magento, and whether only a part of it may have been applied."""
        [outcome] = outcomes
        in_part = result.delivery.wrote and outcome.state != SENT
        outcome = msgspec.structs.replace(outcome, partially_applied=in_part)
        return [outcome if result.document is None else settled_as(outcome, result.document)]

    async def settle(
        self, context: RunContext[R], client: MagentoClient, unknown: Sequence[Message]
    ) -> list[MessageOutcome]:
        """See `Entity.settle`. A document that is not there yet may still arrive; it is left unsettled until that is
        ruled out.
        """
        outcomes = []
        for message in unknown:
            delivered = await found_document(context, self, client, message)
            if delivered is not None:
                outcomes.append(settled_as(MessageOutcome(message, SENT), delivered))
            elif context.clock.now() >= self.decided_at(message):
                outcome = tried_again(message, context.queue.retry_count)
                outcomes.append(msgspec.structs.replace(outcome, partially_applied=True))
        return outcomes

    def decided_at(self, message: Message) -> datetime:
        """See `Entity.decided_at`: the time from which a lost request can no longer be applied."""
        return message.changed_at + (LATE_WRITE if message.document is not None else timedelta(0))

    def recheck_after(self) -> timedelta | None:
        """See `Entity.recheck_after`."""
        return None

    def value_text(self, value: int | None) -> str:
        """See `Entity.value_text`."""
        return ""

    async def differences(
        self, context: RunContext[R], waiting: Sequence[Message], began: datetime
    ) -> tuple[int, list[Difference]]:
        """See `Entity.differences`. Every document is searched for in Magento with its whole content, over as many
        connections as are allowed.
        """
        remaining = iter(waiting)
        differences: list[Difference] = []
        await asyncio.gather(
            *(self._find(context, remaining, differences) for _connection in range(context.shop.connections))
        )
        with context.state.read() as connection:
            unsent = messages.failed(connection, self.name)
        return len(waiting) + len(unsent), sorted(differences, key=lambda difference: difference.key)

    async def _find(self, context: RunContext[R], remaining: Iterator[Message], differences: list[Difference]) -> None:
        async with context.shop.client() as client:
            for message in remaining:
                try:
                    document = await found_document(context, self, client, message)
                except RequestRefused as why:
                    cause = DifferenceCause.NOT_ANSWERED
                    differences.append(
                        Difference(
                            message.key, source="", sku=message.key, acumatica="", magento="", why=str(why), cause=cause
                        )
                    )
                    continue
                if document is None:
                    with context.state.read() as connection:
                        link = links.of_keys(connection, self.name, [message.key]).get(message.key)
                    in_magento = (
                        "not linked" if link is None else f"{link.magento_id}, which is gone or does not show all of it"
                    )
                    is_there = DifferenceCause.NOT_MADE if link is None else DifferenceCause.NOT_ALL_OF_IT
                    cause = is_there if message.wait is None else DifferenceCause.WAITING
                    differences.append(
                        Difference(
                            message.key,
                            source="",
                            sku=message.key,
                            acumatica="to be sent",
                            magento=in_magento,
                            why=_waits(message),
                            cause=cause,
                        )
                    )


def _waits(message: Message) -> str:
    """Return what the document waits for and since when; empty if it does not wait."""
    if message.wait is None:
        return ""
    since = f"{message.wait.since:%Y-%m-%d %H:%M:%S} UTC"
    return f"waits for {describe(message.wait.code)} since {since}, without a failure: {message.reason or ''}"
