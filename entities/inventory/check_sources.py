"""Test Connection for sources: whether each exists, is enabled, is in a stock, and that stock sells on some website.

Nothing is written in either system.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from connector.magento.permissions import named
from entities.checks import Check, modules_of

SOURCES = "Sources"
WHERE = "Stores, Inventory, Stocks"


async def sources(client: MagentoClient, codes: Sequence[str]) -> Check:
    """Check that each source exists, is enabled and is in a stock that sells on some website. The message names the
    websites.
    """
    modules = await modules_of(client)
    if modules is None:
        return Check(SOURCES, "could not be checked", "the modules are not known")
    if not queries.has_msi(modules):
        return Check(SOURCES, "passed", "none are used: Magento keeps no sources (MSI is off)")
    by_code = {source.source_code.casefold(): source for source in await queries.sources(client)}
    missing = [code for code in codes if code.strip().casefold() not in by_code]
    if missing:
        known = ", ".join(sorted(source.source_code for source in by_code.values()))
        return Check(
            SOURCES, "failed", f"Magento has no source {', '.join(missing)}; it has {known}. Create or map it."
        )
    named_sources = [by_code[code.strip().casefold()] for code in codes]
    off = [source.source_code for source in named_sources if not source.enabled]
    if off:
        return Check(SOURCES, "failed", f"{', '.join(off)} is disabled: its quantity does not count. Enable it.")
    try:
        stocks = await queries.sales_channels(client)
        of_stock = await queries.sources_by_stock(client)
    except Unauthorized as refused:
        lacks = named(refused.resources) if refused.resources else str(refused)
        message = f"{', '.join(codes)}: there and enabled; which stocks they belong to is unknown: {lacks} is missing."
        return Check(SOURCES, "could not be checked", message)
    sold = {one.source_code: _stocks_of(one.source_code, stocks, of_stock) for one in named_sources}
    unsold = [_unsold(code, its) for code, its in sold.items() if not any(stock.websites for stock in its)]
    if unsold:
        return Check(SOURCES, "failed", " ".join(unsold))
    where: dict[str, list[str]] = {}
    for code, its in sold.items():
        where.setdefault(_websites(its), []).append(code)
    message = "; ".join(f"{', '.join(codes)}: sold on {websites}" for websites, codes in where.items())
    return Check(SOURCES, "passed", message or "none are configured")


def _stocks_of(code: str, stocks: Sequence[queries.Stock], of_stock: dict[int, list[str]]) -> list[queries.Stock]:
    return [
        stock for stock in stocks if code.casefold() in {one.casefold() for one in of_stock.get(stock.stock_id, ())}
    ]


def _unsold(code: str, stocks: Sequence[queries.Stock]) -> str:
    if not stocks:
        return f"{code} is in no stock: what is sent there is not sold. Assign it to the website's stock in {WHERE}."
    names = ", ".join(stock.name for stock in stocks)
    hint = (
        "Magento allows default in Default Stock only: map another source."
        if code.casefold() == "default"
        else f"Assign it to the website's stock in {WHERE}."
    )
    return f"{code} is in {names}, which serves no website: what is sent there is not sold. {hint}"


def _websites(stocks: Sequence[queries.Stock]) -> str:
    return ", ".join(f"{' and '.join(stock.websites)} (stock {stock.name})" for stock in stocks if stock.websites)
