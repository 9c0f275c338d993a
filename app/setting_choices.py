"""The values that Acumatica and Magento offer for a setting, such as warehouses, item classes, ShipVias and sources.

They are read when somebody edits a setting that names one. If a system does not answer or refuses, its list is missing
and the reason is returned; the user then types the name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from app.clients import magento_access, operator_session
from connector.acumatica import customers as of_customers
from connector.acumatica import setup
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.errors import ConnectorError
from connector.magento import customers, queries
from connector.magento.client import MagentoClient
from connector.state.engine import State
from settings import Settings
from settings.offers import Offer

NOT_LOGGED_IN = 0
"""The id of Magento's group of visitors. No customer can belong to it."""


@dataclass
class Choices:
    """The lists that were read, and the reasons why others could not be."""

    lists: dict[Offer, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


async def read_choices(settings: Settings, state: State, clock: Clock, offers: Collection[Offer]) -> Choices:
    """Read these lists. A list that cannot be read becomes a problem of the result; nothing is raised for it."""
    choices = Choices()
    in_acumatica = [offer for offer in _IN_ACUMATICA if offer in offers]
    in_magento = [offer for offer in _IN_MAGENTO if offer in offers]
    if in_acumatica:
        try:
            async with operator_session(settings, state, clock, "Setup Parameters", lambda _message: None) as session:
                for offer in in_acumatica:
                    await _read(choices, offer, partial(_IN_ACUMATICA[offer], session))
        except ConnectorError as fault:
            choices.problems.append(str(fault))
    if in_magento:
        try:
            async with MagentoClient(magento_access(settings), clock=clock) as client:
                for offer in in_magento:
                    await _read(choices, offer, partial(_IN_MAGENTO[offer], client))
        except ConnectorError as fault:
            choices.problems.append(str(fault))
    return choices


async def _read(choices: Choices, offer: Offer, read: Callable[[], Awaitable[list[str]]]) -> None:
    try:
        choices.lists[offer] = sorted(set(await read()), key=str.casefold)
    except ConnectorError as fault:
        choices.problems.append(f"The {offer} could not be read: {fault}")


async def _warehouses(session: AcumaticaSession) -> list[str]:
    return [name for name, is_active in (await setup.warehouses(session)).items() if is_active]


async def _branches(session: AcumaticaSession) -> list[str]:
    return [branch.branch for branch in await setup.branches(session) if branch.active]


async def _ship_vias(session: AcumaticaSession) -> list[str]:
    return list(await setup.ship_vias(session))


async def _sources(client: MagentoClient) -> list[str]:
    if not queries.has_msi(await queries.modules(client)):
        return []
    return [source.source_code for source in await queries.sources(client) if source.enabled]


async def _groups(client: MagentoClient) -> list[str]:
    return [name for name, number in (await customers.groups(client)).items() if number != NOT_LOGGED_IN]


_IN_ACUMATICA: Mapping[Offer, Callable[[AcumaticaSession], Awaitable[list[str]]]] = {
    Offer.WAREHOUSES: _warehouses,
    Offer.BRANCHES: _branches,
    Offer.ITEM_CLASSES: partial(setup.names_of, entity="ItemClass", field="ClassID"),
    Offer.PRICE_CLASSES: partial(setup.names_of, entity="CustomerPriceClass", field="PriceClassID"),
    Offer.CUSTOMER_CLASSES: of_customers.customer_classes,
    Offer.SHIP_VIAS: _ship_vias,
    Offer.PAYMENT_METHODS: partial(setup.names_of, entity="PaymentMethod", field="PaymentMethodID"),
}
_IN_MAGENTO: Mapping[Offer, Callable[[MagentoClient], Awaitable[list[str]]]] = {
    Offer.SOURCES: _sources,
    Offer.GROUPS: _groups,
}
