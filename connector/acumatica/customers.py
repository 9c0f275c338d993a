"""Customers of the chosen classes: contacts, addresses and, if needed, attributes.

Customers are read in pages by key, as items are. A full read requests only the chosen classes. A read of changes
requests all customers, so that leaving a class is noticed; a customer of another class gets no record. Sources:
contracts/acumatica.md §2.5 and §5.3; acumatica-observed.md: imported customers have the timestamp 1900, so a full read
does not filter by date; billing and shipping contacts have no company name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

import msgspec

from connector.acumatica import pager
from connector.acumatica.lists import EntityList, Page, parts, paths
from connector.acumatica.query import Query, one_of
from connector.acumatica.records import WITHOUT_KEY, Flag, Problem, Text, code, decode, possible_keys
from connector.acumatica.session import AcumaticaSession
from connector.model.comparison import same_code
from connector.model.customers import Address, AttributeValue, Contact, Customer


@dataclass(frozen=True)
class CustomerPage:
    """One page: customers by CustomerID, None for one of a class that was not chosen; `last_key`: where to continue."""

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


class _Person(msgspec.Struct):
    FirstName: Text = Text()
    LastName: Text = Text()
    Phone1: Text = Text()
    Phone2: Text = Text()


class _Contact(_Person):
    """A contact with an address. Billing and shipping contacts have no company and no e-mail of their own."""

    Address: _Address | None = None


class _MainContact(_Contact):
    CompanyName: Text = Text()
    Email: Text = Text()


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
    MainContact: _MainContact | None = None
    BillingContact: _Contact | None = None
    ShippingContact: _Contact | None = None
    PrimaryContact: _Person | None = None


class _WithAttributes(_Record):
    Attributes: list[_Attribute] | None = None


CUSTOMERS = EntityList(
    name="Customer",
    record=_Record,
    key=("CustomerID",),
    select=paths(_Record),
    expand=parts(_Record),
    called="the customer",
)
WITH_ATTRIBUTES = replace(
    CUSTOMERS,
    record=_WithAttributes,
    select=(*CUSTOMERS.select, "Attributes"),
    expand=(*CUSTOMERS.expand, "Attributes"),
)


async def customer_pages(
    session: AcumaticaSession,
    classes: Sequence[str],
    *,
    attributes: bool = False,
    changed_since: datetime | None = None,
    after: str | None = None,
) -> AsyncIterator[CustomerPage]:
    """Yield the customers of these classes, or all that changed since a time, in pages after a key. Without classes
    nothing is read.
    """
    if not classes:
        return
    where = [one_of("CustomerClass", classes)] if changed_since is None else []
    of = WITH_ATTRIBUTES if attributes else CUSTOMERS
    async for page in pager.pages(session, of, where, changed_since=changed_since, after=after):
        yield _page(page, classes)


async def customers_with_keys(
    session: AcumaticaSession, classes: Sequence[str], keys: Sequence[str], *, attributes: bool = False
) -> CustomerPage:
    """Return the customers with these CustomerIDs. Missing ones are left out. Without classes nothing is read."""
    if not classes:
        return CustomerPage({}, None, [])
    return _page(
        await pager.with_keys(session, WITH_ATTRIBUTES if attributes else CUSTOMERS, possible_keys(keys)), classes
    )


class _Class(msgspec.Struct):
    ClassID: Text = Text()


class _ClassAttribute(msgspec.Struct):
    AttributeID: Text = Text()
    Description: Text = Text()


class _ClassAttributes(msgspec.Struct):
    Attributes: list[_ClassAttribute] = []


async def customer_classes(session: AcumaticaSession) -> list[str]:
    """Return the customer classes."""
    url = session.access.entity("CustomerClass")
    content = await session.get(url, Query(select=("ClassID",)).params(), what="the list of CustomerClass")
    return [code(one.ClassID.value) for one in decode(content, list[_Class], "the list of CustomerClass")]


async def attributes_of_class(session: AcumaticaSession, customer_class: str) -> set[str]:
    """Return the attributes that customers of a class have: their ids and their descriptions."""
    url = f"{session.access.entity('CustomerClass')}/{quote(customer_class, safe='')}"
    content = await session.get(
        url, Query(expand=("Attributes",)).params(), what=f"the customer class {customer_class}"
    )
    found = decode(content, _ClassAttributes, f"the customer class {customer_class}").Attributes
    return {_text(field) for one in found for field in (one.AttributeID, one.Description)}


def _page(found: Page[_Record], classes: Sequence[str]) -> CustomerPage:
    page = CustomerPage({}, found.last, found.problems())
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
            for one in (record.Attributes or [] if isinstance(record, _WithAttributes) else [])
        ),
    )


def _contact(contact: _Person | None) -> Contact:
    if contact is None:
        return Contact()
    main = contact if isinstance(contact, _MainContact) else _MainContact()
    return Contact(
        first_name=_text(contact.FirstName),
        last_name=_text(contact.LastName),
        company=_text(main.CompanyName),
        email=_text(main.Email),
        phone=_text(contact.Phone1) or _text(contact.Phone2),
        address=_address(contact.Address if isinstance(contact, _Contact) else None),
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
