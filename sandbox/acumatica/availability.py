"""Availability calculation rules: which demand an item class deducts from the available quantity. Changed and shown.

Figures change at once; a real system recalculates them by Validate Inventory.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from sandbox.acumatica.given import Given, known, moment_of
from sandbox.acumatica.item_types import DEDUCTIONS, AvailabilityRule, Item, ItemClass
from sandbox.acumatica.state import DEFAULT_RULE, State
from sandbox.acumatica.values import collate, stamped

WIDTH = 10


@contextmanager
def restamping(state: State, items: Iterable[Item]) -> Iterator[None]:
    """Stamp the stock rows of items whose available quantity changes."""
    rows = [(row, row.available) for item in items for row in state.stock_of(item)]
    yield
    for row, before in rows:
        if row.available != before:
            row.modified = stamped(state.now())
    state.changed()


def _set_rule(state: State, given: Given) -> dict[str, Any]:
    """Give an item class its own rule, or the one that `rule` names. What is not named stays unchanged."""
    known(given, f"item_class rule description modified {' '.join(DEDUCTIONS)}", "an availability rule")
    found = state.classes.get(collate(str(given["item_class"])))
    if found is None:
        raise ValueError(f"There is no item class {given['item_class']!r}.")
    flags = {name: given[name] for name in DEDUCTIONS if name in given}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false, not {value!r}.")
    moment = moment_of(state, given)
    code = str(given.get("rule") or _own_code(state, found)).upper()
    if len(code) > WIDTH:
        raise ValueError(f"The rule's code {code!r} is longer than {WIDTH}.")
    with restamping(state, state.items()):
        before = found.rule
        rule = state.rules.setdefault(code, AvailabilityRule(code, before.description, moment, before.deducted))
        rule.description = str(given.get("description", rule.description))
        rule.deducted, rule.modified = replace(rule.deducted, **flags), moment
        if rule is not before:
            found.rule, found.modified = rule, moment
    return {"item_class": found.code, "rule": code}


def _own_code(state: State, found: ItemClass) -> str:
    """Return the code of the rule that only this class uses, or a free one. The default rule is never changed."""
    if found.rule.code != DEFAULT_RULE and all(
        one.rule is not found.rule for one in state.classes.values() if one is not found
    ):
        return found.rule.code
    code, place = found.code[:WIDTH].strip(), 1
    while code in state.rules:
        place += 1
        code = f"RULE{place}"
    return code


RULE_CHANGES: dict[str, Callable[[State, Any], dict[str, Any]]] = {"set_availability_rule": _set_rule}


def rules_view(state: State) -> dict[str, Any]:
    """Return each item class with its rule and what the rule deducts."""
    return {one.code: {"rule": one.rule.code, **asdict(one.rule.deducted)} for one in state.classes.values()}
