"""Tables of records with named, typed fields, and the rows of a table for a filter, an order and a page."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from sandbox.acumatica.values import Value, collate

Predicate = Callable[[Any], bool]
KEPT_LISTS = 8


class UnknownField(Exception):
    """A query names a field that the table does not have."""

    def __init__(self, name: str, owner: str) -> None:
        """Create it from the unknown name and the table that does not have it."""
        super().__init__(name)
        self.name = name
        self.owner = owner


class ComputedField(Exception):
    """A query filters, orders or selects by a field that the server computes after reading."""

    def __init__(self, name: str) -> None:
        """Create it from the field's name."""
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its Edm type without the prefix, and a function that reads it from a row. A computed one cannot be
    queried.

    `shown` returns what a record of the contract API shows, if that differs from the value that is filtered by.
    """

    name: str
    kind: str
    get: Callable[[Any], Value]
    pad: int = 0
    nullable: bool = True
    computed: bool = False
    shown: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Link:
    """A navigation to one row (or, with `many`, to rows) of another table."""

    table: Callable[[], "Table"]
    get: Callable[[Any], Any]
    many: bool = False


@dataclass(frozen=True)
class Table:
    """Rows in key order; `lead` returns the sorted values of the first key field if a bound on it may limit
    the rows.
    """

    name: str
    type_name: str
    key: tuple[str, ...]
    fields: Mapping[str, Field]
    rows: Callable[[], Sequence[Any]]
    lead: Callable[[], Sequence[Any]] | None = None
    links: Mapping[str, Link] = field(default_factory=dict)
    custom: Callable[[str], Callable[[Any], Value]] | None = None

    def field(self, name: str) -> Field:
        """Return the field with exactly this name. Raises `UnknownField` if there is none, `ComputedField` if it cannot
        be queried.
        """
        found = self.fields.get(name)
        if found is None:
            raise UnknownField(name, self.type_name)
        if found.computed:
            raise ComputedField(name)
        return found


def fields(*several: Field) -> dict[str, Field]:
    """Return the fields by name."""
    return {one.name: one for one in several}


@dataclass(frozen=True)
class Bound:
    """`field op literal`, which every wanted row fulfils."""

    name: str
    operator: str
    value: Value


@dataclass(frozen=True)
class Question:
    """A query of a table: the filter with its text, the bounds that it implies, the order, the page."""

    text: str = ""
    keep: Predicate | None = None
    bounds: tuple[Bound, ...] = ()
    order: tuple[tuple[Field, bool], ...] = ()
    skip: int = 0
    top: int | None = None


def hiding(question: Question, hidden: Predicate) -> Question:
    """Return the query without the rows that the test finds."""
    keep = question.keep

    def shown(row: Any) -> bool:
        return not hidden(row) and (keep is None or keep(row))

    return replace(question, keep=shown, text=f"{question.text} (not archived)")


class Reader:
    """Answers queries. It stores the last filtered lists, so that `$skip` pages do not filter everything again."""

    def __init__(self, version: Callable[[], int]) -> None:
        """Create it from a function that returns the version of the records; a new version clears the stored lists."""
        self._version = version
        self._kept: dict[tuple[str, str, str], list[Any]] = {}
        self._kept_version = -1

    def read(self, table: Table, question: Question) -> list[Any]:
        """Return the rows of the requested page."""
        end = None if question.top is None else question.skip + question.top
        if question.skip or question.order:
            return self._all(table, question)[question.skip : end]
        return list(islice(_matching(table, question), end))

    def count(self, table: Table, question: Question) -> int:
        """Return the number of rows that match the filter, on all pages."""
        return len(self._all(table, question))

    def _all(self, table: Table, question: Question) -> list[Any]:
        if self._kept_version != self._version():
            self._kept.clear()
            self._kept_version = self._version()
        order = ",".join(f"{one.name} {down}" for one, down in question.order)
        key = table.type_name, question.text, order
        if key not in self._kept:
            if len(self._kept) >= KEPT_LISTS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = _sorted(list(_matching(table, question)), question.order)
        return self._kept[key]


def _matching(table: Table, question: Question) -> Iterable[Any]:
    rows = table.rows()
    if table.lead is not None:
        low, high = _cut(table, question.bounds, table.lead())
        rows = rows[low:high] if (low, high) != (0, len(rows)) else rows
    return rows if question.keep is None else filter(question.keep, rows)


def _cut(table: Table, bounds: tuple[Bound, ...], lead: Sequence[Any]) -> tuple[int, int]:
    low, high = 0, len(lead)
    for bound in bounds:
        if bound.name != table.key[0]:
            continue
        value = collate(bound.value) if isinstance(bound.value, str) else bound.value
        if bound.operator in ("gt", "ge", "eq"):
            low = max(low, bisect_right(lead, value) if bound.operator == "gt" else bisect_left(lead, value))
        if bound.operator in ("lt", "le", "eq"):
            high = min(high, bisect_left(lead, value) if bound.operator == "lt" else bisect_right(lead, value))
    return low, max(low, high)


def _sorted(rows: list[Any], order: tuple[tuple[Field, bool], ...]) -> list[Any]:
    for one, down in reversed(order):
        rows.sort(key=_sort_key(one.get), reverse=down)
    return rows


def _sort_key(get: Callable[[Any], Value]) -> Callable[[Any], tuple[bool, Any]]:
    def key(row: Any) -> tuple[bool, Any]:
        value = get(row)
        return value is not None, collate(value) if isinstance(value, str) else value

    return key
