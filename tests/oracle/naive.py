"""A second, naive implementation of the price and quantity rules, to compare the fast ones with.

It handles one record after the other with Decimal, and shares no code with `entities`.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

BASE_CURRENCY = "USD"


@dataclass
class Thing:
    """An item with its stock and prices, in plain decimals."""

    inventory_id: str
    status: str = "Active"
    item_class: str = "A"
    exported: bool = True
    base_uom: str = "EA"
    sales_uom: str = "EA"
    base_per_sales: tuple[int, int] | None = (1, 1)
    default_price: Decimal | None = None
    shelves: dict[str, Decimal] = field(default_factory=dict)
    vendor: dict[str, Decimal] = field(default_factory=dict)
    prices: list["Row"] = field(default_factory=list)


@dataclass
class Row:
    """A row of the price list."""

    record_id: int
    price: Decimal
    price_type: str = "base"
    price_code: str = ""
    uom: str = "EA"
    warehouse: str = ""
    promotion: bool = False
    break_quantity: Decimal = Decimal(0)
    currency: str = "USD"
    effective: date | None = None
    expiration: date | None = None
    tax: str = ""


def quantities(
    thing: Thing,
    sources: dict[str, str],
    *,
    vendor_sources: frozenset[str] = frozenset(),
    vendor_source: str | None = None,
    safety: Decimal = Decimal(0),
    decimals: bool = False,
    unit: str = "base",
) -> dict[str, Decimal]:
    """Return the quantities that Magento must show for the item, by source."""
    current: dict[str, Decimal] = {}
    for source in {*sources.values(), *vendor_sources, *([vendor_source] if vendor_source else [])}:
        there = [quantity for warehouse, quantity in thing.shelves.items() if sources.get(warehouse) == source]
        if source in vendor_sources or source == vendor_source:
            there += thing.vendor.values()
        if not there:
            continue
        total = sum(there, Decimal(0)) - safety
        if unit == "sales" and thing.base_per_sales is not None:
            numerator, denominator = thing.base_per_sales
            ten_thousandths = (total * 10_000 * denominator) // 1
            total = Decimal((int(ten_thousandths)) // numerator) / 10_000
        if not decimals:
            total = total.to_integral_value(ROUND_FLOOR)
        current[source] = max(total, Decimal(0))
    return current


def price(
    thing: Thing,
    today: date,
    *,
    by_list: bool = False,
    price_class: str = "",
    currency: str = "",
    decimals: int = 2,
    only_listed: bool = False,
) -> Decimal | None:
    """Return the price that Magento must show per base unit; `None` if there is none."""
    best: tuple[tuple[object, ...], Decimal] | None = None
    for row in thing.prices if by_list else []:
        of_class = row.price_type == "customer_price_class" and bool(price_class)
        of_class = of_class and row.price_code.casefold() == price_class.casefold()
        if not (of_class or row.price_type == "base") or row.warehouse or row.break_quantity > 1:
            continue
        if row.currency not in (currency or BASE_CURRENCY, ""):
            continue
        if (row.effective and row.effective > today) or (row.expiration and row.expiration < today):
            continue
        amount = row.price
        in_base_unit = row.uom in (thing.base_uom, "")
        if not in_base_unit:
            if row.uom != thing.sales_uom or thing.base_per_sales is None:
                continue
            numerator, denominator = thing.base_per_sales
            amount = (row.price * denominator / numerator).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        rank = (
            of_class,
            row.promotion,
            in_base_unit,
            row.break_quantity,
            row.effective or date.min,
            row.record_id,
        )
        if best is None or rank > best[0]:
            best = (rank, amount)
    found = best[1] if best is not None else None if by_list and only_listed else thing.default_price
    return None if found is None else found.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
