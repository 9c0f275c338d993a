"""Test Connection for prices: the price class, the tax of Acumatica's price list, and the consumer of bulks.

Nothing is written in either system. Magento's API does not return whether its prices include tax; the setting does.
"""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import Literal

from connector.acumatica import prices as acumatica
from connector.acumatica import setup
from connector.acumatica.session import AcumaticaSession
from connector.clock import Clock
from connector.magento.client import MagentoClient
from entities.checks import Check, PlannedCheck, not_among
from entities.price.check_bulks import consumer
from entities.price.from_settings import price_rule, sends_bulks
from entities.price.rules import OTHER_TAX, TAX_LABELS, PriceRule
from settings.settings import Settings

TAX, PRICE_CLASS = "Tax of prices", "Price class"
NAMED = 3


def prices_in_acumatica(
    session: AcumaticaSession, rule: PriceRule, price_read: Literal["odata", "inquiry"]
) -> list[PlannedCheck]:
    """Return the check of the price list's tax calculation mode."""
    if rule.tax_included is None:
        return []
    return [PlannedCheck(TAX, partial(_tax, session, rule, price_read, included=rule.tax_included))]


async def _tax(
    session: AcumaticaSession, rule: PriceRule, price_read: Literal["odata", "inquiry"], *, included: bool
) -> Check:
    if rule.source != "price_list":
        return Check(TAX, "could not be checked", "Acumatica states it for the prices in its price list only")
    other = OTHER_TAX[included]
    if price_read == "odata":
        async with aclosing(acumatica.by_odata(session, tax=other)) as pages:
            page = await anext(pages)  # the first one names enough of them
    else:
        page = await acumatica.by_inquiry(session)
    contradicting = sorted(key for key, rows in page.rows.items() if any(row.tax == other for row in rows))
    if contradicting:
        named = ", ".join(contradicting[:NAMED]) + (" and others" if len(contradicting) > NAMED else "")
        message = f"the price list has prices {TAX_LABELS[other]}, which are not sent: {named}."
        return Check(TAX, "failed", f"{message} Correct them, or A2M_PRICE__TAX_INCLUDED.")
    wanted = "Including Tax" if included else "Excluding Tax"
    message = (
        f"no price says otherwise; Catalog Prices (Stores, Configuration, Sales, Tax) has to be {wanted} in Magento"
    )
    return Check(TAX, "passed", message)


def price_class_in_acumatica(session: AcumaticaSession, price_class: str) -> list[PlannedCheck]:
    """Return the check of the price class whose prices take precedence over base prices."""
    return [PlannedCheck(PRICE_CLASS, partial(_price_class, session, price_class))] if price_class else []


async def _price_class(session: AcumaticaSession, price_class: str) -> Check:
    existing = await setup.names_of(session, "CustomerPriceClass", "PriceClassID")
    missing = not_among([price_class], existing, any_case=True)
    if missing:
        known = ", ".join(existing) or "none"
        message = f"Acumatica has no price class {missing[0]}; it has {known}. Correct A2M_PRICE__PRICE_CLASS."
        return Check(PRICE_CLASS, "failed", message)
    return Check(PRICE_CLASS, "passed", price_class)


def checks_in_acumatica(settings: Settings, session: AcumaticaSession) -> list[PlannedCheck]:
    """Return the checks of prices in Acumatica."""
    chosen = settings.price
    by_list = chosen.source == "sales_price" and chosen.sales_price_from == "price_list"
    return [
        *price_class_in_acumatica(session, chosen.price_class if by_list and settings.active.price else ""),
        *prices_in_acumatica(session, price_rule(settings), settings.acumatica.price_read),
    ]


def checks_in_magento(settings: Settings, client: MagentoClient, clock: Clock) -> list[PlannedCheck]:
    """Return the checks of prices in Magento: whether bulks are processed, if prices are sent in bulks."""
    return [consumer(client, clock)] if sends_bulks(settings) and settings.active.price else []
