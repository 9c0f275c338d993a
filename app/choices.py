"""What both systems offer for a setting: the warehouses, classes, ShipVias, sources and groups that there are.

Read when somebody edits a setting that names one. A system that does not answer, or does not allow it, offers nothing,
and the name is typed; why is said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

from app.composition import acumatica_by_hand, magento_access
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
"""The group of visitors, which no customer can have."""


@dataclass
class Choices:
    """The lists that were read, and why others were not."""

    lists: dict[Offer, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


async def read_choices(settings: Settings, state: State, clock: Clock, wanted: Collection[Offer]) -> Choices:
    """Read these lists. What cannot be read is said."""
    found = Choices()
    of_acumatica = [one for one in _IN_ACUMATICA if one in wanted]
    of_magento = [one for one in _IN_MAGENTO if one in wanted]
    if of_acumatica:
        try:
            async with acumatica_by_hand(settings, state, clock, "Setup Parameters", lambda _message: None) as session:
                for one in of_acumatica:
                    await _read(found, one, partial(_IN_ACUMATICA[one], session))
        except ConnectorError as fault:
            found.problems.append(str(fault))
    if of_magento:
        try:
            async with MagentoClient(magento_access(settings), clock=clock) as client:
                for one in of_magento:
                    await _read(found, one, partial(_IN_MAGENTO[one], client))
        except ConnectorError as fault:
            found.problems.append(str(fault))
    return found


async def _read(found: Choices, one: Offer, read: Callable[[], Awaitable[list[str]]]) -> None:
    try:
        found.lists[one] = sorted(set(await read()), key=str.casefold)
    except ConnectorError as fault:
        found.problems.append(f"The {one} could not be read: {fault}")


async def _warehouses(session: AcumaticaSession) -> list[str]:
    return [name for name, is_active in (await setup.warehouses(session)).items() if is_active]


async def _branches(session: AcumaticaSession) -> list[str]:
    return [one.branch for one in await setup.branches(session) if one.active]


async def _ship_vias(session: AcumaticaSession) -> list[str]:
    return list(await setup.ship_vias(session))


async def _sources(client: MagentoClient) -> list[str]:
    if not queries.has_msi(await queries.modules(client)):
        return []
    return [one.source_code for one in await queries.sources(client) if one.enabled]


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
