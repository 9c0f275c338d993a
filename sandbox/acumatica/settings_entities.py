"""The small entities of the endpoint: warehouses, item classes, price classes, ship via codes and their like."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sandbox.acumatica.forms import Row, kind_of
from sandbox.acumatica.records import Entity, Part
from sandbox.acumatica.state import LOCATION, State
from sandbox.acumatica.stock_items import entry
from sandbox.acumatica.tables import Table, fields
from sandbox.acumatica.values import collate

SITE_ACCOUNTS = [
    "COGSExpenseAccount",
    "DiscountAccount",
    "FreightChargeAccount",
    "InventoryAccount",
    "LandedCostVarianceAccount",
    "MiscChargeAccount",
    "POAccrualAccount",
    "PurchasePriceVarianceAccount",
    "SalesAccount",
    "StandardCostRevaluationAccount",
    "StandardCostVarianceAccount",
]
LOCATION_FIELDS = fields(
    entry("LocationID"),
    entry("Description"),
    *(
        entry(name, "Boolean")
        for name in ("Active", "AssemblyAllowed", "ReceiptsAllowed", "SalesAllowed", "TransfersAllowed")
    ),
    entry("PickPriority", "Int16"),
)
SHIP_VIAS = (("GROUND", "Ground delivery", True), ("LOCAL", "Own lorry", False), ("PICKUP", "Picked up", False))
UNITS = (("EA", "Each"), ("BOX", "Box"), ("PIECE", "Piece"), ("HOUR", "Hour"))
PAYMENT_METHODS = (("CHECK", "Check", "Cash/Check"), ("ONLINE", "Online payment", "Credit Card"))
CATEGORIES = ((1, "Web shop", 0, "/Web shop"), (2, "Spare parts", 1, "/Web shop/Spare parts"))


def _entity(
    name: str,
    sample: Row,
    rows: Callable[[], Sequence[Row]],
    graph: str,
    parts: dict[str, Part] | None = None,
) -> Entity:
    key = next(iter(sample))
    columns = fields(*(entry(one, kind_of(value, one)) for one, value in sample.items() if one != "id"))

    def lead() -> list[Any]:
        return [collate(value) if isinstance(value := row[key], str) else value for row in rows()]

    table = Table(name, name, (key,), columns, rows, lead)
    return Entity(name, table, graph, name, lambda row: str(row["id"]), parts or {})


def _site_rows(state: State) -> list[Row]:
    sites = sorted((site for site in state.sites.values() if not site.transit), key=lambda site: collate(site.code))
    return [
        {
            "WarehouseID": site.code,
            "Active": True,
            "Description": site.description,
            "DropShipLocationID": "",
            "LastModifiedDateTime": site.modified,
            "NonStockPickingLocationID": "",
            "OverrideInventoryAccountSubaccount": False,
            "ReceivingLocationID": LOCATION,
            "RMALocationID": LOCATION,
            "ShippingLocationID": LOCATION,
            "UseItemDefaultLocationForPicking": False,
            **dict.fromkeys(SITE_ACCOUNTS, ""),
            "id": site.note_id,
        }
        for site in sites
    ]


def _locations(row: Row) -> Iterable[Row]:
    yield {
        "LocationID": LOCATION,
        "Description": "Rack 1",
        "Active": True,
        "AssemblyAllowed": True,
        "ReceiptsAllowed": True,
        "SalesAllowed": True,
        "TransfersAllowed": True,
        "PickPriority": 1,
    }


def _class_rows(state: State) -> list[Row]:
    return [
        {
            "ClassID": one.code,
            "AvailabilityCalculationRule": one.rule.code,
            "BaseUOM": "EA",
            "CountryOfOrigin": "",
            "DefaultWarehouseID": "MAIN",
            "Description": f"Item class {one.code}",
            "ItemType": "Finished Good",
            "LastModifiedDateTime": one.modified,
            "LotSerialClass": "",
            "PostingClass": "AOL",
            "PriceClass": "",
            "PurchaseUOM": "EA",
            "SalesUOM": "EA",
            "StockItem": True,
            "TariffCode": "",
            "TaxCategoryID": "EXEMPT",
            "ValuationMethod": "Average",
            "id": one.note_id,
        }
        for _, one in sorted(state.classes.items())
    ]


def _price_class_rows(state: State) -> list[Row]:
    return [
        {
            "PriceClassID": code,
            "CreatedDateTime": moment,
            "Description": f"Price class {code}",
            "LastModifiedDateTime": moment,
            "NoteID": _fixed_id(code),
            "id": _fixed_id(code),
        }
        for code, moment in sorted(state.price_classes.items(), key=lambda pair: collate(pair[0]))
    ]


def _fixed_id(code: str) -> str:
    digits = code.encode().hex().ljust(32, "0")[:32]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _ship_via_rows() -> list[Row]:
    return [
        {
            "CarrierID": code,
            "CalculationMethod": "Manual",
            "Calendar": "",
            "CommonCarrier": common,
            "Description": text,
            "FreightExpenseAccount": "55000",
            "FreightSalesAccount": "41000",
            "TaxCategory": "EXEMPT",
            "id": _fixed_id(code),
        }
        for code, text, common in SHIP_VIAS
    ]


def _payment_method_rows(moment: datetime) -> list[Row]:
    return [
        {
            "PaymentMethodID": code,
            "Active": True,
            "CreatedDateTime": moment,
            "Description": text,
            "IntegratedProcessing": False,
            "LastModifiedDateTime": moment,
            "MeansOfPayment": means,
            "RequireRemittanceInformationforCashAccount": False,
            "SetPaymentDatetoBankTransactionDate": False,
            "UseInAP": True,
            "UseInAR": True,
            "UseInPR": False,
            "id": _fixed_id(code),
        }
        for code, text, means in PAYMENT_METHODS
    ]


def _category_rows(moment: datetime) -> list[Row]:
    return [
        {
            "CategoryID": number,
            "Description": text,
            "LastModifiedDateTime": moment,
            "NoteID": _fixed_id(text),
            "ParentCategoryID": parent,
            "Path": path,
            "SortOrder": number,
            "id": _fixed_id(text),
        }
        for number, text, parent, path in CATEGORIES
    ]


def _unit_rows() -> list[Row]:
    return [{"UnitID": code, "Description": text, "L3Code": "", "id": _fixed_id(code)} for code, text in sorted(UNITS)]


def _price_class(state: State, start: datetime) -> Entity:
    sample: Row = {
        "PriceClassID": "",
        "CreatedDateTime": start,
        "Description": "",
        "LastModifiedDateTime": start,
        "NoteID": "",
    }
    return _entity("CustomerPriceClass", sample, lambda: _price_class_rows(state), "PX.Objects.AR.ARPriceClassMaint")


def _warehouse(state: State) -> Entity:
    locations = {"Locations": Part(LOCATION_FIELDS, _locations, "location")}
    return _entity("Warehouse", _site_rows(state)[0], lambda: _site_rows(state), "PX.Objects.IN.INSiteMaint", locations)


def _item_class(state: State) -> Entity:
    return _entity("ItemClass", _class_rows(state)[0], lambda: _class_rows(state), "PX.Objects.IN.INItemClassMaint")


def _fixed(name: str, rows: Sequence[Row], graph: str) -> Entity:
    return _entity(name, rows[0], lambda: rows, graph)


def settings_entities(state: State) -> dict[str, Callable[[], Entity]]:
    """Return a function for each of the small entities, by name, that creates it."""
    start = next(iter(state.sites.values())).modified
    return {
        "Warehouse": lambda: _warehouse(state),
        "ItemClass": lambda: _item_class(state),
        "CustomerPriceClass": lambda: _price_class(state, start),
        "ShipVia": lambda: _fixed("ShipVia", _ship_via_rows(), "PX.Objects.CS.CarrierMaint"),
        "PaymentMethod": lambda: _fixed(
            "PaymentMethod", _payment_method_rows(start), "PX.Objects.CA.PaymentMethodMaint"
        ),
        "ItemSalesCategory": lambda: _fixed(
            "ItemSalesCategory", _category_rows(start), "PX.Objects.IN.INCategoryMaint"
        ),
        "UnitsOfMeasure": lambda: _fixed("UnitsOfMeasure", _unit_rows(), "PX.Objects.CS.UnitOfMeasureMaint"),
    }
