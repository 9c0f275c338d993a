"""The entity of prices: one for each SKU, for all stores or for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from connector.acumatica import fields
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.magento.client import MagentoClient
from connector.magento.permissions import When
from connector.state.engine import State
from connector.state.queue.message import Message
from connector.state.sync.records import Stored
from entities.base import ClaimOrder, Entity, RequestResult, RunContext, Urgency
from entities.checks import PlannedCheck
from entities.explained import Known, Line
from entities.item_classes import refuse_unknown_item_classes
from entities.price.bulk import goes_in_bulk, operations_of, settle_bulk
from entities.price.checks import checks_in_acumatica, checks_in_magento
from entities.price.current_values import DIGITS, NOUN, current_prices, find_prices, has_price
from entities.price.deliver import deliver_prices_of
from entities.price.explain import explain_now, explained
from entities.price.from_settings import price_rule, read_plan, sends_bulks
from entities.price.read import FEEDS
from entities.price.routes import ROUTES
from entities.price.rules import PriceRule, compute
from entities.read_plan import ReadPlan
from entities.shown import PRICES, Shown
from entities.values import conversion
from entities.values.ahead import skus_ahead
from entities.values.current_values import Found, TargetKey, Value
from entities.values.entity import ValueEntity
from entities.values.items import Published
from entities.values.parts import Ruled
from settings import Settings

WITHOUT_ROW = {
    "default_price": "without a row in the price list got their Default Price",
    "leave": "without a row in the price list were left alone",
}
"""The run's text about items for which the price list has no row."""


class Price(ValueEntity[PriceRule]):
    """Prices as the stages use them."""

    name = "price"
    noun = NOUN
    digits = DIGITS
    withdrawn_value = None
    asks_only_of_new = True
    urgency = Urgency.YIELDS
    claim_order = ClaimOrder.BY_KEY
    feeds = FEEDS
    routes = ROUTES

    def rule(self, settings: Settings) -> PriceRule:
        """See `Entity.rule`."""
        return price_rule(settings)

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """See `Entity.read_plan`."""
        return read_plan(settings, active_since)

    def shown_in(self, settings: Settings) -> tuple[Any, ...]:
        """See `Entity.shown_in`: a store view."""
        return (settings.magento.store_id,)

    def is_tuned(self, settings: Settings) -> bool:
        """See `Entity.is_tuned`: the answer to a bulk would measure the consumer's time."""
        return not sends_bulks(settings)

    async def refuse_settings(self, context: RunContext[PriceRule], *, full: bool, changed: bool) -> None:
        """See `Entity.refuse_settings`: an unknown item class."""
        if changed:
            await refuse_unknown_item_classes(context)

    async def ruled(
        self,
        context: RunContext[PriceRule],
        published: Published,
        chosen: Mapping[str, Stored],
    ) -> Ruled:
        """See `ValueParts.ruled`."""
        of_list = chosen.values() if context.rule.source == "price_list" else ()
        priced = compute(published.items, conversion.price_rows(of_list), context.rule, context.today())
        context.remarks.count(WITHOUT_ROW[context.rule.without_row], priced.gaps)
        return Ruled(conversion.wanted(priced.values), priced.problems, priced.notes, priced.next_change)

    def ask_ahead(self, context: RunContext[PriceRule], pulled: Sequence[Stored], shown: Shown) -> None:
        """See `Entity.ask_ahead`."""
        shown.ask_ahead(PRICES, skus_ahead(pulled, context.items, partial(has_price, context.rule)))

    async def current_values(
        self, context: RunContext[PriceRule], client: MagentoClient, targets: Sequence[TargetKey]
    ) -> dict[tuple[str, str], Value]:
        """See `ValueParts.current_values`."""
        return await current_prices(context, client, targets)

    async def find(
        self, context: RunContext[PriceRule], targets: Sequence[TargetKey], others: Mapping[str, str], shown: Shown
    ) -> Found:
        """See `ValueParts.find`."""
        return await find_prices(context, targets, shown)

    async def is_read_by_pages(self, context: RunContext[PriceRule]) -> bool:
        """See `ValueParts.is_read_by_pages`."""
        return True

    def is_nothing(self, value: Value | None) -> bool:
        """See `ValueParts.is_nothing`."""
        return value is None or value[0] == 0

    def requests_at_once(self, context: RunContext[PriceRule], count: int, size: int) -> int:
        """See `Entity.requests_at_once`: a bulk is one delivery of several requests' worth."""
        in_bulk = count > max(size, context.queue.threshold_count) and goes_in_bulk(context)
        return operations_of(size) if in_bulk else 1

    async def deliver(
        self, context: RunContext[PriceRule], client: MagentoClient, claimed: Sequence[Message], size: int | None
    ) -> RequestResult:
        """See `Entity.deliver`."""
        return RequestResult(await deliver_prices_of(context, client, claimed, size))

    async def before_settle(self, context: RunContext[PriceRule]) -> None:
        """See `Entity.before_settle`: an open bulk is waited for, because its values are not shown before it is
        processed.
        """
        await settle_bulk(context)

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """See `Entity.explained`."""
        return explained(settings, stored)

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """See `Entity.explain_now`."""
        return await explain_now(client, settings, known)

    def currency(self, settings: Settings) -> str:
        """See `Entity.currency`."""
        return settings.price.currency

    def conditions(self, settings: Settings) -> frozenset[When]:
        """See `Entity.conditions`."""
        return frozenset({"bulks"}) if sends_bulks(settings) else frozenset()

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """See `Entity.fields_read`."""
        kinds = ("stock", "non_stock") if settings.price.non_stock else ("stock",)
        return fields.of_items(read_plan(settings, None).fields, *kinds)

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """See `Entity.checks_in_acumatica`."""
        return checks_in_acumatica(settings, session)

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """See `Entity.checks_in_magento`."""
        return checks_in_magento(settings, client, clock)


ENTITY: Entity[PriceRule] = Price()
