"""Orders: created and changed as an ERP does it, read by id and by search criteria.

Such an order is stored as it is sent: state and status are not checked, nothing is reserved, and lines with a parent
are not linked to it. Only its number is unique. Source: magento-observed.md, "Orders" and part two, section 2;
recordings of orders and erp-orders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sandbox.magento import php
from sandbox.magento.emails import is_email
from sandbox.magento.errors import InternalError, Refusal
from sandbox.magento.order_input import ORDER_DATA
from sandbox.magento.order_views import order_shown, saved_shown, updated_shown
from sandbox.magento.routes import Call, Route
from sandbox.magento.sales_records import Line, Order
from sandbox.magento.sales_tables import ADDRESS, HISTORY, ITEM, ORDER, PAYMENT, SHIPPING_TOTAL, Row, columns_of
from sandbox.magento.search import SEARCH, found, result
from sandbox.magento.state import Shop
from sandbox.magento.typed import INT, Parameter

NO_ENTITY = "The entity that was requested doesn't exist. Verify the entity and try again."
NO_STORE = "The store that was requested wasn't found. Verify the store and try again."
NO_PAYMENT = "Please provide payment for the order."
NOT_UNIQUE = "Unique constraint violation found"
BAD_ADDRESS = "We can't save the address:\n%1"
REQUIRED = (
    ("postcode", "Zip code"),
    ("lastname", "Last name"),
    ("street", "Street"),
    ("city", "City"),
    ("email", "Email"),
    ("country_id", "Country"),
    ("firstname", "First Name"),
    ("address_type", "Address Type"),
    ("telephone", "Phone Number"),
)
DEFAULT_STORE = 1
NUMBER = ORDER.texts["increment_id"]
COLUMNS = {**columns_of(ORDER), "shipping_method": lambda order: order.shipping_method}


def order_of(shop: Shop, number: int) -> Order:
    """Return the order with this id. Raises `Refusal`: 404, or 400 for the id 0, which PHP takes for no id."""
    if not number:
        raise Refusal(400, "An ID is needed. Set the ID and try again.")
    order = shop.sales.orders.get(number)
    if order is None:
        raise Refusal(404, NO_ENTITY)
    return order


def get(call: Call) -> dict[str, Any]:
    """Return one order."""
    return order_shown(order_of(call.shop, call.given["id"]))


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested orders; a search for certain numbers uses an index."""
    sales, asked = call.shop.sales, call.given["searchCriteria"]
    rows: Iterable[Order] = sales.orders.values()
    numbers = asked.of_texts("increment_id")
    if numbers is not None:
        ids = {sales.numbers.get(php.collated(number), 0) for number in numbers}
        rows = [sales.orders[number] for number in sorted(ids - {0})]
    items, total = found(rows, COLUMNS, asked)
    return result([order_shown(one) for one in items], asked, total)


def save(call: Call) -> dict[str, Any]:
    """Create an order, or change the one with the given id."""
    given = call.given["entity"]
    if given.get("entity_id"):
        return _change(call.shop, given)
    if not given.get("payment"):
        raise Refusal(400, NO_PAYMENT)
    return _create(call.shop, given)


def _create(shop: Shop, given: dict[str, Any]) -> dict[str, Any]:
    sent = _head(shop, given)
    number = sent["entity_id"] = shop.next_id("order")
    if _taken(shop, sent["increment_id"], number):
        raise Refusal(400, NOT_UNIQUE)
    customer = sent.get("customer_id")
    if customer is not None and customer not in shop.customers:
        raise InternalError("a foreign key does not hold")
    order = Order(ORDER.stored(sent))
    _put_addresses(shop, order, given)
    if (billing := order.address("billing")) is not None:
        sent["billing_address_id"] = order.row["billing_address_id"] = billing["entity_id"]
    order.lines = [_line(shop, order, one) for one in given.get("items") or []]
    add_payment(shop, order, given["payment"])
    for one in given.get("status_histories") or []:
        add_history(shop, order, one)
    keep(shop, order)
    return saved_shown(order, sent, given)


def _head(shop: Shop, given: dict[str, Any]) -> Row:
    """Return the columns of a new order, with those that Magento fills in itself."""
    sent = ORDER.columns(given)
    store_id = given.get("store_id") or DEFAULT_STORE
    if store_id not in shop.stores:
        raise Refusal(404, NO_STORE)
    sent["store_name"] = store_name(shop, store_id)
    for assignment in _assignments(given):
        total = (assignment.get("shipping") or {}).get("total") or {}
        sent |= {name: value for name, value in total.items() if name in SHIPPING_TOTAL}
    customer = shop.customers.get(given.get("customer_id") or 0)
    if not given.get("customer_email") and customer is not None:
        sent["customer_email"] = customer.email
    sent["total_item_count"] = len(given.get("items") or [])
    sent["increment_id"] = given.get("increment_id") or shop.sales.increment("order")
    sent["protect_code"] = protect_code(sent["increment_id"])
    sent["created_at"] = given.get("created_at") or shop.now()
    sent["updated_at"] = shop.now()
    return {name: value for name, value in sent.items() if value is not None}


def protect_code(number: str) -> str:
    """Return the secret in the order's URL in the shop."""
    return hashlib.md5(number.encode()).hexdigest()


def store_name(shop: Shop, store_id: int) -> str:
    """Return the names of a store view's website, store and itself, as an order stores them."""
    store = shop.stores[store_id]
    website, group = shop.websites[store.website_id], shop.store_groups[store.store_group_id]
    return f"{website.name}\n{group.name}\n{store.name}"


def _assignments(given: dict[str, Any]) -> list[dict[str, Any]]:
    return (given.get("extension_attributes") or {}).get("shipping_assignments") or []


def _taken(shop: Shop, increment_id: str, own: int) -> bool:
    return shop.sales.numbers.get(php.collated(increment_id[:NUMBER]), own) != own


def keep(shop: Shop, order: Order) -> None:
    """Add a new order to the shop's."""
    shop.sales.orders[order.id] = order
    shop.sales.numbers[php.collated(order.row["increment_id"])] = order.id


def _put_addresses(shop: Shop, order: Order, given: dict[str, Any]) -> None:
    if given.get("billing_address"):
        put_address(shop, order, given["billing_address"], "billing")
    for assignment in _assignments(given):
        shipping = assignment.get("shipping") or {}
        if shipping.get("address"):
            put_address(shop, order, shipping["address"], "shipping")
        if shipping.get("method"):
            order.shipping_method = shipping["method"]


def put_address(shop: Shop, order: Order, given: dict[str, Any], kind: str) -> None:
    """Set or change an order's address of this kind, with the order's e-mail. Raises `Refusal` 400."""
    old = order.address(kind)
    row = {**(old or {}), **{name: value for name, value in given.items() if value not in (None, "")}}
    row |= {"address_type": kind, "email": order.row.get("customer_email"), "parent_id": order.id}
    faults = [f'"{label}" is required. Enter and try again.' for name, label in REQUIRED if not row.get(name)]
    if row["email"] and not (row["email"].isascii() and is_email(row["email"])):
        faults.append("Email has a wrong format")
    if faults:
        raise Refusal(400, BAD_ADDRESS, ["\n".join(faults)])
    row.pop("extension_attributes", None)
    row["entity_id"] = old["entity_id"] if old is not None else shop.next_id("order address")
    order.addresses = [one for one in order.addresses if one is not old] + [ADDRESS.stored(row)]


def _line(shop: Shop, order: Order, given: dict[str, Any]) -> Line:
    row = ITEM.columns(given)
    row |= {"item_id": shop.next_id("order item"), "order_id": order.id}
    row["created_at"] = row["updated_at"] = shop.now()
    row.pop("parent_item_id", None)
    return Line(ITEM.stored(row))


def add_payment(shop: Shop, order: Order, given: dict[str, Any]) -> None:
    """Add a payment to an order."""
    row = PAYMENT.stored(PAYMENT.columns(given))
    row |= {"entity_id": shop.next_id("order payment"), "parent_id": order.id}
    told = given.get("additional_information") or []
    row["additional_information"] = told if isinstance(told, dict) else {str(n): one for n, one in enumerate(told)}
    order.payments.append(row)


def add_history(shop: Shop, order: Order, given: dict[str, Any]) -> Row:
    """Add a comment to an order."""
    row = HISTORY.stored(HISTORY.columns(given))
    row.setdefault("created_at", shop.now())
    row |= {"entity_id": shop.next_id("order comment"), "parent_id": order.id}
    order.history.append(row)
    return row


def _change(shop: Shop, given: dict[str, Any]) -> dict[str, Any]:
    order = shop.sales.orders.get(given["entity_id"])
    if order is None:
        raise InternalError("the order to be saved is not there")
    sent = ORDER.columns(given)
    if sent.get("increment_id") and _taken(shop, sent["increment_id"], order.id):
        raise Refusal(400, NOT_UNIQUE)
    before = order.addresses
    try:
        _put_addresses(shop, order, given)
    except Refusal:
        order.addresses = before
        raise
    del shop.sales.numbers[php.collated(order.row["increment_id"])]
    put_columns(shop, order, {name: value for name, value in sent.items() if name != "updated_at"})
    keep(shop, order)
    if given.get("payment"):
        add_payment(shop, order, given["payment"])
    for one in given.get("status_histories") or []:
        add_history(shop, order, one)
    return updated_shown(order, sent)


def put_columns(shop: Shop, order: Order, columns: Row) -> None:
    """Write columns of an order; null empties a column."""
    order.row |= ORDER.cut(columns)
    order.row = {name: value for name, value in order.row.items() if value is not None}
    order.row["updated_at"] = shop.now()


_API = "Magento\\Sales\\Api\\OrderRepositoryInterface"
_READ: dict[str, Any] = {"resource": "Magento_Sales::actions_view", "interface": _API}
_SAVE: dict[str, Any] = {
    "resource": "Magento_Sales::create",
    "interface": _API,
    "operation": "save",
    "implementation": "Magento\\Sales\\Model\\OrderRepository\\Interceptor",
}
_ENTITY = (Parameter("entity", ORDER_DATA),)
ROUTES = (
    Route("GET", "orders", get_list, (SEARCH,), **_READ),
    Route("GET", "orders/:id", get, (Parameter("id", INT),), **_READ),
    Route("POST", "orders", save, _ENTITY, **_SAVE),
    Route("PUT", "orders/create", save, _ENTITY, **_SAVE),
)
