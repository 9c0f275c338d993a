"""Values as PHP and MariaDB treat them: numeric strings, loose comparison, camel-case names, decimals, collation.

Amounts and quantities are whole numbers of the smallest unit of their column: 1/1,000,000 and 1/10,000. Source:
magento-observed.md, "Base prices", "Source items"; magento.md, section 3.1 (loose compare).
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
    """Return whether PHP treats the text as a number."""
    return _NUMERIC.fullmatch(text) is not None


def number_of(text: str) -> int | float:
    """Return the number of a numeric text: an int if it is one, else a float."""
    if _WHOLE.fullmatch(text) and (whole := int(text)) in _INT64:
        return whole
    return float(text)


def loosely_in(text: str, others: set[str], numbers: set[int | float]) -> bool:
    """Return PHP's `in_array` without strict: numeric texts compare as numbers; `numbers` are the numbers
    of `others`.
    """
    if text in others:
        return True
    return bool(numbers) and is_numeric(text) and number_of(text) in numbers


def falsy(text: str | None) -> bool:
    """Return PHP's `!$text`: the text "0" counts as empty."""
    return text is None or text in ("", "0")


def text_of(value: Any) -> str:
    """Return a scalar as PHP casts it to a string."""
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
    """Convert `store_id` to `StoreId`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Convert `sourceItems` to `source_items`."""
    return re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()


def lower(text: str) -> str:
    """Return PHP 8's `strtolower`: only ASCII letters are converted."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def trimmed(text: str) -> str:
    """Return PHP's `trim`."""
    return text.strip(" \t\n\r\0\x0b")


def collated(text: str) -> str:
    """Return the text as the collation utf8mb4_general_ci compares it: without letter case, accents and trailing
    spaces.
    """
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
    """Return a number as a column of decimals stores it: rounded half away from zero, silently clipped at its limit."""
    rough = value * unit
    if type(rough) is float:
        if -1e14 < rough < 1e14:
            whole = round(rough)
            if -0.25 < rough - whole < 0.25:  # the rounding error of a product of this size is smaller
                return whole if -limit <= whole <= limit else max(-limit, min(limit, whole))
        rough = int((Decimal(repr(value)) * unit).to_integral_value(ROUND_HALF_UP))
    return max(-limit, min(limit, int(rough)))


def price6(value: int | float) -> int:
    """Return a price as a decimal(20,6)."""
    return scaled(value, PRICE, PRICE_LIMIT)


def quantity4(value: int | float) -> int:
    """Return a quantity as a decimal(12,4)."""
    return scaled(value, QUANTITY, QUANTITY_LIMIT)


def shown(whole: int, unit: int) -> int | float:
    """Return a stored decimal as JSON shows it: an int if it has no fraction."""
    return whole // unit if whole % unit == 0 else whole / unit


def plain(whole: int, unit: int) -> str:
    """Return a stored decimal as exact text without trailing zeros."""
    return format((Decimal(whole) / unit).normalize(), "f") if whole % unit else str(whole // unit)


def json_text(value: Any) -> str:
    """Return PHP's `json_encode`, which escapes slashes and everything beyond ASCII."""
    text = _JSON.encode(value).decode().replace("/", "\\/")
    if text.isascii():
        return text
    return "".join(letter if letter.isascii() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
