"""The records of items and stock: branches, warehouses, classes with their rules, items, stock rows, sales prices."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime

from sandbox.acumatica.values import Value


@dataclass(slots=True)
class Branch:
    """A branch of the only company."""

    number: int
    code: str
    name: str
    note_id: str
    modified: datetime


@dataclass(slots=True)
class Site:
    """A warehouse; `transit` marks the in-transit one, which no form lists."""

    number: int
    code: str
    description: str
    branch: Branch
    note_id: str
    modified: datetime
    transit: bool = False


@dataclass(frozen=True, slots=True)
class Deducted:
    """The kinds of demand that an availability calculation rule (form IN201500) deducts from the available quantity."""

    prepared: bool = True
    booked: bool = True
    back_ordered: bool = True
    shipping: bool = True
    shipped: bool = True


DEDUCTIONS = tuple(one.name for one in fields(Deducted))


@dataclass(slots=True, eq=False)
class AvailabilityRule:
    """An availability calculation rule, which item classes name."""

    code: str
    description: str
    modified: datetime
    deducted: Deducted = Deducted()


@dataclass(slots=True)
class ItemClass:
    """An item class, created when an item first names it."""

    number: int
    code: str
    note_id: str
    modified: datetime
    rule: AvailabilityRule


@dataclass(slots=True)
class Item:
    """A stock or non-stock item; `extra` contains fields of the form by name, `custom` those of `View.Field`."""

    number: int
    inventory_id: str
    key: str
    description: str
    price6: int
    item_class: ItemClass
    note_id: str
    created: datetime
    modified: datetime
    status: str = "Active"
    exported: bool = True
    stock: bool = True
    base_uom: str = "EA"
    sales_uom: str = "EA"
    purchase_uom: str = "EA"
    vendor4: int = 0
    fresh: bool = False
    extra: dict[str, Value] = field(default_factory=dict)
    custom: dict[str, Value] = field(default_factory=dict)
    cross_references: list[dict[str, Value]] = field(default_factory=list)
    conversions: list[dict[str, Value]] = field(default_factory=list)
    attributes: list[dict[str, Value]] = field(default_factory=list)


@dataclass(slots=True)
class Stock:
    """The quantities of one item in one warehouse, and the demand of sales orders and shipments on it.

    All are in ten-thousandths of the base unit. `free` would be the available quantity, and `hard` the quantity
    available for shipping, without the demand that is counted below them.
    """

    item: Item
    site: Site
    on_hand: int
    free: int
    hard: int
    modified: datetime
    prepared: int = 0
    booked: int = 0
    back_ordered: int = 0
    allocated: int = 0
    shipped: int = 0

    @property
    def available(self) -> int:
        """The available quantity by the rule of the item's class."""
        return self.free - self._deducted()

    @available.setter
    def available(self, wanted: int) -> None:
        self.free = wanted + self._deducted()

    @property
    def shipping(self) -> int:
        """The quantity available for shipping: without what is allocated, and what has been shipped but is
        not posted.
        """
        return self.hard - self.allocated - self.shipped

    @shipping.setter
    def shipping(self, wanted: int) -> None:
        self.hard = wanted + self.allocated + self.shipped

    def _deducted(self) -> int:
        rule = self.item.item_class.rule.deducted
        return (
            rule.prepared * self.prepared
            + rule.booked * self.booked
            + rule.back_ordered * self.back_ordered
            + rule.shipping * self.allocated
            + rule.shipped * self.shipped
        )


@dataclass(slots=True)
class SalesPrice:
    """A row of the sales price list."""

    record_id: int
    item: Item
    price6: int
    price_type: str
    price_code: str
    promotion: bool
    break4: int
    currency: str
    uom: str
    tax_mode: str
    effective: date | None
    expiration: date | None
    site: Site | None
    note_id: str
    created: datetime
    modified: datetime


@dataclass(slots=True)
class Deletion:
    """A deleted record, as in the feed of deletions."""

    dac: str
    note_id: str
    moment: datetime
