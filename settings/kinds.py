"""The kinds of settings, derived from the type and the declaration of a field.

Code that shows, reads or writes settings matches on the kind, never on the text of an annotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, SecretStr
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Secret:
    """A text that must not be shown."""


@dataclass(frozen=True)
class YesNo:
    """On or off."""


@dataclass(frozen=True)
class Number:
    """A whole number, or one with decimals."""

    type: type[int] | type[float] | type[Decimal]


@dataclass(frozen=True)
class Text:
    """A text."""


INSTANT = "a date and a time with its zone, such as 2026-01-31T00:00:00Z"
"""The format of an instant, for messages."""


@dataclass(frozen=True)
class Instant:
    """A date and a time with its time zone."""


@dataclass(frozen=True)
class Choice:
    """One of some values, each with its label."""

    labels: Mapping[Any, str]

    def label_of(self, value: Any) -> str:
        """Return the label of a value."""
        return self.labels[value]

    def value_of(self, text: str) -> Any:
        """Return the value with this label, in any letter case, or with this text in files. Raises `ValueError`."""
        for value, label in self.labels.items():
            if text.casefold() == label.casefold() or text == str(value):
                return value
        raise ValueError(f"it must be one of {', '.join(self.labels.values())}")


@dataclass(frozen=True)
class ListOf:
    """A list of texts; of these values only, if there are any."""

    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A list of rows that have fields of their own."""

    row: type[BaseModel]


@dataclass(frozen=True)
class Map:
    """A map, shown as a table: its key, then its value or the fields of its row."""

    columns: tuple[str, ...]
    value: Any


Kind = Secret | YesNo | Number | Text | Instant | Choice | ListOf | Table | Map


def kind_of(declared: FieldInfo) -> Kind:
    """Return the kind of a field. Raises `TypeError` if the declaration lacks choices or columns."""
    kind, extra = plain_type(declared.annotation), extra_of(declared)
    if get_origin(kind) is Literal or "choices" in extra:
        return _choice(declared.annotation, extra.get("choices", {}))
    if get_origin(kind) is dict:
        return _map(get_args(kind)[1], extra.get("columns", ()))
    if get_origin(kind) is tuple:
        inner = plain_type(get_args(kind)[0])
        return Table(inner) if is_model(inner) else ListOf(get_args(inner) if get_origin(inner) is Literal else ())
    for types, found in ((SecretStr, Secret()), (bool, YesNo()), (AwareDatetime, Instant()), (str, Text())):
        if issubclass(kind, types):
            return found
    for number in (int, float, Decimal):
        if issubclass(kind, number):
            return Number(number)
    raise TypeError(f"{kind} is not a kind of setting")


def plain_type(annotation: Any) -> Any:
    """Return a field's type without `None` and without the metadata of `Annotated`."""
    kind = annotation
    while hasattr(kind, "__metadata__") or get_origin(kind) in (Union, UnionType):
        kind = next(argument for argument in get_args(kind) if argument is not type(None))
    return kind


def is_model(kind: Any) -> bool:
    """Return whether a type is a pydantic model: a row with fields."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _choice(annotation: Any, labels: Mapping[Any, str]) -> Choice:
    values = {True, False, None} if plain_type(annotation) is bool else set(get_args(plain_type(annotation)))
    if set(labels) != values:
        raise TypeError(f"it needs a label for each of {values}, and no other; it has {set(labels)}")
    return Choice(labels)


def _map(value: Any, columns: tuple[str, ...]) -> Map:
    if len(columns) != (1 if is_model(plain_type(value)) else 2):
        raise TypeError(f"a map of {value} needs a heading for each of its columns; it has {columns}")
    return Map(columns, value)


def extra_of(declared: FieldInfo) -> Mapping[str, Any]:
    """Return what `setting()` declares in addition to pydantic: unit, choices, columns, former name."""
    extra = declared.json_schema_extra
    return extra if isinstance(extra, Mapping) else {}
