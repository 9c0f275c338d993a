"""Customers: create, read, change, search and delete them.

A change is a merge, but a list of addresses replaces all addresses. An e-mail is unique within a website, or in the
whole shop if accounts are shared. Source: magento-observed.md, "Customers" and part two, section 3; recordings of
customers and customers2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sandbox.magento.customer_addresses import (
    ADDRESS,
    ATTRIBUTE,
    KINDS,
    address_shown,
    allowed,
    check_defaults,
    check_lines,
    defaults_after,
    replaced,
)
from sandbox.magento.customer_attributes import a_date, check_gender, values_after
from sandbox.magento.customer_checks import MISSING_EMAIL, check_names, check_password, taken
from sandbox.magento.customer_records import Customer
from sandbox.magento.errors import Refusal, no_entity
from sandbox.magento.records import Store
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import SEARCH, Columns, found, result
from sandbox.magento.state import Shop
from sandbox.magento.typed import BOOL, INT, TEXT, Data, Parameter, listed

TEXTS = ("dob", "firstname", "lastname", "middlename", "prefix", "suffix", "taxvat", "confirmation")
CUSTOMER = Data(
    "Magento\\Customer\\Api\\Data\\CustomerInterface",
    {
        **dict.fromkeys(("id", "group_id", "gender", "store_id", "website_id", "disable_auto_group_change"), INT),
        **dict.fromkeys((*TEXTS, *KINDS, "created_at", "updated_at", "created_in", "email"), TEXT),
        "addresses": listed(ADDRESS),
        "extension_attributes": Data(
            "Magento\\Customer\\Api\\Data\\CustomerExtensionInterface", {"is_subscribed": BOOL}
        ),
        "custom_attributes": listed(ATTRIBUTE),
    },
)
NO_GROUP = "The specified customer group id does not exist."
NO_WEBSITE = "The website with id {id} that was requested wasn't found. Verify the website and try again."
NO_STORE = "The store that was requested wasn't found. Verify the store and try again."
NOT_IN_WEBSITE = "The store view is not in the associated website."
NOT_RELATED = 'Provided customer ID "%customer_id" isn\'t related to current customer address.'
NO_EMAIL = "No such entity with %fieldName = %fieldValue, %field2Name = %field2Value"
TAKEN = "A customer with the same email address already exists in an associated website."


def shown(customer: Customer) -> dict[str, Any]:
    """Return a customer as JSON."""
    fields = customer.fields
    body: dict[str, Any] = {"id": customer.id, "group_id": customer.group_id}
    body |= {kind: str(customer.defaults[kind]) for kind in KINDS if kind in customer.defaults}
    body |= {"created_at": customer.created_at, "updated_at": customer.updated_at, "created_in": customer.created_in}
    body |= {"email": customer.email, **{name: fields[name] for name in (*TEXTS, "gender") if name in fields}}
    body |= {"store_id": customer.store_id, "website_id": customer.website_id}
    body["addresses"] = [address_shown(customer, one) for one in customer.addresses]
    body["disable_auto_group_change"] = fields.get("disable_auto_group_change", 0)
    body["extension_attributes"] = {"is_subscribed": customer.is_subscribed}
    if customer.attributes:
        body["custom_attributes"] = [
            {"attribute_code": code, "value": customer.attributes[code]} for code in customer.attributes
        ]
    return body


def create(call: Call) -> dict[str, Any]:
    """Create a customer."""
    shop, given = call.shop, call.given["customer"]
    store = _store(shop, given)
    if given.get("id"):
        keys = {"fieldName": "email", "fieldValue": given.get("email"), "field2Name": "websiteId"}
        raise Refusal(404, NO_EMAIL, {**keys, "field2Value": str(store.website_id)})
    rows = given.get("addresses") or []
    check_lines(rows)
    check_password(call.given["password"])
    number = shop.next_id("customer")
    made = Customer(number, given.get("email") or "", store.website_id, store.id, 1, store.name, shop.now(), shop.now())
    _put(shop, made, given)
    kept = [{**row, "id": None} for row in allowed(rows)]
    made.addresses = replaced(shop, made, kept)
    made.defaults = defaults_after({}, kept, made.addresses)
    shop.customers[made.id] = made
    return shown(made)


def _store(shop: Shop, given: Mapping[str, Any], old: Customer | None = None) -> Store:
    """Return the store view that a customer belongs to."""
    website, number = given.get("website_id"), given.get("store_id")
    if old is not None:
        website = old.website_id if website is None else website
        if number is None and website == old.website_id:
            number = old.store_id
    if website is not None and website not in shop.websites:
        raise Refusal(404, NO_WEBSITE.format(id=website))
    if number is None:
        chosen = website if website is not None else 1
        return next(store for store in shop.stores.values() if store.website_id == chosen)
    store = shop.stores.get(number)
    if store is None and website is None:
        raise Refusal(404, NO_STORE)
    if store is None or (website is not None and store.website_id != website):
        raise Refusal(400, NOT_IN_WEBSITE)
    return store


def _put(shop: Shop, customer: Customer, given: Mapping[str, Any]) -> None:
    """Set a customer's fields, checked in Magento's order. Raises `Refusal`."""
    fields = {
        **customer.fields,
        **{name: given[name] for name in (*TEXTS, "gender", "disable_auto_group_change") if name in given},
    }
    group = given.get("group_id")
    email = given["email"] if given.get("email") is not None else customer.email
    check_gender(fields.get("gender"))
    if group is not None and group not in shop.customer_groups:
        raise Refusal(400, NO_GROUP)
    if not email:
        raise Refusal(400, MISSING_EMAIL)
    if taken(shop, email, customer.website_id, customer.id):
        raise Refusal(400, TAKEN)
    check_names(email, fields)
    if fields.get("dob"):
        fields["dob"] = a_date(fields["dob"])
    customer.email = email
    customer.attributes = values_after(shop, customer.attributes, given.get("custom_attributes") or [])
    customer.fields = {name: value for name, value in fields.items() if value not in (None, "")}
    customer.group_id = customer.group_id if group is None else group
    subscribed = (given.get("extension_attributes") or {}).get("is_subscribed")
    customer.is_subscribed = customer.is_subscribed if subscribed is None else subscribed


def update(call: Call) -> dict[str, Any]:
    """Change the customer that the body names, else the one of the path. Missing fields come from the
    path's customer.
    """
    shop, given = call.shop, call.given["customer"]
    origin = _customer(shop, call.given["customerId"])
    number = given.get("id") or origin.id
    if number == origin.id:
        return _change(shop, origin, given)
    if origin.addresses and "addresses" not in given:
        raise Refusal(400, NOT_RELATED, {"customer_id": number})
    kept = {**origin.fields, "email": origin.email, "group_id": origin.group_id, "website_id": origin.website_id}
    return _change(shop, _customer(shop, number), {**kept, **given})


def _change(shop: Shop, customer: Customer, given: Mapping[str, Any]) -> dict[str, Any]:
    """Change a customer as a whole or not at all: if it is refused half-way, it stays as it was."""
    store = _store(shop, given, customer)
    changed = replace(customer, website_id=store.website_id, store_id=store.id, updated_at=shop.now())
    rows = given.get("addresses")
    told = {kind: int(given[kind]) for kind in KINDS if (given.get(kind) or "").isdecimal()}
    changed.defaults = {**customer.defaults, **told}
    check_lines(rows or [])
    check_defaults(customer, rows, changed.defaults)
    _put(shop, changed, given)
    if rows is None:
        changed.addresses = [replace(one, region_id=one.region_id or 0) for one in customer.addresses]
    else:
        addresses = replaced(shop, customer, rows)
        changed.defaults = defaults_after(changed.defaults, rows, addresses)
        changed.addresses = sorted(addresses, key=lambda one: one.id)
    shop.customers[customer.id] = changed
    return shown(changed)


def _customer(shop: Shop, number: int) -> Customer:
    customer = shop.customers.get(number)
    if customer is None:
        raise no_entity("customerId", number)
    return customer


def get(call: Call) -> dict[str, Any]:
    """Return one customer."""
    return shown(_customer(call.shop, call.given["customerId"]))


def delete(call: Call) -> bool:
    """Delete a customer."""
    del call.shop.customers[_customer(call.shop, call.given["customerId"]).id]
    return True


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested customers."""
    asked = call.given["searchCriteria"]
    items, total = found(call.shop.customers.values(), _columns(call.shop), asked, attributes=True)
    return result([shown(one) for one in items], asked, total)


def _columns(shop: Shop) -> Columns:
    own = ("id", "email", "website_id", "store_id", "group_id", "created_in", "created_at", "updated_at")
    columns: dict[str, Any] = {name: attrgetter(name) for name in own}
    columns["entity_id"] = attrgetter("id")
    columns |= {name: _reader("fields", name) for name in (*TEXTS, "gender")}
    columns |= {kind: _reader("defaults", kind) for kind in KINDS}
    return columns | {code: _reader("attributes", code) for code in shop.customer_attributes}


def _reader(part: str, name: str) -> Callable[[Customer], Any]:
    return lambda customer: getattr(customer, part).get(name)


def get_address(call: Call) -> dict[str, Any]:
    """Return one address by its id."""
    number = call.given["addressId"]
    for customer in call.shop.customers.values():
        address = customer.address(number)
        if address is not None:
            return address_shown(customer, address)
    raise no_entity("addressId", number)


def _default(kind: str) -> Any:
    def get_default(call: Call) -> dict[str, Any] | list[Any]:
        customer = _customer(call.shop, call.given["customerId"])
        address = customer.address(customer.defaults.get(kind, 0))
        return [] if address is None else address_shown(customer, address)

    return get_default


def is_email_available(call: Call) -> bool:
    """Return True, as Magento does for every e-mail, so that nobody learns who has an account."""
    return True


_API = "Magento\\Customer\\Api\\"
_READ: dict[str, Any] = {"resource": "Magento_Customer::customer"}
_WRITE: dict[str, Any] = {"resource": "Magento_Customer::manage"}
_ID = Parameter("customerId", INT)
_CUSTOMER = Parameter("customer", CUSTOMER)
_PASSWORD = (
    Parameter("password", TEXT, required=False),
    Parameter("redirectUrl", TEXT, required=False, default=""),
)
_REPOSITORY: dict[str, Any] = {
    "interface": f"{_API}CustomerRepositoryInterface",
    "implementation": "Magento\\Customer\\Model\\ResourceModel\\CustomerRepository\\Interceptor",
}
_ACCOUNTS: dict[str, Any] = {
    "interface": f"{_API}AccountManagementInterface",
    "implementation": "Magento\\Customer\\Model\\AccountManagement\\Interceptor",
}
ROUTES = (
    Route("GET", "customers/search", get_list, (SEARCH,), **_READ),
    Route("GET", "customers/:customerId", get, (_ID,), **_READ),
    Route("GET", "customers/addresses/:addressId", get_address, (Parameter("addressId", INT),), **_READ),
    Route("GET", "customers/:customerId/billingAddress", _default("default_billing"), (_ID,), **_READ),
    Route("GET", "customers/:customerId/shippingAddress", _default("default_shipping"), (_ID,), **_READ),
    Route("POST", "customers", create, (_CUSTOMER, *_PASSWORD), operation="createAccount", **_ACCOUNTS),
    Route(
        "PUT",
        "customers/:customerId",
        update,
        (_ID, _CUSTOMER, _PASSWORD[0]),
        operation="save",
        **_WRITE,
        **_REPOSITORY,
    ),
    Route("DELETE", "customers/:customerId", delete, (_ID,), operation="deleteById", **_WRITE, **_REPOSITORY),
    Route(
        "POST",
        "customers/isEmailAvailable",
        is_email_available,
        (Parameter("customerEmail", TEXT), Parameter("websiteId", INT, required=False)),
        question=True,
    ),
)
