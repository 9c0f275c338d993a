"""The entity of customers: one account for each e-mail and website."""

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
from entities.checks import PlannedCheck
from entities.customer.checks import customers_in_acumatica, customers_in_magento
from entities.customer.deliver import FEEDS, compute, find, identity, refuse_too_many, send
from entities.customer.explain import explain_now, explained
from entities.customer.from_settings import customer_rule, read_plan
from entities.customer.link_sides import SIDES
from entities.customer.routes import ROUTES
from entities.customer.same_account import refuse_customers_of_another_shop
from entities.customer.types import Account, CustomerRule
from entities.documents.document import Delivered, Document
from entities.documents.entity import DocumentEntity
from entities.explained import Known, Line
from entities.read_plan import ReadPlan
from settings import Settings


class Customers(DocumentEntity[CustomerRule, Account]):
    """Customers, as the stages take them."""

    name = "customer"
    content = Account
    feeds = FEEDS
    routes = ROUTES
    link_sides = SIDES
    has_daily_full_sync = True
    """Acumatica does not stamp a customer when only its address changes."""

    def rule(self, settings: Settings) -> CustomerRule:
        """See `Entity.rule`."""
        return customer_rule(settings)

    def read_plan(self, settings: Settings, active_since: datetime | None) -> ReadPlan:
        """See `Entity.read_plan`."""
        return read_plan(settings, active_since)

    async def documents(
        self, context: RunContext[CustomerRule], records: Mapping[str, dict[str, Any] | None]
    ) -> list[Document]:
        """See `DocumentParts.documents`."""
        return await compute(context, records)

    async def send(
        self,
        context: RunContext[CustomerRule],
        client: MagentoClient,
        message: Message,
        content: Account,
        link: Link | None,
    ) -> Delivered:
        """See `DocumentParts.send`."""
        return await send(context, client, message, content, link)

    async def find(
        self,
        context: RunContext[CustomerRule],
        client: MagentoClient,
        message: Message,
        content: Account,
        link: Link | None,
    ) -> Delivered | None:
        """See `DocumentParts.find`."""
        return await find(context, client, message, content, link)

    def changed(self, before: Account, now: Account) -> Account:
        """See `DocumentParts.changed`: an account is brought up to date as a whole."""
        return now

    def identity(self, context: RunContext[CustomerRule], record: dict[str, Any]) -> str | None:
        """See `DocumentParts.identity`: the e-mail in its website."""
        return identity(context, record)

    async def refuse_settings(self, context: RunContext[CustomerRule], *, full: bool, changed: bool) -> None:
        """See `Entity.refuse_settings`: another shop."""
        if changed:
            await refuse_customers_of_another_shop(context)

    async def before_push(self, context: RunContext[CustomerRule]) -> None:
        """See `Entity.before_push`: more new customers than the limit stop the sync."""
        await refuse_too_many(context)

    def explained(self, settings: Settings, state: State, stored: Sequence[Stored]) -> Iterable[Line]:
        """See `Entity.explained`."""
        return explained(settings, stored)

    async def explain_now(self, client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
        """See `Entity.explain_now`."""
        return await explain_now(client, settings, known)

    def fields_read(self, settings: Settings) -> Mapping[str, set[str]]:
        """See `Entity.fields_read`."""
        return fields.of_customers()

    def checks_in_acumatica(self, settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
        """See `Entity.checks_in_acumatica`."""
        return customers_in_acumatica(session, self.rule(settings))

    def checks_in_magento(self, settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
        """See `Entity.checks_in_magento`."""
        return customers_in_magento(client, self.rule(settings))


ENTITY: Entity[CustomerRule] = Customers()
