"""The entity of shipments: one for each order that a shipment or receipt of Acumatica spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.acumatica import fields
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.magento.client import MagentoClient
from connector.state.engine import State
from connector.state.queue.message import Message
from connector.state.sync.links import Link
from connector.state.sync.records import Stored
from entities.base import Entity, RunContext
from entities.checks import Check, PlannedCheck
from entities.documents.document import Beside, Delivered, Document
from entities.documents.entity import DocumentEntity
from entities.explained import Known, Line
from entities.order.same_shop import refuse_orders_of_another_shop
from entities.read_plan import ReadPlan
from entities.shipment import rules
from entities.shipment.checks import drop_shipments, shipments_in_acumatica, shipments_in_magento
from entities.shipment.deliver import find, send
from entities.shipment.explain import explain_now
from entities.shipment.from_settings import read_plan, shipment_rule
from entities.shipment.link_sides import SIDES
from entities.shipment.number import spellings
from entities.shipment.order import still_waiting
from entities.shipment.read import FEEDS, compute, corrected, identity
from entities.shipment.routes import ROUTES
from entities.shipment.types import ShipmentContent, ShipmentRule
from entities.waiting import NotYet
from entities.warehouses import refuse_unknown_warehouses
from settings import Settings


class Shipments(DocumentEntity[ShipmentRule, ShipmentContent]):
    """Shipments as the stages use them."""

    name = "shipment"
    content = ShipmentContent
    feeds = FEEDS
    routes = ROUTES
    link_sides = SIDES
    skip_is_final = True
    """Magento makes a second shipment of what is still open; a customer or an order of ours is refused there."""
    follows: tuple[str, ...] = ("order",)

    def rule(self, settings: Settings) -> ShipmentRule:
        """See `Entity.rule`."""
        return shipment_rule(settings)

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """See `Entity.read_plan`."""
        return read_plan(settings, active_since)

    async def documents(
        self, context: RunContext[ShipmentRule], records: Mapping[str, dict[str, Any] | None]
    ) -> list[Document]:
        """See `DocumentParts.documents`."""
        return await compute(context, records)

    async def send(
        self,
        context: RunContext[ShipmentRule],
        client: MagentoClient,
        message: Message,
        content: ShipmentContent,
        link: Link | None,
    ) -> Delivered:
        """See `DocumentParts.send`."""
        return await send(context, client, message, content, link)

    async def find(
        self,
        context: RunContext[ShipmentRule],
        client: MagentoClient,
        message: Message,
        content: ShipmentContent,
        link: Link | None,
    ) -> Delivered | None:
        """See `DocumentParts.find`."""
        return await find(context, client, message, content, link)

    def changed(self, before: ShipmentContent, now: ShipmentContent) -> ShipmentContent:
        """See `DocumentParts.changed`."""
        return rules.changed(before, now)

    def beside(self, before: ShipmentContent, now: ShipmentContent) -> Beside | None:
        """See `DocumentParts.beside`: a correction in Acumatica."""
        return corrected(before, now)

    def identity(self, context: RunContext[ShipmentRule], record: dict[str, Any]) -> str | None:
        """See `DocumentParts.identity`: the (first) purchase order of a receipt, by which it is found again."""
        return identity(record)

    def connections(self, settings: Settings) -> int:
        """See `Entity.connections`: with two, each of two shipments from one source would count the same quantity as
        available.
        """
        return 1

    async def refuse_settings(self, context: RunContext[ShipmentRule], *, full: bool, changed: bool) -> None:
        """See `Entity.refuse_settings`: an unknown warehouse, and another shop."""
        if changed:
            await refuse_unknown_warehouses(context)
            await refuse_orders_of_another_shop(context)

    async def still_waiting(
        self, context: RunContext[ShipmentRule], client: MagentoClient, waiting: Sequence[Message]
    ) -> dict[str, NotYet]:
        """See `Entity.still_waiting`."""
        return await still_waiting(context, client, waiting)

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """See `Entity.explained`: no rule changes anything of a shipment that its message does not already report."""
        return ()

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """See `Entity.explain_now`."""
        return await explain_now(client, settings, known)

    def spellings(self, settings: Settings, typed: str) -> list[str]:
        """See `Entity.spellings`: a number may be a shipment's or a receipt's."""
        return spellings(typed)

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """See `Entity.fields_read`."""
        return fields.of_shipments()

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """See `Entity.checks_in_acumatica`."""
        return shipments_in_acumatica(session, self.rule(settings)) if settings.active.shipment else []

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """See `Entity.checks_in_magento`."""
        return shipments_in_magento(client, self.rule(settings)) if settings.active.shipment else []

    def checks_of_settings(self, settings: Settings) -> list[Check]:
        """See `Entity.checks_of_settings`."""
        return [drop_shipments(self.rule(settings))] if settings.active.shipment else []


ENTITY: Entity[ShipmentRule] = Shipments()
