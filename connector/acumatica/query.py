"""Queries of Acumatica's lists, with every value quoted: those of the endpoint (OData 3) and of the feeds (OData 4).

A condition is built from fields and plain values, and rendered for the dialect of its receiver when the request is
made. The dialects write times, dates and searches differently (contracts/acumatica.md §2.3 and §3.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Literal
from urllib.parse import quote

from connector.acumatica.errors import RequestRefused

Scalar = str | int | Decimal | date | datetime
"""What a field is compared with; a `bool` too, which is an `int`."""
Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]

LONGEST_CONDITION = 8_000
"""Encoded characters of a condition, well within what web servers accept in a query."""
_UNENCODED = "$,/()='"
"""Not encoded, as in Acumatica's own examples; `+` and `:` of a date-time are encoded (acumatica.md §2.3)."""


class Dialect(Enum):
    """The receiver: the contract-based endpoint, or an OData feed of a DAC or a generic inquiry."""

    ENDPOINT = 3
    FEED = 4


@dataclass(frozen=True)
class Comparison:
    """A comparison of a field with a value."""

    field: str
    operator: Operator
    value: Scalar


@dataclass(frozen=True)
class Contains:
    """A text field that contains a text."""

    field: str
    text: str


@dataclass(frozen=True)
class AnyOf:
    """At least one of these is met. An empty one is refused when it is rendered, because everything would meet it."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AllOf:
    """All of these are met; none at all is no condition."""

    conditions: tuple[Condition, ...] = ()


Condition = Comparison | Contains | AnyOf | AllOf


@dataclass(frozen=True)
class Query:
    """One query of a list. `custom`: fields of views, as `$custom` names them."""

    select: Sequence[str] = ()
    expand: Sequence[str] = ()
    custom: Sequence[str] = ()
    where: Condition = AllOf()
    order: Sequence[str] = ()
    top: int | None = None
    skip: int | None = None

    def params(self, dialect: Dialect = Dialect.ENDPOINT) -> dict[str, str]:
        """Return the parameters of the query, not yet encoded. Raises `RequestRefused`."""
        given = {
            "$select": ",".join(dict.fromkeys(self.select)),
            "$expand": ",".join(dict.fromkeys(self.expand)),
            "$custom": ",".join(dict.fromkeys(self.custom)),
            "$filter": filter_of(self.where, dialect),
            "$orderby": ",".join(self.order),
            "$top": "" if self.top is None else str(self.top),
            "$skip": "" if self.skip is None else str(self.skip),
        }
        return {name: value for name, value in given.items() if value}


def eq(field: str, value: Scalar) -> Comparison:
    """Return the condition that the field is this."""
    return Comparison(field, "eq", value)


def ne(field: str, value: Scalar) -> Comparison:
    """Return the condition that the field is not this."""
    return Comparison(field, "ne", value)


def gt(field: str, value: Scalar) -> Comparison:
    """Return the condition that the field is more than this."""
    return Comparison(field, "gt", value)


def ge(field: str, value: Scalar) -> Comparison:
    """Return the condition that the field is this or more."""
    return Comparison(field, "ge", value)


def one_of(field: str, values: Iterable[Scalar]) -> AnyOf:
    """Return the condition that the field is one of these."""
    return AnyOf(tuple(eq(field, value) for value in values))


def same(fields: Sequence[str], values: Sequence[Scalar]) -> Condition:
    """Return the condition for one key: each field has the value at its position."""
    if len(fields) == 1:
        return eq(fields[0], values[0])
    return AllOf(tuple(eq(field, value) for field, value in zip(fields, values, strict=True)))


def behind(fields: Sequence[str], values: Sequence[Scalar]) -> Condition:
    """Return the condition for the page after a key, part by part."""
    first = gt(fields[0], values[0])
    if len(fields) == 1:
        return first
    return AnyOf((first, AllOf((eq(fields[0], values[0]), behind(fields[1:], values[1:])))))


def filter_of(condition: Condition, dialect: Dialect = Dialect.ENDPOINT) -> str:
    """Return the condition as text. Raises `RequestRefused` for a value that cannot be written."""
    if isinstance(condition, AllOf):
        parts = [filter_of(one, dialect) for one in condition.conditions]
        return " and ".join(part for part in parts if part)
    if isinstance(condition, AnyOf):
        if not condition.conditions:
            raise ValueError("A list of values is empty: nothing can be one of them, and nothing may be asked.")
        parts = [filter_of(one, dialect) for one in condition.conditions]
        nested = [isinstance(one, AllOf) for one in condition.conditions]
        return f"({' or '.join(f'({part})' if inner else part for part, inner in zip(parts, nested, strict=True))})"
    if isinstance(condition, Contains):
        text = literal(condition.text, dialect)
        if dialect is Dialect.FEED:
            return f"contains({condition.field},{text})"
        return f"substringof({text},{condition.field})"  # it does not know `contains`, and `eq true` finds nothing
    return f"{condition.field} {condition.operator} {literal(condition.value, dialect)}"


def literal(value: Scalar, dialect: Dialect = Dialect.ENDPOINT) -> str:
    """Return a value as it is written in a condition. Raises `RequestRefused` for one that cannot be written.

    A time is aware. A date has no offset: Acumatica reads it in the server's zone, in which it stores its dates.
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise RequestRefused(f"Acumatica cannot be asked for the number {value}.")
        return f"{value:f}M" if dialect is Dialect.ENDPOINT else f"{value:f}"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"An instant without a zone cannot be asked for: {value.isoformat()}.")
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return f"datetimeoffset'{text}'" if dialect is Dialect.ENDPOINT else f"{text.removesuffix('+00:00')}Z"
    return f"datetimeoffset'{value.isoformat()}'" if dialect is Dialect.ENDPOINT else value.isoformat()


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RequestRefused(f"Acumatica cannot be asked for {text[:60]!r}: it holds half a character.") from error
    return "'" + text.replace("'", "''") + "'"


def in_parts(conditions: Sequence[Condition], most: int, dialect: Dialect = Dialect.ENDPOINT) -> list[AnyOf]:
    """Return the conditions, any of which is to be met, in as few queries as possible, with at most `most` in each."""
    parts: list[list[Condition]] = []
    room = 0
    for one in conditions:
        length = len(encoded(filter_of(one, dialect))) + len("%20or%20()")
        if not parts or len(parts[-1]) == most or length > room:
            parts.append([])
            room = LONGEST_CONDITION
        parts[-1].append(one)
        room -= length
    return [AnyOf(tuple(part)) for part in parts]


def encoded(text: str) -> str:
    """Return a text encoded for a URL."""
    return quote(text, safe=_UNENCODED)


def url_with(url: str, params: Mapping[str, str]) -> str:
    """Return the URL of a query."""
    return f"{url}?{'&'.join(f'{name}={encoded(value)}' for name, value in params.items())}" if params else url
