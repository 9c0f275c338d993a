"""The lines of all orders, read by id and by search criteria.

Source: Adobe's description of the API; a line looks as in its order.
"""

from __future__ import annotations

from typing import Any

from sandbox.magento.errors import Refusal
from sandbox.magento.order_lines import line_shown
from sandbox.magento.orders import NO_ENTITY
from sandbox.magento.routes import Call, Route
from sandbox.magento.sales_records import Line
from sandbox.magento.sales_tables import ITEM, columns_of
from sandbox.magento.search import SEARCH, found, result
from sandbox.magento.state import Shop
from sandbox.magento.typed import INT, Parameter

COLUMNS = columns_of(ITEM)


def _lines(shop: Shop) -> list[Line]:
    return [line for order in shop.sales.orders.values() for line in order.lines]


def get(call: Call) -> dict[str, Any]:
    """Return one line."""
    line = next((one for one in _lines(call.shop) if one.id == call.given["id"]), None)
    if line is None:
        raise Refusal(404, NO_ENTITY)
    return line_shown(line)


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested lines."""
    asked = call.given["searchCriteria"]
    items, total = found(_lines(call.shop), COLUMNS, asked)
    return result([line_shown(one) for one in items], asked, total)


_READ: dict[str, Any] = {"resource": "Magento_Sales::actions_view"}
ROUTES = (
    Route("GET", "orders/items", get_list, (SEARCH,), **_READ),
    Route("GET", "orders/items/:id", get, (Parameter("id", INT),), **_READ),
)
