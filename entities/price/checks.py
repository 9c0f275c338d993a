"""Test Connection, prices: whether Acumatica's price list has prices with tax, or without, as the shop's are.

Comes in: Acumatica and the rule that the settings give. Goes out: what is to be checked; nothing while Tax Included is
empty. Nothing is written anywhere. Magento's API does not tell how its own prices are: the setting does.
"""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import Literal

from connector.acumatica import prices as acumatica
from connector.acumatica.session import AcumaticaSession
from entities.checks import Asked, Check
from entities.price.rules import OTHER_TAX, TAX_IN_WORDS, PriceRule

TAX = "Tax of prices"
NAMED = 3


def prices_in_acumatica(
    session: AcumaticaSession, rule: PriceRule, price_read: Literal["odata", "inquiry"]
) -> list[Asked]:
    """The tax calculation mode of the price list."""
    if rule.tax_included is None:
        return []
    return [Asked(TAX, partial(_tax, session, rule, price_read, included=rule.tax_included))]


async def _tax(
    session: AcumaticaSession, rule: PriceRule, price_read: Literal["odata", "inquiry"], *, included: bool
) -> Check:
    if rule.source != "price_list":
        return Check(TAX, "could not be checked", "Acumatica tells it of the prices in its price list only")
    other = OTHER_TAX[included]
    if price_read == "odata":
        async with aclosing(acumatica.by_odata(session, tax=other)) as pages:
            page = await anext(pages)  # the first one names enough of them
    else:
        page = await acumatica.by_inquiry(session)
    found = sorted(key for key, rows in page.rows.items() if any(row.tax == other for row in rows))
    if found:
        named = ", ".join(found[:NAMED]) + (" and others" if len(found) > NAMED else "")
        said = f"the price list has prices {TAX_IN_WORDS[other]}, which are not sent: {named}."
        return Check(TAX, "failed", f"{said} Correct them, or A2M_PRICE__TAX_INCLUDED.")
    wanted = "Including Tax" if included else "Excluding Tax"
    said = f"no price says otherwise; Catalog Prices (Stores, Configuration, Sales, Tax) has to be {wanted} in Magento"
    return Check(TAX, "passed", said)
