"""The tables of the DAC feed, with padded codes, whole-number foreign keys and navigations."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

from sandbox.acumatica.allocations import demand
from sandbox.acumatica.item_types import Deletion
from sandbox.acumatica.state import CURRENCY, PRICE_TYPES, STATUS_CODES, TAX_MODES, State
from sandbox.acumatica.tables import Field, Link, Table, fields
from sandbox.acumatica.values import Value, collate, midnight, price, quantity

ITEM_WIDTH = 30
SITE_WIDTH = 10
CLASS_WIDTH = 10
BRANCH_WIDTH = 10
MODULES = {
    "INSiteStatus": "PX.Objects.IN",
    "INSiteStatusByCostCenter": "PX.Objects.IN",
    "InventoryItem": "PX.Objects.IN",
    "INSite": "PX.Objects.IN",
    "INItemClass": "PX.Objects.IN",
    "INAvailabilityScheme": "PX.Objects.IN",
    "ARSalesPrice": "PX.Objects.AR",
    "Branch": "PX.Objects.GL",
}
ZERO = Decimal("0.000000")
DEMAND = {
    "QtySOPrepared": "SOPrepared",
    "QtySOBooked": "SOBooked",
    "QtySOBackOrdered": "SOBackOrdered",
    "QtySOShipping": "SOAllocated",
    "QtySOShipped": "SOShipped",
}
NO_QUANTITIES = [
    "QtyInTransit",
    "QtyNotAvail",
    "QtyPOOrders",
    "QtyPOReceipts",
]
DEDUCTED = {
    "SOPrepared": "prepared",
    "SOBooked": "booked",
    "SOBackOrdered": "back_ordered",
    "SOShipping": "shipping",
    "SOShipped": "shipped",
}
NOT_INCLUDED = ["SOReverse", "INIssues", "INReceipts", "InTransit", "POPrepared", "POOrders", "POReceipts"]
SUBITEM = 1
COST_CENTER = 0


def padded(text: str, width: int) -> str:
    """Return a code with the trailing blanks that the database stores."""
    return text.ljust(width)


def number(name: str, get: Callable[[Any], Value], *, key: bool = False) -> Field:
    """Return an Int32 field."""
    return Field(name, "Int32", get, nullable=not key)


def text(name: str, get: Callable[[Any], Value]) -> Field:
    """Return a String field."""
    return Field(name, "String", get)


def _decimal(name: str, get: Callable[[Any], Value]) -> Field:
    return Field(name, "Decimal", get)


def _flag(name: str, get: Callable[[Any], Value]) -> Field:
    return Field(name, "Boolean", get)


def _moment(name: str, get: Callable[[Any], Value]) -> Field:
    return Field(name, "DateTimeOffset", get)


def _guid(name: str, get: Callable[[Any], Value]) -> Field:
    return Field(name, "Guid", get)


def _demand(kind: str) -> Callable[[Any], Value]:
    return lambda row: quantity(demand(row)[kind])


def _stock_fields() -> list[Field]:
    return [
        number("InventoryID", lambda row: row.item.number, key=True),
        number("SubItemID", lambda row: SUBITEM, key=True),
        number("SiteID", lambda row: row.site.number, key=True),
        _decimal("QtyOnHand", lambda row: quantity(row.on_hand)),
        _decimal("QtyAvail", lambda row: quantity(row.available)),
        _decimal("QtyHardAvail", lambda row: quantity(row.shipping)),
        _decimal("QtyActual", lambda row: quantity(row.on_hand - row.shipped)),
        *(_decimal(name, _demand(kind)) for name, kind in DEMAND.items()),
        *(_decimal(name, lambda row: ZERO) for name in NO_QUANTITIES),
        _moment("LastModifiedDateTime", lambda row: row.modified),
    ]


def _item_fields(state: State) -> list[Field]:
    def default_site(item: Any) -> Value:
        site = state.sites.get(str(item.extra.get("DefaultWarehouseID", "MAIN")))
        return site.number if site is not None and item.stock else None

    return [
        number("InventoryID", lambda item: item.number, key=True),
        text("InventoryCD", lambda item: padded(item.inventory_id, ITEM_WIDTH)),
        text("Descr", lambda item: item.description),
        text("ItemStatus", lambda item: STATUS_CODES[item.status]),
        text("ItemType", lambda item: "F" if item.stock else "N"),
        number("ItemClassID", lambda item: item.item_class.number),
        _flag("StkItem", lambda item: item.stock),
        text("BaseUnit", lambda item: item.base_uom),
        text("SalesUnit", lambda item: item.sales_uom),
        text("PurchaseUnit", lambda item: item.purchase_uom),
        number("DfltSiteID", default_site),
        text("PriceClassID", lambda item: item.extra.get("PriceClass") or None),
        text("TaxCategoryID", lambda item: item.extra.get("TaxCategory", "EXEMPT")),
        _flag("ExportToExternal", lambda item: item.exported),
        _guid("NoteID", lambda item: item.note_id),
        _moment("CreatedDateTime", lambda item: item.created),
        _moment("LastModifiedDateTime", lambda item: item.modified),
    ]


def _price_fields(state: State) -> list[Field]:
    def code_of(kind: str) -> Callable[[Any], Value]:
        return lambda row: row.price_code if row.price_type == kind else None

    def customer(row: Any) -> Value:
        return state.customer(row.price_code) if row.price_type == "Customer" else None

    computed: dict[str, Callable[[Any], Value]] = {
        "PriceCode": lambda row: row.price_code or None,
        "CustomerCD": code_of("Customer"),
        "InventoryCD": lambda row: padded(row.item.inventory_id, ITEM_WIDTH),
        "Description": lambda row: row.item.description,
        "PriceClassID": lambda row: row.item.extra.get("PriceClass") or None,
        "TaxCategoryID": lambda row: row.item.extra.get("TaxCategory", "EXEMPT"),
    }
    return [
        number("RecordID", lambda row: row.record_id, key=True),
        text("PriceType", lambda row: PRICE_TYPES[row.price_type]),
        text("CustPriceClassID", code_of("Customer Price Class")),
        number("CustomerID", customer),
        number("InventoryID", lambda row: row.item.number),
        text("UOM", lambda row: row.uom),
        text("CuryID", lambda row: row.currency),
        _decimal("BreakQty", lambda row: quantity(row.break4)),
        _decimal("SalesPrice", lambda row: price(row.price6)),
        _flag("IsPromotionalPrice", lambda row: row.promotion),
        _flag("IsFairValue", lambda row: False),
        _flag("IsProrated", lambda row: False),
        text("TaxCalcMode", lambda row: TAX_MODES[row.tax_mode]),
        _moment("EffectiveDate", lambda row: midnight(row.effective, UTC)),
        _moment("ExpirationDate", lambda row: midnight(row.expiration, UTC)),
        number("SiteID", lambda row: row.site.number if row.site is not None else None),
        _guid("NoteID", lambda row: row.note_id),
        _moment("CreatedDateTime", lambda row: row.created),
        _moment("LastModifiedDateTime", lambda row: row.modified),
        *(replace(text(name, get), computed=True) for name, get in computed.items()),
    ]


def _site_fields() -> list[Field]:
    return [
        number("SiteID", lambda row: row.number, key=True),
        text("SiteCD", lambda row: padded(row.code, SITE_WIDTH)),
        text("Descr", lambda row: row.description),
        _flag("Active", lambda row: True),
        text("BaseCuryID", lambda row: CURRENCY),
        _guid("NoteID", lambda row: row.note_id),
        _moment("LastModifiedDateTime", lambda row: row.modified),
    ]


def _class_fields() -> list[Field]:
    return [
        number("ItemClassID", lambda row: row.number, key=True),
        text("ItemClassCD", lambda row: padded(row.code, CLASS_WIDTH)),
        text("Descr", lambda row: f"Item class {row.code}"),
        _flag("StkItem", lambda row: True),
        text("BaseUnit", lambda row: "EA"),
        text("AvailabilitySchemeID", lambda row: row.rule.code),
        _guid("NoteID", lambda row: row.note_id),
        _moment("LastModifiedDateTime", lambda row: row.modified),
    ]


def _rule_fields() -> list[Field]:
    def deducts(name: str) -> Callable[[Any], Value]:
        return lambda row: bool(getattr(row.deducted, name))

    return [
        text("AvailabilitySchemeID", lambda row: row.code),
        text("Description", lambda row: row.description),
        *(_flag(f"InclQty{name}", deducts(field)) for name, field in DEDUCTED.items()),
        *(_flag(f"InclQty{name}", lambda row: False) for name in NOT_INCLUDED),
        _moment("LastModifiedDateTime", lambda row: row.modified),
    ]


def _branch_fields() -> list[Field]:
    return [
        number("BranchID", lambda row: row.number, key=True),
        text("BranchCD", lambda row: padded(row.code, BRANCH_WIDTH)),
        text("AcctName", lambda row: row.name),
        _flag("Active", lambda row: True),
        text("BaseCuryID", lambda row: CURRENCY),
        text("CountryID", lambda row: "US"),
        _moment("LastModifiedDateTime", lambda row: row.modified),
    ]


def dac_tables(state: State) -> dict[str, Table]:
    """Return the tables of the feed by short name."""
    found: dict[str, Table] = {}

    def linked(name: str) -> Callable[[], Table]:
        return lambda: found[name]

    def table(
        name: str,
        key: tuple[str, ...],
        columns: list[Field],
        rows: Callable[[], Sequence[Any]],
        lead: Callable[[], Sequence[Any]],
        links: dict[str, Link] | None = None,
    ) -> None:
        found[name] = Table(name, f"{MODULES[name]}.{name}", key, fields(*columns), rows, lead, links or {})

    to_item = Link(linked("InventoryItem"), lambda row: row.item)
    to_site = Link(linked("INSite"), lambda row: row.site)
    stock_links = {"InventoryItemByInventoryID": to_item, "INSiteBySiteID": to_site}
    stock_key = ("InventoryID", "SubItemID", "SiteID")
    table("INSiteStatus", stock_key, _stock_fields(), state.stock, state.stock_keys, stock_links)
    by_cost_center = [*_stock_fields(), number("CostCenterID", lambda row: COST_CENTER, key=True)]
    table(
        "INSiteStatusByCostCenter",
        (*stock_key, "CostCenterID"),
        by_cost_center,
        state.stock,
        state.stock_keys,
        stock_links,
    )
    items = state.remembered(lambda: sorted(state.items(), key=lambda item: item.number))
    item_numbers = state.remembered(lambda: [item.number for item in items()])
    table("InventoryItem", ("InventoryID",), _item_fields(state), items, item_numbers, _item_links(state, linked))
    prices = {"InventoryItemByInventoryID": to_item, "INSiteBySiteID": to_site}
    table("ARSalesPrice", ("RecordID",), _price_fields(state), state.price_rows, lambda: list(state.prices), prices)
    sites = list(state.sites.values())
    branch = {"BranchByBranchID": Link(linked("Branch"), lambda row: row.branch)}
    table("INSite", ("SiteID",), _site_fields(), lambda: sites, lambda: [site.number for site in sites], branch)
    table(
        "INItemClass",
        ("ItemClassID",),
        _class_fields(),
        lambda: list(state.classes.values()),
        lambda: [one.number for one in state.classes.values()],
        {"INAvailabilitySchemeByAvailabilitySchemeID": Link(linked("INAvailabilityScheme"), lambda row: row.rule)},
    )
    table(
        "INAvailabilityScheme",
        ("AvailabilitySchemeID",),
        _rule_fields(),
        lambda: sorted(state.rules.values(), key=lambda rule: collate(rule.code)),
        lambda: sorted(collate(code) for code in state.rules),
    )
    branches = list(state.branches.values())
    table("Branch", ("BranchID",), _branch_fields(), lambda: branches, lambda: [one.number for one in branches])
    return found


def _item_links(state: State, linked: Callable[[str], Callable[[], Table]]) -> dict[str, Link]:
    def default_site(item: Any) -> Any:
        return state.sites.get(str(item.extra.get("DefaultWarehouseID", "MAIN"))) if item.stock else None

    return {
        "INItemClassByItemClassID": Link(linked("INItemClass"), lambda item: item.item_class),
        "INSiteByDfltSiteID": Link(linked("INSite"), default_site),
        "INSiteStatusCollection": Link(linked("INSiteStatus"), state.stock_of, many=True),
        "ARSalesPriceCollection": Link(
            linked("ARSalesPrice"), lambda item: [row for row in state.price_rows() if row.item is item], many=True
        ),
    }


def deletions(state: State, dac: str) -> Table:
    """Return the table of the deleted records of a DAC."""

    def rows() -> list[Deletion]:
        return [one for one in state.deleted if one.dac == dac]

    columns = fields(
        _guid("RefNoteID", lambda row: row.note_id),
        _moment("DeleteDate", lambda row: row.moment),
    )
    return Table(f"{dac}/px.GetDeletedRecords()", f"{dac}.Deleted", ("RefNoteID",), columns, rows)
