"""Read the values of a change: times, dates, items, warehouses, numbers."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sandbox.acumatica.item_types import Item, Site
from sandbox.acumatica.state import State
from sandbox.acumatica.values import QUANTITY_PLACES, parse_moment, scaled, stamped

Given = Mapping[str, Any]


class BadChange(ValueError):
    """A change that names something unknown or is not valid; the text is the reason."""


def moment_of(state: State, given: Given, name: str = "modified") -> datetime:
    """Return the time that the change names, or the sandbox's."""
    text = given.get(name)
    if text is None:
        return stamped(state.now())
    found = parse_moment(str(text), UTC)
    if found is None:
        raise ValueError(f"{name} {text!r} is no date.")
    return found


def day_of(given: Given, name: str) -> date | None:
    """Return the date that the change names; None if it is null."""
    if given.get(name) in (None, ""):
        return None
    found = parse_moment(str(given[name]), UTC)
    if found is None:
        raise ValueError(f"{name} {given[name]!r} is no date.")
    return found.date()


def item_of(state: State, given: Given) -> Item:
    """Return the item that the change names."""
    item = state.item(str(given["inventory_id"]))
    if item is None:
        raise ValueError(f"There is no item {given['inventory_id']!r}.")
    return item


def site_of(state: State, code: Any) -> Site:
    """Return the warehouse with this code."""
    site = state.sites.get(str(code).strip().upper())
    if site is None:
        raise ValueError(f"There is no warehouse {code!r}.")
    return site


def quantity_of(given: Given) -> int:
    """Return the quantity that the change names, in ten-thousandths."""
    return scaled(given["quantity"], QUANTITY_PLACES, "quantity")


def known(given: Given, names: str, what: str) -> None:
    """Check that the change has only these names, which are separated by blanks. Raises `ValueError` for another one,
    or for a change that is not an object.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{what} is given as an object, not as {given!r}.")
    unknown = given.keys() - set(names.split())
    if unknown:
        raise ValueError(f"{what} has no {', '.join(sorted(unknown))}.")
