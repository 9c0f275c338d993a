"""The entity of orders: made in Magento if Acumatica made them, kept up to date there if Magento did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.acumatica import fields
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.magento.client import MagentoClient
from connector.magento.permissions import When
from connector.state.engine import State
from connector.state.queue.message import Message
from connector.state.sync.links import Link
from connector.state.sync.records import Stored
from entities.base import Entity, RunContext
from entities.checks import Check, PlannedCheck
from entities.documents.document import Beside, Delivered, Document
from entities.documents.entity import DocumentEntity
from entities.explained import Known, Line
from entities.order.checks import maps_of_orders, orders_in_acumatica, orders_in_magento
from entities.order.deliver import FEEDS, changed, compute, edited
from entities.order.explain import explain_now, explained
from entities.order.from_settings import order_rule, read_plan
from entities.order.link_sides import SIDES
from entities.order.number import spellings
from entities.order.routes import ROUTES
from entities.order.same_shop import refuse_orders_of_another_shop
from entities.order.steps import find, send, still_waiting
from entities.order.types import OrderContent, OrderRule
from entities.read_plan import ReadPlan
from entities.waiting import NotYet
from settings import Settings


class Orders(DocumentEntity[OrderRule, OrderContent]):
    """Orders as the stages use them."""

    name = "order"
    content = OrderContent
    feeds = FEEDS
    routes = ROUTES
    link_sides = SIDES
    follows: tuple[str, ...] = ("customer",)

    def rule(self, settings: Settings) -> OrderRule:
        """See `Entity.rule`."""
        return order_rule(settings)

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """See `Entity.read_plan`."""
        return read_plan(settings, active_since)

    async def documents(
        self, context: RunContext[OrderRule], records: Mapping[str, dict[str, Any] | None]
    ) -> list[Document]:
        """See `DocumentParts.documents`."""
        return await compute(context, records)

    async def send(
        self,
        context: RunContext[OrderRule],
        client: MagentoClient,
        message: Message,
        content: OrderContent,
        link: Link | None,
    ) -> Delivered:
        """See `DocumentParts.send`."""
        return await send(context, client, message, content, link)

    async def find(
        self,
        context: RunContext[OrderRule],
        client: MagentoClient,
        message: Message,
        content: OrderContent,
        link: Link | None,
    ) -> Delivered | None:
        """See `DocumentParts.find`."""
        return await find(context, client, message, content, link)

    def changed(self, before: OrderContent, now: OrderContent) -> OrderContent:
        """See `DocumentParts.changed`."""
        return changed(before, now)

    def beside(self, before: OrderContent, now: OrderContent) -> Beside | None:
        """See `DocumentParts.beside`: an edit in Acumatica."""
        return edited(before, now)

    async def refuse_settings(self, context: RunContext[OrderRule], *, full: bool, changed: bool) -> None:
        """See `Entity.refuse_settings`: another shop."""
        if changed:
            await refuse_orders_of_another_shop(context)

    async def still_waiting(
        self, context: RunContext[OrderRule], client: MagentoClient, waiting: Sequence[Message]
    ) -> dict[str, NotYet]:
        """See `Entity.still_waiting`."""
        return await still_waiting(context, client, waiting)

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """See `Entity.explained`."""
        return explained(settings, stored)

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """See `Entity.explain_now`."""
        return await explain_now(client, settings, known)

    def spellings(self, settings: Settings, typed: str) -> list[str]:
        """See `Entity.spellings`."""
        return spellings(typed, settings.order.types)

    def conditions(self, settings: Settings) -> frozenset[When]:
        """See `Entity.conditions`."""
        conditions: set[When] = {"invoices"} if settings.order.invoice == "offline" else set()
        if settings.order.close_rest == "refund":
            conditions.add("refunds")
        return frozenset(conditions)

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """See `Entity.fields_read`."""
        return fields.of_orders(invoiced=settings.order.invoice == "offline")

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """See `Entity.checks_in_acumatica`."""
        return orders_in_acumatica(session, self.rule(settings))

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """See `Entity.checks_in_magento`."""
        return orders_in_magento(client, self.rule(settings))

    def checks_of_settings(self, settings: Settings) -> list[Check]:
        """See `Entity.checks_of_settings`."""
        return maps_of_orders(self.rule(settings), settings.order.reference_test)


ENTITY: Entity[OrderRule] = Orders()
