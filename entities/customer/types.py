"""The types of the rules of customers: the rule, the shop's data that they use, and accounts of Magento."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connector.model.comparison import same_code
from connector.model.customers import AttributeKind, Country
from entities.marks import ONLY_SENDING


@dataclass(frozen=True)
class CustomerRule:
    """The settings of A to M Customer Sync.

    `attributes` maps Acumatica's attributes to Magento's; None while Customer Attribute Sync is off. `shared`: Magento
    shares accounts over its websites, so an account of another website is the customer's too.
    """

    classes: frozenset[str]
    groups: Mapping[str, str]
    attributes: Mapping[str, str] | None = None
    create: bool = True
    create_limit: int = field(default=100, metadata=ONLY_SENDING)
    telephone: str = ""
    website_id: int = 1
    without_email: Literal["fail", "leave_out"] = "fail"
    shared: bool = False

    def group_of(self, customer_class: str) -> str | None:
        """Return the Magento group of a class. The map may name the class in any letter case."""
        return next((group for name, group in self.groups.items() if same_code(name, customer_class)), None)


@dataclass(frozen=True)
class ShopFacts:
    """The shop's data: group ids by compared name, countries by code and attributes by code; None for one that the shop
    does not have.
    """

    groups: Mapping[str, int]
    group_names: tuple[str, ...] = ()
    countries: Mapping[str, Country | None] = field(default_factory=dict)
    attributes: Mapping[str, AttributeKind | None] = field(default_factory=dict)


@dataclass(frozen=True)
class PostalAddress:
    """An address as Magento must show it. `billing`, `shipping`: its uses in Acumatica."""

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
    """A customer as Magento must show it. An attribute with an empty value must not be there."""

    email: str
    website_id: int
    firstname: str
    lastname: str
    group_id: int
    addresses: tuple[PostalAddress, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
