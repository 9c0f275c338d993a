"""Lists by search criteria: filters, sort orders and pages over records, as Magento's collections return them.

All filter groups must match, and any filter within a group. An unknown field of a table is a fault of the database and
thus status 500; for records with attributes (products) it is an attribute that does not exist, and refused. An unknown
condition finds nothing. Texts compare as the collation does. Source: magento-observed.md, "Errors in general",
"Paging"; recordings of paging, generic and source-items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import InternalError, Refusal
from sandbox.magento.typed import INT, TEXT, Data, Limits, Parameter, listed

FILTER = Data("Magento\\Framework\\Api\\Search\\Filter", {"field": TEXT, "value": TEXT, "condition_type": TEXT})
GROUP = Data("Magento\\Framework\\Api\\Search\\FilterGroup", {"filters": listed(FILTER)})
SORT_ORDER = Data("Magento\\Framework\\Api\\SortOrder", {"field": TEXT, "direction": TEXT})
CRITERIA = Data(
    "Magento\\Framework\\Api\\SearchCriteriaInterface",
    {"filter_groups": listed(GROUP), "sort_orders": listed(SORT_ORDER), "page_size": INT, "current_page": INT},
)
NO_CONDITION = frozenset({"null", "notnull"})


@dataclass(frozen=True)
class Filter:
    """One condition."""

    field: str
    value: str | None
    condition: str


@dataclass
class Criteria:
    """The search criteria of a request."""

    groups: list[list[Filter]] = field(default_factory=list)
    orders: list[tuple[str, str | None]] = field(default_factory=list)
    page_size: int | None = None
    current_page: int | None = None

    def shown(self) -> dict[str, Any]:
        """Return the criteria as the answer repeats them."""
        groups = [{"filters": [_shown(one) for one in group]} for group in self.groups]
        shown: dict[str, Any] = {"filter_groups": groups}
        if self.orders:
            shown["sort_orders"] = [{"field": name, "direction": direction} for name, direction in self.orders]
        if self.page_size is not None:
            shown["page_size"] = self.page_size
        if self.current_page is not None:
            shown["current_page"] = self.current_page
        return shown

    def of_texts(self, name: str) -> list[str] | None:
        """Return the texts that this field must have one of, where the criteria say so by themselves: for looking them
        up.
        """
        for group in self.groups:
            if len(group) == 1 and group[0].field == name and group[0].value is not None:
                if group[0].condition == "eq":
                    return [group[0].value]
                if group[0].condition == "in":
                    return group[0].value.split(",")
        return None


def _shown(one: Filter) -> dict[str, Any]:
    return {"field": one.field, "value": one.value, "condition_type": one.condition}


def criteria(value: Any, limits: Limits) -> Criteria:
    """Return the type of `searchCriteria`."""
    given = CRITERIA(value, limits)
    groups = [
        [
            Filter(one.get("field") or "", one.get("value"), one.get("condition_type") or "eq")
            for one in group.get("filters") or []
        ]
        for group in given.get("filter_groups") or []
    ]
    orders = [_order(one) for one in given.get("sort_orders") or []]
    size = given.get("page_size")
    if size is not None and limits.page is not None and size > limits.page:
        raise Refusal(400, "Maximum SearchCriteria pageSize is %max", {"max": limits.page})
    if size is None:
        size = limits.default_page
    return Criteria(groups, orders, size, given.get("current_page"))


def _order(given: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return a field and its direction; a missing direction, which is shown as missing, counts as descending."""
    direction = given["direction"].upper() if given.get("direction") else None
    if direction not in ("ASC", "DESC", None):
        text = "The sort order has to be set to %1 for ascending order or %2 for descending order."
        raise Refusal(400, text, ["ASC", "DESC"])
    return given.get("field") or "", direction


SEARCH = Parameter("searchCriteria", criteria)
OPTIONAL_SEARCH = Parameter("searchCriteria", criteria, required=False, default=Criteria())

Value = int | float | str | None
Columns = Mapping[str, Callable[[Any], Value]]


def found(rows: Iterable[Any], columns: Columns, asked: Criteria, *, attributes: bool = False) -> tuple[list[Any], int]:
    """Return the rows of the requested page and the total number; `attributes`: the columns are attributes."""
    if attributes:
        _check_attributes(columns, asked)
    tests = [[_test(columns, one) for one in group] for group in asked.groups]
    keys = [(_column(columns, name), direction != "ASC") for name, direction in asked.orders]
    if not tests and not keys and isinstance(rows, Collection):
        return paged(rows, asked), len(rows)
    hits = [row for row in rows if all(any(test(row) for test in group) for group in tests)] if tests else list(rows)
    for column, down in reversed(keys):
        hits.sort(key=lambda row, column=column: _sortable(column(row)), reverse=down)  # type: ignore[misc]
    return paged(hits, asked), len(hits)


def _check_attributes(columns: Columns, asked: Criteria) -> None:
    names = [one.field for group in asked.groups for one in group] + [name for name, _direction in asked.orders]
    for name in names:
        if name not in columns:
            raise Refusal(400, "Invalid attribute name: %1", [name])


def paged(hits: Iterable[Any], asked: Criteria) -> list[Any]:
    """Return the requested page: a size of 0 or less is everything, a page below 1 the first, one past the end is
    empty.
    """
    if not asked.page_size or asked.page_size < 0:
        return list(hits)
    start = (max(asked.current_page or 1, 1) - 1) * asked.page_size
    return list(islice(hits, start, start + asked.page_size))


def result(items: Sequence[Any], asked: Criteria, total: int) -> dict[str, Any]:
    """Return the body of a list."""
    return {"items": list(items), "search_criteria": asked.shown(), "total_count": total}


def _column(columns: Columns, name: str) -> Callable[[Any], Value]:
    column = columns.get(name)
    if column is None:
        raise InternalError(f"Unknown column {name!r}")
    return column


def _sortable(value: Value) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, str):
        return (1, 0.0, php.collated(value))
    return (1, float(value), "")


def _test(columns: Columns, one: Filter) -> Callable[[Any], bool]:
    column = _column(columns, one.field)
    if one.condition in NO_CONDITION:
        wanted = one.condition == "null"
        return lambda row: (column(row) is None) is wanted
    compare = CONDITIONS.get(one.condition)
    if compare is None or one.value is None:
        return lambda row: False
    test = compare(one.value)
    return lambda row: (value := column(row)) is not None and test(value)


Test = Callable[[int | float | str], bool]


def _number(text: str) -> float:
    """Return a text as MariaDB compares it with a number: by the digits that it begins with."""
    match = re.match(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text, re.ASCII)
    return float(match[0]) if match else 0.0


def _equal(text: str) -> Test:
    key, number = php.collated(text), _number(text)
    return lambda value: php.collated(value) == key if isinstance(value, str) else value == number


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[str], Test]:
    def make(text: str) -> Test:
        key, number = php.collated(text), _number(text)
        return lambda value: compare(php.collated(value), key) if isinstance(value, str) else compare(value, number)

    return make


def _one_of(text: str) -> Test:
    parts = text.split(",")
    keys, numbers = {php.collated(part) for part in parts}, {_number(part) for part in parts}
    return lambda value: php.collated(value) in keys if isinstance(value, str) else value in numbers


def _like(text: str) -> Test:
    parts = re.findall(r"\\.|.", text, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    pattern = re.compile(
        "".join(wild.get(part) or re.escape(php.collated(part[-1]) or " ") for part in parts), re.DOTALL
    )
    return lambda value: pattern.fullmatch(php.collated(php.text_of(value))) is not None


def _in_set(text: str) -> Test:
    key = php.collated(text)
    return lambda value: key in {php.collated(part) for part in php.text_of(value).split(",")}


def _not(make: Callable[[str], Test]) -> Callable[[str], Test]:
    def negated(text: str) -> Test:
        test = make(text)
        return lambda value: not test(value)

    return negated


CONDITIONS: dict[str, Callable[[str], Test]] = {
    "eq": _equal,
    "neq": _not(_equal),
    "in": _one_of,
    "nin": _not(_one_of),
    "like": _like,
    "nlike": _not(_like),
    "gt": _ordered(lambda a, b: a > b),
    "gteq": _ordered(lambda a, b: a >= b),
    "moreq": _ordered(lambda a, b: a >= b),
    "lt": _ordered(lambda a, b: a < b),
    "lteq": _ordered(lambda a, b: a <= b),
    "from": _ordered(lambda a, b: a >= b),
    "to": _ordered(lambda a, b: a <= b),
    "finset": _in_set,
}
