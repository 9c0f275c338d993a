"""Changes of customers. Contacts and addresses are given under their contract names.

A change of a contact or an address is made on the customer's form and bumps the customer's stamp.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.acumatica.contacts import ADDRESS_NAMES, CONTACT_NAMES
from sandbox.acumatica.customers import PRESET, STATUSES
from sandbox.acumatica.document_types import Contact, Customer
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.forms import Row, settable
from sandbox.acumatica.given import Given, known, moment_of
from sandbox.acumatica.values import stamped

NAMES = (
    "customer_id name customer_class status email main_contact billing_contact shipping_contact primary_contact "
    "contacts attributes price_class guest created modified fields custom"
)
PLAIN: dict[str, Callable[[Any], Any]] = {"name": str, "price_class": str, "guest": bool, "custom": dict}
ATTRIBUTE_NAMES = ("AttributeID", "AttributeDescription", "Value", "ValueDescription", "Required", "IsActive")
CODE_WIDTH = 9


def text_row(given: Mapping[str, Any], names: tuple[str, ...], what: str) -> Row:
    """Return the values, given by contract name, as texts. Raises `ValueError` for a name that is not in `names`."""
    known(given, " ".join(names), what)
    return {name: None if value is None else str(value) for name, value in given.items()}


def _contact(documents: Documents, given: Given, base: Contact | None, moment: datetime) -> Contact:
    """Return a contact with the given values, and the others as in `base`. Its number and id are kept."""
    known(given, " ".join((*CONTACT_NAMES, "Address")), "a contact")
    values = {name: value for name, value in given.items() if name != "Address"}
    fields, address = text_row(values, CONTACT_NAMES, "a contact"), given.get("Address") or {}
    written = text_row(address, ADDRESS_NAMES, "an address")
    if base is None:
        state = documents.state
        country: Row = {"Country": "US"}
        return Contact(documents.next_contact(), fields, country | written, state.guid(), moment)
    return Contact(base.number, base.fields | fields, base.address | written, base.note_id, moment)


def _add_customer(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, NAMES, "a customer")
    state, moment = documents.state, moment_of(documents.state, given)
    code = str(given.get("customer_id") or "").strip().upper()
    code = code or documents.next_number("customer", documents.customers.has, "C", CODE_WIDTH)
    if documents.customers.has(code):
        raise ValueError(f"The customer ID {code!r} is taken.")
    name = str(given["name"])
    main = _contact(documents, {"CompanyName": name, "FullName": name}, None, moment)
    customer = Customer(
        number=state.customer(code),
        code=code,
        name=name,
        customer_class=documents.customer_class("DEFAULT", moment),
        note_id=state.guid(),
        created=moment_of(state, given, "created") if "created" in given else moment,
        modified=moment,
        main=main,
    )
    _assign(documents, customer, given, moment)
    documents.customers.add(customer)
    return {"customer_id": code, "id": customer.note_id}


def _set_customer(documents: Documents, given: Given) -> dict[str, Any]:
    known(given, NAMES.replace(" created", ""), "a customer")
    customer = documents.customers.get(given["customer_id"])
    moment = moment_of(documents.state, given)
    _assign(documents, customer, given, moment)
    customer.modified = moment
    documents.state.changed(keys=True)
    return {"customer_id": customer.code, "id": customer.note_id}


def _assign(documents: Documents, customer: Customer, given: Given, moment: datetime) -> None:
    """Set the given values. All are read before any is set, so that a wrong value changes nothing."""
    wanted: dict[str, Any] = {name: PLAIN[name](given[name]) for name in PLAIN if name in given}
    if "status" in given:
        wanted["status"] = _status(given["status"])
    if "attributes" in given:
        wanted["attributes"] = [attribute(one) for one in given["attributes"]]
    if "fields" in given:
        wanted["extra"] = customer.extra | settable(PRESET, dict(given["fields"]), "a customer")
    wanted |= _contacts(documents, customer, given, moment)
    if "customer_class" in given:
        wanted["customer_class"] = documents.customer_class(str(given["customer_class"]), moment)
    for name, value in wanted.items():
        setattr(customer, name, value)


def _contacts(documents: Documents, customer: Customer, given: Given, moment: datetime) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    main = dict(given.get("main_contact") or {})
    if "email" in given:
        main["Email"] = given["email"]
    if main:
        wanted["main"] = _contact(documents, main, customer.main, moment)
    for name in ("billing", "shipping", "primary"):
        if f"{name}_contact" in given:
            value, base = given[f"{name}_contact"], getattr(customer, name)
            wanted[name] = None if value is None else _contact(documents, value, base, moment)
    persons = list(customer.persons)
    if "contacts" in given:
        persons = [_contact(documents, one, None, moment) for one in given["contacts"]]
    primary = wanted.get("primary", customer.primary)
    if primary is not None and "primary" in wanted:
        persons = [one for one in persons if one.number != primary.number] + [primary]
    return wanted | {"persons": persons}


def _status(value: Any) -> str:
    if value not in STATUSES:
        raise ValueError(f"status {value!r} is none of {', '.join(STATUSES)}.")
    return str(value)


def attribute(given: Mapping[str, Any]) -> Row:
    """Return an attribute, given by contract names, with typed values."""
    known(given, " ".join(ATTRIBUTE_NAMES), "an attribute")
    row: Row = {"AttributeID": str(given["AttributeID"]).upper()}
    row |= {name: bool(given[name]) for name in ("Required", "IsActive") if name in given}
    texts = ("AttributeDescription", "Value", "ValueDescription")
    return row | {name: None if given.get(name) is None else str(given[name]) for name in texts}


def _remove_customer(documents: Documents, given: Any) -> dict[str, Any]:
    customer = documents.customers.get(given["customer_id"] if isinstance(given, Mapping) else given)
    if any(order.customer is customer for order in documents.orders.rows()):
        raise ValueError(f"The customer {customer.code} has orders and cannot be deleted.")
    documents.customers.remove(customer, stamped(documents.state.now()))
    return {"customer_id": customer.code}


CUSTOMER_CHANGES: dict[str, Callable[[Documents, Any], dict[str, Any]]] = {
    "add_customer": _add_customer,
    "set_customer": _set_customer,
    "remove_customer": _remove_customer,
}
