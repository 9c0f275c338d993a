"""The records of the shop: stores, products, tier prices, stock, sources, queue. Plain data without rules.

Prices are whole millionths of the currency, quantities whole ten-thousandths of a piece (see `php`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

COMPOSITE = frozenset({"configurable", "bundle", "grouped"})


@dataclass
class Website:
    """A website; id 0 is the administration."""

    id: int
    code: str
    name: str
    default_group_id: int


@dataclass
class StoreGroup:
    """A store of a website."""

    id: int
    website_id: int
    root_category_id: int
    default_store_id: int
    name: str
    code: str


@dataclass
class Store:
    """A store view."""

    id: int
    code: str
    name: str
    website_id: int
    store_group_id: int


@dataclass
class CustomerGroup:
    """A customer group."""

    id: int
    code: str
    tax_class_id: int = 3


@dataclass
class TierPrice:
    """A tier price; `group` none means all groups, `percent` says that `value` is a discount."""

    website_id: int
    group: int | None
    quantity: int
    value: int
    percent: bool


@dataclass
class StockItem:
    """The legacy stock of a product, which also stands for its source `default`."""

    quantity: int | None = 0
    is_in_stock: bool = False
    changed_auto: bool = False
    low_stock_date: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass
class Details:
    """Attributes that few products have; created when first needed, so that a million plain products stay small."""

    prices: dict[int, int] = field(default_factory=dict)
    special_prices: dict[int, int] = field(default_factory=dict)
    special_from: dict[int, str] = field(default_factory=dict)
    special_to: dict[int, str] = field(default_factory=dict)
    tiers: list[TierPrice] = field(default_factory=list)
    stock: StockItem = field(default_factory=StockItem)
    website_ids: list[int] = field(default_factory=lambda: [1])
    fields: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    created_at: str = ""
    updated_at: str = ""


class Product:
    """A product. `price` is the price of all stores; prices of single stores are among the details."""

    __slots__ = ("details", "id", "name", "price", "sku", "type_id")

    def __init__(self, number: int, sku: str, name: str, type_id: str, price: int | None) -> None:
        """Create it from what every product has."""
        self.id = number
        self.sku = sku
        self.name = name
        self.type_id = type_id
        self.price = price
        self.details: Details | None = None

    @property
    def more(self) -> Details:
        """Return the details for changing them."""
        if self.details is None:
            self.details = Details()
        return self.details

    @property
    def item_id(self) -> int:
        """The id of the legacy stock item, which differs from the product's."""
        return 2 * self.id - 1


@dataclass
class Source:
    """An inventory source; `fields` are those without a meaning here."""

    source_code: str
    name: str
    enabled: bool = True
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass
class Stock:
    """A stock: the websites that sell from it, and the sources that it adds up, with their priorities."""

    stock_id: int
    name: str
    websites: list[str] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)


class SourceItem:
    """The quantity of a SKU at a source. The SKU need not be a product's."""

    __slots__ = ("quantity", "sku", "source_code", "status")

    def __init__(self, sku: str, source_code: str, quantity: int, status: int) -> None:
        """Create it from the values of a row."""
        self.sku = sku
        self.source_code = source_code
        self.quantity = quantity
        self.status = status


@dataclass
class Operation:
    """One call in the queue."""

    id: int
    serialized: str | None
    result: str | None = None
    status: int = 4
    message: str | None = None
    error_code: int | None = None
    data: Any = None


@dataclass
class Bulk:
    """The calls that one request added to the queue."""

    uuid: str
    topic: str
    start_time: str
    user_type: int
    user_id: int
    operations: list[Operation]
