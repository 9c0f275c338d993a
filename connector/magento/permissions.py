"""The routes of Magento that are called, the permission that each needs, and how to try each without any effect.

A test compares the table with what the client calls and with the table in `docs/how-to/connect-your-shop.md`. Magento
checks the permission before the body (magento-observed.md, "Errors in general"). A write with an empty body, or to the
id 0, which never exists, is refused with 401 if the permission is missing, and for its content if it is granted. So
nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connector.magento.client import MagentoClient
from connector.magento.errors import RequestRefused

When = Literal["", "msi", "no msi", "vendor attribute", "bulks", "invoices", "refunds", "open orders"]
"""The setting or module of the shop under which a route is called; empty: always."""
OF_NOTHING = "a2m-check-of-nothing"
_ONE = {"searchCriteria[pageSize]": "1"}

LABELS = {
    "Magento_Backend::admin": "Magento Admin",
    "Magento_Backend::store": "Stores › Settings › All Stores",
    "Magento_Catalog::catalog": "Catalog",
    "Magento_CatalogInventory::cataloginventory": "Stores › Settings › Configuration › Inventory Section",
    "Magento_Catalog::products": "Catalog › Inventory › Products",
    "Magento_Catalog::attributes_attributes": "Stores › Attributes › Product",
    "Magento_InventoryApi::source": "Stores › Inventory › Sources",
    "Magento_InventoryApi::stock": "Stores › Inventory › Stocks",
    "Magento_InventoryApi::stock_source_link": "Stores › Inventory › Stocks › Source to Stock Assigning",
    "Magento_InventoryApi::stock_source_item_assign": "Stores › Inventory › Stocks › Source Item Assigning",
    "Magento_InventorySalesApi::stock": "Stores › Inventory › Sales Stock",
    "Magento_Sales::actions_view": "Sales › Operations › Orders › Actions › View",
    "Magento_Sales::create": "Sales › Operations › Orders › Actions › Create",
    "Magento_Sales::hold": "Sales › Operations › Orders › Actions › Hold",
    "Magento_Sales::unhold": "Sales › Operations › Orders › Actions › Unhold",
    "Magento_Sales::cancel": "Sales › Operations › Orders › Actions › Cancel",
    "Magento_Sales::comment": "Sales › Operations › Orders › Actions › Comment",
    "Magento_Sales::invoice": "Sales › Operations › Orders › Actions › Invoice",
    "Magento_Sales::creditmemo": "Sales › Operations › Orders › Actions › Credit Memos",
    "Magento_Sales::ship": "Sales › Operations › Orders › Actions › Ship",
    "Magento_Sales::sales_creditmemo": "Sales › Operations › Credit Memos",
    "Magento_Sales::shipment": "Sales › Operations › Shipments",
    "Magento_Customer::customer": "Customers",
    "Magento_Customer::manage": "Customers › All Customers",
    "Magento_Customer::group": "Customers › Customer Groups",
    "Magento_Logging::system_magento_logging_bulk_operations": "System › Action Log › Bulk Actions",
}
"""The path of each resource in an integration's *API* tree, as Magento's admin shows it."""


@dataclass(frozen=True)
class Need:
    """A route: `template` with `{}` for each value in its path.

    tried: the path that is called to see whether it may be called; empty if another route with the same permission is
    tried. body: the body of a write.
    """

    method: str
    template: str
    resource: str
    why: str
    when: When = ""
    tried: str = ""
    body: Any = field(default=None, compare=False)


def _read(template: str, resource: str, *, why: str, when: When = "", tried: str = "") -> Need:
    return Need("GET", template, resource, why, when, tried)


VIEW, _PRODUCTS = "Magento_Sales::actions_view", "Magento_Catalog::products"
_CUSTOMERS, _BULKS = "Magento_Customer::customer", "Magento_Logging::system_magento_logging_bulk_operations"
_ASSIGN = "Magento_InventoryApi::stock_source_item_assign"
ROUTES: tuple[Need, ...] = (
    _read("store/storeConfigs", "Magento_Backend::store", why="store views"),
    _read("store/websites", "Magento_Backend::store", why="websites"),
    _read("modules", "Magento_Backend::admin", why="whether sources are on"),
    _read("products", _PRODUCTS, why="products", tried="products"),
    Need(
        "POST",
        "products/base-prices-information",
        "Magento_Catalog::catalog",
        "present prices, and whether a SKU exists",
        tried="products/base-prices-information",
        body={"skus": [OF_NOTHING]},
    ),
    Need("POST", "products/base-prices", "Magento_Catalog::catalog", "sending prices"),
    _read("bulk", _BULKS, why="which bulks are there", when="bulks", tried="bulk"),
    _read("bulk/{}/operation-status/{}", _BULKS, why="what is left of a bulk", when="bulks"),
    _read("bulk/{}/detailed-status", _BULKS, why="what became of a bulk", when="bulks"),
    _read(
        "inventory/sources",
        "Magento_InventoryApi::source",
        why="sources",
        when="msi",
        tried="inventory/sources",
    ),
    _read("inventory/source-items", "Magento_InventoryApi::source", why="rows", when="msi"),
    Need(
        "POST",
        "inventory/source-items",
        _ASSIGN,
        "sending quantities",
        when="msi",
        tried="inventory/source-items",
        body={"sourceItems": []},
    ),
    _read(
        "inventory/stocks",
        "Magento_InventoryApi::stock",
        why="what each stock sells where",
        when="msi",
        tried="inventory/stocks",
    ),
    _read(
        "inventory/stock-source-links",
        "Magento_InventoryApi::stock_source_link",
        why="which sources a stock has",
        when="msi",
        tried="inventory/stock-source-links",
    ),
    _read(
        "inventory/stock-resolver/website/{}",
        "Magento_InventorySalesApi::stock",
        why="from which stock a website sells",
        when="msi",
        tried=f"inventory/stock-resolver/website/{OF_NOTHING}",
    ),
    _read(
        "stockItems/{}",
        "Magento_CatalogInventory::cataloginventory",
        why="backorders, and the stock where sources are off",
        tried=f"stockItems/{OF_NOTHING}",
    ),
    Need(
        "PUT",
        "products/{}/stockItems/{}",
        "Magento_CatalogInventory::cataloginventory",
        "sending quantities",
        when="no msi",
        tried=f"products/{OF_NOTHING}/stockItems/1",
        body={},
    ),
    _read(
        "products/attributes/{}",
        "Magento_Catalog::attributes_attributes",
        why="whether the attribute exists",
        when="vendor attribute",
        tried=f"products/attributes/{OF_NOTHING}",
    ),
    Need(
        "PUT",
        "products/{}",
        _PRODUCTS,
        "sending vendor quantities",
        when="vendor attribute",
        tried=f"products/{OF_NOTHING}",
        body={},
    ),
    _read("orders", VIEW, why="orders", tried="orders"),
    _read("orders/{}", VIEW, why="one order"),
    Need("POST", "orders", "Magento_Sales::create", "making orders", tried="orders", body={}),
    Need("POST", "orders/{}/hold", "Magento_Sales::hold", "holding orders", tried="orders/0/hold"),
    Need("POST", "orders/{}/unhold", "Magento_Sales::unhold", "releasing", tried="orders/0/unhold"),
    Need("POST", "orders/{}/cancel", "Magento_Sales::cancel", "canceling", tried="orders/0/cancel"),
    Need(
        "POST",
        "orders/{}/comments",
        "Magento_Sales::comment",
        "statuses and comments",
        tried="orders/0/comments",
        body={},
    ),
    Need(
        "POST",
        "order/{}/invoice",
        "Magento_Sales::invoice",
        "making invoices",
        when="invoices",
        tried="order/0/invoice",
        body={},
    ),
    Need(
        "POST",
        "order/{}/refund",
        "Magento_Sales::creditmemo",
        "giving back what never ships",
        when="refunds",
        tried="order/0/refund",
        body={},
    ),
    _read("shipments", "Magento_Sales::shipment", why="shipments", tried="shipments"),
    Need("POST", "order/{}/ship", "Magento_Sales::ship", "shipping", tried="order/0/ship", body={}),
    Need(
        "POST",
        "shipment/track",
        "Magento_Sales::shipment",
        "tracking numbers",
        tried="shipment/track",
        body={},
    ),
    Need("POST", "shipment/{}/comments", "Magento_Sales::shipment", "comments of shipments"),
    Need("DELETE", "shipment/track/{}", "Magento_Sales::shipment", "tracking numbers"),
    _read("customers/search", _CUSTOMERS, why="customers", tried="customers/search"),
    _read("customers/{}", _CUSTOMERS, why="one customer", tried="customers/0"),
    Need("POST", "customers", "Magento_Customer::manage", "making customers in their group"),
    Need("PUT", "customers/{}", "Magento_Customer::manage", "customers", tried="customers/0", body={}),
    _read("customerGroups/search", "Magento_Customer::group", why="groups", tried="customerGroups/search"),
)
"""`POST customers` is open to everybody. Without *All Customers* Magento silently drops the group."""
OPEN = ("directory/countries/{}", "attributeMetadata/customer/attribute/{}")
"""Routes that need no permission."""


ALWAYS = ("store/storeConfigs", "store/websites", "modules")
"""Routes that every entity needs."""


def routes(*called: tuple[str, str]) -> tuple[Need, ...]:
    """Return the routes with these methods and templates, after those that every entity needs."""
    known = {(need.method, need.template): need for need in ROUTES}
    return (*(known["GET", template] for template in ALWAYS), *(known[route] for route in called))


def named(resource: str) -> str:
    """Return a permission's path in Magento's admin, followed by its identifier."""
    return f"{LABELS[resource]} ({resource})" if resource in LABELS else resource


async def try_out(client: MagentoClient, need: Need) -> None:
    """Call the route in a way that has no effect. Raises `Unauthorized` if the permission is missing, and the fault if
    that cannot be determined. A refusal of the content shows that the permission is granted.
    """
    params: Mapping[str, Any] | None = _ONE if need.method == "GET" and "{}" not in need.template else None
    try:
        await client.try_out(need.method, need.tried, params, need.body)
    except RequestRefused:
        return
