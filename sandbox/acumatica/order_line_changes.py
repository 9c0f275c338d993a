"""Lines of sales orders in a change: new and changed lines, their allocations, and where they are bought."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.acumatica import sums
from sandbox.acumatica.document_types import DROP_SHIP, PO_SOURCES, Order, OrderLine, Split
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import settable
from sandbox.acumatica.given import Given, day_of, item_of, known, quantity_of, site_of
from sandbox.acumatica.order_lines import LINE_PRESET
from sandbox.acumatica.values import MONEY_PLACES, PRICE_PLACES, QUANTITY_PLACES, plain, scaled

LINE_NAMES = (
    "line_nbr inventory_id quantity uom unit_price warehouse description operation discount_percent "
    "discount_amount free drop_ship po_source vendor completed allocated allocations fields remove"
)
RETURNS = ("RC", "CM", "CR")
VENDOR = "VENDOR01"


def changed_line(
    documents: Documents, order: Order, given: Given, site: Any, moment: datetime
) -> tuple[int | None, OrderLine | None]:
    """Return the number and the line; the number is None for a new line, the line is None for one to remove."""
    known(given, LINE_NAMES, "a line of an order")
    number = int(given["line_nbr"]) if given.get("line_nbr") is not None else None
    old = next((line for line in order.lines if line.number == number), None)
    if given.get("remove"):
        if old is None or sums.shipped(order, old):
            raise ValueError(f"The line {number} is not there or already shipped.")
        return number, None
    if old is None:
        return number, _new_line(documents, order, given, site, moment)
    return number, _assigned(documents, replace(old, modified=moment), given)


def _new_line(documents: Documents, order: Order, given: Given, site: Any, moment: datetime) -> OrderLine:
    state, item = documents.state, item_of(documents.state, given)
    place = site_of(state, given.get("warehouse") or (site.code if site is not None else "MAIN"))
    line = OrderLine(
        number=0,
        item=item,
        quantity4=quantity_of(given),
        uom=str(given.get("uom") or item.sales_uom),
        price6=item.price6,
        site=place if item.stock else None,
        note_id=state.guid(),
        description=item.description,
        modified=moment,
        operation="Receipt" if order.type in RETURNS else "Issue",
    )
    if "unit_price" not in given:
        line.price6 = sums.ratio(item.price6, sums.base_quantity(item, 10_000, line.uom), 10_000)
    return _assigned(documents, line, given)


def _assigned(documents: Documents, line: OrderLine, given: Given) -> OrderLine:
    for name, field in (("quantity", "quantity4"), ("discount_amount", "discount4")):
        if name in given:
            setattr(line, field, scaled(given[name], MONEY_PLACES, name))
    for name, field in (("unit_price", "price6"), ("discount_percent", "discount6")):
        if name in given:
            setattr(line, field, scaled(given[name], PRICE_PLACES, name))
    for name in ("uom", "description", "operation", "vendor"):
        if name in given:
            setattr(line, name, str(given[name]))
    for name in ("free", "completed"):
        if name in given:
            setattr(line, name, bool(given[name]))
    if "drop_ship" in given or "po_source" in given:
        line.po_source = _po_source(given)
    if "warehouse" in given and line.item.stock:
        line.site = site_of(documents.state, given["warehouse"])
    if "fields" in given:
        line.extra = line.extra | settable(LINE_PRESET, dict(given["fields"]), "a line of an order")
    line.vendor = line.vendor or (VENDOR if line.drop_ship else "")
    sums.base_quantity(line.item, line.quantity4, line.uom)
    if any(name in given for name in ("allocations", "allocated", "quantity")) or not line.splits:
        rows = given.get("allocations") or _allocated_rows(line, given.get("allocated"))
        line.splits = _splits(documents, line, rows)
    return line


def _po_source(given: Given) -> str:
    source = str(given.get("po_source") or (DROP_SHIP if given.get("drop_ship") else ""))
    if source not in ("", *PO_SOURCES):
        raise ValueError(f"po_source {source!r} is none of {', '.join(PO_SOURCES)}.")
    return source


def _allocated_rows(line: OrderLine, given: Any) -> list[Given]:
    """Return the rows of a line with this quantity allocated; without a quantity the allocation stays unchanged."""
    kept = sum(split.quantity4 for split in line.splits if split.allocated and split.item is line.item)
    if given is not None:
        kept = scaled(given, QUANTITY_PLACES, "allocated")
        if not 0 <= kept <= max(line.quantity4, 0):
            raise ValueError(f"allocated {given!r} is not between 0 and the line's quantity.")
    kept = max(min(kept, line.quantity4), 0)
    parts = ((kept, True), (line.quantity4 - kept, False))
    rows: list[Given] = [{"quantity": plain(part, QUANTITY_PLACES), "allocated": held} for part, held in parts if part]
    return rows or [{"quantity": "0"}]


def _splits(documents: Documents, line: OrderLine, rows: Any) -> list[Split]:
    return [
        Split(
            place,
            item_of(documents.state, one) if "inventory_id" in one else line.item,
            quantity_of(one),
            str(one.get("uom") or line.uom),
            "",
            str(one.get("lot") or ""),
            day_of(one, "expiration"),
            bool(one.get("allocated", one.get("lot"))),
        )
        for place, one in enumerate(rows, start=1)
    ]


def put_line(order: Order, number: int | None, line: OrderLine | None) -> None:
    """Store a line under its number. The line that it replaces keeps its identity, because shipments refer to it."""
    old = next((one for one in order.lines if one.number == number), None)
    if line is None:
        order.lines = [one for one in order.lines if one is not old]
    elif old is not None:
        for name in OrderLine.__slots__:
            setattr(old, name, getattr(line, name))
    else:
        line.number = number or max((one.number for one in order.lines), default=0) + 1
        order.lines = sorted([*order.lines, line], key=lambda one: one.number)
