"""Acumatica's records, decoded once and typed: what the connector uses of them, in its own units.

Quantities are whole 1/10,000 of the base unit, prices whole 1/1,000,000 of their currency. Both are read from the
decimal text and never through a binary float. Codes are stripped of Acumatica's padding blanks. A record that cannot be
used is a `Problem`, and the rest of its page is processed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from connector.acumatica.errors import RequestRefused

QUANTITY_DIGITS = 4
PRICE_DIGITS = 6
LARGEST = 2**62
FURTHEST = 20
"""Powers of ten. A number further from 1 is not the number of anything that is sold, and computing with it would not
end.
"""
WITHOUT_KEY = "(without key)"
LONGEST_KEY = 255
UNDECODABLE = (msgspec.DecodeError, RecursionError)
"""The exceptions of decoding: for a text that is not JSON or not as expected, and for endlessly nested lists."""

_decimal = msgspec.json.Decoder(Decimal | None).decode
_COMMA, _DOT, _MINUS, _ZERO, _NINE = b",.-09"
_MOST_WHOLE_DIGITS, _MOST_ZEROS = 10, 2
_AS_IT_CAME = msgspec.json.Encoder(decimal_format="number")

T = TypeVar("T")


class Value(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A field of the contract-based API: `{"value": …}`, or `{}` when it is empty."""

    value: T | None = None


Text = Value[str]
Number = Value[Decimal]
Flag = Value[bool]


NULL = msgspec.Raw(b"null")


class RawNumber(msgspec.Struct, frozen=True, gc=False):
    """A number of the contract-based API as its text, so that those of a page can be converted at once;
    `{}` is empty.
    """

    value: msgspec.Raw = NULL


class Problem(msgspec.Struct, frozen=True):
    """A record that cannot be used, and why."""

    key: str
    reason: str


class BadRecord(ValueError):
    """A record contains a value that cannot be used."""


def scaled(value: Decimal | None, digits: int, what: str) -> int | None:
    """Return a decimal as a whole number of its last stored digit; further digits are rounded half to even.

    Raises `BadRecord` for what is not a number and for what is too large.
    """
    if value is None:
        return None
    if not value.is_finite():
        raise BadRecord(f"Unreadable record: {what} is {value}, which is not a number. Correct it in Acumatica.")
    whole = round(value.scaleb(digits)) if value.adjusted() < 20 else LARGEST
    if abs(whole) >= LARGEST:
        raise BadRecord(f"Unreadable record: {what} is {value}, which is too large. Correct it in Acumatica.")
    return whole


def scaled_text(text: bytes, digits: int, what: str) -> int | None:
    """Return the JSON text of a decimal as a whole number of its last stored digit; None for `null`. Raises
    `BadRecord`.
    """
    try:
        value = _decimal(text)
    except UNDECODABLE as error:
        raise BadRecord(f"Unreadable record: {what} has a wrong value: {error}. Correct it in Acumatica.") from error
    return scaled(value, digits, what)


def scaled_column(texts: Sequence[bytes | msgspec.Raw], digits: int) -> list[int] | None:
    """Return the JSON texts of decimals as whole numbers of their last stored digit, all at once. None if one of them
    is written in an unusual way, so that each has to be converted separately.

    No number goes through a binary float: the digits of all are read as whole numbers and shifted by their decimals.
    """
    if not texts:
        return []
    text = b",".join(texts) + b","
    decimals = _plain_decimals(np.frombuffer(text, np.uint8), digits)
    if decimals is None:
        return None
    whole = np.fromstring(text.replace(b".", b"")[:-1], dtype=np.int64, sep=",")
    missing = digits - decimals
    found: list[int] = (whole * 10 ** np.maximum(missing, 0) // 10 ** np.maximum(-missing, 0)).tolist()
    return found


def _plain_decimals(characters: np.ndarray, digits: int) -> np.ndarray | None:
    """Return the number of decimals of each of the numbers, which end with a comma. None if one is anything but digits
    with a sign and a point, has more decimals than are stored, apart from two zeros, or has too many digits for 64
    bits.
    """
    others = np.flatnonzero((characters < _ZERO) | (characters > _NINE))
    kinds = characters[others]
    ends, dots, signs = (others[kinds == kind] for kind in (_COMMA, _DOT, _MINUS))
    if len(ends) + len(dots) + len(signs) < len(others):
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    signed, pointed = np.searchsorted(ends, signs), np.searchsorted(ends, dots)
    if (starts[signed] != signs).any() or (np.diff(pointed) == 0).any():
        return None
    starts[signed] += 1
    points = ends.copy()
    points[pointed] = dots
    wholes = points - starts
    decimals: np.ndarray = np.maximum(ends - points - 1, 0)
    if (
        not decimals[pointed].all()
        or wholes.min() < 1
        or wholes.max() > _MOST_WHOLE_DIGITS
        or decimals.max() > digits + _MOST_ZEROS
    ):
        return None
    for behind in range(_MOST_ZEROS):  # the last digit, then the one before it
        if ((decimals > digits + behind) & (characters[ends - 1 - behind] != _ZERO)).any():
            return None
    return decimals


def day(text: str | None) -> date | None:
    """Return the date of a midnight. Its offset is the server's and must not shift the date (acumatica.md §8)."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadRecord(f"Unreadable record: {text!r} is not a date.") from error


def possible_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys that Acumatica may have, each once. None of its own keys is half as long, and a request with a
    key that is too long for a URL could not be made.
    """
    return list(dict.fromkeys(key for key in keys if len(key) <= LONGEST_KEY))


def code(text: str | None) -> str:
    """Return a code without its padding blanks."""
    return (text or "").rstrip()


def text(value: Text) -> str:
    """Return a text without surrounding blanks; empty if there is none."""
    return (value.value or "").strip()


def units(base: str, sales: str, conversions: list[tuple[str, str, Decimal, str]]) -> Fraction | None:
    """Return the base units per sales unit, exactly, from (from unit, to unit, factor, Multiply or Divide); None if
    unknown.
    """
    if base == sales or not sales:
        return Fraction(1)
    for from_unit, to_unit, factor, how in conversions:
        if not factor.is_finite() or factor <= 0 or abs(factor.adjusted()) > FURTHEST:
            continue
        if (from_unit, to_unit) == (sales, base):
            return Fraction(factor) if how.startswith("M") else 1 / Fraction(factor)
        if (from_unit, to_unit) == (base, sales):
            return 1 / Fraction(factor) if how.startswith("M") else Fraction(factor)
    return None


def decode(content: bytes, kind: Any, what: str) -> Any:
    """Return an answer decoded as `kind`; `what` names what was requested. Raises `RequestRefused`."""
    try:
        return msgspec.json.decode(content, type=kind)
    except UNDECODABLE as error:
        raise RequestRefused(f"Acumatica answered {what} with something that cannot be read: {error}.") from error


def decode_page(content: bytes, kind: type[T], what: str) -> tuple[list[T], list[tuple[Any, str]]]:
    """Return the records of a JSON list, decoded as `kind`, and (raw record, reason) of those that cannot be decoded.

    The whole page is decoded at once; only if that fails is each record decoded separately. Raises `RequestRefused` for
    an answer that is not a list.
    """
    try:
        return _list_of(kind)(content), []  # type: ignore[arg-type]
    except UNDECODABLE:
        rows = as_it_is(content, what)
        if not isinstance(rows, list):
            raise RequestRefused(f"Acumatica answered with something that is not a list of {what}s.") from None
        return decode_each(rows, kind, what)


@cache
def _list_of(kind: Any) -> Callable[[bytes], list[Any]]:
    return msgspec.json.Decoder(list[kind]).decode


def decode_rows(content: bytes, name: str, kind: Any, what: str) -> tuple[list[Any], list[tuple[Any, str]]]:
    """Return the rows under a name in an inquiry's answer, and (raw row, reason) of those that cannot be decoded.

    Raises `RequestRefused` if the answer is not an object with a list under that name. An empty expanded list is `[]`,
    so a missing one does not mean that there are no rows (acumatica-observed.md, on §2.2).
    """
    try:
        return getattr(msgspec.json.decode(content, type=_answer(name, kind)), name), []
    except UNDECODABLE:
        return decode_rows_of(as_it_is(content, what), name, kind, what)


@cache
def _answer(name: str, kind: Any) -> Any:
    return msgspec.defstruct("Answer", [(name, list[kind])])


def decode_rows_of(whole: Any, name: str, kind: Any, what: str) -> tuple[list[Any], list[tuple[Any, str]]]:
    """Return the rows under a name in an answer that was decoded by `as_it_is`, row by row. Raises `RequestRefused`."""
    rows = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(rows, list):
        raise RequestRefused(f"Acumatica answered {what} with something that is not a list of rows.")
    return decode_each(rows, kind, f"a row of {what.removeprefix('the ')}")


def as_it_is(content: bytes, what: str) -> Any:
    """Return the JSON of an answer with every digit, including what is not quite JSON: NaN, halves of characters.

    Raises `RequestRefused`.
    """
    try:
        return json.loads(content, parse_int=_whole, parse_float=_fraction, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(f"Acumatica answered for {what} with something that cannot be read: {error}.") from error


def _whole(digits: str) -> int | Decimal:
    return (
        int(digits) if len(digits) < 19 else Decimal(digits)
    )  # Python does not convert an int with thousands of digits


def _fraction(digits: str) -> Decimal | str:
    """Return a number in a form that no text field accepts as a text; a binary float would lose digits."""
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent without end
        return digits


def decode_each(rows: list[Any], kind: Any, what: str) -> tuple[list[Any], list[tuple[Any, str]]]:
    """Return the rows that can be decoded as `kind`, and (raw row, reason) of those that cannot."""
    good, bad = [], []
    for raw in rows:
        try:
            good.append(msgspec.json.decode(_AS_IT_CAME.encode(raw), type=kind))
        except (*UNDECODABLE, UnicodeEncodeError) as error:  # the latter of half a character
            bad.append((raw, f"Unreadable record: {what} has a wrong value: {error}. Correct it in Acumatica."))
    return good, bad


def raw_value(raw: Any, name: str) -> str:
    """Return the text of a field of an unreadable record; empty if there is none."""
    found = raw.get(name) if isinstance(raw, dict) else None
    value = found.get("value") if isinstance(found, dict) else None
    return str(value).rstrip() if isinstance(value, str | int | Decimal) else ""


def plain_values(value: Any) -> dict[str, Any]:
    """Return a record as the state database returns it, so that an unchanged one equals itself."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return values
