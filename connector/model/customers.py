"""Customers of Acumatica, and Magento's countries and customer attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Address:
    """An address of Acumatica; `state` and `country` are codes."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""

    def is_empty(self) -> bool:
        """Return whether nothing was entered. The country does not count, because it comes from the customer class."""
        return not (self.line1 or self.line2 or self.city or self.postal_code)


@dataclass(frozen=True)
class Contact:
    """A contact of Acumatica."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Address()


@dataclass(frozen=True)
class AttributeValue:
    """An attribute of an Acumatica customer. `label` is the text that people see for a value chosen from a list."""

    name: str
    description: str
    value: str
    label: str


@dataclass(frozen=True)
class Customer:
    """A customer of Acumatica; `person` is the primary contact."""

    customer_id: str
    name: str
    customer_class: str
    status: str
    guest: bool
    main: Contact = Contact()
    billing: Contact = Contact()
    shipping: Contact = Contact()
    person: Contact = Contact()
    attributes: tuple[AttributeValue, ...] = ()


@dataclass(frozen=True)
class Country:
    """A country that Magento knows, with the ids of its regions by code and by name, both in compared form."""

    regions: Mapping[str, int] = field(default_factory=dict)
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttributeKind:
    """A customer attribute of Magento: its input type and storage type; `options` maps labels, in compared form, to
    values.
    """

    frontend_input: str
    backend_type: str
    options: Mapping[str, str] = field(default_factory=dict)
