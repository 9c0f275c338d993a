"""`$filter` of the contract API (an OData 3 subset), of OData 3 and of OData 4: a text is compiled to a
test of rows.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any

from sandbox.acumatica.tables import Bound, Field, Predicate, Table, UnknownField
from sandbox.acumatica.values import Value, collate, parse_moment

TOKEN = re.compile(
    r"""\s*(?:
    (?P<typed>(?:datetimeoffset|datetime|date|guid)'[^']*')
  | (?P<text>'(?:[^']|'')*')
  | (?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
  | (?P<moment>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)
  | (?P<number>-?\d+(?:\.\d+)?[MmDdFfLl]?)
  | (?P<name>[A-Za-z_][\w./]*)
  | (?P<mark>[(),=])
    )""",
    re.VERBOSE | re.ASCII,
)
DEEPEST = 100
"""Maximum nesting of brackets. Acumatica's own limit is not known, only that its OData library has one."""
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
MIRRORED = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
TEXTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
}
CUSTOM = re.compile(r"cf\.(String|Decimal|DateTime|Boolean|Int|Guid|Short|Long)$")


class Dialect(Enum):
    """The grammar that applies."""

    CONTRACT = "contract"
    ODATA3 = "odata3"
    ODATA4 = "odata4"


class FilterError(Exception):
    """The filter cannot be parsed or does not fit the fields; the text is the reason."""


@dataclass(frozen=True)
class Literal:
    """A constant with its kind: text, number, boolean, moment, guid or null."""

    kind: str
    value: Value


@dataclass(frozen=True)
class Filter:
    """A compiled filter: the test, the fields it names, and the bounds that every row must meet."""

    keep: Predicate
    names: tuple[str, ...]
    bounds: tuple[Bound, ...]


@dataclass(frozen=True)
class _Part:
    keep: Predicate
    bounds: tuple[Bound, ...] = ()


KINDS = {
    "String": ("text",),
    "Decimal": ("number",),
    "Int32": ("number",),
    "Int16": ("number",),
    "Boolean": ("boolean",),
    "DateTimeOffset": ("moment",),
    "Guid": ("guid", "text"),
}


def compiled(text: str, table: Table, dialect: Dialect, zone: tzinfo) -> Filter:
    """Return the test of a filter on the table's rows. Raises `FilterError` or `UnknownField` if it is not usable."""
    parser = _Parser(text, table, dialect, zone)
    part = parser.whole()
    return Filter(part.keep, tuple(parser.names), part.bounds)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while text[place:].strip():
        found = TOKEN.match(text, place)
        if found is None:
            raise FilterError(f"Syntax error at position {place} in '{text}'.")
        place = found.end()
        yield str(found.lastgroup), str(found[str(found.lastgroup)])
    yield "end", ""


class _Parser:
    """Recursive descent: or, and, not, comparison."""

    def __init__(self, text: str, table: Table, dialect: Dialect, zone: tzinfo) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0
        self._table = table
        self._dialect = dialect
        self._zone = zone
        self.names: list[str] = []

    def whole(self) -> _Part:
        part = self._either()
        if self._kind() != "end":
            raise self._wrong()
        return part

    def _kind(self) -> str:
        return self._tokens[self._place][0]

    def _word(self) -> str:
        return self._tokens[self._place][1]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _take(self, word: str) -> bool:
        if self._kind() in ("name", "mark") and self._word() == word:
            self._place += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong()

    def _wrong(self) -> FilterError:
        return FilterError(f"Syntax error at '{self._word()}' in '{self._text}'.")

    def _either(self) -> _Part:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else _Part(_any_of([part.keep for part in parts]))

    def _both(self) -> _Part:
        parts = [self._negated()]
        while self._take("and"):
            parts.append(self._negated())
        if len(parts) == 1:
            return parts[0]
        return _Part(_all_of([part.keep for part in parts]), tuple(bound for part in parts for bound in part.bounds))

    def _negated(self) -> _Part:
        if not self._take("not"):
            return self._single()
        if self._dialect is Dialect.CONTRACT and self._word() in ("substringof", "startswith", "endswith"):
            raise FilterError("The not operator cannot be applied to a function.")
        inner = self._single().keep
        return _Part(lambda row: not inner(row))

    def _single(self) -> _Part:
        if self._take("("):
            self._depth += 1
            if self._depth > DEEPEST:
                raise FilterError("Recursion depth exceeded allowed limit.")
            part = self._either()
            self._need(")")
            self._depth -= 1
            return part
        if self._kind() == "name" and self._tokens[self._place + 1] == ("mark", "(") and not self._is_custom():
            return self._function()
        return self._comparison()

    def _is_custom(self) -> bool:
        return CUSTOM.match(self._word()) is not None

    def _function(self) -> _Part:
        name = self._next()[1]
        old = self._dialect is not Dialect.ODATA4
        if name not in (("substringof", "startswith", "endswith") if old else tuple(TEXTS)):
            raise FilterError(f"An unknown function with name '{name}' was found.")
        self._need("(")
        first = self._operand()
        self._need(",")
        second = self._operand()
        self._need(")")
        subject, part = (second, first) if name == "substringof" else (first, second)
        if not isinstance(subject, Field) or not isinstance(part, Literal) or not isinstance(part.value, str):
            raise FilterError(f"No function signature for the function with name '{name}' matches the arguments.")
        test = _text_test(subject, TEXTS["contains" if name == "substringof" else name], part.value)
        return self._compared_function(test)

    def _compared_function(self, test: Predicate) -> _Part:
        if self._word() not in ("eq", "ne"):
            return _Part(test)
        wanted = self._next()[1] == "eq"
        literal = self._operand()
        if not isinstance(literal, Literal) or not isinstance(literal.value, bool):
            raise self._wrong()
        if self._dialect is Dialect.CONTRACT:
            return _Part(lambda row: False)
        wanted = wanted == literal.value
        return _Part(lambda row: test(row) is wanted)

    def _comparison(self) -> _Part:
        left = self._operand()
        if isinstance(left, Field) and left.kind == "Boolean" and self._word() in ("and", "or", ")", ""):
            get = left.get
            return _Part(lambda row: bool(get(row)))
        kind, sign = self._next()
        if kind != "name" or sign not in OPERATORS:
            self._place -= 1
            raise self._wrong()
        right = self._operand()
        if isinstance(left, Literal) and isinstance(right, Field):
            left, right, sign = right, left, MIRRORED.get(sign, sign)
        if not isinstance(left, Field) or not isinstance(right, Literal):
            raise FilterError(f"Two fields or two constants cannot be compared in '{self._text}'.")
        return self._test(left, sign, right)

    def _test(self, subject: Field, sign: str, literal: Literal) -> _Part:
        if literal.kind == "null":
            return _Part(lambda row: (subject.get(row) in (None, "")) == (sign == "eq"))
        if literal.kind not in KINDS[subject.kind]:
            if self._dialect is Dialect.CONTRACT:
                return _Part(lambda row: False)
            raise FilterError(f"A binary operator with incompatible types was detected at '{subject.name} {sign}'.")
        bounds = () if sign == "ne" else (Bound(subject.name, sign, literal.value),)
        return _Part(_compare(subject, OPERATORS[sign], sign == "ne", literal.value), bounds)

    def _operand(self) -> Field | Literal:
        kind, word = self._next()
        if kind == "name":
            return self._named(word)
        literal = self._literal(kind, word)
        if literal is None:
            self._place -= 1
            raise self._wrong()
        return literal

    def _named(self, word: str) -> Field | Literal:
        if word in ("true", "false"):
            return Literal("boolean", word == "true")
        if word == "null":
            return Literal("null", None)
        if CUSTOM.match(word):
            return self._custom(word)
        self.names.append(word)
        return _resolved(self._table, word)

    def _custom(self, word: str) -> Field:
        self._need("(")
        self._need("f")
        self._need("=")
        name = self._next()[1].strip("'")
        self._need(")")
        if self._table.custom is None:
            raise UnknownField(name, self._table.type_name)
        kind = {"cf.Int": "Int32", "cf.DateTime": "DateTimeOffset"}.get(word, word.removeprefix("cf."))
        return Field(name, kind if kind in KINDS else "Int32", self._table.custom(name))

    def _literal(self, kind: str, word: str) -> Literal | None:
        if kind == "text":
            return Literal("text", word[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal("number", Decimal(word.rstrip("MmDdFfLl")))
        if kind == "typed" and self._dialect is not Dialect.ODATA4:
            name, _, text = word.partition("'")
            return Literal("guid", text[:-1].lower()) if name == "guid" else self._moment(text[:-1])
        if kind == "guid" and self._dialect is Dialect.ODATA4:
            return Literal("guid", word.lower())
        if kind == "moment" and self._dialect is Dialect.ODATA4:
            return self._moment(word)
        return None

    def _moment(self, text: str) -> Literal:
        found = parse_moment(text, self._zone)
        if found is None:
            raise FilterError(f"Unrecognized date and time '{text}' in '{self._text}'.")
        return Literal("moment", found)


def _resolved(table: Table, path: str) -> Field:
    head, slash, rest = path.partition("/")
    if not slash:
        return table.field(path)
    link = table.links.get(head)
    if link is None or link.many:
        raise UnknownField(head, table.type_name)
    inner = _resolved(link.table(), rest)
    return Field(path, inner.kind, _through(link.get, inner.get))


def _through(follow: Callable[[Any], Any], get: Callable[[Any], Value]) -> Callable[[Any], Value]:
    def read(row: Any) -> Value:
        linked = follow(row)
        return None if linked is None else get(linked)

    return read


def _any_of(tests: list[Predicate]) -> Predicate:
    return lambda row: any(test(row) for test in tests)


def _all_of(tests: list[Predicate]) -> Predicate:
    return lambda row: all(test(row) for test in tests)


def _text_test(subject: Field, test: Callable[[str, str], bool], part: str) -> Predicate:
    folded = part.casefold()

    def keep(row: Any) -> bool:
        value = subject.get(row)
        return isinstance(value, str) and test(value.rstrip(" ").casefold(), folded)

    return keep


def _compare(subject: Field, test: Callable[[Any, Any], bool], differs: bool, value: Value) -> Predicate:
    get = subject.get
    if isinstance(value, str):
        key = collate(value)

        def keep_text(row: Any) -> bool:
            found = get(row)
            return differs if found is None else test(collate(str(found)), key)

        return keep_text

    def keep(row: Any) -> bool:
        found = get(row)
        return differs if found is None or not _comparable(found, value) else test(found, value)

    return keep


def _comparable(found: Value, value: Value) -> bool:
    return isinstance(found, datetime) == isinstance(value, datetime)
