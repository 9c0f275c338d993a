"""The entity of inventory: a quantity for each SKU at each source, or in a product attribute."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from connector.acumatica import fields
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.magento.batches import RowResult
from connector.magento.client import MagentoClient
from connector.magento.permissions import When
from connector.state.engine import State
from connector.state.queue.desired import DesiredValue
from connector.state.queue.message import Message
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.records import Stored
from entities.base import ClaimOrder, Entity, RequestResult, RunContext, Urgency
from entities.checks import PlannedCheck
from entities.explained import Known, Line
from entities.inventory.add_back import add_back
from entities.inventory.check_names import checks_in_acumatica, checks_in_magento, shows_attribute
from entities.inventory.compensate import less_compensations
from entities.inventory.current_values import DIGITS, NOUN, current_quantities, find_quantities, has_quantity
from entities.inventory.deliver import deliver_quantities
from entities.inventory.explain import explain_now, explained
from entities.inventory.from_settings import quantity_rule, read_plan
from entities.inventory.open_orders import follow_open_orders
from entities.inventory.read import FEEDS
from entities.inventory.routes import ROUTES
from entities.inventory.rules import QuantityRule, compute
from entities.inventory.status import keep_status_of_backorders
from entities.inventory.stock import stock
from entities.inventory.vendors import refuse_vendors_twice
from entities.item_classes import refuse_unknown_item_classes
from entities.read_plan import ReadPlan
from entities.shown import PRICES, SOURCE_ITEMS, Shown
from entities.values import conversion
from entities.values.ahead import skus_ahead
from entities.values.current_values import Found, TargetKey, Value
from entities.values.entity import ValueEntity
from entities.values.items import Published
from entities.values.parts import Ruled
from entities.warehouses import refuse_unknown_warehouses
from settings import Settings


class Inventory(ValueEntity[QuantityRule]):
    """Quantities as the stages use them."""

    name = "inventory"
    noun = NOUN
    digits = DIGITS
    withdrawn_value = 0
    asks_only_of_new = False
    urgency = Urgency.FIRST
    claim_order = ClaimOrder.ZEROS_FIRST
    feeds = FEEDS
    routes = ROUTES

    def rule(self, settings: Settings) -> QuantityRule:
        """See `Entity.rule`."""
        return quantity_rule(settings)

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """See `Entity.read_plan`."""
        return read_plan(settings, active_since)

    async def refuse_settings(self, context: RunContext[QuantityRule], *, full: bool, changed: bool) -> None:
        """See `Entity.refuse_settings`: an unknown item class or warehouse, and a vendor quantity that counts twice."""
        if changed:
            await refuse_unknown_item_classes(context)
            await refuse_unknown_warehouses(context)
        if full:
            await refuse_vendors_twice(context)

    async def before_pull(self, context: RunContext[QuantityRule], *, full: bool) -> None:
        """See `Entity.before_pull`: orders are read before quantities, so that no quantity is older than an order."""
        await follow_open_orders(context, full=full)

    async def ruled(
        self,
        context: RunContext[QuantityRule],
        published: Published,
        chosen: Mapping[str, Stored],
    ) -> Ruled:
        """See `ValueParts.ruled`."""
        added = await add_back(context, chosen, published.keys())
        known = stock(published.items, chosen, context.rule)
        counted = compute(known.items, known.warehouses, known.vendors, context.rule, added.amounts)
        values = await less_compensations(context, conversion.wanted(counted.values))
        return Ruled(values, [*known.problems, *counted.problems], open_orders=added.orders)

    def ask_ahead(self, context: RunContext[QuantityRule], pulled: Sequence[Stored], shown: Shown) -> None:
        """See `Entity.ask_ahead`: only once the shop is known to have sources (MSI), whose quantities are read in
        pages.
        """
        if context.shop.is_known_to_have_msi:
            skus = skus_ahead(pulled, context.items, partial(has_quantity, context.rule))
            shown.ask_ahead(SOURCE_ITEMS, skus)
            shown.ask_ahead(PRICES, skus)

    async def current_values(
        self, context: RunContext[QuantityRule], client: MagentoClient, targets: Sequence[TargetKey]
    ) -> dict[tuple[str, str], Value]:
        """See `ValueParts.current_values`."""
        return await current_quantities(context, client, targets)

    async def find(
        self, context: RunContext[QuantityRule], targets: Sequence[TargetKey], others: Mapping[str, str], shown: Shown
    ) -> Found:
        """See `ValueParts.find`."""
        return await find_quantities(context, targets, others, shown)

    async def is_read_by_pages(self, context: RunContext[QuantityRule]) -> bool:
        """See `ValueParts.is_read_by_pages`: without sources (MSI) each quantity is a separate request."""
        async with context.shop.client() as client:
            return await context.shop.has_msi(client)

    def is_nothing(self, value: Value | None) -> bool:
        """See `ValueParts.is_nothing`: 0 without a stock status is a source without a row."""
        return value is None or (value[0] == 0 and value[1] is None)

    async def corrected(
        self, context: RunContext[QuantityRule], values: list[DesiredValue], confirmed: Collection[LedgerRow]
    ) -> list[DesiredValue]:
        """See `ValueParts.corrected`: a product that Magento sells below 0 stays in stock."""
        return await keep_status_of_backorders(context, values, confirmed)

    def may_be_applied(self, result: RowResult) -> bool:
        """See `Entity.may_be_applied`: source items stay written if a later step fails (contracts/magento.md, "Source
        items").
        """
        return result.kind == "refused" or super().may_be_applied(result)

    async def deliver(
        self, context: RunContext[QuantityRule], client: MagentoClient, claimed: Sequence[Message], size: int | None
    ) -> RequestResult:
        """See `Entity.deliver`."""
        return RequestResult(await deliver_quantities(context, client, claimed))

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """See `Entity.explained`."""
        return explained(settings, state, stored)

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """See `Entity.explain_now`."""
        return await explain_now(client, settings, known)

    def conditions(self, settings: Settings) -> frozenset[When]:
        """See `Entity.conditions`."""
        conditions: set[When] = {"vendor attribute"} if shows_attribute(settings) else set()
        if settings.inventory.add_back_open_orders and settings.inventory.quantity != "on_hand":
            conditions.add("open orders")
        return frozenset(conditions)

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """See `Entity.fields_read`."""
        return fields.of_items(read_plan(settings, None).fields, "stock")

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """See `Entity.checks_in_acumatica`."""
        return checks_in_acumatica(settings, session)

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """See `Entity.checks_in_magento`."""
        return checks_in_magento(settings, client)


ENTITY: Entity[QuantityRule] = Inventory()
