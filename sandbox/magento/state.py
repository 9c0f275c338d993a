"""The state of the shop: its records, its clock, and how records are looked up.

It starts with the catalogue's products, with price 0 and without stock; the sources `default`, `main`, `east`, `west`
and `vendor`; stock 1 "Default Stock", which contains `default` and no website (Magento keeps it), and stock 2 "Main web
stock", from which the website `base` sells. With `default_apart` stock 2 contains the other sources, as in a real
Magento. Without it, it contains `default` too, which tests of the connector rely on and no real Magento allows
(docs/adr/0030). With `sources=["default"]` there is only stock 1, and the website sells from it, as in a new shop.

SKUs compare as in the database: letter case, accents and trailing spaces make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.catalogue import Product as CatalogueProduct
from sandbox.magento import php
from sandbox.magento.access import Access
from sandbox.magento.customer_records import Customer, CustomerAttribute
from sandbox.magento.records import (
    Bulk,
    CustomerGroup,
    Operation,
    Product,
    Source,
    SourceItem,
    Stock,
    Store,
    StoreGroup,
    Website,
)
from sandbox.magento.sales_records import Sales
from sandbox.magento.settings import Settings

DEFAULT_SOURCE = "default"
DEFAULT_STOCK = 1
OLD = timedelta(days=30)
"""How long before its start the catalogue's products were created."""
SOURCES = (DEFAULT_SOURCE, "main", "east", "west", "vendor")
PLACE = {"country_id": "US", "postcode": "00000"}


class Shop:
    """Everything of one Magento."""

    def __init__(
        self,
        products: Iterable[CatalogueProduct],
        clock: Callable[[], datetime],
        settings: Settings,
        *,
        sources: Sequence[str] = SOURCES,
        default_apart: bool = False,
        currency: str = "USD",
        timezone: str = "UTC",
    ) -> None:
        """Create it from the catalogue and the shop's traits."""
        self.clock = clock
        self.settings = settings
        self.currency = currency
        self.timezone = timezone
        self.access = Access(self.seconds)
        self.created = self.text_of(self.clock() - OLD)
        self.websites = {0: Website(0, "admin", "Admin", 0), 1: Website(1, "base", "Main Website", 1)}
        self.store_groups = {
            0: StoreGroup(0, 0, 0, 0, "Default", "default"),
            1: StoreGroup(1, 1, 2, 1, "Main Website Store", "main_website_store"),
        }
        self.stores = {0: Store(0, "admin", "Admin", 0, 0), 1: Store(1, "default", "Default Store View", 1, 1)}
        self.store_codes = {"default": 1, "all": 0}
        self.customer_groups = {
            place: CustomerGroup(place, code)
            for place, code in enumerate(("NOT LOGGED IN", "General", "Wholesale", "Retailer"))
        }
        self.product_attributes: dict[str, dict[str, Any]] = {}
        self.products: dict[int, Product] = {}
        self.by_sku: dict[str, Product] = {}
        self.last_product = 0
        for product in products:
            self.add_product(product.sku, product.name, product.type_id, 0)
        self.source_items: dict[tuple[str, str], SourceItem] = {}
        self.items_of: dict[str, list[SourceItem]] = {}
        self.sources = {code: _source(code) for code in sources}
        self.stocks = _stocks(sources, apart=default_apart)
        self.bulks: dict[str, Bulk] = {}
        self.waiting: list[Operation] = []
        self.bundles: dict[int, Product] = {}
        self.stock_settings: dict[str, Any] = {}
        self.order_statuses: dict[str, list[str]] = {}
        self.reservations: dict[tuple[str, int], int] = {}
        self.ids: dict[str, int] = {}
        self.customers: dict[int, Customer] = {}
        self.customer_attributes: dict[str, CustomerAttribute] = {}
        self.sales = Sales()

    def now(self) -> str:
        """Return the moment as Magento writes it: UTC, in seconds."""
        return self.text_of(self.clock())

    @staticmethod
    def text_of(moment: datetime) -> str:
        """Return a moment as Magento writes it."""
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def seconds(self) -> float:
        """Return the moment in seconds since 1970."""
        return self.clock().timestamp()

    def next_id(self, of: str) -> int:
        """Return the next number of a kind of record."""
        self.ids[of] = self.ids.get(of, 0) + 1
        return self.ids[of]

    def add_product(self, sku: str, name: str, type_id: str, price: int | None) -> Product:
        """Add a product, whose SKU must not be there yet."""
        self.last_product += 1
        product = Product(self.last_product, sku, name, type_id, price)
        self.products[product.id] = product
        key = php.collated(sku)
        self.by_sku[sku if key == sku else key] = product
        return product

    def remove_product(self, product: Product) -> None:
        """Remove a product; its rows at the sources stay, as Magento leaves them."""
        del self.products[product.id]
        del self.by_sku[php.collated(product.sku)]
        self.bundles.pop(product.id, None)

    def rename(self, product: Product, sku: str) -> None:
        """Give a product another SKU; its rows at the sources and its reservations follow."""
        old, new = php.collated(product.sku), php.collated(sku)
        del self.by_sku[old]
        product.sku = sku
        self.by_sku[sku if new == sku else new] = product
        for row in self.items_of.pop(old, []):
            del self.source_items[old, php.collated(row.source_code)]
            self.put_item(sku, row.source_code, row.quantity, row.status)
        for place in [one for one in self.reservations if one[0] == old]:
            self.reservations[new, place[1]] = self.reservations.pop(place)
        for order in self.sales.orders.values():
            rows = order.reservations
            order.reservations = [replace(row, sku=sku) if php.collated(row.sku) == old else row for row in rows]

    def product(self, sku: str) -> Product | None:
        """Return the product that the database finds for a SKU."""
        found = self.by_sku.get(sku)
        return found if found is not None else self.by_sku.get(php.collated(sku))

    def located(self, sku: str | None) -> Product | None:
        """Return the product that the price services find: the database's, if PHP also considers the two SKUs equal."""
        if sku is None:
            return None
        found = self.by_sku.get(sku)
        if found is not None and found.sku == sku:
            return found
        found = self.by_sku.get(php.collated(sku))
        if found is None or php.lower(php.trimmed(found.sku)) != php.lower(php.trimmed(sku)):
            return None
        return found

    def link(self, product: Product, skus: Sequence[str]) -> None:
        """Make products the children of a configurable, grouped or bundle product."""
        parts = product.more.parts
        if product.type_id == "bundle":
            links = [{"sku": sku, "qty": 1} for sku in skus]
            parts["bundle_product_options"] = [{"option_id": 1, "title": "Parts", "product_links": links}]
            self.bundles[product.id] = product
        elif product.type_id == "grouped":
            parts["product_links"] = [{"link_type": "associated", "linked_product_sku": sku} for sku in skus]
        else:
            parts["children"] = [{"sku": sku} for sku in skus]

    def website_stores(self, store_id: int) -> list[int]:
        """Return the store views of this store view's website."""
        website = self.stores[store_id].website_id
        return [store.id for store in self.stores.values() if store.website_id == website]

    def source(self, code: str) -> Source | None:
        """Return the source that the database finds for a code."""
        found = self.sources.get(code)
        if found is not None:
            return found
        key = php.collated(code)
        return next((source for own, source in self.sources.items() if php.collated(own) == key), None)

    def items(self, sku: str) -> list[SourceItem]:
        """Return the rows of a SKU at the sources."""
        return self.items_of.get(php.collated(sku), [])

    def put_item(self, sku: str, source_code: str, quantity: int, status: int) -> SourceItem:
        """Insert a row, or update quantity and status of the one that the database finds; its texts stay."""
        key = php.collated(sku)
        place = (key, php.collated(source_code))
        row = self.source_items.get(place)
        if row is None:
            row = self.source_items[place] = SourceItem(sku, source_code, quantity, status)
            self.items_of.setdefault(key, []).append(row)
        else:
            row.quantity, row.status = quantity, status
        return row

    def drop_item(self, sku: str, source_code: str) -> bool:
        """Delete a row; return False if there is none."""
        key = php.collated(sku)
        row = self.source_items.pop((key, php.collated(source_code)), None)
        if row is not None:
            self.items_of[key].remove(row)
        return row is not None

    def all_items(self) -> Collection[SourceItem]:
        """Return all rows at the sources, oldest first."""
        return self.source_items.values()

    def stock_of(self, website: str) -> Stock | None:
        """Return the stock that a website sells from."""
        return next((stock for stock in self.stocks.values() if website in stock.websites), None)

    def add_website(self, code: str, name: str, stores: Sequence[str]) -> Website:
        """Add a website with a store and these store views; it sells from stock 1, as a new one does."""
        website = Website(max(self.websites) + 1, code, name, max(self.store_groups) + 1)
        group = StoreGroup(
            website.default_group_id, website.id, 2, max(self.stores) + 1, f"{name.split()[0]} Store", f"{code}_group"
        )
        self.websites[website.id] = website
        self.store_groups[group.id] = group
        for store_code in stores:
            number = max(self.stores) + 1
            self.stores[number] = Store(number, store_code, store_code, website.id, group.id)
            self.store_codes[store_code] = number
        self.stocks[DEFAULT_STOCK].websites.append(code)
        return website


def _source(code: str) -> Source:
    if code == DEFAULT_SOURCE:
        more: dict[str, Any] = {"description": "Default Source", "latitude": 0, "longitude": 0, "frontend_name": ""}
        return Source(code, "Default Source", fields={**PLACE, **more})
    return Source(code, code.capitalize(), fields={**PLACE, "frontend_name": code.capitalize()})


def _stocks(sources: Sequence[str], *, apart: bool) -> dict[int, Stock]:
    default = Stock(DEFAULT_STOCK, "Default Stock", sources={DEFAULT_SOURCE: 1})
    if tuple(sources) == (DEFAULT_SOURCE,):
        default.websites.append("base")
        return {DEFAULT_STOCK: default}
    sold = [code for code in sources if code != DEFAULT_SOURCE or not apart]
    main = Stock(2, "Main web stock", ["base"], {code: place for place, code in enumerate(sold, start=1)})
    return {DEFAULT_STOCK: default, 2: main}
