"""Test Connection, where quantities and prices go in Magento: sources, their stocks and websites, and the ids of
store view and website that the settings name.

Nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connector.magento import reads
from connector.magento.client import MagentoClient
from connector.magento.errors import Unauthorized
from connector.magento.permissions import named
from entities.checks import Asked, Check

SOURCES, STORE, WEBSITE = "Sources", "Store view of prices", "Website of customers"
WHERE = "Stores, Inventory, Stocks"


def stores_in_magento(client: MagentoClient, store_id: int, website_id: int) -> list[Asked]:
    """The store view that prices are written to, and the website that customers belong to."""
    return [Asked(STORE, partial(_store, client, store_id)), Asked(WEBSITE, partial(_website, client, website_id))]


async def _store(client: MagentoClient, store_id: int) -> Check:
    if store_id == 0:
        return Check(STORE, "passed", "every store (0)")
    stores = await reads.store_configs(client)
    found = next((one for one in stores if one.id == store_id), None)
    if found is None:
        known = ", ".join(f"{one.id} ({one.code})" for one in stores)
        said = f"Magento has no store view {store_id}; it has 0 (every store), {known}. Correct A2M_MAGENTO__STORE_ID."
        return Check(STORE, "failed", said)
    return Check(STORE, "passed", f"{found.id} ({found.code})")


async def _website(client: MagentoClient, website_id: int) -> Check:
    websites = {number: code for number, code in (await reads.websites(client)).items() if number}
    if website_id not in websites:
        known = ", ".join(f"{number} ({code})" for number, code in websites.items())
        said = f"Magento has no website {website_id}; it has {known}. Correct A2M_MAGENTO__WEBSITE_ID."
        return Check(WEBSITE, "failed", said)
    return Check(WEBSITE, "passed", f"{website_id} ({websites[website_id]})")


async def sources(client: MagentoClient, codes: Sequence[str]) -> Check:
    """Each source: there, enabled, in a stock, and that stock sells on some website; said is what is sold where."""
    found = {source.source_code.casefold(): source for source in await reads.sources(client)}
    missing = [code for code in codes if code.strip().casefold() not in found]
    if missing:
        known = ", ".join(sorted(source.source_code for source in found.values()))
        return Check(
            SOURCES, "failed", f"Magento has no source {', '.join(missing)}; it has {known}. Create or map it."
        )
    own = [found[code.strip().casefold()] for code in codes]
    off = [source.source_code for source in own if not source.enabled]
    if off:
        return Check(SOURCES, "failed", f"{', '.join(off)} is disabled: its quantity does not count. Enable it.")
    try:
        stocks = await reads.sales_channels(client)
        of_stock = await reads.sources_by_stock(client)
    except Unauthorized as refused:
        lacks = named(refused.resources) if refused.resources else str(refused)
        said = f"{', '.join(codes)}: there and enabled; in which stocks they are is not told: {lacks} is missing."
        return Check(SOURCES, "could not be checked", said)
    sold = {one.source_code: _stocks_of(one.source_code, stocks, of_stock) for one in own}
    unsold = [_unsold(code, its) for code, its in sold.items() if not any(stock.websites for stock in its)]
    if unsold:
        return Check(SOURCES, "failed", " ".join(unsold))
    where: dict[str, list[str]] = {}
    for code, its in sold.items():
        where.setdefault(_websites(its), []).append(code)
    said = "; ".join(f"{', '.join(codes)}: sold on {websites}" for websites, codes in where.items())
    return Check(SOURCES, "passed", said or "none are named")


def _stocks_of(code: str, stocks: Sequence[reads.Stock], of_stock: dict[int, list[str]]) -> list[reads.Stock]:
    return [
        stock for stock in stocks if code.casefold() in {one.casefold() for one in of_stock.get(stock.stock_id, ())}
    ]


def _unsold(code: str, stocks: Sequence[reads.Stock]) -> str:
    if not stocks:
        return f"{code} is in no stock: what is sent there is not sold. Assign it to the website's stock in {WHERE}."
    names = ", ".join(stock.name for stock in stocks)
    hint = (
        "Magento allows default in Default Stock only: map another source."
        if code.casefold() == "default"
        else f"Assign it to the website's stock in {WHERE}."
    )
    return f"{code} is in {names}, which serves no website: what is sent there is not sold. {hint}"


def _websites(stocks: Sequence[reads.Stock]) -> str:
    return ", ".join(f"{' and '.join(stock.websites)} (stock {stock.name})" for stock in stocks if stock.websites)
