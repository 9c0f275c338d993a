"""A change of a setting makes exactly those entities be computed again that use it.

Every setting is found from the declarations and changed in turn, to values that its kind, its choices and its bounds
allow. Which entities use it is found by watching what their rules and read plans are built from.
"""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import FunctionType, MethodType
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from support.project import ROOT

from app.fingerprint import fingerprint, fingerprint_of
from entities.read_plan import ReadPlan
from entities.registry import ENTITIES
from settings import Setting, Settings, SettingsError, all_settings, load_settings
from settings.kinds import Choice, Instant, ListOf, Map, Number, Secret, Table, Text, YesNo, kind_of, plain_type

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "a-token-of-a-test"
CONNECTED: dict[str, dict[str, Any]] = {
    "magento": {"url": "https://shop.example.com", "bearer_token": TOKEN},
    "acumatica": {"url": "https://erp.example.com", "username": "admin", "password": "secret", "client_secret": "x"},
}
BY_WAREHOUSE: dict[str, dict[str, Any]] = {
    **CONNECTED,
    "inventory": {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "default", "EAST": "east"}},
    "vendor_inventory": {"include": "separate", "source": "vendor", "inquiry": "Vendor"},
    "price": {"source": "sales_price", "sales_price_from": "price_list"},
    "customer": {"classes": ["LOCAL"], "groups": {"LOCAL": "General"}},
    "order": {"types": ["SO"]},
    "active": {"order": True},
}
BY_BRANCH: dict[str, dict[str, Any]] = {
    **BY_WAREHOUSE,
    "magento": {
        **CONNECTED["magento"],
        **dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "x"),
    },
    "inventory": {
        "definition": "branch_wise",
        "branches": [{"branch": "B", "warehouses": ["MAIN"], "source": "default", "include_vendor_inventory": True}],
        "warehouses": ["WEST"],
        "reservation_repair": "daily at 01:00",
    },
    "vendor_inventory": {"include": "sum", "inquiry": "Vendor"},
    "price": {"source": "sales_price", "sales_price_from": "field", "sales_price_field": "Cost"},
    "additional": {"customer_attributes": True},
    "order": {"types": ["SO"], "from": "2026-01-15T00:00:00Z"},
    "web": {"proxy_header": "X-Remote-User", "proxy_addresses": ["10.0.0.5"]},
}
BY_DEFAULT_PRICE: dict[str, dict[str, Any]] = {
    **BY_WAREHOUSE,
    "inventory": {"warehouses": ["MAIN"]},
    "vendor_inventory": {"include": "separate", "attribute": "vendor_qty", "inquiry": "Vendor"},
    "price": {},
}
BASES = {"by warehouse": BY_WAREHOUSE, "by branch": BY_BRANCH, "by default price": BY_DEFAULT_PRICE}
"""Settings between which every choice that makes others count is made both ways."""
TEXTS = (
    *("other", "EUR", "12", "25.200.001", "https://other.example.com", "America/New_York", "alternate:Global"),
    *("#(.+)", "daily at 03:15", TOKEN, "localhost"),
)
LISTS = (["ONE"], ["Active"], ["custom-webhook/ops"], ["10.0.0.7"])
KEYS = ("ONE", "LOCAL", "MAIN")
CONCERNS = {
    "price": {"acumatica", "magento", "items", "price"},
    "inventory": {"acumatica", "magento", "items", "inventory", "vendor_inventory", "order"},
    "shipment": {"acumatica", "magento", "items", "inventory", "shipment", "dropship", "order", "active"},
    "customer": {"acumatica", "magento", "customer", "additional"},
    "order": {"acumatica", "magento", "items", "inventory", "shipment", "customer", "order", "active"},
}
"""The sections from which each entity may take something, told by people."""


def values(kind: Any, now: Any) -> Iterator[Any]:
    """Yield values of a kind of setting, most of which are other ones than it has now; the rules may refuse some."""
    match kind:
        case Choice(labels=labels):
            yield from (value for value in labels if value != now)
        case YesNo():
            yield not now
        case Number(type=number):
            yield from (number(now) + 1, number(now) - 1, number(now) + number("0.5" if number is Decimal else 2))
        case Instant():
            yield "2026-02-01T00:00:00Z"
        case ListOf(values=some):
            yield from ([[one] for one in some] or LISTS)
        case Table(row=row):
            yield [a_row(row)]
        case Map(value=value):
            yield from ({key: a_value(value)} for key in KEYS)
        case Text() | Secret():
            yield from TEXTS


def a_value(annotation: Any) -> Any:
    """Make a value of a map."""
    kind = plain_type(annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return a_row(kind)
    return get_args(kind)[0] if get_origin(kind) is Literal else "two"


def a_row(model: type[BaseModel]) -> dict[str, Any]:
    """Make a row of a table."""
    return {name: next(values(kind_of(about), False)) for name, about in model.model_fields.items()}


def section(name: str) -> type[BaseModel]:
    """Return what a section of the settings has to be."""
    found = Settings.model_fields[name].annotation
    assert isinstance(found, type) and issubclass(found, BaseModel)
    return found


@cache
def changed(name: str, setting: Setting) -> list[Settings]:
    """Return the settings of a base with other values of one of them, as far as they take any."""
    base = BASES[name]
    now, made = setting.value_in(load_settings(**base)), []
    for other in values(setting.kind, now):
        fields = {**base.get(setting.section, {}), setting.field: other}
        try:
            section(setting.section).model_validate(fields)  # most are refused here already, in a tenth of the time
            made.append(load_settings(**{**base, setting.section: fields}))
        except (ValidationError, SettingsError):
            continue  # a value that is refused proves nothing; one that is taken there has to be, below
    return [one for one in made if setting.value_in(one) != now]


class Watched:
    """A part of the settings that notes which of them are read, also by its own methods."""

    def __init__(self, part: BaseModel, seen: set[tuple[str, str]], section: str = "") -> None:
        self._part, self._seen, self._section = part, seen, section

    def __getattr__(self, name: str) -> Any:
        method = getattr(type(self._part), name, None)
        if isinstance(method, FunctionType):
            return MethodType(method, self)
        value = getattr(self._part, name)
        if not self._section:
            return Watched(value, self._seen, name)
        self._seen.add((self._section, name.removesuffix("_")))
        return value


def read_for(entity: str) -> set[tuple[str, str]]:
    """Return the settings that are read while the entity's rule, read plan and fingerprint are built."""
    seen: set[tuple[str, str]] = set()
    for base in BASES.values():
        fingerprint_of(Watched(load_settings(**base), seen), entity, BEGUN)  # type: ignore[arg-type]
    return seen


@pytest.fixture(scope="module")
def computed_again() -> dict[str, set[tuple[str, str]]]:
    """The settings whose change makes each entity be computed again."""
    found: dict[str, set[tuple[str, str]]] = {entity: set() for entity in ENTITIES}
    for name, base in BASES.items():
        before = {entity: fingerprint_of(load_settings(**base), entity, BEGUN) for entity in ENTITIES}
        for setting in all_settings():
            for entity in ENTITIES:
                if any(fingerprint_of(other, entity, BEGUN) != before[entity] for other in changed(name, setting)):
                    found[entity].add((setting.section, setting.field))
    return found


ONLY_SENDING = {("shipment", "notify"), ("customer", "create_limit")}
"""What a rule holds and nothing is computed with."""


@pytest.mark.parametrize("entity", ENTITIES)
def test_exactly_what_an_entity_uses_makes_it_be_computed_again(entity: str, computed_again: Any) -> None:
    """No setting that its rule or its read plan is built from is missed, and no other one counts."""
    assert computed_again[entity] == read_for(entity) - ONLY_SENDING


@pytest.mark.parametrize("entity", ENTITIES)
def test_an_entity_uses_only_what_concerns_it(entity: str, computed_again: Any) -> None:
    """How a price is found computes no order again; what only says when and how fast computes nothing again."""
    assert {section for section, _field in computed_again[entity]} == CONCERNS[entity]
    timings = {"page_size", "requests_per_minute", "sessions", "concurrency", "timeout", "full_read_interval"}
    secrets = {(one.section, one.field) for one in all_settings() if one.is_secret}
    assert not computed_again[entity] & {("acumatica", name) for name in timings}
    assert not computed_again[entity] & (secrets | ONLY_SENDING)


def test_what_says_what_is_sent_is_used_by_an_entity(computed_again: Any) -> None:
    """Of the sections that say what is sent, only what serves to try a pattern out is used by none."""
    sections = set.union(*CONCERNS.values()) - {"acumatica", "magento", "active"}
    message = {(one.section, one.field) for one in all_settings() if one.section in sections}
    assert message - set.union(*computed_again.values()) - ONLY_SENDING == {("order", "reference_test")}


def test_every_setting_can_be_changed() -> None:
    """One that was not changed above would prove nothing."""
    assert [one.name for one in all_settings() if not any(changed(base, one) for base in BASES)] == []


@cache
def read_in(folder: str) -> set[str]:
    """Return the names of all attributes that are read in these modules."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted((ROOT / folder).glob("*.py"))]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_rule_and_a_plan_hold_only_what_the_entity_reads(entity: str) -> None:
    """A field that no stage of the entity reads would make everything be computed again for nothing."""
    shared = ["tasks", "entities", "entities/shop_orders", "entities/documents"]
    shared += [] if ENTITIES[entity].link_sides else ["entities/values", "entities/inventory"]
    read = set.union(*map(read_in, [f"entities/{entity}", *shared]))
    nothing = ReadPlan(feeds=())
    for base in BASES.values():
        settings = load_settings(**base)
        rule, plan = ENTITIES[entity].rule(settings), ENTITIES[entity].read_plan(settings, BEGUN)
        held = {name for name in plan.__struct_fields__ if getattr(plan, name) != getattr(nothing, name)}
        assert {field.name for field in dataclasses.fields(rule)} <= read
        assert held - {"zone"} <= read, "the zone is read as the date that it gives, today"


def test_a_field_of_a_rule_that_only_says_how_it_is_sent_does_not_count() -> None:
    """The shipment's e-mail and the customers' limit are marked in their rules; nothing else is."""
    before = load_settings(**BY_WAREHOUSE)
    for entity, section, field, value in [
        ("shipment", "shipment", "notify", True),
        ("customer", "customer", "create_limit", 7),
    ]:
        after = load_settings(**{**BY_WAREHOUSE, section: {**BY_WAREHOUSE.get(section, {}), field: value}})
        assert ENTITIES[entity].rule(after) != ENTITIES[entity].rule(before)
        assert fingerprint_of(after, entity, BEGUN) == fingerprint_of(before, entity, BEGUN)


@pytest.mark.parametrize(
    ("section", "field", "value", "entity"),
    [
        ("customer", "telephone", "555-0100", "order"),
        ("shipment", "ship_vias", {"UPS": {"carrier_code": "ups", "title": "United Parcel"}}, "order"),
        ("active", "shipment", True, "order"),
        ("active", "order", False, "shipment"),
        ("acumatica", "time_zone", "America/New_York", "price"),
    ],
)
def test_the_five_that_were_missed(section: str, field: str, value: Any, entity: str) -> None:
    """Each of those that a list kept by hand lacked makes everything be computed again."""
    made = load_settings(**{**BY_WAREHOUSE, section: {**BY_WAREHOUSE.get(section, {}), field: value}})
    assert fingerprint_of(made, entity, BEGUN) != fingerprint_of(load_settings(**BY_WAREHOUSE), entity, BEGUN)


def test_the_order_of_sets_and_maps_and_the_process_change_nothing() -> None:
    """Another process, which orders its sets otherwise, has the same fingerprint."""
    script = (
        "import sys; sys.path.insert(0, 'tests/app')\n"
        "from test_fingerprint import BY_WAREHOUSE, BEGUN, ENTITIES, fingerprint_of, load_settings\n"
        "print([fingerprint_of(load_settings(**BY_WAREHOUSE), entity, BEGUN) for entity in ENTITIES])"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    here = load_settings(**BY_WAREHOUSE)
    assert other.strip() == str([fingerprint_of(here, entity, BEGUN) for entity in ENTITIES])
    turned = {"warehouses": ["MAIN", "EAST"], "sources": {"EAST": "east", "MAIN": "default"}}
    first, second = (
        fingerprint_of(load_settings(**one), "inventory", BEGUN)
        for one in (BY_WAREHOUSE, {**BY_WAREHOUSE, "inventory": turned})
    )
    assert first == second


def test_what_has_no_fingerprint_is_refused() -> None:
    """A part whose text would not be the same in every process is an error, not another fingerprint each time."""
    with pytest.raises(TypeError, match="object has no fingerprint"):
        fingerprint(object())
