"""What of an order changed since Magento was told of it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def differences(told: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of an order changed since Magento was told, in words."""
    return list(_differences("", told, now))


def _differences(where: str, told: Any, now: Any) -> Iterator[str]:
    if isinstance(told, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*told, *now]):
            yield from _differences(f"{where}{' ' if where else ''}{_words(name)}", told.get(name), now.get(name))
    elif isinstance(told, list) and isinstance(now, list):
        yield from _differences(where, _by_number(told), _by_number(now))
    elif told != now:
        yield f"{where} {_shown(told)} → {_shown(now)}"


def _by_number(lines: list[Any]) -> dict[str, Any]:
    return {str(line["number"]): {name: line[name] for name in line if name != "number"} for line in lines}


def _words(name: str) -> str:
    return {"lines": "line", "uom": "unit"}.get(name, name.replace("_", " "))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['quantity']} {value['uom']} {value['item']}" if "item" in value else "given"
    return "(none)" if value in (None, "") else str(value)
