"""Quantities at sources: written as a whole or not at all, read by search criteria, deleted.

SKUs are not checked against products. Source: magento-observed.md, "Source items" and part two, sections 1 and 5;
recordings of source-items, stock-special and nonsimple-setup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.magento import php
from sandbox.magento.bundles import together_faults
from sandbox.magento.errors import Refusal, validation_failed
from sandbox.magento.records import SourceItem
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import SEARCH, Columns, Criteria, found, result
from sandbox.magento.state import DEFAULT_SOURCE, Shop
from sandbox.magento.typed import FLOAT, INT, TEXT, Data, Parameter, listed

Row = Mapping[str, Any]
SOURCE_ITEM = Data(
    "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface",
    {"sku": TEXT, "source_code": TEXT, "quantity": FLOAT, "status": INT, "extension_attributes": Data("", {})},
)
EMPTY = '"%field" can not be empty.'
SPACES = '"%field" can not contain leading or trailing spaces.'
WHITESPACES = '"%field" can not contain whitespaces.'
NUMERIC = '"%field" should be numeric.'
STATUS = '"%field" should a known status.'


def _fault(message: str, name: str) -> dict[str, Any]:
    return {"message": message, "parameters": {"field": name}}


def _faults(row: Row) -> Iterable[dict[str, Any]]:
    sku, source = row.get("sku") or "", row.get("source_code") or ""
    if not php.trimmed(sku):
        yield _fault(EMPTY, "sku")
    if php.trimmed(sku) != sku:
        yield _fault(SPACES, "sku")
    if not php.trimmed(source):
        yield _fault(EMPTY, "source_code")
    if any(letter.isspace() for letter in source):
        yield _fault(WHITESPACES, "source_code")
    if row.get("quantity") is None:
        yield _fault(NUMERIC, "quantity")
    if row.get("status") is None:
        yield _fault(NUMERIC, "status")
    elif row["status"] not in (0, 1):
        yield _fault(STATUS, "status")


def save(call: Call) -> None:
    """Write quantities, all or none."""
    shop, rows = call.shop, call.given["sourceItems"]
    if not rows:
        raise Refusal(400, "Input data is empty")
    errors = [fault for row in rows for fault in _faults(row)] or together_faults(shop, rows, call.base_url)
    if errors:
        raise validation_failed(errors)
    if any(shop.source(row["source_code"]) is None for row in rows) or shop.settings.deadlock():
        raise Refusal(400, "Could not save Source Item")
    for row in rows:
        item = shop.put_item(row["sku"], row["source_code"], php.quantity4(row["quantity"]), row["status"])
        mirror(shop, item)


def mirror(shop: Shop, item: SourceItem) -> None:
    """Write the source `default` to the product's legacy stock as well."""
    if php.collated(item.source_code) != php.collated(DEFAULT_SOURCE):
        return
    product = shop.product(item.sku)
    if product is not None:
        product.more.stock.quantity = item.quantity
        product.more.stock.is_in_stock = item.status == 1


def delete(call: Call) -> None:
    """Delete rows; those that are not there are passed over."""
    rows = call.given["sourceItems"]
    if not rows:
        raise Refusal(400, "Input data is empty")
    dropped = [row for row in rows if call.shop.drop_item(row.get("sku") or "", row.get("source_code") or "")]
    for row in dropped:
        mirror(call.shop, SourceItem(row["sku"], row["source_code"], 0, 0))
    call.applied = bool(dropped)


COLUMNS: Columns = {
    "sku": lambda item: str(item.sku),
    "source_code": lambda item: str(item.source_code),
    "quantity": lambda item: float(php.shown(item.quantity, php.QUANTITY)),
    "status": lambda item: int(item.status),
}


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested rows. A search for few SKUs uses an index, which orders the rows by SKU and source."""
    asked: Criteria = call.given["searchCriteria"]
    skus = asked.of_texts("sku")
    rows: Iterable[SourceItem] = call.shop.all_items()
    if skus is not None:
        some = {id(item): item for sku in skus for item in call.shop.items(sku)}
        rows = sorted(some.values(), key=lambda item: (php.collated(item.sku), php.collated(item.source_code)))
    items, total = found(rows, COLUMNS, asked)
    return result([shown(item) for item in items], asked, total)


def shown(item: SourceItem) -> dict[str, Any]:
    """Return a row as JSON."""
    quantity = php.shown(item.quantity, php.QUANTITY)
    return {"sku": item.sku, "source_code": item.source_code, "quantity": quantity, "status": item.status}


_PARAMETERS = (Parameter("sourceItems", listed(SOURCE_ITEM)),)
_RESOURCE = "Magento_InventoryApi::stock_source_item_assign"
_COMMAND = "Magento\\Inventory\\Model\\SourceItem\\Command\\"
ROUTES = (
    Route("GET", "inventory/source-items", get_list, (SEARCH,), resource="Magento_InventoryApi::source", msi=True),
    Route(
        "POST",
        "inventory/source-items",
        save,
        _PARAMETERS,
        resource=_RESOURCE,
        interface="Magento\\InventoryApi\\Api\\SourceItemsSaveInterface",
        operation="execute",
        implementation=f"{_COMMAND}SourceItemsSave\\Interceptor",
        msi=True,
    ),
    Route(
        "POST",
        "inventory/source-items-delete",
        delete,
        _PARAMETERS,
        resource=_RESOURCE,
        interface="Magento\\InventoryApi\\Api\\SourceItemsDeleteInterface",
        operation="execute",
        implementation=f"{_COMMAND}SourceItemsDelete\\Interceptor",
        msi=True,
    ),
)
