"""Customers, their addresses, and the custom attributes of the shop. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class CustomerAddress:
    """An address. `region_id`: None if no region was ever given, 0 for a region that is not in Magento's list."""

    id: int
    fields: dict[str, Any] = field(default_factory=dict)
    street: list[str] = field(default_factory=list)
    region: str | None = None
    region_id: int | None = None


@dataclass
class Customer:
    """A customer; `fields` are those that may be empty, `attributes` the values of custom ones, as text."""

    id: int
    email: str
    website_id: int
    store_id: int
    group_id: int
    created_in: str
    created_at: str
    updated_at: str
    fields: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    addresses: list[CustomerAddress] = field(default_factory=list)
    defaults: dict[str, int] = field(default_factory=dict)
    is_subscribed: bool = False

    def address(self, number: int) -> CustomerAddress | None:
        """Return the address with this id."""
        return next((one for one in self.addresses if one.id == number), None)


@dataclass
class CustomerAttribute:
    """An attribute of customers; `options` are the values of a select by their ids."""

    code: str
    label: str
    backend_type: str = "varchar"
    frontend_input: str = "text"
    options: dict[str, str] = field(default_factory=dict)
    required: bool = False
    user_defined: bool = True
