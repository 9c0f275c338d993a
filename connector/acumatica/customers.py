"""Customers of the chosen classes: contacts, addresses and, where they are wanted, attributes.

Read in pages by key, as items are. A read in full asks for the chosen classes only; a read of changes asks for all
customers, so that one who leaves its class is seen to leave, and gives none for a customer of another class. Sources:
contracts/acumatica.md §2.5 and §5.3; acumatica-observed.md: imported customers are stamped 1900, so a read in full does
not ask for a date; billing and shipping contacts have no company name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import msgspec

from connector.acumatica import pages
from connector.acumatica.pages import Listed, Page
from connector.acumatica.records import WITHOUT_KEY, Flag, Problem, Text, code, decode
from connector.acumatica.session import AcumaticaSession
from connector.model.customers import Address, AttributeValue, Contact, Customer, same_code

_PERSON = ("FirstName", "LastName", "Phone1", "Phone2")
_ADDRESS = ("AddressLine1", "AddressLine2", "City", "State", "PostalCode", "Country")
_CONTACTS = {
    "MainContact": (*_PERSON, "CompanyName", "Email"),
    "BillingContact": _PERSON,
    "ShippingContact": _PERSON,
    "PrimaryContact": _PERSON,
}
_WITH_ADDRESS = ("MainContact", "BillingContact", "ShippingContact")
_HEADER = ("CustomerID", "CustomerName", "CustomerClass", "Status", "IsGuestCustomer")


@dataclass(frozen=True)
class CustomerPage:
    """One page: customers by CustomerID, none for one of a class that was not chosen; `last_key` to go on behind."""

    customers: dict[str, Customer | None]
    last_key: str | None
    problems: list[Problem]


class _Address(msgspec.Struct):
    AddressLine1: Text = Text()
    AddressLine2: Text = Text()
    City: Text = Text()
    State: Text = Text()
    PostalCode: Text = Text()
    Country: Text = Text()


class _Contact(msgspec.Struct):
    FirstName: Text = Text()
    LastName: Text = Text()
    CompanyName: Text = Text()
    Email: Text = Text()
    Phone1: Text = Text()
    Phone2: Text = Text()
    Address: _Address | None = None


class _Attribute(msgspec.Struct):
    AttributeID: Text = Text()
    AttributeDescription: Text = Text()
    Value: Text = Text()
    ValueDescription: Text = Text()


class _Record(msgspec.Struct):
    CustomerID: Text
    CustomerName: Text = Text()
    CustomerClass: Text = Text()
    Status: Text = Text()
    IsGuestCustomer: Flag = Flag()
    MainContact: _Contact | None = None
    BillingContact: _Contact | None = None
    ShippingContact: _Contact | None = None
    PrimaryContact: _Contact | None = None
    Attributes: list[_Attribute] | None = None


RECORD = _Record
"""What a record is decoded into: its fields are those that are read."""
NOT_THERE = ("BillingContact/CompanyName", "ShippingContact/CompanyName")
"""Fields of it that those contacts do not have, and that are not asked for."""


async def customer_pages(
    session: AcumaticaSession,
    classes: Sequence[str],
    *,
    attributes: bool = False,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[CustomerPage]:
    """The customers of these classes, or all that changed since an instant, in pages behind a key. No class: nobody."""
    if not classes:
        return
    if changed_since is None:
        condition = pages.either("CustomerClass", classes)
    else:
        condition = pages.since("LastModifiedDateTime", changed_since)
    async for found in pages.pages(session, _listed(attributes), [condition], after):
        yield _page(found, classes)


async def customers_with_keys(
    session: AcumaticaSession, classes: Sequence[str], keys: Sequence[str], *, attributes: bool = False
) -> CustomerPage:
    """The customers with these CustomerIDs; those that are not there are left out. No class: nobody is asked for."""
    if not classes:
        return CustomerPage({}, None, [])
    return _page(await pages.with_numbers(session, _listed(attributes), keys), classes)


def _listed(attributes: bool) -> Listed[_Record]:
    select, expand = list(_HEADER), list(_CONTACTS)
    for contact, names in _CONTACTS.items():
        select += [f"{contact}/{name}" for name in names]
    for contact in _WITH_ADDRESS:
        select += [f"{contact}/Address/{name}" for name in _ADDRESS]
        expand.append(f"{contact}/Address")
    if attributes:
        select.append("Attributes")
        expand.append("Attributes")
    return Listed("Customer", _Record, ",".join(select), ",".join(expand), "CustomerID", "the customer")


class _Class(msgspec.Struct):
    ClassID: Text = Text()


class _ClassAttribute(msgspec.Struct):
    AttributeID: Text = Text()
    Description: Text = Text()


class _ClassAttributes(msgspec.Struct):
    Attributes: list[_ClassAttribute] = []


async def customer_classes(session: AcumaticaSession) -> list[str]:
    """The customer classes."""
    url = session.access.entity("CustomerClass")
    content = await session.get(url, {"$select": "ClassID"}, what="the list of CustomerClass")
    return [code(one.ClassID.value) for one in decode(content, list[_Class], "the list of CustomerClass")]


async def attributes_of_class(session: AcumaticaSession, customer_class: str) -> set[str]:
    """The attributes that customers of a class have: their ids and their descriptions."""
    url = f"{session.access.entity('CustomerClass')}/{quote(customer_class, safe='')}"
    content = await session.get(url, {"$expand": "Attributes"}, what=f"the customer class {customer_class}")
    found = decode(content, _ClassAttributes, f"the customer class {customer_class}").Attributes
    return {_text(field) for one in found for field in (one.AttributeID, one.Description)}


def _page(found: Page[_Record], classes: Sequence[str]) -> CustomerPage:
    page = CustomerPage({}, found.last, [Problem(key, why) for key, why in found.bad])
    for record in found.records:
        if not code(record.CustomerID.value):
            page.problems.append(Problem(WITHOUT_KEY, "Unreadable record: a customer has no CustomerID."))
            continue
        chosen = any(same_code(record.CustomerClass.value or "", one) for one in classes)
        page.customers[code(record.CustomerID.value)] = _customer(record) if chosen else None
    return page


def _customer(record: _Record) -> Customer:
    return Customer(
        customer_id=code(record.CustomerID.value),
        name=_text(record.CustomerName),
        customer_class=code(record.CustomerClass.value),
        status=_text(record.Status),
        guest=bool(record.IsGuestCustomer.value),
        main=_contact(record.MainContact),
        billing=_contact(record.BillingContact),
        shipping=_contact(record.ShippingContact),
        person=_contact(record.PrimaryContact),
        attributes=tuple(
            AttributeValue(
                _text(one.AttributeID), _text(one.AttributeDescription), _text(one.Value), _text(one.ValueDescription)
            )
            for one in record.Attributes or []
        ),
    )


def _contact(contact: _Contact | None) -> Contact:
    if contact is None:
        return Contact()
    return Contact(
        first_name=_text(contact.FirstName),
        last_name=_text(contact.LastName),
        company=_text(contact.CompanyName),
        email=_text(contact.Email),
        phone=_text(contact.Phone1) or _text(contact.Phone2),
        address=_address(contact.Address),
    )


def _address(address: _Address | None) -> Address:
    if address is None:
        return Address()
    return Address(
        line1=_text(address.AddressLine1),
        line2=_text(address.AddressLine2),
        city=_text(address.City),
        state=_text(address.State),
        postal_code=_text(address.PostalCode),
        country=_text(address.Country),
    )


def _text(value: Text) -> str:
    return (value.value or "").strip()
