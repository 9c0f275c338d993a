"""Stock and non-stock items: their SKU, status, class, units and prices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import compress, repeat
from operator import attrgetter
from typing import Any

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, Page
from connector.acumatica.records import (
    PRICE_DIGITS,
    WITHOUT_KEY,
    BadRecord,
    Flag,
    Number,
    Problem,
    RawNumber,
    Text,
    Value,
    possible_keys,
    scaled,
    scaled_column,
    scaled_text,
    units,
)
from connector.acumatica.session import AcumaticaSession
from connector.model.comparison import comparison_key, same_code
from connector.model.units import ItemUnits, Unit
from connector.records import Facts

MOST_UNITS = 2**40


@dataclass(frozen=True)
class ItemFields:
    """The fields that are read in addition to the usual ones.

    sku: `inventory_id`, `alternate:TYPE` or `field:NAME`. price_field: the field with a sales price, or empty.
    conversions: whether units of measure are needed. unit: the one in which Magento counts.
    """

    sku: str = "inventory_id"
    price_field: str = ""
    conversions: bool = False
    unit: Unit = "base"

    @property
    def is_sku_elsewhere(self) -> bool:
        """Whether the SKU is not the inventory id."""
        return bool(self.alternate_type or self.sku_field)

    @property
    def sku_field(self) -> str:
        """The field with the SKU, or empty."""
        return self.sku.removeprefix("field:") if self.sku.startswith("field:") else ""

    @property
    def alternate_type(self) -> str:
        """The type of the alternate id that is the SKU, or empty."""
        return self.sku.removeprefix("alternate:") if self.sku.startswith("alternate:") else ""


@dataclass(frozen=True)
class ItemPage:
    """One page: items by inventory id, `last_key`: where to continue (None: it was the last page), and the problems."""

    items: dict[str, Facts]
    last_key: str | None
    problems: list[Problem]


class _Conversion(msgspec.Struct, gc=False):
    FromUOM: Text = Text()
    ToUOM: Text = Text()
    ConversionFactor: Number = Number()
    MultiplyOrDivide: Text = Text()


class _CrossReference(msgspec.Struct, gc=False):
    AlternateID: Text = Text()
    AlternateType: Text = Text()
    UOM: Text = Text()


class _Record(msgspec.Struct, kw_only=True, gc=False):
    # tuples: every record shares the empty one, where a list would be made for each and Python look for cycles in it
    InventoryID: Text
    ItemStatus: Text = Text()
    ItemClass: Text = Text()
    ExportToExternal: Flag = Flag()
    DefaultPrice: RawNumber = RawNumber()
    UOMConversions: tuple[_Conversion, ...] = ()
    CrossReferences: tuple[_CrossReference, ...] = ()


class _StockItem(_Record, kw_only=True, gc=False):
    BaseUOM: Text = Text()
    SalesUOM: Text = Text()


class _NonStockItem(_Record, kw_only=True, gc=False):
    BaseUnit: Text = Text()
    SalesUnit: Text = Text()


_HEADER = ("InventoryID", "ItemStatus", "ItemClass", "ExportToExternal", "DefaultPrice")


@dataclass(frozen=True)
class _Kind:
    kind: str
    entity: str
    modified: str
    base: str
    sales: str
    record: type[_Record]


KINDS = {
    "stock": _Kind("stock", "StockItem", "LastModified", "BaseUOM", "SalesUOM", _StockItem),
    "non_stock": _Kind("non_stock", "NonStockItem", "LastModifiedDateTime", "BaseUnit", "SalesUnit", _NonStockItem),
}


async def item_pages(
    session: AcumaticaSession,
    kind: str,
    fields: ItemFields,
    *,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[ItemPage]:
    """Yield the items of a kind (`stock`, `non_stock`) that changed since a time, or all, in pages after a key."""
    of = KINDS[kind]
    async for found in pager.pages(session, _listed(of, fields), changed_since=changed_since, after=after):
        yield _page(found, of, fields)


async def items_with_keys(session: AcumaticaSession, kind: str, fields: ItemFields, keys: Sequence[str]) -> ItemPage:
    """Return the items of a kind with these inventory ids; missing ones are left out."""
    of = KINDS[kind]
    return _page(await pager.with_keys(session, _listed(of, fields), keys), of, fields)


async def item_units(
    session: AcumaticaSession, fields: ItemFields, inventory_ids: Sequence[str]
) -> dict[str, ItemUnits]:
    """Return SKU and units of these items, looked for first among stock items, then among non-stock items; missing ones
    are left out.
    """
    wanted = replace(fields, conversions=True, price_field="")
    found: dict[str, ItemUnits] = {}
    for of in KINDS.values():
        missing = [key for key in possible_keys(inventory_ids) if key not in found]
        spelled = {key.casefold(): key for key in missing}
        for record in (await pager.with_keys(session, _listed(of, wanted), missing)).records:
            key = (record.InventoryID.value or "").rstrip()
            found[spelled.get(key.casefold(), key)] = _item_units(record, key, of, wanted)
    return found


def _item_units(record: Any, key: str, of: _Kind, fields: ItemFields) -> ItemUnits:
    base, sales = getattr(record, of.base).value or "", getattr(record, of.sales).value or ""
    conversions = _conversions(record)
    names = {base, sales or base, *(name for row in conversions for name in row[:2])}
    ratios = {name: units(base, name, conversions) for name in sorted(names)}
    in_base = {name: str(ratio) for name, ratio in ratios.items() if ratio is not None}
    return ItemUnits(_sku(record, key, fields), base, sales or base, in_base)


@cache
def _listed(of: _Kind, fields: ItemFields) -> EntityList[Any]:
    named = [name for name in (fields.sku_field, fields.price_field) if name]
    own = tuple(name for name in named if "." not in name)
    custom = tuple(name for name in named if "." in name)
    details = ["UOMConversions"] if fields.conversions and of.kind == "stock" else []
    details += ["CrossReferences"] if fields.alternate_type else []
    return EntityList(
        name=of.entity,
        record=_with_fields(of.record, own, bool(custom)),
        key=("InventoryID",),
        select=(*_HEADER, of.base, of.sales, *own, *details),
        expand=tuple(details),
        custom=custom,
        modified=of.modified,
        archived=False,
        called="the item",
    )


@cache
def _with_fields(record: type[_Record], own: tuple[str, ...], custom: bool) -> Any:
    """Return the record with the fields that a setting names."""
    extra: list[Any] = [(name, dict[str, Any], {}) for name in own if name not in record.__struct_fields__]
    if custom:
        extra.append(("custom", dict[str, dict[str, Any]], {}))
    return msgspec.defstruct("Record", extra, bases=(record,), kw_only=True, gc=False) if extra else record


def _page(found: Page[Any], of: _Kind, fields: ItemFields) -> ItemPage:
    page = ItemPage({}, found.last, found.problems())
    records = found.records
    keys = [(one.InventoryID.value or "").rstrip() for one in records]
    if not all(keys):
        without = Problem(WITHOUT_KEY, "Unreadable record: an item has no InventoryID.")
        page.problems.extend(without for key in keys if not key)
        records = list(compress(records, keys))
        keys = list(filter(None, keys))
    try:
        page.items.update(zip(keys, _facts(keys, records, of, fields), strict=True))
    except BadRecord:
        for key, record in zip(keys, records, strict=True):
            try:
                page.items.update(zip((key,), _facts((key,), (record,), of, fields), strict=True))
            except BadRecord as error:
                page.problems.append(Problem(key, str(error)))
    return page


def _facts(keys: Sequence[str], records: Sequence[Any], of: _Kind, fields: ItemFields) -> list[Facts]:
    """Return the facts of each record. Raises `BadRecord` for any of them.

    They are made column by column, which is fastest.
    """
    bases = [one.value or "" for one in map(attrgetter(of.base), records)]
    sales = [one.value or base for one, base in zip(map(attrgetter(of.sales), records), bases, strict=True)]
    ratios: Iterable[Iterable[int | None]] = (repeat(1), repeat(1))
    if sales != bases:
        ratios = zip(*map(_ratio, bases, sales, records), strict=True)
    return list(
        map(
            Facts,
            repeat(of.kind),
            map(_sku, records, keys, repeat(fields)) if fields.is_sku_elsewhere else map(str.strip, keys),
            [one.ItemStatus.value or "" for one in records],
            [(one.ItemClass.value or "").rstrip() for one in records],
            [one.ExportToExternal.value is True for one in records],
            bases,
            sales,
            *ratios,
            _default_prices(records),
            map(_field_price, records, repeat(fields)) if fields.price_field else repeat(None),
            map(_others, records, repeat(fields)) if fields.alternate_type else repeat(()),
        )
    )


def _default_prices(records: Sequence[Any]) -> list[int] | list[int | None]:
    texts = [one.DefaultPrice.value for one in records]
    prices = scaled_column(texts, PRICE_DIGITS)
    if prices is not None:
        return prices
    return [scaled_text(bytes(one), PRICE_DIGITS, "Default Price") for one in texts]


def _field_price(record: Any, fields: ItemFields) -> int | None:
    value = _decimal(_field(record, fields.price_field), fields.price_field)
    return scaled(value, PRICE_DIGITS, fields.price_field)


def _ratio(base: str, sales: str, record: Any) -> tuple[int | None, int | None]:
    """Return the base units per sales unit, as numerator and denominator; None if unknown or too large to
    compute with.
    """
    ratio = units(base, sales, _conversions(record))
    if ratio is None or max(ratio.numerator, ratio.denominator) > MOST_UNITS:
        return None, None
    return ratio.numerator, ratio.denominator


def _conversions(record: Any) -> list[tuple[str, str, Decimal, str]]:
    return [
        (
            one.FromUOM.value or "",
            one.ToUOM.value or "",
            one.ConversionFactor.value or Decimal(0),
            one.MultiplyOrDivide.value or "",
        )
        for one in record.UOMConversions
    ]


def _sku(record: Any, key: str, fields: ItemFields) -> str | None:
    if fields.alternate_type:
        return next((sku for sku, _uom in _alternates(record, fields)), None)
    if fields.sku_field:
        value = _field(record, fields.sku_field)
        return str(value).strip() or None if value is not None else None
    return key.strip()


def _alternates(record: Any, fields: ItemFields) -> list[tuple[str, str]]:
    """Return the alternate ids of the chosen type with their units: first those of the unit in which Magento counts, or
    without a unit. An id of another unit must not get this unit's price and quantity while a matching one exists.
    """
    found = [
        (str(one.AlternateID.value).strip(), (one.UOM.value or "").strip())
        for one in record.CrossReferences
        if same_code(one.AlternateType.value or "", fields.alternate_type) and (one.AlternateID.value or "").strip()
    ]
    base, sales = _units_of(record)
    unit = sales if fields.unit == "sales" else base
    return sorted(found, key=lambda row: 0 if row[1] == unit else 1 if not row[1] else 2)


def _others(record: Any, fields: ItemFields) -> tuple[str, ...]:
    """Return the item's other SKUs, which are not sent, each with its unit if it has one."""
    rows = _alternates(record, fields)
    own = {comparison_key(sku) for sku, _uom in rows[:1]}
    return tuple(f"{sku} ({uom})" if uom else sku for sku, uom in rows if comparison_key(sku) not in own)


def _units_of(record: Any) -> tuple[str, str]:
    """Return the item's base and sales unit."""
    of = KINDS["stock" if isinstance(record, _StockItem) else "non_stock"]
    base, sales = getattr(record, of.base).value or "", getattr(record, of.sales).value or ""
    return base, sales or base


def _field(record: Any, name: str) -> Any:
    """Return the value of a field that a setting names, plain or `View.Field` of `$custom`."""
    if "." in name:
        view, _dot, field = name.partition(".")
        found = record.custom.get(view, {}).get(field)
    else:
        found = getattr(record, name)
    if isinstance(found, RawNumber):
        return msgspec.json.decode(found.value, type=Decimal | None)
    if found is None or isinstance(found, Value):
        return found.value if found is not None else None
    if not isinstance(found, dict):
        raise BadRecord(
            f"Unreadable record: {name} is {str(found)[:60]!r}, which is not a field. Correct it in Acumatica."
        )
    return found.get("value")


def _decimal(value: Any, name: str) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError as error:
        raise BadRecord(f"Unreadable record: {name} is {value!r}, which is not a number.") from error
