"""Typed input: convert JSON to the parameters of a service, with Magento's messages if it does not fit.

A data object becomes a dict by snake-case names that contains only what was sent; names may be in camel or snake case.
Only types and the shop's limit of records are checked here. Source: magento-observed.md, "Errors in general", "Input
limits"; recordings of base-prices, source-items, stock-special and generic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import NOT_SUPPORTED, InternalError, Refusal, required

INVALID = 'The "{value}" value\'s type is invalid. The "{type}" type was expected. Verify and try again.'
TRUE = ("1", "true", "on", "yes")
FALSE = ("0", "false", "off", "no", "")

PHP_TYPES = {str: "string", int: "integer", float: "double", bool: "boolean", type(None): "NULL"}


@dataclass
class Limits:
    """The shop's input limits; `array` and `page` None: no limit. `default_page` applies if no page size is sent."""

    array: int | None = None
    page: int | None = None
    default_page: int | None = None


class TypeFault(Exception):
    """A value of another type; the text is Magento's message."""


Type = Callable[[Any, Limits], Any]


def _scalar(kind: str, cast: Callable[[Any], Any]) -> Type:
    def convert(value: Any, limits: Limits) -> Any:
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise TypeFault(INVALID.format(value="array", type=kind))
        try:
            return cast(value)
        except ValueError:
            raise TypeFault(INVALID.format(value=php.text_of(value), type=kind)) from None

    return convert


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, str):
        if not php.is_numeric(value):
            raise ValueError
        return php.number_of(value)
    return value if isinstance(value, int | float) else 0


def _int(value: Any) -> int:
    number = _number(value)
    if number != number or number in (float("inf"), float("-inf")):
        return 0
    return max(_SMALLEST, min(_LARGEST, int(number)))


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = php.text_of(value).strip().lower()
    if text not in TRUE and text not in FALSE:
        raise ValueError
    return text in TRUE


TEXT = _scalar("string", php.text_of)
INT = _scalar("int", _int)
FLOAT = _scalar("float", _number)
BOOL = _scalar("boolean", _bool)
# the kinds of values that each type takes as they are: most of a large request needs no more than this look
_AS_THEY_ARE: dict[Type, frozenset[type]] = {
    TEXT: frozenset({str}),
    INT: frozenset({int}),
    FLOAT: frozenset({int, float}),
    BOOL: frozenset({bool}),
}
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_NONE: frozenset[type] = frozenset()


def anything(value: Any, limits: Limits) -> Any:
    """Return a value of any type, as it came."""
    return value


PHP_TYPES = {str: "string", int: "integer", float: "double", bool: "boolean"}


def texts(value: Any, limits: Limits) -> list[str] | None:
    """Return a list of texts; they do not count against the limit of records."""
    return _all(value, TEXT, "string[]", limits)


def ints(value: Any, limits: Limits) -> list[int] | None:
    """Return a list of whole numbers."""
    return _all(value, INT, "int[]", limits)


def _all(value: Any, kind: Type, name: str, limits: Limits) -> list[Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict | list):
        raise TypeFault(INVALID.format(value=PHP_TYPES[type(value)], type=name))
    values = value.values() if isinstance(value, dict) else value
    return [kind(one, limits) for one in values]


@dataclass(frozen=True, eq=False)
class Data:
    """A data interface: its PHP name (which appears when the limit of records is met) and the types of its fields."""

    interface: str
    fields: Mapping[str, Type]
    known: dict[str, tuple[str, Type, frozenset[type]]] = field(default_factory=dict, repr=False)

    def __call__(self, value: Any, limits: Limits) -> dict[str, Any]:
        """Return the object; a value that is not one gives an empty object."""
        if not isinstance(value, dict):
            return {}
        made = {}
        known = self.known
        for name, given in value.items():
            try:
                own, kind, as_they_are = known[name]
            except KeyError:
                own, kind, as_they_are = self._find(name)
            if type(given) in as_they_are:
                made[own] = given
                continue
            try:
                made[own] = kind(given, limits)
            except TypeFault as fault:
                raise TypeFault(f'Error occurred during "{name}" processing. {fault}') from None
        return made

    def _find(self, name: str) -> tuple[str, Type, frozenset[type]]:
        camel = php.upper_camel(name)
        for own, kind in self.fields.items():
            if php.upper_camel(own) == camel:
                self.known[name] = (own, kind, _AS_THEY_ARE.get(kind, _NONE))
                return self.known[name]
        raise Refusal(400, NOT_SUPPORTED, {"fieldName": camel})


def listed(data: Data) -> Type:
    """Return the type of a list of data objects, which counts against the limit of records. What is not a list counts
    as not sent.
    """

    def convert(value: Any, limits: Limits) -> list[dict[str, Any]] | None:
        if not isinstance(value, dict | list):
            return None
        if limits.array is not None and len(value) > limits.array:
            parameters = {"type": f"\\{data.interface}", "max": limits.array}
            raise Refusal(400, 'Maximum items of type "%type" is %max', parameters)
        return [data(one, limits) for one in (value.values() if isinstance(value, dict) else value)]

    return convert


@dataclass(frozen=True)
class Parameter:
    """A parameter of a service; `default` is its value if it is not sent and may be left out."""

    name: str
    kind: Type
    required: bool = True
    default: Any = None


def arguments(given: Any, parameters: Sequence[Parameter], limits: Limits) -> dict[str, Any]:
    """Return the parameters of a service by name, from a body, a query or a path."""
    values = given if isinstance(given, dict) else {}
    made: dict[str, Any] = {}
    missing = []
    for parameter in parameters:
        name = parameter.name
        value = values.get(name)
        if value is None:
            value = values.get(php.snake(name))
        if value is None:
            if parameter.required:
                missing.append(name)
            else:
                made[name] = parameter.default
            continue
        try:
            made[name] = parameter.kind(value, limits)
        except TypeFault as fault:
            raise Refusal(400, str(fault)) from None
        if made[name] is None:
            raise InternalError(f"{name} must be an array")  # as PHP: the service itself takes no null
    if missing:
        raise required(missing)
    return made
