"""Read what Magento shows and how it is set up. Nothing here changes anything; every function may raise a
`MagentoFault`.

Numbers are returned as `Decimal`, and SKUs in the spelling of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused, Unauthorized, WrongAddress
from connector.magento.search import PAGE_SIZE, criteria_of, criterion, pages, parts_of_body
from connector.model.comparison import comparison_key

SOURCE_ITEMS_PAGE = 1_000
"""Enough rows for the SKUs that fit into one request's address, at two sources. A page of 1,000 takes 39 ms, one of 100
takes 29 ms (magento-observed.md, "Throughput").
"""


class SourceItem(NamedTuple):
    """A quantity at a source in Magento; `sku` is in Magento's own spelling."""

    sku: str
    source: str
    quantity: Decimal
    in_stock: bool


@dataclass(frozen=True)
class StockItem:
    """The stock of a product.

    Quantity and status are those of the source `default`, or of the product if MSI is off. `backorders`: it is sold
    below 0. `managed`: False if its stock is not managed at all. `threshold`: the quantity that is never sold.
    """

    quantity: Decimal
    in_stock: bool
    backorders: bool
    managed: bool = True
    threshold: Decimal = Decimal(0)


@dataclass(frozen=True)
class Source:
    """An inventory source."""

    source_code: str
    enabled: bool


@dataclass(frozen=True)
class Stock:
    """A stock, with the codes of the websites that sell from it."""

    stock_id: int
    name: str
    websites: tuple[str, ...]


@dataclass(frozen=True)
class StoreConfig:
    """A store view, with its website, base currency and time zone."""

    id: int
    code: str
    website_id: int
    base_currency: str
    time_zone: str


def number(value: Any) -> Decimal:
    """Return a JSON number or numeric string as exactly the decimal that was written."""
    return Decimal(str(value))


async def probe(client: MagentoClient) -> None:
    """Send a harmless request to check that the connection works; an answer about a missing permission shows that it
    does.
    """
    try:
        await client.get("store/storeConfigs")
    except Unauthorized:
        return


async def store_configs(client: MagentoClient) -> list[StoreConfig]:
    """Return the store views."""
    return [
        StoreConfig(
            int(row["id"]),
            code=str(row["code"]),
            website_id=int(row["website_id"]),
            base_currency=str(row.get("base_currency_code") or ""),
            time_zone=str(row.get("timezone") or ""),
        )
        for row in _rows(await client.get("store/storeConfigs"), "store/storeConfigs")
    ]


async def modules(client: MagentoClient) -> list[str]:
    """Return the names of the modules that are on."""
    return [str(name) for name in _rows(await client.get("modules"), "modules")]


def has_msi(names: Iterable[str]) -> bool:
    """Return whether a shop with these modules has stock by source (MSI)."""
    return "Magento_InventoryApi" in set(names)


def is_adobe_commerce(names: Iterable[str]) -> bool:
    """Return whether a shop with these modules is Adobe Commerce and not Open Source."""
    return "Magento_Enterprise" in set(names)


async def sources(client: MagentoClient) -> list[Source]:
    """Return the inventory sources."""
    return [
        Source(str(row["source_code"]), bool(row.get("enabled")))
        async for row in pages(client, "inventory/sources", {})
    ]


async def sales_channels(client: MagentoClient) -> list[Stock]:
    """Return the stocks, with the websites that sell from each."""
    return [
        Stock(int(row["stock_id"]), str(row["name"]), tuple(_websites_of(row)))
        async for row in pages(client, "inventory/stocks", {})
    ]


def _websites_of(row: dict[str, Any]) -> list[str]:
    channels = (row.get("extension_attributes") or {}).get("sales_channels") or []
    return [str(channel["code"]) for channel in channels if channel.get("type") == "website"]


async def websites(client: MagentoClient) -> dict[int, str]:
    """Return the code of each website by its id; 0 is the admin website."""
    return {int(row["id"]): str(row["code"]) for row in _rows(await client.get("store/websites"), "store/websites")}


async def count_orders(client: MagentoClient, states: str) -> int:
    """Return the number of orders in one of these states, which are separated by commas."""
    criteria = {**criterion("state", states, "in"), "searchCriteria[pageSize]": "1", "fields": "total_count"}
    answer = await client.get("orders", criteria)
    return int(answer.get("total_count") or 0) if isinstance(answer, dict) else 0


async def sources_by_stock(client: MagentoClient) -> dict[int, list[str]]:
    """Return the sources of each stock, by the stock's id."""
    sources: dict[int, list[str]] = {}
    async for row in pages(client, "inventory/stock-source-links", {}):
        sources.setdefault(int(row["stock_id"]), []).append(str(row["source_code"]))
    return sources


@dataclass(frozen=True)
class Stocks:
    """The stock that each store view and each website sells from, and the sources of each stock by priority."""

    of_store: Mapping[int, int]
    of_website: Mapping[str, int]
    sources: Mapping[int, list[str]]

    def website_of(self, stock: int) -> str | None:
        """Return a website that sells from this stock."""
        return next((code for code, number in self.of_website.items() if number == stock), None)


async def stocks(client: MagentoClient) -> Stocks:
    """Return which store view sells from which stock, and which sources the stocks have."""
    links: dict[int, list[tuple[int, str]]] = {}
    async for row in pages(client, "inventory/stock-source-links", {}):
        links.setdefault(int(row["stock_id"]), []).append((int(row.get("priority") or 0), str(row["source_code"])))
    sources = {stock: [code for _priority, code in sorted(rows)] for stock, rows in links.items()}
    of_id: dict[int, int] = {}
    of_website: dict[str, int] = {}
    for row in _rows(await client.get("store/websites"), "store/websites"):
        if str(row["code"]) != "admin":
            code = quote(str(row["code"]), safe="")
            answer = await client.get(f"inventory/stock-resolver/website/{code}")
            of_id[int(row["id"])] = of_website[str(row["code"])] = int(answer["stock_id"])
    stores = await store_configs(client)
    of_store = {row.id: of_id[row.website_id] for row in stores if row.website_id in of_id}
    return Stocks(of_store, of_website, sources)


@dataclass(frozen=True)
class Salable:
    """What a website can sell of a SKU: sources, reservations and the out-of-stock threshold combined."""

    quantity: Decimal
    is_salable: bool


async def salable_quantities(client: MagentoClient, website: str, skus: Sequence[str]) -> dict[str, Salable]:
    """Return what a website can sell of these SKUs. Those outside its stock are left out.

    The route's total only counts the current page, so pages are read until one is empty (magento-observed.md, part two,
    5).
    """
    spelled = {comparison_key(sku): sku for sku in skus}
    salable: dict[str, Salable] = {}
    path = f"inventory/export-stock-salable-qty/website/{quote(website, safe='')}"
    for criteria in criteria_of("sku", skus):
        page = 1
        while True:
            paging = {"searchCriteria[pageSize]": PAGE_SIZE, "searchCriteria[currentPage]": page}
            answer = await client.get(path, {**criteria, **paging})
            rows = (answer.get("items") if isinstance(answer, dict) else None) or []
            for row in rows:
                sku = spelled.get(comparison_key(str(row["sku"])))
                if sku is not None:
                    salable[sku] = Salable(number(row["qty"]), bool(row["is_salable"]))
            if not rows:
                break
            page += 1
    return salable


async def store_prices(client: MagentoClient, skus: Sequence[str]) -> dict[str, dict[int, Decimal]]:
    """Return the base prices of these SKUs by store id. SKUs that are unknown or have no base price are left out."""
    prices: dict[str, dict[int, Decimal]] = {}
    for part in parts_of_body(skus):
        caller_spelling = _caller_spelling(part)
        rows = _rows(await client.ask("products/base-prices-information", {"skus": part}), "base-prices-information")
        for row in rows:
            sku = caller_spelling(str(row["sku"]))
            if sku is not None and row.get("price") is not None:
                prices.setdefault(sku, {})[int(row["store_id"])] = number(row["price"])
    return prices


def _caller_spelling(skus: Sequence[str]) -> Callable[[str], str | None]:
    """Return a function that converts a SKU of an answer to the caller's spelling, which is nearly always the same;
    None for any other SKU.
    """
    exact = frozenset(skus)
    by_key: dict[str, str] = {}

    def caller_spelling(answered: str) -> str | None:
        if answered in exact:
            return answered
        if not by_key:
            by_key.update((comparison_key(sku), sku) for sku in skus)
        return by_key.get(comparison_key(answered))

    return caller_spelling


async def source_items(client: MagentoClient, skus: Sequence[str]) -> list[SourceItem]:
    """Return the quantities of these SKUs at sources, including rows of products that do not exist."""
    return [
        SourceItem(str(row["sku"]), str(row["source_code"]), number(row["quantity"]), str(row.get("status")) == "1")
        for criteria in criteria_of("sku", skus)
        async for row in pages(client, "inventory/source-items", criteria, size=SOURCE_ITEMS_PAGE)
    ]


async def stock_item(client: MagentoClient, sku: str) -> StockItem | None:
    """Return the stock of a product; None if Magento has no such product."""
    row = await client.get_or_none(f"stockItems/{quote(sku, safe='')}")
    if row is None:
        return None
    return StockItem(
        number(row["qty"] or 0),
        in_stock=bool(row["is_in_stock"]),
        backorders=bool(row.get("backorders")),
        managed=bool(row.get("manage_stock", True)),
        threshold=number(row.get("min_qty") or 0),
    )


async def products_by_sku(client: MagentoClient, skus: Sequence[str], fields: str) -> dict[str, Any]:
    """Return these fields of each product that exists, by SKU in the caller's spelling."""
    spelled = {comparison_key(sku): sku for sku in skus}
    products = {}
    for criteria in criteria_of("sku", skus):
        async for row in pages(client, "products", criteria, fields=f"items[sku,{fields}]"):
            sku = spelled.get(comparison_key(str(row["sku"])))
            if sku is not None:
                products[sku] = row
    return products


async def product_types(client: MagentoClient, skus: Sequence[str]) -> dict[str, str]:
    """Return the type of each product that exists: simple, virtual, configurable, bundle, grouped …"""
    rows = await products_by_sku(client, skus, "type_id")
    return {sku: str(row["type_id"]) for sku, row in rows.items()}


async def product_skus(client: MagentoClient, field: str, values: Sequence[str]) -> dict[int, str]:
    """Return the SKU of each product that exists, by its id. `values` are ids (`entity_id`) or SKUs (`sku`), by
    `field`.
    """
    return {
        int(row["id"]): str(row["sku"])
        for criteria in criteria_of(field, values)
        async for row in pages(client, "products", criteria, fields="items[id,sku]")
    }


async def made_at(client: MagentoClient, skus: Sequence[str]) -> dict[str, datetime]:
    """Return when each of these products was created in Magento. SKUs that it does not have are left out."""
    rows = await products_by_sku(client, skus, "created_at")
    return {sku: datetime.fromisoformat(str(row["created_at"])).replace(tzinfo=UTC) for sku, row in rows.items()}


async def has_attribute(client: MagentoClient, code: str) -> bool:
    """Return whether products have an attribute with this code."""
    return await client.get_or_none(f"products/attributes/{quote(code, safe='')}") is not None


async def attribute_values(client: MagentoClient, skus: Sequence[str], code: str) -> dict[str, str]:
    """Return the all-store value of a product attribute by SKU. Products without a value are left out."""
    spelled = {comparison_key(sku): sku for sku in skus}
    values = {}
    for criteria in criteria_of("sku", skus):
        async for row in pages(client, "products", criteria, fields="items[sku,custom_attributes]"):
            sku = spelled.get(comparison_key(str(row["sku"])))
            for attribute in row.get("custom_attributes") or []:
                if sku is not None and attribute.get("attribute_code") == code and attribute.get("value") is not None:
                    values[sku] = str(attribute["value"])
    return values


async def array_limit(client: MagentoClient, count: int) -> int | None:
    """Return the shop's limit of records in a request if `count` exceeds it. The request contains unknown SKUs, so
    nothing is written.
    """
    rows = [{"sku": f"a2m-check-{index}-of-nothing", "price": 0, "store_id": 0} for index in range(count)]
    try:
        await client.ask("products/base-prices", {"prices": rows})
    except RequestRefused as refused:
        if isinstance(refused.parameters, dict) and refused.template.startswith("Maximum items of type"):
            return int(refused.parameters["max"])
        raise
    return None


def _rows(answer: Any, what: str) -> list[Any]:
    if not isinstance(answer, list):
        raise WrongAddress(f"{what}: Magento's answer is not a list. Is this Magento 2.4?")
    return answer
