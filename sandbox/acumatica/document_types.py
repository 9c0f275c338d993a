"""The records behind the document entities: customers, orders, shipments, invoices, drop-ship orders and receipts.

Quantities and amounts are whole ten-thousandths (`…4`), unit prices whole millionths (`…6`). `extra` contains form
fields without a meaning here, by their contract name; `custom` contains those of `View.Field`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from sandbox.acumatica.forms import Row
from sandbox.acumatica.item_types import Branch, Item, Site

DROP_SHIP = "Drop-Ship"
PO_SOURCES = ("Purchase to Order", DROP_SHIP)


@dataclass(slots=True, eq=False)
class CustomerClass:
    """A customer class, created when a customer first names it."""

    code: str
    description: str
    note_id: str
    modified: datetime


@dataclass(slots=True, eq=False)
class Contact:
    """A contact with its address, both with the names of the contract."""

    number: int
    fields: Row
    address: Row
    note_id: str
    modified: datetime


@dataclass(slots=True, eq=False)
class Customer:
    """A customer; `billing` and `shipping` are None if the main contact applies."""

    number: int
    code: str
    name: str
    customer_class: CustomerClass
    note_id: str
    created: datetime
    modified: datetime
    main: Contact
    billing: Contact | None = None
    shipping: Contact | None = None
    persons: list[Contact] = field(default_factory=list)
    primary: Contact | None = None
    status: str = "Active"
    guest: bool = False
    price_class: str = ""
    attributes: list[Row] = field(default_factory=list)
    extra: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Party:
    """The contact and address of a document, as they were when it was created."""

    contact: Row
    address: Row
    override: bool = False


@dataclass(slots=True, eq=False)
class Split:
    """A part of a line in one lot and location; for a kit, one of its components."""

    number: int
    item: Item
    quantity4: int
    uom: str
    location: str
    lot: str = ""
    expiration: date | None = None
    allocated: bool = False


@dataclass(slots=True, eq=False)
class OrderLine:
    """A line of a sales order. `po_source`: where a line that is marked for purchase gets its goods from."""

    number: int
    item: Item
    quantity4: int
    uom: str
    price6: int
    site: Site | None
    note_id: str
    description: str
    modified: datetime
    operation: str = "Issue"
    discount6: int = 0
    discount4: int = 0
    free: bool = False
    po_source: str = ""
    vendor: str = ""
    completed: bool = False
    splits: list[Split] = field(default_factory=list)
    extra: Row = field(default_factory=dict)

    @property
    def purchased(self) -> bool:
        """Whether the line is marked for PO."""
        return bool(self.po_source)

    @property
    def drop_ship(self) -> bool:
        """Whether the vendor ships the goods to the customer."""
        return self.po_source == DROP_SHIP


@dataclass(slots=True, eq=False)
class Tax:
    """A tax of an order: its rate in millionths of a percent, its taxable amount, and its amount."""

    tax_id: str
    rate6: int
    taxable4: int
    amount4: int


@dataclass(slots=True, eq=False)
class Order:
    """A sales order."""

    type: str
    number: str
    customer: Customer
    branch: Branch
    day: date
    note_id: str
    created: datetime
    modified: datetime
    status: str
    bill_to: Party
    ship_to: Party
    requested: date
    external_ref: str = ""
    customer_order: str = ""
    description: str = ""
    currency: str = "USD"
    ship_via: str = ""
    site: Site | None = None
    payment_method: str = ""
    original: tuple[str, str] | None = None
    freight4: int = 0
    premium4: int = 0
    discount4: int = 0
    archived: bool = False
    lines: list[OrderLine] = field(default_factory=list)
    taxes: list[Tax] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    discounts: list[Row] = field(default_factory=list)
    shipments: "list[Shipment]" = field(default_factory=list)
    purchases: "list[PurchaseOrder]" = field(default_factory=list)
    receipts: "list[Receipt]" = field(default_factory=list)
    invoices: "list[Invoice]" = field(default_factory=list)
    extra: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ShipmentLine:
    """A line of a shipment for one line of an order."""

    number: int
    order: Order
    order_line: OrderLine
    item: Item
    quantity4: int
    uom: str
    ordered4: int
    site: Site
    note_id: str
    location: str = ""
    lot: str = ""
    splits: list[Split] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Content:
    """The quantity of one split in a package."""

    split: int
    item: Item
    quantity4: int
    uom: str
    lot: str
    order: Order


@dataclass(slots=True, eq=False)
class Package:
    """A package of a shipment."""

    number: int
    box: str
    tracking: str
    weight4: int
    note_id: str
    confirmed: bool = True
    contents: list[Content] = field(default_factory=list)
    extra: Row = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Shipment:
    """A shipment, for lines of one or several orders."""

    number: str
    customer: Customer
    site: Site
    day: date
    note_id: str
    created: datetime
    modified: datetime
    ship_to: Party
    type: str = "Shipment"
    operation: str = "Issue"
    status: str = "Open"
    to_site: Site | None = None
    ship_via: str = ""
    freight4: int = 0
    package_count: int | None = None
    posted: bool = True
    issue: str = ""
    archived: bool = False
    counter: int = 0
    lines: list[ShipmentLine] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    invoices: "list[Invoice]" = field(default_factory=list)
    extra: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)

    @property
    def orders(self) -> list[Order]:
        """The orders served, in the order of their first lines."""
        return list(dict.fromkeys(line.order for line in self.lines))

    @property
    def confirmed(self) -> bool:
        """Whether the goods have left."""
        return self.status in ("Confirmed", "Partially Invoiced", "Invoiced", "Completed")


@dataclass(slots=True, eq=False)
class InvoiceLine:
    """A line of a sales invoice, with the order line and the shipment or receipt that it invoices."""

    number: int
    item: Item
    quantity4: int
    uom: str
    price6: int
    amount4: int
    note_id: str
    description: str
    order: Order
    order_line: OrderLine
    shipment_nbr: str = ""
    site: Site | None = None


@dataclass(slots=True, eq=False)
class Invoice:
    """A sales invoice; released when its status is Open or Closed."""

    type: str
    number: str
    customer: Customer
    day: date
    note_id: str
    created: datetime
    modified: datetime
    status: str
    bill_to: Party
    freight4: int = 0
    discount4: int = 0
    tax4: int = 0
    paid4: int = 0
    archived: bool = False
    lines: list[InvoiceLine] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    receipts: "list[Receipt]" = field(default_factory=list)
    extra: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)

    @property
    def orders(self) -> list[Order]:
        """The orders invoiced."""
        return list(dict.fromkeys(line.order for line in self.lines))

    @property
    def released(self) -> bool:
        """Whether it is posted."""
        return self.status in ("Open", "Closed")


@dataclass(slots=True, eq=False)
class PurchaseLine:
    """A line of a drop-ship order to a vendor, for a line of a sales order."""

    number: int
    order: Order
    order_line: OrderLine
    quantity4: int
    cost6: int
    note_id: str


@dataclass(slots=True, eq=False)
class PurchaseOrder:
    """A drop-ship order to a vendor."""

    number: str
    vendor: str
    day: date
    note_id: str
    created: datetime
    modified: datetime
    vendor_ref: str = ""
    status: str = "Open"
    type: str = "Drop-Ship"
    lines: list[PurchaseLine] = field(default_factory=list)
    receipts: "list[Receipt]" = field(default_factory=list)
    extra: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class ReceiptLine:
    """A line of a purchase receipt."""

    number: int
    purchase: PurchaseOrder
    purchase_line: PurchaseLine
    quantity4: int
    note_id: str


@dataclass(slots=True, eq=False)
class Receipt:
    """A purchase receipt of a drop-shipment: the goods went from the vendor to the customer."""

    number: str
    vendor: str
    day: date
    note_id: str
    created: datetime
    modified: datetime
    vendor_ref: str = ""
    status: str = "Balanced"
    type: str = "Receipt"
    lines: list[ReceiptLine] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    extra: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)

    @property
    def orders(self) -> list[Order]:
        """The sales orders of this receipt."""
        return list(dict.fromkeys(line.purchase_line.order for line in self.lines))

    @property
    def released(self) -> bool:
        """Whether it is posted."""
        return self.status == "Released"
