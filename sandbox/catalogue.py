"""The products with which both simulators start, from a generator or from a CSV file.

Quantities are whole numbers of 1/10,000 of the base unit, prices of 1/1,000,000 of the currency, as in the rest of the
project, because a binary float would lose fractions.
"""

import csv
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

WAREHOUSES = ("MAIN", "EAST", "WEST")
QUANTITY_UNIT = 10_000
PRICE_UNIT = 1_000_000

# SKUs of real catalogues on which careless connectors fail. Each of them is a different SKU for Magento.
ODD_SKUS = (
    "CABLE/USB-C 2M",
    "Screw M4 x 20",
    "lower-case-sku",
    "WIRE,RED,10M",
    "0000412",
    'PIPE 1/2" BRASS',
    "O'RING-8",
    "KÄSE-200G",
    "100%-COTTON",
    "A&B+C",
    "7",
    "SIZE#9;WIDE",
    "[BOX] 12",
    "日本茶-50",
    "1E5",
)
ODD_EVERY = 3


class CatalogueError(ValueError):
    """The catalogue file cannot be used; the text names the line and the reason."""


@dataclass(frozen=True)
class Product:
    """One product as Acumatica has it. `quantities` maps warehouses to the available quantity in 1/10,000."""

    sku: str
    name: str
    price6: int
    quantities: Mapping[str, int] = field(default_factory=dict)
    vendor4: int = 0
    type_id: str = "simple"
    item_class: str = "ALLOTHER"
    status: str = "Active"
    exported: bool = True


def generated(count: int) -> list[Product]:
    """Return `count` products. The first fifty of them are sellable, priced and in stock; unusual SKUs are spread among
    the first ones.
    """
    if count < 1:
        raise CatalogueError(f"A catalogue needs at least one product, not {count}.")
    chance = random.Random(20_260_101)
    odd = iter(ODD_SKUS)
    return [_product(number, _sku(number, odd), chance) for number in range(1, count + 1)]


def _sku(number: int, odd: Iterator[str]) -> str:
    if number % ODD_EVERY == 0:
        special = next(odd, None)
        if special is not None:
            return special
    return f"SKU-{number:06d}"


def _product(number: int, sku: str, chance: random.Random) -> Product:
    price = chance.randrange(100, 50_000) * (PRICE_UNIT // 100)
    shelves = {warehouse: chance.randrange(1, 200) * QUANTITY_UNIT for warehouse in WAREHOUSES}
    if number > 50 and number % 10 == 0:
        shelves["EAST"] = 0
    if number > 50 and number % 25 == 0:
        shelves = dict.fromkeys(WAREHOUSES, 0)
    vendor = chance.randrange(1, 50) * QUANTITY_UNIT if number % 4 == 0 else 0
    return Product(sku=sku, name=f"Product {number}", price6=price, quantities=shelves, vendor4=vendor)


def from_csv(path: Path) -> list[Product]:
    """Return the products of a CSV file with the columns sku, name, product_type, price, quantity. The stock is in
    MAIN.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as fault:
        raise CatalogueError(f"The catalogue {path} cannot be read: {fault.strerror}.") from fault
    missing = {"sku", "price", "quantity"} - set(rows[0] if rows else ())
    if missing:
        raise CatalogueError(f"The catalogue {path} has no column {', '.join(sorted(missing))}.")
    return [_from_row(row, line) for line, row in enumerate(rows, start=2)]


def _from_row(row: Mapping[str, str], line: int) -> Product:
    return Product(
        sku=row["sku"],
        name=row.get("name") or row["sku"],
        price6=_scaled(row["price"], PRICE_UNIT, "price", line),
        quantities={"MAIN": _scaled(row["quantity"], QUANTITY_UNIT, "quantity", line)},
        type_id=row.get("product_type") or "simple",
    )


def _scaled(text: str, unit: int, column: str, line: int) -> int:
    try:
        value = Decimal(text or "0") * unit
        whole = int(value)
    except (InvalidOperation, ValueError, OverflowError) as fault:
        raise CatalogueError(f"Line {line} of the catalogue: {column} {text!r} is no number.") from fault
    if whole != value:
        raise CatalogueError(f"Line {line} of the catalogue: {column} {text!r} has too many decimals.")
    return whole
