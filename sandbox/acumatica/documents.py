"""The company's documents and customers: how they are stored, found, numbered and deleted."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sandbox.acumatica.document_types import (
    Customer,
    CustomerClass,
    Invoice,
    Order,
    PurchaseOrder,
    Receipt,
    Shipment,
)
from sandbox.acumatica.item_types import Deletion
from sandbox.acumatica.state import State
from sandbox.acumatica.values import collate

Record = TypeVar("Record")
NUMBER_WIDTH = 6
FIRST_CONTACT = 100_101
CLASSES = (("DEFAULT", "Default customer class"), ("ECOMMERCE", "Web shop customers"))
ZONE = ZoneInfo("America/New_York")


def key_of(*parts: str) -> str:
    """Return the text under which the database finds a key with these parts."""
    return "/".join(collate(part) for part in parts)


class Book(Generic[Record]):
    """The records of one entity in the order of their keys, found by key or by GUID."""

    def __init__(self, state: State, dac: str, key: Callable[[Record], tuple[str, ...]]) -> None:
        """Create it from the records' state, the DAC under which deletions are listed, and a function that returns a
        record's key.
        """
        self._state = state
        self._dac = dac
        self._key = key
        self._records: dict[str, Record] = {}
        self._by_note: dict[str, Record] = {}
        self.rows = state.remembered(self._ordered)

    def _ordered(self) -> list[Any]:
        return [self._records[key] for key in sorted(self._records)]

    def add(self, record: Any) -> None:
        """Add a new record. Raises `ValueError` if its key is in use."""
        key = key_of(*self._key(record))
        if key in self._records:
            raise ValueError(f"{self._dac} {'/'.join(self._key(record))} is there already.")
        self._records[key] = self._by_note[record.note_id] = record
        self._state.changed(keys=True)

    def remove(self, record: Any, moment: datetime) -> None:
        """Delete a record; the feed of deletions names it."""
        del self._records[key_of(*self._key(record))], self._by_note[record.note_id]
        self._state.deleted.append(Deletion(self._dac, record.note_id, moment))
        self._state.changed(keys=True)

    def get(self, *parts: Any) -> Record:
        """Return the record with this key. Raises `ValueError` if there is none."""
        found = self._records.get(key_of(*map(str, parts)))
        if found is None:
            raise ValueError(f"There is no {self._dac} {'/'.join(map(str, parts))!r}.")
        return found

    def has(self, *parts: str) -> bool:
        """Return whether there is a record with this key."""
        return key_of(*parts) in self._records

    def find(self, text: str) -> Iterable[Record]:
        """Return the records that an address may mean by key or GUID."""
        keys = dict.fromkeys((key_of(text), key_of(*text.replace("|", "/").split("/"))))
        several = [self._records.get(key) for key in keys] + [self._by_note.get(text.lower())]
        return [one for one in several if one is not None]

    def __len__(self) -> int:
        """Count the records."""
        return len(self._records)


class Documents:
    """Customers, orders, shipments, invoices, drop-ship orders and their receipts."""

    def __init__(self, state: State) -> None:
        """Create it from the records of items and stock that the documents move."""
        self.state = state
        start = next(iter(state.sites.values())).modified
        self.classes: dict[str, CustomerClass] = {}
        for code, text in CLASSES:
            self.customer_class(code, start, text)
        self.customers: Book[Customer] = Book(state, "Customer", lambda one: (one.code,))
        self.orders: Book[Order] = Book(state, "SOOrder", lambda one: (one.type, one.number))
        self.shipments: Book[Shipment] = Book(state, "SOShipment", lambda one: (one.number,))
        self.invoices: Book[Invoice] = Book(state, "ARInvoice", lambda one: (one.type, one.number))
        self.purchases: Book[PurchaseOrder] = Book(state, "POOrder", lambda one: (one.type, one.number))
        self.receipts: Book[Receipt] = Book(state, "POReceipt", lambda one: (one.type, one.number))
        self._counters: dict[str, int] = {}
        self._next_contact = FIRST_CONTACT

    def customer_class(self, code: str, moment: datetime, description: str = "") -> CustomerClass:
        """Return the customer class with this code; a new one is created at `moment`."""
        found = self.classes.get(collate(code))
        if found is None:
            text = description or f"Customer class {code.upper()}"
            found = CustomerClass(code.upper(), text, self.state.guid(), moment)
            self.classes[collate(code)] = found
            self.state.changed()
        return found

    def next_number(self, kind: str, taken: Callable[[str], bool], prefix: str = "", width: int = NUMBER_WIDTH) -> str:
        """Return the next free number of that kind, filled with zeros."""
        while True:
            self._counters[kind] = self._counters.get(kind, 0) + 1
            number = f"{prefix}{self._counters[kind]:0{width}d}"
            if not taken(number):
                return number

    def next_contact(self) -> int:
        """Return the number of a new contact."""
        self._next_contact += 1
        return self._next_contact

    def today(self) -> date:
        """Return the company's current date."""
        return self.state.now().astimezone(ZONE).date()
