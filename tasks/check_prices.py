"""Test Connection, prices: whether Acumatica's price list has prices with tax, or without, as the shop's are.

Comes in: Acumatica and the rule that the settings give. Goes out: what is to be checked; nothing while Tax Included is
empty. Nothing is written anywhere. Magento's API does not tell how its own prices are: the setting does.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from connector.acumatica import prices as acumatica
from connector.acumatica.session import AcumaticaSession
from connector.rules.prices import AGAINST, PriceRule
from tasks.check import Asked, Check

TAX = "Tax of prices"
NAMED = 3


def prices_in_acumatica(
    session: AcumaticaSession, rule: PriceRule, price_read: Literal["odata", "inquiry"]
) -> list[Asked]:
    """The tax calculation mode of the price list."""
    return [] if rule.tax_included is None else [Asked(TAX, partial(_tax, session, rule, price_read))]


async def _tax(session: AcumaticaSession, rule: PriceRule, price_read: Literal["odata", "inquiry"]) -> Check:
    if rule.source != "price_list":
        return Check(TAX, "could not be checked", "Acumatica tells it of the prices in its price list only")
    against = AGAINST[bool(rule.tax_included)]
    if price_read == "odata":
        mode = next(iter(against))
        page = await anext(aiter(acumatica.by_odata(session, tax_mode=mode)))
    else:
        page = await acumatica.by_inquiry(session)
    found = sorted(key for key, rows in page.rows.items() if any(row.tax in against for row in rows))
    if found:
        named = ", ".join(found[:NAMED]) + (f" and {len(found) - NAMED:,} others" if len(found) > NAMED else "")
        said = f"the price list has prices {next(iter(against.values()))}, which are not sent: {named}."
        return Check(TAX, "failed", f"{said} Correct them, or A2M_PRICE__TAX_INCLUDED.")
    wanted = "Including Tax" if rule.tax_included else "Excluding Tax"
    said = f"no price says otherwise; Catalog Prices (Stores, Configuration, Sales, Tax) has to be {wanted} in Magento"
    return Check(TAX, "passed", said)
