"""The inquiries of the endpoint: PUT with parameters, and one record as the answer with the rows in an expanded
collection.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from sandbox.acumatica.allocations import allocation_rows, allocation_totals
from sandbox.acumatica.item_types import Item, SalesPrice, Stock
from sandbox.acumatica.records import ENDPOINT, random_guid, wrapped
from sandbox.acumatica.state import BRANCHES, CURRENCY, LOCATION, UNASSIGNED, State
from sandbox.acumatica.stock_items import COMPUTED_ZERO
from sandbox.acumatica.values import Value, collate, midnight, parse_moment, price, quantity

Row = dict[str, Value]
GENERIC_ROWS = "PX.Data.PXGenericInqGrph/Results"
PRICE_ROWS = "PX.Objects.AR.ARSalesPriceMaint/Records"
ALL_PRICES = "All Prices"
COMPANY = ("COMPANY", "Sandbox Company", "With Branches Not Requiring Balancing")


class Problem(Exception):
    """A parameter that the form refuses: its name and the form's message."""

    def __init__(self, name: str, text: str) -> None:
        """Create it from the parameter's name and the message."""
        super().__init__(text)
        self.name = name
        self.text = text


class Found(NamedTuple):
    """A result row, its names in alphabetical order. With `note_id` it is a permanent record, which has a note and a
    link.
    """

    row: Row
    note_id: str = ""
    graph: str = ""


@dataclass(frozen=True)
class Inquiry:
    """An inquiry: parameters with their presets, the collection of rows, and the view that cannot be listed."""

    name: str
    parameters: Mapping[str, Value]
    collection: str
    run: Callable[[State, Mapping[str, Value], tzinfo], Iterable[Found]]
    view: str = "Results"
    dates: tuple[str, ...] = ()
    totals: Callable[[State, Mapping[str, Value]], Row] | None = None


def answer(inquiry: Inquiry, state: State, body: Mapping[str, Any], expand: str, zone: tzinfo) -> dict[str, Any]:
    """Return the record for the body of the PUT and `$expand`. Names that are not parameters are ignored, as by the
    real system.
    """
    values = parameters(inquiry, body, zone)
    for name, check in CHECKS.items():
        if name in values:
            check(state, values)
    record: dict[str, Any] = {name: wrapped(value, zone) for name, value in values.items()}
    if inquiry.totals is not None:
        record |= {name: wrapped(value, zone) for name, value in inquiry.totals(state, values).items()}
    rows = inquiry.run(state, values, zone)
    if inquiry.collection in [name.strip() for name in expand.split(",")]:
        record[inquiry.collection] = [_written(found, number, zone) for number, found in enumerate(rows, start=1)]
    ordered = {name: record[name] for name in sorted(record, key=str.casefold)}
    return {"id": random_guid(), "rowNumber": 1, "note": None, **ordered, "custom": {}}


def parameters(inquiry: Inquiry, body: Mapping[str, Any], zone: tzinfo) -> dict[str, Value]:
    """Return the value of every parameter from the body of the PUT, or its preset."""
    given = {name: _given(body.get(name), name in inquiry.dates, zone) for name in inquiry.parameters}
    return {name: preset if given[name] in (None, "") else given[name] for name, preset in inquiry.parameters.items()}


def refused(inquiry: Inquiry, body: Mapping[str, Any], problem: Problem, zone: tzinfo) -> dict[str, Any]:
    """Return the record for a refused parameter, with `error` on it and on the field: the body of a 422."""
    record: dict[str, Any] = {"id": random_guid(), "rowNumber": 1, "note": None}
    record["error"] = f"Updating '{inquiry.name}' record raised at least one error. Please review the errors."
    for name, value in parameters(inquiry, body, zone).items():
        record[name] = wrapped(value, zone) | ({"error": problem.text} if name == problem.name else {})
    return record | {"custom": {}}


def _given(field: Any, date: bool, zone: tzinfo) -> Value:
    value: Value = field.get("value") if isinstance(field, dict) else None
    return parse_moment(value, zone) if date and isinstance(value, str) else value


def _written(found: Found, number: int, zone: tzinfo) -> dict[str, Any]:
    lasting = bool(found.note_id)
    record: dict[str, Any] = {
        "id": found.note_id or random_guid(),
        "rowNumber": number,
        "note": {"value": ""} if lasting else None,
    }
    for name, value in found.row.items():
        record[name] = wrapped(value, zone)
    record["custom"] = {}
    if found.graph:
        record["_links"] = {"files:put": f"{ENDPOINT}/files/{found.graph}/{found.note_id}/{{filename}}"}
    return record


def _item(state: State, values: Mapping[str, Value]) -> Item | None:
    code = values["InventoryID"]
    if code is None:
        return None
    item = state.item(str(code))
    if item is None:
        raise Problem("InventoryID", f"Inventory ID '{code}' cannot be found in the system.")
    return item


def _warehouse(state: State, values: Mapping[str, Value]) -> str | None:
    code = values["WarehouseID"]
    if code is None:
        return None
    found = state.sites.get(str(code).strip().upper())
    if found is None:
        raise Problem("WarehouseID", f"Warehouse '{code}' cannot be found in the system.")
    return found.code


CHECKS: dict[str, Callable[[State, Mapping[str, Value]], object]] = {"InventoryID": _item, "WarehouseID": _warehouse}


def locations(row: Stock) -> list[tuple[str, int, int, int]]:
    """Return location, on hand, available and available for shipping of each location of a stock row.

    Demand or supply without a location is at `<UNASSIGNED>` with nothing on hand.
    """
    found = [(LOCATION, row.on_hand, row.shipping, row.shipping)]
    if row.available != row.shipping:
        found.insert(0, (UNASSIGNED, 0, row.available - row.shipping, 0))
    return found


def _summary(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    item, warehouse = _item(state, values), _warehouse(state, values)
    for row in state.stock_of(item) if item is not None else ():
        if warehouse not in (None, row.site.code):
            continue
        for location, on_hand, available, shipping in locations(row):
            if values["LocationID"] not in (None, location):
                continue
            yield Found(
                {
                    "BaseUOM": row.item.base_uom,
                    "EstimatedTotalCost": COMPUTED_ZERO,
                    "EstimatedUnitCost": COMPUTED_ZERO,
                    "ExpirationDate": None,
                    "LocationID": location,
                    "LotSerialNbr": None,
                    "QtyAvailable": quantity(available),
                    "QtyAvailableForShipment": quantity(shipping),
                    "QtyNotAvailable": COMPUTED_ZERO,
                    "QtyOnHand": quantity(on_hand),
                    "WarehouseID": row.site.code,
                }
            )


def _asked_stock(state: State, values: Mapping[str, Value]) -> list[Stock]:
    item, warehouse = _item(state, values), _warehouse(state, values)
    return [row for row in state.stock_of(item) if warehouse in (None, row.site.code)] if item is not None else []


def _allocation_totals(state: State, values: Mapping[str, Value]) -> Row:
    item = _item(state, values)
    return allocation_totals(_asked_stock(state, values)) | {"BaseUnit": item.base_uom if item is not None else None}


def _allocations(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    for row in allocation_rows(_asked_stock(state, values)):
        yield Found(row)


def _stock_rows(state: State, values: Mapping[str, Value]) -> Iterable[Stock]:
    warehouse = _warehouse(state, values)
    for item in state.items():
        for row in state.stock_of(item) if item.stock else ():
            if warehouse in (None, row.site.code):
                yield row


def _storage(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    for row in _stock_rows(state, values):
        yield Found(
            {
                "InventoryID": row.item.inventory_id,
                "LastModifiedDateofWarehouseQty": row.modified,
                "QtyAvailable": quantity(row.available),
                "QtyAvailableforIssue": quantity(row.on_hand - row.shipped),
                "QtyHardAvailable": quantity(row.shipping),
                "QtyOnHand": quantity(row.on_hand),
                "WarehouseID": row.site.code,
            }
        )


def _storage_by_location(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    for row in _stock_rows(state, values):
        for location, on_hand, available, shipping in locations(row):
            yield Found(
                {
                    "InventoryID": row.item.inventory_id,
                    "LastModifiedDateofLocationQty": row.modified,
                    "LastModifiedDateofWarehouseQty": row.modified,
                    "LocationID": location,
                    "QtyAvailableforIssueinLocation": quantity(on_hand),
                    "QtyAvailableforIssueinWarehouse": quantity(row.on_hand - row.shipped),
                    "QtyAvailableforShippinginLocation": quantity(shipping),
                    "QtyAvailableforShippinginWarehouse": quantity(row.shipping),
                    "QtyAvailableinLocation": quantity(available),
                    "QtyAvailableinWarehouse": quantity(row.available),
                    "QtyOnHandinLocation": quantity(on_hand),
                    "QtyOnHandinWarehouse": quantity(row.on_hand),
                    "WarehouseID": row.site.code,
                }
            )


def _quantity_available(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    asked, since = _item(state, values), values["LastModifiedDateTime"]
    for item in [asked] if asked is not None else state.items():
        rows = [row for row in state.stock_of(item) if not row.site.transit]
        if not rows:
            continue
        latest = max(row.modified for row in rows)
        if isinstance(since, datetime) and latest < since:
            continue
        midnight = latest.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        yield Found(
            {
                "InventoryID": item.inventory_id,
                "LastModifiedDateTime": midnight,
                "QtyAvailable": quantity(sum(row.available for row in rows)),
            }
        )


def _sales_prices(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    item, moment = _item(state, values), values["EffectiveAsOf"]
    day = moment.astimezone(zone).date() if isinstance(moment, datetime) else None
    for row in sorted(state.price_rows(), key=lambda one: (one.item.key, one.record_id)):
        if (item is None or row.item is item) and _price_fits(row, values) and _in_force(row, day):
            yield Found(_price_row(row, zone), row.note_id, PRICE_ROWS)


def _price_fits(row: SalesPrice, values: Mapping[str, Value]) -> bool:
    texts = {
        "PriceType": row.price_type,
        "PriceCode": row.price_code,
        "ItemClassID": row.item.item_class.code,
        "PriceClass": str(row.item.extra.get("PriceClass", "")),
    }
    return all(
        values[name] in (None, ALL_PRICES) or collate(str(values[name])) == collate(text)
        for name, text in texts.items()
    )


def _in_force(row: SalesPrice, day: date | None) -> bool:
    if day is None:
        return True
    return (row.effective is None or row.effective <= day) and (row.expiration is None or row.expiration >= day)


def _price_row(row: SalesPrice, zone: tzinfo) -> Row:
    return {
        "BreakQty": quantity(row.break4),
        "CreatedDateTime": row.created,
        "CurrencyID": row.currency,
        "Description": row.item.description,
        "EffectiveDate": midnight(row.effective, zone),
        "ExpirationDate": midnight(row.expiration, zone),
        "InventoryID": row.item.inventory_id,
        "LastModifiedDateTime": row.modified,
        "NoteID": row.note_id,
        "Price": price(row.price6),
        "PriceCode": row.price_code,
        "PriceType": row.price_type,
        "Promotion": row.promotion,
        "RecordID": row.record_id,
        "Tax": None,
        "TaxCalculationMode": row.tax_mode,
        "UOM": row.uom,
        "Warehouse": row.site.code if row.site is not None else None,
    }


def _companies(state: State, values: Mapping[str, Value], zone: tzinfo) -> Iterable[Found]:
    shared = state.branches[BRANCHES[0][0]].note_id
    for branch in state.branches.values():
        row: Row = {
            "BaseCurrencyID": CURRENCY,
            "BranchCountry": "US",
            "BranchID": branch.code,
            "BranchName": branch.name,
            "BranchStatus": True,
            "CompanyID": COMPANY[0],
            "CompanyName": COMPANY[1],
            "CompanyStatus": True,
            "CompanyType": COMPANY[2],
        }
        yield Found(row, shared, GENERIC_ROWS)


INQUIRIES = {
    one.name: one
    for one in (
        Inquiry(
            "InventorySummaryInquiry",
            dict.fromkeys(("InventoryID", "LocationID", "WarehouseID")),
            "Results",
            _summary,
            "ISERecords",
        ),
        Inquiry(
            "InventoryAllocationInquiry",
            dict.fromkeys(("InventoryID", "Location", "WarehouseID")),
            "Results",
            _allocations,
            "ResultRecords",
            totals=_allocation_totals,
        ),
        Inquiry("StorageDetailsInquiry", {"WarehouseID": None}, "StorageDetails", _storage),
        Inquiry(
            "StorageDetailsByLocationInquiry",
            {"SplitByLocation": False, "WarehouseID": None},
            "StorageDetailsByLocation",
            _storage_by_location,
        ),
        Inquiry(
            "InventoryQuantityAvailable",
            dict.fromkeys(("InventoryID", "LastModifiedDateTime")),
            "Results",
            _quantity_available,
            dates=("LastModifiedDateTime",),
        ),
        Inquiry(
            "SalesPricesInquiry",
            dict.fromkeys(("EffectiveAsOf", "InventoryID", "ItemClassID", "PriceClass", "PriceCode", "PriceManager"))
            | {"PriceManagerIsMe": False, "PriceType": ALL_PRICES, "PriceWorkgroup": None}
            | {"PriceWorkgroupIsMine": False, "TaxCalculationMode": None},
            "SalesPriceDetails",
            _sales_prices,
            "Records",
            ("EffectiveAsOf",),
        ),
        Inquiry("CompaniesStructure", {}, "Results", _companies),
    )
}
