"""Descriptions, for people, of what changed in an order since it was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def differences(sent: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return descriptions of what changed in an order since it was sent."""
    return list(_differences("", sent, now))


def _differences(where: str, sent: Any, now: Any) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*sent, *now]):
            yield from _differences(f"{where}{' ' if where else ''}{_label(name)}", sent.get(name), now.get(name))
    elif isinstance(sent, list) and isinstance(now, list):
        yield from _differences(where, _by_number(sent), _by_number(now))
    elif sent != now:
        yield f"{where} {_as_text(sent)} → {_as_text(now)}"


def _by_number(lines: list[Any]) -> dict[str, Any]:
    return {str(line["number"]): {name: line[name] for name in line if name != "number"} for line in lines}


def _label(name: str) -> str:
    return {"lines": "line", "uom": "unit"}.get(name, name.replace("_", " "))


def _as_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['quantity']} {value['uom']} {value['item']}" if "item" in value else "given"
    return "(none)" if value in (None, "") else str(value)
