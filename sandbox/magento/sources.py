"""Sources, stocks, and which source belongs to which stock.

Source: recordings of setup, stock-special and two-websites; magento-observed.md, part two, section 5, and part three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import Refusal
from sandbox.magento.records import Source, Stock
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import OPTIONAL_SEARCH, SEARCH, Columns, found, result
from sandbox.magento.state import DEFAULT_SOURCE, DEFAULT_STOCK, Shop
from sandbox.magento.typed import BOOL, FLOAT, INT, TEXT, Data, Parameter, listed

CARRIER_LINK = Data(
    "Magento\\InventoryApi\\Api\\Data\\SourceCarrierLinkInterface", {"carrier_code": TEXT, "position": INT}
)
SOURCE_EXTENSION = Data(
    "Magento\\InventoryApi\\Api\\Data\\SourceExtensionInterface",
    {"is_pickup_location_active": BOOL, "frontend_name": TEXT, "frontend_description": TEXT},
)
_PLACE = ["country_id", "region", "city", "street", "postcode", "phone", "fax"]
SOURCE = Data(
    "Magento\\InventoryApi\\Api\\Data\\SourceInterface",
    {
        **dict.fromkeys(("source_code", "name", "email", "contact_name", "description", *_PLACE), TEXT),
        **dict.fromkeys(("enabled", "use_default_carrier_config"), BOOL),
        **dict.fromkeys(("latitude", "longitude"), FLOAT),
        "region_id": INT,
        "carrier_links": listed(CARRIER_LINK),
        "extension_attributes": SOURCE_EXTENSION,
    },
)
CHANNEL = Data("Magento\\InventorySalesApi\\Api\\Data\\SalesChannelInterface", {"type": TEXT, "code": TEXT})
STOCK = Data(
    "Magento\\InventoryApi\\Api\\Data\\StockInterface",
    {
        "stock_id": INT,
        "name": TEXT,
        "extension_attributes": Data(
            "Magento\\InventoryApi\\Api\\Data\\StockExtensionInterface", {"sales_channels": listed(CHANNEL)}
        ),
    },
)
LINK = Data(
    "Magento\\InventoryApi\\Api\\Data\\StockSourceLinkInterface",
    {"stock_id": INT, "source_code": TEXT, "priority": INT},
)
DEFAULT_LINK = "Can not save link related to Default Source or Default Stock"
BEFORE_ENABLED = ("email", "contact_name")
AFTER_ENABLED = ("description", "latitude", "longitude", *_PLACE[:1], "region_id", *_PLACE[1:])


def source_shown(source: Source) -> dict[str, Any]:
    """Return a source as JSON without its empty fields."""
    fields = source.fields
    shown: dict[str, Any] = {"source_code": source.source_code, "name": source.name}
    shown |= {name: fields[name] for name in BEFORE_ENABLED if fields.get(name) is not None}
    shown["enabled"] = source.enabled
    shown |= {name: fields[name] for name in AFTER_ENABLED if fields.get(name) is not None}
    shown["use_default_carrier_config"] = fields.get("use_default_carrier_config", True)
    shown["carrier_links"] = fields.get("carrier_links") or []
    shown["extension_attributes"] = {
        "is_pickup_location_active": fields.get("is_pickup_location_active", False),
        "frontend_name": fields.get("frontend_name", source.name),
    }
    return shown


def save_source(call: Call) -> None:
    """Create a source or change the one with this code."""
    given = dict(call.given["source"])
    code = call.given.get("sourceCode") or given.get("source_code")
    own = call.shop.source(code) if code else None
    name = given.get("name") if "name" in given else (own.name if own else None)
    fields = {**(own.fields if own else {}), **given, **(given.get("extension_attributes") or {})}
    faults = [
        _fault('"%field" can not be empty.', field)
        for field, value in (
            ("source_code", code),
            ("name", name),
            ("country_id", fields.get("country_id")),
            ("postcode", fields.get("postcode")),
        )
        if not (value or "").strip()
    ]
    enabled = given.get("enabled", own.enabled if own else True)
    if code == DEFAULT_SOURCE and not enabled:
        faults.append({"message": "Default source can not be disabled.", "parameters": []})
    if faults:
        raise Refusal(400, "Validation Failed", errors=faults)
    for part in ("source_code", "name", "enabled", "extension_attributes"):
        fields.pop(part, None)
    source = own or Source(str(code), str(name))
    source.name, source.enabled, source.fields = str(name), bool(enabled), fields
    call.shop.sources[source.source_code] = source


def _fault(message: str, field: str) -> dict[str, Any]:
    return {"message": message, "parameters": {"field": field}}


def get_source(call: Call) -> dict[str, Any]:
    """Return one source."""
    code = call.given["sourceCode"]
    source = call.shop.source(code)
    if source is None:
        raise Refusal(404, 'Source with code "%value" does not exist.', {"value": code})
    return source_shown(source)


def list_sources(call: Call) -> dict[str, Any]:
    """Return the sources asked for."""
    asked = call.given["searchCriteria"]
    items, total = found(call.shop.sources.values(), SOURCE_COLUMNS, asked)
    return result([source_shown(one) for one in items], asked, total)


SOURCE_COLUMNS: Columns = {
    "source_code": lambda one: str(one.source_code),
    "name": lambda one: str(one.name),
    "enabled": lambda one: int(one.enabled),
    **{name: (lambda one, name=name: one.fields.get(name)) for name in (*BEFORE_ENABLED, *AFTER_ENABLED)},  # type: ignore[misc]
}


def stock_shown(stock: Stock) -> dict[str, Any]:
    """Return a stock as JSON."""
    channels = [{"type": "website", "code": code} for code in stock.websites]
    return {"stock_id": stock.stock_id, "name": stock.name, "extension_attributes": {"sales_channels": channels}}


def save_stock(call: Call) -> int:
    """Create or change a stock. A website that is assigned to it leaves its former stock."""
    shop, given = call.shop, call.given["stock"]
    if not (given.get("name") or "").strip():
        raise Refusal(400, "Validation Failed", errors=[_fault('"%field" can not be empty.', "name")])
    number = call.given.get("stockId") or given.get("stock_id") or max(shop.stocks) + 1
    stock = shop.stocks.setdefault(number, Stock(number, ""))
    stock.name = given["name"]
    channels = (given.get("extension_attributes") or {}).get("sales_channels")
    if channels is not None:
        codes = [one.get("code") or "" for one in channels]
        for other in shop.stocks.values():
            other.websites = [code for code in other.websites if code not in codes]
        stock.websites = codes
    return stock.stock_id


def get_stock(call: Call) -> dict[str, Any]:
    """Return one stock."""
    return stock_shown(_stock(call.shop, call.given["stockId"]))


def _stock(shop: Shop, number: int) -> Stock:
    stock = shop.stocks.get(number)
    if stock is None:
        raise Refusal(404, 'Stock with id "%value" does not exist.', {"value": str(number)})
    return stock


def list_stocks(call: Call) -> dict[str, Any]:
    """Return the stocks asked for."""
    asked = call.given["searchCriteria"]
    columns: Columns = {"stock_id": lambda one: int(one.stock_id), "name": lambda one: str(one.name)}
    items, total = found(call.shop.stocks.values(), columns, asked)
    return result([stock_shown(one) for one in items], asked, total)


def resolve_stock(call: Call) -> dict[str, Any]:
    """Return the stock that a website sells from."""
    stock = call.shop.stock_of(call.given["code"]) if call.given["type"] == "website" else None
    if stock is None:
        raise Refusal(404, "No linked stock found")
    return stock_shown(stock)


def save_links(call: Call) -> None:
    """Assign sources to stocks, all or none."""
    shop, links = call.shop, call.given["links"]
    if not links:
        raise Refusal(400, "Input data is empty")
    faults = [{"message": DEFAULT_LINK, "parameters": []} for link in links if _is_mixed(link)]
    if faults:
        raise Refusal(400, "Validation Failed", errors=faults)
    for link in links:
        if link.get("stock_id") not in shop.stocks or shop.source(link.get("source_code") or "") is None:
            raise Refusal(400, "Could not save StockSourceLinks")
    for link in links:
        source = shop.source(link["source_code"])
        if source is not None:
            shop.stocks[link["stock_id"]].sources[source.source_code] = link.get("priority") or 0


def _is_mixed(link: Mapping[str, Any]) -> bool:
    """Return whether a link would assign `default` to a stock other than Default Stock, or another source
    to that one.
    """
    is_default = php.collated(link.get("source_code") or "") == php.collated(DEFAULT_SOURCE)
    return is_default != (link.get("stock_id") == DEFAULT_STOCK)


def delete_links(call: Call) -> None:
    """Take sources out of stocks."""
    for link in call.given["links"]:
        stock = call.shop.stocks.get(link.get("stock_id"))
        source = call.shop.source(link.get("source_code") or "")
        if stock is not None and source is not None:
            stock.sources.pop(source.source_code, None)


def list_links(call: Call) -> dict[str, Any]:
    """Return the links asked for."""
    asked = call.given["searchCriteria"]
    columns: Columns = {name: (lambda link, name=name: link[name]) for name in LINK.fields}  # type: ignore[misc]
    items, total = found(_links(call.shop), columns, asked)
    return result(items, asked, total)


def _links(shop: Shop) -> Iterator[dict[str, Any]]:
    for stock in shop.stocks.values():
        for code, priority in stock.sources.items():
            yield {"stock_id": stock.stock_id, "source_code": code, "priority": priority}


_API = "Magento\\InventoryApi\\Api\\"
_SOURCE: dict[str, Any] = {"resource": "Magento_InventoryApi::source", "msi": True}
_STOCK: dict[str, Any] = {"resource": "Magento_InventoryApi::stock", "msi": True}
_LINK: dict[str, Any] = {"resource": "Magento_InventoryApi::stock_source_link", "msi": True}
_SAVE_SOURCE: dict[str, Any] = {
    **_SOURCE,
    "interface": f"{_API}SourceRepositoryInterface",
    "operation": "save",
    "implementation": "Magento\\Inventory\\Model\\SourceRepository",
}
_SAVE_STOCK: dict[str, Any] = {
    **_STOCK,
    "interface": f"{_API}StockRepositoryInterface",
    "operation": "save",
    "implementation": "Magento\\Inventory\\Model\\StockRepository\\Interceptor",
}
_CODE = Parameter("sourceCode", TEXT, required=False)
_ID = Parameter("stockId", INT, required=False)
ROUTES = (
    Route("GET", "inventory/sources", list_sources, (OPTIONAL_SEARCH,), **_SOURCE),
    Route("GET", "inventory/sources/:sourceCode", get_source, (Parameter("sourceCode", TEXT),), **_SOURCE),
    Route("POST", "inventory/sources", save_source, (Parameter("source", SOURCE), _CODE), **_SAVE_SOURCE),
    Route(
        "PUT",
        "inventory/sources/:sourceCode",
        save_source,
        (Parameter("source", SOURCE), _CODE),
        into="source",
        **_SAVE_SOURCE,
    ),
    Route("GET", "inventory/stocks", list_stocks, (OPTIONAL_SEARCH,), **_STOCK),
    Route("GET", "inventory/stocks/:stockId", get_stock, (Parameter("stockId", INT),), **_STOCK),
    Route("POST", "inventory/stocks", save_stock, (Parameter("stock", STOCK), _ID), **_SAVE_STOCK),
    Route(
        "PUT", "inventory/stocks/:stockId", save_stock, (Parameter("stock", STOCK), _ID), into="stock", **_SAVE_STOCK
    ),
    Route(
        "GET",
        "inventory/stock-resolver/:type/:code",
        resolve_stock,
        (Parameter("type", TEXT), Parameter("code", TEXT)),
        resource="Magento_InventorySalesApi::stock",
        msi=True,
    ),
    Route("GET", "inventory/stock-source-links", list_links, (SEARCH,), **_LINK),
    Route(
        "POST",
        "inventory/stock-source-links",
        save_links,
        (Parameter("links", listed(LINK)),),
        interface=f"{_API}StockSourceLinksSaveInterface",
        operation="execute",
        implementation="Magento\\Inventory\\Model\\StockSourceLink\\Command\\StockSourceLinksSave",
        **_LINK,
    ),
    Route(
        "POST",
        "inventory/stock-source-links-delete",
        delete_links,
        (Parameter("links", listed(LINK)),),
        interface=f"{_API}StockSourceLinksDeleteInterface",
        operation="execute",
        implementation="Magento\\Inventory\\Model\\StockSourceLink\\Command\\StockSourceLinksDelete",
        **_LINK,
    ),
)
