"""Convert items of the naive oracle into the columns and frames that the rules take."""

from decimal import Decimal

import pandas as pd
from oracle.naive import BASE_CURRENCY, Thing

from connector.records import Facts
from connector.state.sync.records import Record, Stored
from entities.item_rule import ItemRule
from entities.values import conversion, items
from entities.values.columns import Items, Shelves, Values, shelves

QUANTITY, PRICE = 10_000, 1_000_000


def whole(value: Decimal | None, unit: int) -> int | None:
    return None if value is None else int(value * unit)


def items_of(things: list[Thing]) -> Items:
    """Return the items as columns."""
    units = [thing.base_per_sales or (None, None) for thing in things]
    records = [
        Record.of(
            Facts(
                "stock",
                one.inventory_id,
                one.status,
                one.item_class,
                one.exported,
                one.base_uom,
                one.sales_uom,
                *unit,
                whole(one.default_price, PRICE),
                None,
            )
        )
        for one, unit in zip(things, units, strict=True)
    ]
    return conversion.items(Stored(one.inventory_id, None, record) for one, record in zip(things, records, strict=True))


def published(things: list[Thing], unit: str = "base") -> Items:
    """Return the published items, all of which go to Magento."""
    return items.published(items_of(things), ItemRule(unit=unit)).items


def shelves_of(things: list[Thing], *, vendor: bool = False) -> Shelves:
    """Return the quantities of published items, or of their vendors."""
    return shelves(
        (number, warehouse, whole(quantity, QUANTITY) or 0)
        for number, one in enumerate(things)
        for warehouse, quantity in (one.vendor if vendor else one.shelves).items()
    )


def price_rows_frame(things: list[Thing]) -> pd.DataFrame:
    """Return the rows of the price list as a frame."""
    names = ["price_type", "price_code", "uom", "warehouse", "promotion", "currency", "effective", "expiration", "tax"]
    rows = [
        {
            "inventory_id": one.inventory_id,
            "record_id": row.record_id,
            "break_quantity": whole(row.break_quantity, QUANTITY),
            "price": whole(row.price, PRICE),
            "is_foreign": row.currency not in (BASE_CURRENCY, ""),
            **{name: getattr(row, name) for name in names},
        }
        for one in things
        for row in one.prices
    ]
    kinds = {"record_id": "int64", "break_quantity": "int64", "price": "int64", "promotion": bool, "is_foreign": bool}
    frame = pd.DataFrame(rows, columns=["inventory_id", *names, *(one for one in kinds if one not in names)])
    return frame.astype(object).astype(kinds)


def by_source(values: Values, unit: int = QUANTITY) -> dict[tuple[str, str], Decimal]:
    """Return values by item and source, as decimals."""
    return {
        (key, source): Decimal(value) / unit
        for key, source, value in zip(values.inventory_ids, values.sources, values.values, strict=True)
    }
