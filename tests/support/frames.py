"""Things of the naive oracle as the frames that the rules take."""

from decimal import Decimal

import pandas as pd
from oracle.naive import BASE_CURRENCY, Thing

from entities.item_rule import ItemRule
from entities.values import items

QUANTITY, PRICE = 10_000, 1_000_000


def whole(value: Decimal | None, unit: int) -> int | None:
    return None if value is None else int(value * unit)


def items_frame(things: list[Thing]) -> pd.DataFrame:
    """The ITEMS frame."""
    units = [thing.base_per_sales or (None, None) for thing in things]
    return pd.DataFrame(
        {
            "inventory_id": pd.Series([one.inventory_id for one in things], dtype=object),
            "kind": pd.Series(["stock" for _ in things], dtype=object),
            "sku": pd.Series([one.inventory_id for one in things], dtype=object),
            "status": pd.Series([one.status for one in things], dtype=object),
            "item_class": pd.Series([one.item_class for one in things], dtype=object),
            "exported": pd.Series([one.exported for one in things], dtype=bool),
            "base_uom": pd.Series([one.base_uom for one in things], dtype=object),
            "sales_uom": pd.Series([one.sales_uom for one in things], dtype=object),
            "unit_numerator": pd.Series([n for n, _d in units], dtype="Int64"),
            "unit_denominator": pd.Series([d for _n, d in units], dtype="Int64"),
            "default_price": pd.Series([whole(one.default_price, PRICE) for one in things], dtype="Int64"),
            "field_price": pd.Series([None for _ in things], dtype="Int64"),
        }
    )


def published(things: list[Thing], unit: str = "base") -> pd.DataFrame:
    """The items that go to Magento, all of them."""
    return items.published(items_frame(things), ItemRule(unit=unit)).items


def shelves_frame(things: list[Thing], *, vendor: bool = False) -> pd.DataFrame:
    """The QUANTITIES frame."""
    rows = [
        (one.inventory_id, warehouse, whole(quantity, QUANTITY))
        for one in things
        for warehouse, quantity in (one.vendor if vendor else one.shelves).items()
    ]
    frame = pd.DataFrame(rows, columns=["inventory_id", "warehouse", "quantity"])
    return frame.astype({"inventory_id": object, "warehouse": object, "quantity": "int64"})


def price_rows_frame(things: list[Thing]) -> pd.DataFrame:
    """The PRICE ROWS frame."""
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


def by_source(values: pd.DataFrame, unit: int = QUANTITY) -> dict[tuple[str, str], Decimal]:
    """Values by item and source, as decimals."""
    return {
        (key, source): Decimal(value) / unit
        for key, source, value in zip(values["inventory_id"], values["source"], values["value"], strict=True)
    }
