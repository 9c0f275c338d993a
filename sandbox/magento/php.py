"""Values as PHP and MariaDB see them: numeric strings, loose comparison, names in camel case, decimals, collation.

Money and quantities are whole numbers of the smallest unit of their column: 1/1,000,000 and 1/10,000.
Source: magento-observed.md, "Base prices", "Source items"; magento.md, section 3.1 (loose compare).
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import msgspec

PRICE = 1_000_000
QUANTITY = 10_000
PRICE_LIMIT = 10**20 - 1
QUANTITY_LIMIT = 10**12 - 1
_INT64 = range(-(2**63), 2**63)
_NUMERIC = re.compile(r"[ \t\n\r\v\f]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?[ \t\n\r\v\f]*", re.ASCII)
_WHOLE = re.compile(r"[ \t\n\r\v\f]*[+-]?\d+[ \t\n\r\v\f]*", re.ASCII)
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_JSON = msgspec.json.Encoder()


def is_numeric(text: str) -> bool:
    """Whether PHP takes the text for a number."""
    return _NUMERIC.fullmatch(text) is not None


def number_of(text: str) -> int | float:
    """Return the number of a numeric text: an int if it is one, else a float."""
    if _WHOLE.fullmatch(text) and (whole := int(text)) in _INT64:
        return whole
    return float(text)


def loosely_in(text: str, others: set[str], numbers: set[int | float]) -> bool:
    """PHP's `in_array` without strict: numeric texts compare as numbers; `numbers` are those of the others."""
    if text in others:
        return True
    return bool(numbers) and is_numeric(text) and number_of(text) in numbers


def falsy(text: str | None) -> bool:
    """PHP's `!$text`: the text "0" counts as nothing."""
    return text is None or text in ("", "0")


def text_of(value: Any) -> str:
    """A scalar as PHP casts it to a string."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float):
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    mantissa, mark, exponent = repr(value).partition("e")
    if not mark:
        return mantissa
    return f"{mantissa}{'' if '.' in mantissa else '.0'}E{int(exponent):+d}"


@lru_cache(maxsize=4096)
def upper_camel(name: str) -> str:
    """`store_id` as `StoreId`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """`sourceItems` as `source_items`."""
    return re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()


def lower(text: str) -> str:
    """PHP 8's `strtolower`: ASCII letters only."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def trimmed(text: str) -> str:
    """PHP's `trim`."""
    return text.strip(" \t\n\r\0\x0b")


def collated(text: str) -> str:
    """The text as the collation utf8mb4_general_ci compares it: no letter case, no accents, no spaces at the end."""
    text = text.rstrip(" ")
    if text.isascii():
        return text.upper()
    return "".join(map(_weight, text))


@lru_cache(maxsize=65536)
def _weight(letter: str) -> str:
    if ord(letter) > 0xFFFF:
        return "\ufffd"
    if letter == "ß":
        return "S"
    base = unicodedata.normalize("NFD", letter)[0]
    upper = base.upper()
    return upper if len(upper) == 1 else base


def scaled(value: int | float, unit: int, limit: int) -> int:
    """A number as a column of decimals stores it: rounded half away from zero, silently clipped at its limit."""
    rough = value * unit
    if type(rough) is float:
        if -1e14 < rough < 1e14:
            whole = round(rough)
            if -0.25 < rough - whole < 0.25:  # the noise of a product of this size is less than that
                return whole if -limit <= whole <= limit else max(-limit, min(limit, whole))
        rough = int((Decimal(repr(value)) * unit).to_integral_value(ROUND_HALF_UP))
    return max(-limit, min(limit, int(rough)))


def price6(value: int | float) -> int:
    """A price as a decimal(20,6)."""
    return scaled(value, PRICE, PRICE_LIMIT)


def quantity4(value: int | float) -> int:
    """A quantity as a decimal(12,4)."""
    return scaled(value, QUANTITY, QUANTITY_LIMIT)


def shown(whole: int, unit: int) -> int | float:
    """A stored decimal as JSON shows it: an int if it has no fraction."""
    return whole // unit if whole % unit == 0 else whole / unit


def plain(whole: int, unit: int) -> str:
    """A stored decimal as exact text without needless zeros."""
    return format((Decimal(whole) / unit).normalize(), "f") if whole % unit else str(whole // unit)


def json_text(value: Any) -> str:
    """PHP's `json_encode`: slashes and everything beyond ASCII escaped."""
    text = _JSON.encode(value).decode().replace("/", "\\/")
    if text.isascii():
        return text
    return "".join(letter if letter.isascii() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
