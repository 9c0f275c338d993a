"""The entities StockItem and NonStockItem: their fields over an item, their detail parts."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sandbox.acumatica.item_types import Item, Stock
from sandbox.acumatica.records import Entity, Part
from sandbox.acumatica.state import State
from sandbox.acumatica.tables import Field, Table, fields
from sandbox.acumatica.values import Value, price, quantity

COMPUTED_ZERO = Decimal("0.0")
GRAPH = "PX.Objects.IN.InventoryItemMaint"
NON_STOCK_GRAPH = "PX.Objects.IN.NonStockItemMaint"
STORE_DEFAULT = "Store Default"
HELD: dict[str, tuple[str, Callable[[Any], Value]]] = {
    "CurySpecificPrice": ("Decimal", lambda item: price(item.price6)),
    "DefaultPrice": ("Decimal", lambda item: price(item.price6)),
    "Description": ("String", lambda item: item.description),
    "ExportToExternal": ("Boolean", lambda item: item.exported),
    "InventoryID": ("String", lambda item: item.inventory_id),
    "ItemClass": ("String", lambda item: item.item_class.code),
    "ItemStatus": ("String", lambda item: item.status),
    "LastModifiedDateTime": ("DateTimeOffset", lambda item: item.modified),
    "NoteID": ("Guid", lambda item: item.note_id),
}
STOCK_HELD: dict[str, tuple[str, Callable[[Any], Value]]] = {
    "BaseUOM": ("String", lambda item: item.base_uom),
    "LastModified": ("DateTimeOffset", lambda item: item.modified),
    "PurchaseUOM": ("String", lambda item: item.purchase_uom),
    "SalesUOM": ("String", lambda item: item.sales_uom),
}
NON_STOCK_HELD: dict[str, tuple[str, Callable[[Any], Value]]] = {
    "BaseUnit": ("String", lambda item: item.base_uom),
    "PurchaseUnit": ("String", lambda item: item.purchase_uom),
    "SalesUnit": ("String", lambda item: item.sales_uom),
}
ZEROS = [
    "AverageCost",
    "CurrentStdCost",
    "CurySpecificMSRP",
    "DimensionVolume",
    "DimensionWeight",
    "LastCost",
    "LastStdCost",
    "Markup",
    "MaxCost",
    "MinCost",
    "MinMarkup",
    "MSRP",
    "PendingStdCost",
]
NON_STOCK_ZEROS = [
    "CurrentCost",
    "CurrentStdCost",
    "CurySpecificMSRP",
    "DimensionWeight",
    "LastCost",
    "MSRP",
    "PendingCost",
    "Volume",
    "Weight",
]
PRESET: dict[str, str] = {
    "ABCCode": "",
    "AutoIncrementalValue": "",
    "Availability": STORE_DEFAULT,
    "COGSAccount": "50000",
    "Content": "",
    "CountryOfOrigin": "",
    "CustomURL": "",
    "DefaultIssueLocationID": "",
    "DefaultReceiptLocationID": "R1",
    "DefaultWarehouseID": "MAIN",
    "DiscountAccount": "",
    "DiscountSubaccount": "",
    "ImageUrl": "",
    "InventoryAccount": "12100",
    "ItemType": "Finished Good",
    "LandedCostVarianceAccount": "52400",
    "MetaDescription": "",
    "MetaKeywords": "",
    "NotAvailable": STORE_DEFAULT,
    "PageTitle": "",
    "POAccrualAccount": "20100",
    "PostingClass": "AOL",
    "PriceClass": "",
    "PriceManager": "",
    "PriceWorkgroup": "",
    "ProductManager": "",
    "ProductWorkgroup": "",
    "PurchasePriceVarianceAccount": "52300",
    "SalesAccount": "40000",
    "SearchKeywords": "",
    "StandardCostRevaluationAccount": "52110",
    "StandardCostVarianceAccount": "52100",
    "TariffCode": "",
    "TaxCategory": "EXEMPT",
    "TemplateItemID": "",
    "ValuationMethod": "Average",
    "Visibility": STORE_DEFAULT,
    "VolumeUOM": "",
    "WeightUOM": "",
}
NON_STOCK_PRESET: dict[str, str] = {
    "Availability": STORE_DEFAULT,
    "Content": "",
    "CustomURL": "",
    "ExpenseAccount": "61000",
    "ExpenseAccrualAccount": "20100",
    "ItemType": "Non-Stock Item",
    "MetaDescription": "",
    "MetaKeywords": "",
    "PageTitle": "",
    "POAccrualAccount": "20100",
    "PostingClass": "NONSTOCK",
    "PriceClass": "",
    "PurchasePriceVarianceAccount": "52300",
    "SalesAccount": "40000",
    "SearchKeywords": "",
    "TaxCategory": "EXEMPT",
    "TemplateItemID": "",
    "Visibility": STORE_DEFAULT,
    "VolumeUOM": "",
    "WeightUOM": "",
}
SWITCHES = ("IsKit", "RequireReceipt", "RequireShipment")


def _extra(name: str, preset: Value) -> Callable[[Any], Value]:
    def read(item: Any) -> Value:
        value: Value = item.extra.get(name, preset)
        return value

    return read


def _item_fields(
    held: dict[str, tuple[str, Callable[[Any], Value]]], zeros: Iterable[str], preset: dict[str, str]
) -> dict[str, Field]:
    found = [Field(name, kind, get) for name, (kind, get) in (HELD | held).items()]
    found += [Field(name, "Decimal", _extra(name, COMPUTED_ZERO)) for name in zeros]
    found += [Field(name, "String", _extra(name, value)) for name, value in preset.items()]
    return fields(*found)


STOCK_ITEM_FIELDS = _item_fields(STOCK_HELD, ZEROS, PRESET)
NON_STOCK_ITEM_FIELDS = _item_fields(NON_STOCK_HELD, NON_STOCK_ZEROS, NON_STOCK_PRESET) | fields(
    *(Field(name, "Boolean", _extra(name, False)) for name in SWITCHES)
)
SETTABLE = (
    dict.fromkeys([*ZEROS, *NON_STOCK_ZEROS], "Decimal")
    | dict.fromkeys([*PRESET, *NON_STOCK_PRESET], "String")
    | dict.fromkeys(SWITCHES, "Boolean")
)


def entry(name: str, kind: str = "String") -> Field:
    """Return a field over rows that are dictionaries."""
    return Field(name, kind, lambda row: row.get(name))


def _text_fields(names: str) -> dict[str, Field]:
    return fields(*(entry(name) for name in names.split()))


CROSS_REFERENCE = _text_fields("AlternateID AlternateType Description UOM VendorOrCustomer")
CONVERSION = _text_fields("FromUOM MultiplyOrDivide ToUOM") | fields(entry("ConversionFactor", "Decimal"))
ATTRIBUTE = _text_fields("AttributeDescription AttributeID Value ValueDescription") | fields(
    entry("RefNoteID", "Guid"), entry("Required", "Boolean"), entry("IsActive", "Boolean")
)
BOX = _text_fields("BoxID Description UOM") | fields(
    *(entry(name, "Decimal") for name in ("MaxQty", "MaxVolume", "MaxWeight", "Qty"))
)
VENDOR_DETAIL = _text_fields("CurrencyID Location PurchaseUnit VendorID VendorName Warehouse")
FILE_URL = _text_fields("FileURL FileType")
EMPTY_DETAILS = [
    "InventoryAccount",
    "PreferredVendor",
    "ProductManager",
    "ProductWorkgroup",
    "ReplenishmentWarehouse",
    "Seasonality",
]
NO_FORECAST = {
    **dict.fromkeys(("DailyDemandForecast", "DailyDemandForecastErrorSTDEV", "ServiceLevel"), "Decimal"),
    "LastForecastDate": "DateTimeOffset",
}
NO_DETAILS = [
    "Override",
    "OverridePreferredVendor",
    "OverrideReplenishmentSettings",
    "OverrideStdCost",
    "PriceOverride",
]
WAREHOUSE_DETAIL = fields(
    *(Field(name, "String", lambda row: None) for name in EMPTY_DETAILS),
    *(Field(name, kind, lambda row: None) for name, kind in NO_FORECAST.items()),
    *(Field(name, "Boolean", lambda row: False) for name in NO_DETAILS),
    Field("IsDefault", "Boolean", lambda row: row.site.code == row.item.extra.get("DefaultWarehouseID", "MAIN")),
    Field("QtyOnHand", "Decimal", lambda row: quantity(row.on_hand)),
    Field("ReplenishmentSource", "String", lambda row: "None"),
    Field("Status", "String", lambda row: "Active"),
    Field("WarehouseID", "String", lambda row: row.site.code),
)


def _nothing(item: Item) -> Sequence[dict[str, Value]]:
    return ()


def _stock_row_id(row: Stock) -> str:
    return str(uuid5(NAMESPACE_OID, f"{row.item.note_id}/{row.site.code}"))


def attribute_id(row: dict[str, Value]) -> str:
    """Return the permanent id of an attribute's row."""
    return str(uuid5(NAMESPACE_OID, f"{row.get('RefNoteID')}/{row.get('AttributeID')}"))


def _attributes(item: Item) -> list[dict[str, Value]]:
    return [{"RefNoteID": item.note_id, "Required": False, **row} for row in item.attributes]


def _shared_parts() -> dict[str, Part]:
    return {
        "Attributes": Part(ATTRIBUTE, _attributes, "Answers", attribute_id),
        "Categories": Part(fields(entry("CategoryID", "Int32")), _nothing, "Category"),
        "CrossReferences": Part(CROSS_REFERENCE, lambda item: item.cross_references, "itemxrefrecords"),
        "UOMConversions": Part(CONVERSION, lambda item: item.conversions, "itemunits"),
        "VendorDetails": Part(VENDOR_DETAIL, _nothing, "VendorItems"),
    }


def _table(state: State, name: str, every: dict[str, Field], stock: bool) -> Table:
    rows = state.remembered(lambda: [item for item in state.items() if item.stock is stock])
    lead = state.remembered(lambda: [item.key for item in rows()])

    def custom(path: str) -> Callable[[Any], Value]:
        return lambda item: item.custom.get(path)

    return Table(name, name, ("InventoryID",), every, rows, lead, custom=custom)


def stock_item(state: State) -> Entity:
    """Return the entity StockItem over them."""
    parts = _shared_parts() | {
        "Boxes": Part(BOX, _nothing, "Boxes"),
        "FileURLs": Part(FILE_URL, _nothing, "InventoryFileUrls"),
        "WarehouseDetails": Part(WAREHOUSE_DETAIL, state.stock_of, "itemsiterecords", _stock_row_id),
    }
    table = _table(state, "StockItem", STOCK_ITEM_FIELDS, True)
    form = ("Stock Items", "IN202500")
    return Entity("StockItem", table, GRAPH, "Item", _note_id, parts, _is_fresh, _finder(state, True), form=form)


def non_stock_item(state: State) -> Entity:
    """Return the entity NonStockItem over them."""
    parts = _shared_parts()
    del parts["UOMConversions"]
    parts["VendorDetails"] = Part(_text_fields("VendorID VendorName"), _nothing, "VendorItems")
    table = _table(state, "NonStockItem", NON_STOCK_ITEM_FIELDS, False)
    form = ("Non-Stock Items", "IN202000")
    find = _finder(state, False)
    return Entity("NonStockItem", table, NON_STOCK_GRAPH, "Item", _note_id, parts, _is_fresh, find, form=form)


def _finder(state: State, stock: bool) -> Callable[[str], Iterable[Item]]:
    def find(key: str) -> list[Item]:
        several = (state.item(key), state.item_by_note(key))
        return [item for item in several if item is not None and item.stock is stock]

    return find


def _note_id(item: Item) -> str:
    return item.note_id


def _is_fresh(item: Item) -> bool:
    return item.fresh
