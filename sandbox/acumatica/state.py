"""The company's records: items, stock, sales prices, warehouses; and the sandbox's clock."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sandbox.acumatica.item_types import AvailabilityRule, Branch, Deletion, Item, ItemClass, SalesPrice, Site, Stock
from sandbox.acumatica.values import IMPORTED, collate, stamped
from sandbox.catalogue import Product

TENANT = "Company"
USER = "admin"
PASSWORD = "sandbox"  # noqa: S105
CURRENCY = "USD"
LOCATION = "R1"
UNASSIGNED = "<UNASSIGNED>"
VENDOR = "VENDOR"
TRANSIT = "INTR"
DEFAULT_RULE = "DEFAULT"
BRANCHES = (("HEADOFFICE", "Head Office"), ("RETAIL", "Retail Store"))
SITES = (
    ("MAIN", "Main warehouse", "HEADOFFICE"),
    ("EAST", "Eastern warehouse", "HEADOFFICE"),
    ("WEST", "Western warehouse", "RETAIL"),
    (VENDOR, "Stock of the vendors", "HEADOFFICE"),
    (TRANSIT, "In transit", "HEADOFFICE"),
)
TAX_MODES = {"Tax Settings": "T", "Gross": "G", "Net": "N"}
STATUS_CODES = {
    "Active": "AC",
    "No Sales": "NS",
    "No Purchases": "NP",
    "No Request": "NR",
    "Inactive": "IN",
    "Marked for Deletion": "DE",
}
PRICE_TYPES = {"Base": "B", "Customer": "C", "Customer Price Class": "P"}
NON_STOCK_TYPES = ("virtual", "downloadable")
FIRST_ITEM_NUMBER = 10_001
HISTORY = timedelta(days=30)
IMPORTED_EVERY = 17
RESERVED_EVERY = 5
QUANTITY_UNIT = 10_000


class State:
    """All records of the tenant, in the orders that readers need, with a version that changes at every change."""

    def __init__(self, products: Iterable[Product], clock: Callable[[], datetime]) -> None:
        """Create it from the catalogue's products and a clock; the records begin as if saved in the month before."""
        self._clock = clock
        self._shift = timedelta()
        self._random = Random(19_000_101)
        self.version = 0
        self.keys_version = 0
        self.prices: dict[int, SalesPrice] = {}
        self.deleted: list[Deletion] = []
        self.price_classes: dict[str, datetime] = {}
        self.customers: dict[str, int] = {}
        self.classes: dict[str, ItemClass] = {}
        self.rules: dict[str, AvailabilityRule] = {}
        self._items: dict[str, Item] = {}
        self._by_note: dict[str, Item] = {}
        self._stock: dict[int, dict[str, Stock]] = {}
        self._sorted: tuple[list[Item], list[str]] | None = None
        self._stock_rows: tuple[list[Stock], list[int]] | None = None
        self._next_item = FIRST_ITEM_NUMBER
        self._next_price = 4001
        self._load(products)

    def _load(self, products: Iterable[Product]) -> None:
        start = stamped(self.now() - HISTORY)
        self.branches = {
            code: Branch(16 + place, code, name, self.guid(), start) for place, (code, name) in enumerate(BRANCHES)
        }
        self.sites = {
            code: Site(101 + place, code, text, self.branches[branch], self.guid(), start, code == TRANSIT)
            for place, (code, text, branch) in enumerate(SITES)
        }
        self.rules[DEFAULT_RULE] = AvailabilityRule(DEFAULT_RULE, "Sales orders and shipments", start)
        self.item_class("ALLOTHER", start)
        for place, product in enumerate(products, start=1):
            if product.type_id == "simple" or product.type_id in NON_STOCK_TYPES:
                self._take(product, place, start)

    def _take(self, product: Product, place: int, start: datetime) -> None:
        moment = IMPORTED if place % IMPORTED_EVERY == 0 else start + timedelta(milliseconds=10 * (place % 100_000))
        item = self.add_item(product.sku, moment, description=product.name, item_class=product.item_class)
        item.price6, item.status, item.exported = product.price6, product.status, product.exported
        item.stock, item.fresh, item.vendor4 = product.type_id == "simple", False, product.vendor4
        if item.stock:
            for code, available in product.quantities.items():
                reserved = (place % 3 + 1) * QUANTITY_UNIT if place % RESERVED_EVERY == 0 else 0
                allocated = reserved // 2 // QUANTITY_UNIT * QUANTITY_UNIT
                row = self._put(item, code, available + reserved, moment)
                row.booked, row.allocated = reserved - allocated, allocated

    def guid(self) -> str:
        """Return a new GUID as text. The sequence is the same for the same catalogue."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def now(self) -> datetime:
        """Return the sandbox's time, aware, in UTC."""
        return self._clock().astimezone(UTC) + self._shift

    def advance(self, seconds: float) -> None:
        """Advance the sandbox's clock by `seconds`."""
        self._shift += timedelta(seconds=seconds)

    def changed(self, *, keys: bool = False) -> None:
        """Note that a record changed; `keys`: records were added or removed."""
        self.version += 1
        if keys:
            self.keys_version += 1
            self._sorted = self._stock_rows = None

    def item_class(self, code: str, moment: datetime) -> ItemClass:
        """Return the item class with this code; a new one is created at `moment`."""
        found = self.classes.get(collate(code))
        if found is None:
            rule = self.rules[DEFAULT_RULE]
            found = ItemClass(201 + len(self.classes), code.upper(), self.guid(), moment, rule)
            self.classes[collate(code)] = found
        return found

    def add_item(self, inventory_id: str, moment: datetime, *, description: str, item_class: str) -> Item:
        """Add an item with this id and header; return it. Raises `ValueError` if the id is in use or empty."""
        key = collate(inventory_id)
        if not inventory_id.strip() or key in self._items:
            raise ValueError(f"The inventory ID {inventory_id!r} is empty or taken.")
        item = Item(
            number=self._next_item,
            inventory_id=inventory_id,
            key=key,
            description=description,
            price6=0,
            item_class=self.item_class(item_class, moment),
            note_id=self.guid(),
            created=moment,
            modified=moment,
            fresh=True,
        )
        self._next_item += 1
        self._items[key] = item
        self._by_note[item.note_id] = item
        self._stock[item.number] = {}
        self.changed(keys=True)
        return item

    def remove_item(self, item: Item, moment: datetime) -> None:
        """Delete the item with its stock and sales prices; the feed of deletions names it."""
        for record_id in [row.record_id for row in self.prices.values() if row.item is item]:
            self.remove_price(record_id, moment)
        del self._items[item.key], self._by_note[item.note_id], self._stock[item.number]
        self.deleted.append(Deletion("InventoryItem", item.note_id, moment))
        self.changed(keys=True)

    def rename_item(self, item: Item, inventory_id: str) -> None:
        """Change the item's id; everything else stays. Raises `ValueError` if the id is in use or empty."""
        key = collate(inventory_id)
        if not inventory_id.strip() or self._items.get(key, item) is not item:
            raise ValueError(f"The inventory ID {inventory_id!r} is empty or taken.")
        del self._items[item.key]
        item.inventory_id, item.key = inventory_id, key
        self._items[key] = item
        self.changed(keys=True)

    def item(self, inventory_id: str) -> Item | None:
        """Return the item of that id, None if there is none."""
        return self._items.get(collate(inventory_id))

    def item_by_note(self, note_id: str) -> Item | None:
        """Return the item with that GUID, None if there is none."""
        return self._by_note.get(note_id.lower())

    def items(self) -> list[Item]:
        """Return all items in the order of their ids."""
        return self._ordered()[0]

    def item_keys(self) -> list[str]:
        """Return the sort keys of `items()`, in the same order."""
        return self._ordered()[1]

    def _ordered(self) -> tuple[list[Item], list[str]]:
        if self._sorted is None:
            rows = sorted(self._items.values(), key=lambda item: item.key)
            self._sorted = rows, [item.key for item in rows]
        return self._sorted

    def stock_of(self, item: Item) -> Sequence[Stock]:
        """Return the item's stock rows in the order of the warehouse codes."""
        rows = self._stock[item.number]
        return [rows[code] for code in sorted(rows)]

    def stock(self) -> list[Stock]:
        """Return all stock rows by item number and warehouse number."""
        return self._stocked()[0]

    def stock_keys(self) -> list[int]:
        """Return the item numbers of `stock()`, in the same order."""
        return self._stocked()[1]

    def _stocked(self) -> tuple[list[Stock], list[int]]:
        if self._stock_rows is None:
            rows = [
                one
                for number in sorted(self._stock)
                for one in sorted(self._stock[number].values(), key=lambda row: row.site.number)
            ]
            self._stock_rows = rows, [row.item.number for row in rows]
        return self._stock_rows

    def _put(self, item: Item, code: str, on_hand: int, moment: datetime) -> Stock:
        site = self.sites.get(code)
        if site is None:
            raise ValueError(f"There is no warehouse {code!r}.")
        row = self._stock[item.number][code] = Stock(item, site, on_hand, on_hand, on_hand, moment)
        return row

    def stock_row(self, item: Item, code: str) -> Stock:
        """Return the stock row of the item in this warehouse; an empty one is created if there is none. Raises
        `ValueError` for an unknown warehouse.
        """
        if code not in self._stock[item.number]:
            self._put(item, code, 0, stamped(self.now()))
            self.changed(keys=True)
        return self._stock[item.number][code]

    def next_price(self) -> int:
        """Return the record number of the next sales price."""
        self._next_price += 1
        return self._next_price

    def remove_price(self, record_id: int, moment: datetime) -> None:
        """Delete the sales price of that record number. Raises `KeyError` if there is none."""
        row = self.prices.pop(record_id)
        self.deleted.append(Deletion("ARSalesPrice", row.note_id, moment))
        self.changed()

    def price_rows(self) -> list[SalesPrice]:
        """Return the sales prices by record number."""
        return list(self.prices.values())

    def customer(self, code: str) -> int:
        """Return the number of this customer; a new code gets a new number."""
        return self.customers.setdefault(code, 5700 + len(self.customers))

    def remembered(self, build: Callable[[], list[Any]]) -> Callable[[], list[Any]]:
        """Return the list that `build` makes from the records. It is built again only after records were added or
        removed.
        """
        kept: dict[int, list[Any]] = {}

        def read() -> list[Any]:
            if self.keys_version not in kept:
                kept.clear()
                kept[self.keys_version] = build()
            return kept[self.keys_version]

        return read
