"""What the rules of customers take and give: customers of Acumatica, what the shop knows, and accounts of Magento."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


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
        """Whether nobody entered anything: the country alone comes from the customer class."""
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
    """An attribute of an Acumatica customer: `label` is what people see of a value that is chosen from a list."""

    name: str
    description: str
    value: str
    label: str


@dataclass(frozen=True)
class Customer:
    """A customer as Acumatica has it; `person` is the primary contact."""

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
class CustomerRule:
    """A to M Customer Sync. `attributes`: Acumatica's to Magento's; none while Customer Attribute Sync is off.

    `shared`: Magento shares accounts over its websites, so an account of another website is the customer's.
    """

    classes: frozenset[str]
    groups: Mapping[str, str]
    attributes: Mapping[str, str] | None = None
    create: bool = True
    create_limit: int = 100
    telephone: str = ""
    website_id: int = 1
    without_email: Literal["fail", "leave_out"] = "fail"
    shared: bool = False

    def group_of(self, customer_class: str) -> str | None:
        """The Magento group of a class, in whatever letter case the map names the class."""
        return next((group for name, group in self.groups.items() if same_code(name, customer_class)), None)


@dataclass(frozen=True)
class Country:
    """A country that Magento knows: the ids of its regions by code and by name, both in compared form."""

    regions: Mapping[str, int] = field(default_factory=dict)
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttributeKind:
    """A customer attribute of Magento: how it is entered and kept; `options`: value by label, in compared form."""

    frontend_input: str
    backend_type: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ShopFacts:
    """What the shop knows: group ids by compared name, countries by code and attributes by code; none: not known."""

    groups: Mapping[str, int]
    group_names: tuple[str, ...] = ()
    countries: Mapping[str, Country | None] = field(default_factory=dict)
    attributes: Mapping[str, AttributeKind | None] = field(default_factory=dict)


@dataclass(frozen=True)
class PostalAddress:
    """An address as Magento must show it; `billing`, `shipping`: what Acumatica uses it for."""

    firstname: str
    lastname: str
    company: str
    street: tuple[str, ...]
    city: str
    postcode: str
    country_id: str
    region_id: int | None
    region: str
    telephone: str
    billing: bool
    shipping: bool


@dataclass(frozen=True)
class Account:
    """A customer as Magento must show it; an attribute with an empty value must not be there."""

    email: str
    website_id: int
    firstname: str
    lastname: str
    group_id: int
    addresses: tuple[PostalAddress, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


class CustomerProblem(Exception):
    """A customer cannot be sent; the text begins with the cause and a colon."""


def same_code(one: str, other: str) -> bool:
    """Two codes of Acumatica are compared without regard to letter case and the blanks that pad them."""
    return one.strip().casefold() == other.strip().casefold()
