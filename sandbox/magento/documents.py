"""Changes that a test may make to customers and documents, and the sandbox's own view of them for an oracle.

An order placed here is the shop's own: it is what a cart would have become, with its reservation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.magento import php
from sandbox.magento.customer_addresses import KINDS, allowed, defaults_after, replaced
from sandbox.magento.customer_records import Customer
from sandbox.magento.orders import put_columns
from sandbox.magento.placing import Buyer, is_virtual, place
from sandbox.magento.records import Product
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import Row
from sandbox.magento.sold import Sold, all_links, bundle, configurable, grouped, parts, plain
from sandbox.magento.state import Shop

Given = Mapping[str, Any]
ADDRESS = {
    "firstname": "Ann",
    "lastname": "Lee",
    "street": ["1 Main Street"],
    "city": "Los Angeles",
    "region_id": 12,
    "region": "California",
    "region_code": "CA",
    "postcode": "90001",
    "country_id": "US",
    "telephone": "555-0100",
}


def place_order(shop: Shop, given: Given) -> dict[str, Any]:
    """Place an order in the shop; return entity_id, increment_id and the ids of the lines.

    lines: each with sku and qty; for a configurable product `child` (a SKU); for a bundle optionally `children` (SKUs);
    optionally `custom_options` (option_id and option_value, as a cart takes them), `price`, and `item_sku`, the SKU
    that the order's line has instead of its product's. Also email or customer_id, billing, shipping (addresses),
    store_id, increment_id, shipping_amount, created_at, ext_order_id, state, status.
    """
    store_id = int(given.get("store_id", 1))
    items = [item for line in given["lines"] for item in _items(shop, line, store_id)]
    amount = given.get("shipping_amount")
    columns = {name: given[name] for name in ("created_at", "ext_order_id", "state", "status") if name in given}
    order = place(
        shop,
        items,
        _buyer(shop, given, store_id, is_virtual(items)),
        shipping_amount=None if amount is None else Decimal(str(amount)),
        increment_id=given.get("increment_id"),
        **columns,
    )
    ids = [line.id for line in order.lines]
    return {"entity_id": order.id, "increment_id": order.row["increment_id"], "items": ids}


def _buyer(shop: Shop, given: Given, store_id: int, virtual: bool) -> Buyer:
    billing = {**ADDRESS, **(given.get("billing") or {})}
    shipping = None if virtual else {**billing, **(given.get("shipping") or {})}
    number = given.get("customer_id")
    if number is None:
        return Buyer(str(given.get("email", "ann@example.com")), store_id, billing, shipping)
    customer = shop.customers[int(number)]
    return Buyer(customer.email, store_id, billing, shipping, customer.id, customer.group_id)


def _items(shop: Shop, given: Given, store_id: int) -> list[Sold]:
    product, quantity = _product(shop, given["sku"]), Decimal(str(given["qty"]))
    if product.type_id == "configurable":
        child = _product(shop, given["child"])
        if child.sku not in [link["sku"] for link in parts(product, "children")]:
            raise ValueError(f"{child.sku!r} is no child of {product.sku!r}.")
        items = [configurable(shop, product, child, quantity, store_id, {})]
    elif product.type_id == "bundle":
        items = [bundle(shop, product, _links(product, given), quantity, store_id, {})]
    elif product.type_id == "grouped":
        items = grouped(shop, product, quantity, store_id)
    else:
        items = [plain(shop, product, quantity, store_id, given)]
    if "item_sku" in given:
        items[0].sku = str(given["item_sku"])
    if "price" in given:
        items[0].price = items[0].original_price = Decimal(str(given["price"]))
    return items


def _links(product: Product, given: Given) -> Sequence[Mapping[str, Any]]:
    wanted = given.get("children")
    return [link for link in all_links(product) if wanted is None or link["sku"] in wanted]


def _product(shop: Shop, sku: Any) -> Product:
    product = shop.product(str(sku))
    if product is None:
        raise ValueError(f"there is no product {sku!r}.")
    return product


def set_order(shop: Shop, given: Given) -> None:
    """Set columns of an order (state, status …); increment_id names the order."""
    order = next((one for one in shop.sales.orders.values() if one.row["increment_id"] == given["increment_id"]), None)
    if order is None:
        raise ValueError(f"there is no order {given['increment_id']!r}.")
    put_columns(shop, order, {name: value for name, value in given.items() if name != "increment_id"})


def add_customer(shop: Shop, given: Given) -> dict[str, Any]:
    """Add a customer: email, firstname, lastname, group_id, website_id, store_id, addresses (as the API takes them).

    Required fields of addresses are not checked, because shops have customers from before the fields were required.
    """
    website = int(given.get("website_id", 1))
    store = next(
        one for one in shop.stores.values() if one.website_id == website and one.id == given.get("store_id", one.id)
    )
    number = shop.next_id("customer")
    group = int(given.get("group_id", 1))
    made = Customer(number, str(given["email"]), website, store.id, group, store.name, shop.now(), shop.now())
    made.fields = {"firstname": str(given.get("firstname", "Ann")), "lastname": str(given.get("lastname", "Lee"))}
    rows = allowed(given.get("addresses") or [])
    made.addresses = replaced(shop, made, rows, checked=False)
    made.defaults = defaults_after({}, rows, made.addresses)
    shop.customers[number] = made
    return {"id": number}


def remove_customer(shop: Shop, given: Given) -> None:
    """Remove a customer: id."""
    del shop.customers[int(given["id"])]


def set_shipment_type(shop: Shop, given: Given) -> None:
    """Set how a bundle ships: sku, shipment_type `together` or `separately`. Existing orders keep theirs."""
    kinds = {"together": "0", "separately": "1"}
    _product(shop, given["sku"]).more.attributes["shipment_type"] = kinds[given["shipment_type"]]


def view(shop: Shop) -> dict[str, Any]:
    """Return customers, groups, documents and reservations, numbers as exact decimals."""
    sales = shop.sales
    return {
        "customers": [_customer(one) for one in shop.customers.values()],
        "customer_groups": {str(one.id): one.code for one in shop.customer_groups.values()},
        "orders": [_order(one) for one in sales.orders.values()],
        "shipments": [
            {
                **_exact(one.row),
                "source_code": one.source_code,
                "items": [_exact(row) for row in one.items],
                "tracks": [_exact(row) for row in one.tracks],
                "comments": [dict(row) for row in one.comments],
            }
            for one in sales.shipments.values()
        ],
        "invoices": [
            {**_exact(one.row), "items": [_exact(row) for row in one.items]} for one in sales.invoices.values()
        ],
        "creditmemos": [
            {**_exact(one.row), "items": [_exact(row) for row in one.items]} for one in sales.creditmemos.values()
        ],
        "reservations": [
            {"sku": shop.by_sku[sku].sku, "stock_id": stock_id, "quantity": php.plain(quantity, php.QUANTITY)}
            for (sku, stock_id), quantity in shop.reservations.items()
            if sku in shop.by_sku
        ],
    }


def _exact(row: Row) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return format(value.normalize(), "f") if value else "0"


def _customer(one: Customer) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "website_id": one.website_id,
        "store_id": one.store_id,
        "group_id": one.group_id,
        **one.fields,
        **{kind: one.defaults.get(kind) for kind in KINDS},
        "attributes": one.attributes,
        "addresses": [
            {
                "id": address.id,
                **address.fields,
                "street": address.street,
                "region": address.region,
                "region_id": address.region_id,
            }
            for address in one.addresses
        ],
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        **_exact(order.row),
        "shipping_method": order.shipping_method,
        "items": [_line(line) for line in order.lines],
        "addresses": [_exact(row) for row in order.addresses],
        "payments": [_exact(row) for row in order.payments],
        "comments": [dict(row) for row in order.history],
        "reservations": [
            {
                "sku": row.sku,
                "stock_id": row.stock_id,
                "quantity": php.plain(row.quantity, php.QUANTITY),
                "event_type": row.event_type,
            }
            for row in order.reservations
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    return {**_exact(line.row), "parent_item_id": line.parent.id if line.parent is not None else None}


ROUTES = ()
CHANGES = {
    "place_order": place_order,
    "set_order": set_order,
    "add_customer": add_customer,
    "remove_customer": remove_customer,
    "set_shipment_type": set_shipment_type,
}
