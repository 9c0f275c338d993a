"""Compares the sandbox's records with recorded ones, field by field."""

import re
from typing import Any

MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?[+-]\d\d:\d\d$")
GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
SYSTEM = {"id", "rowNumber", "note", "custom", "_links", "files"}


def kind(value: Any) -> str:
    """Name the JSON type; texts that are moments or GUIDs count as their own types."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "moment" if MOMENT.match(value) else "guid" if GUID.match(value) else "text"
    return type(value).__name__


def alike(real: dict[str, Any], own: dict[str, Any], path: str = "") -> list[str]:
    """Compare one record field by field; give what differs in wrapping or type. Names are compared apart."""
    wrong: list[str] = []
    for name in real.keys() & own.keys():
        left, right, here = real[name], own[name], f"{path}/{name}"
        if name in ("id", "rowNumber"):
            if kind(left) != kind(right):
                wrong.append(here)
        elif isinstance(left, list):
            wrong += [] if isinstance(right, list) else [here]
            if left and right:
                wrong += alike(left[0], right[0], here)
        elif isinstance(left, dict) and "id" in left:
            wrong += alike(left, right, here) if isinstance(right, dict) else [here]
        elif isinstance(left, dict) and name not in ("custom", "_links"):
            if not isinstance(right, dict | None) or set(right or {}) - {"value"}:
                wrong.append(here)
            elif right and "value" in left and "value" in right and kind(left["value"]) != kind(right["value"]):
                wrong.append(f"{here}: {left} {right}")
    return wrong


def extra(real: dict[str, Any], own: dict[str, Any]) -> set[str]:
    """Give the names that only one's own record has; fail when a recorded name or its place is lost."""
    names = [name for name in order(own) if name in real]
    assert names == order(real)
    return set(order(own)) - set(names)


def order(record: dict[str, Any]) -> list[str]:
    """Give the names of a record without the system's."""
    return [name for name in record if name not in SYSTEM]
