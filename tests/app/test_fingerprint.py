"""No setting that changes what an entity computes, or what it reads, leaves the fingerprint as it was."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from support.project import ROOT

from app.composition import fingerprint_of, read_plan, rule_of
from entities.registry import NAMES
from entities.values.from_settings import item_rule
from settings import Setting, Settings, all_settings, load_settings

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
CONNECTED: dict[str, dict[str, Any]] = {
    "magento": {"url": "https://shop.example.com", "bearer_token": "a token of a test"},
    "acumatica": {"url": "https://erp.example.com", "username": "admin", "password": "a password"},
}
PLAIN: dict[str, dict[str, Any]] = {
    **CONNECTED,
    "inventory": {"warehouses": ["MAIN", "EAST"], "sources": {"MAIN": "default", "EAST": "east"}},
    "vendor_inventory": {"include": "separate", "source": "vendor", "inquiry": "Vendor"},
    "price": {"source": "sales_price", "sales_price_from": "price_list"},
    "customer": {"classes": ["LOCAL"], "groups": {"LOCAL": "General"}},
    "order": {"types": ["SO"]},
}
OTHERWISE: dict[str, dict[str, Any]] = {
    **PLAIN,
    "inventory": {
        "definition": "branch_wise",
        "branches": [{"branch": "B", "warehouses": ["MAIN"], "source": "default", "include_vendor_inventory": True}],
    },
    "vendor_inventory": {"include": "sum", "inquiry": "Vendor"},
    "price": {"source": "sales_price", "sales_price_from": "field", "sales_price_field": "Cost"},
}
GIVEN: dict[tuple[str, str], Any] = {
    ("acumatica", "time_zone"): "America/New_York",
    ("acumatica", "version"): "25.200.001",
    ("acumatica", "url"): "https://other.example.com",
    ("magento", "url"): "https://other-shop.example.com",
    ("inventory", "warehouses"): ["MAIN", "EAST", "WEST"],
    ("inventory", "sources"): {"MAIN": "west"},
    ("inventory", "branches"): [
        {"branch": "B", "warehouses": ["EAST"], "source": "east", "include_vendor_inventory": True}
    ],
    ("inventory", "definition"): "configuration",
    ("shipment", "ship_vias"): {"UPS": {"carrier_code": "ups", "title": "United Parcel"}},
    ("order", "statuses"): {"Open": "processing"},
    ("order", "types"): ["SO", "IN"],
    ("customer", "classes"): ["LOCAL", "EXPORT"],
    ("customer", "groups"): {"LOCAL": "Wholesale"},
    ("price", "currency"): "EUR",
    ("additional", "customer_attributes"): True,
    ("items", "statuses"): ["Active"],
    ("items", "sku"): "alternate:Global",
    ("inventory", "available_deducts"): ["booked"],
    ("inventory", "reservation_repair"): "daily at 03:15",
    ("inventory", "reservations_cleared"): "2026-02-01T00:00:00Z",
    ("shipment", "from"): "2026-02-01T00:00:00Z",
    ("order", "from"): "2026-02-01T00:00:00Z",
    ("order", "reference_pattern"): "#(.+)",
    ("order", "states"): {"picked": "processing"},
}
"""Values that differ from the default and from both sets of settings above, where none can be made up."""
UNTRIED = {("acumatica", "client_id"), ("notify", "blocks")}
"""What needs a secret beside it, or a Block in Prefect."""
FIVE = [
    ("customer", "telephone", "order"),
    ("shipment", "ship_vias", "order"),
    ("active", "shipment", "order"),
    ("active", "order", "shipment"),
    ("acumatica", "time_zone", "price"),
]
"""Those that were missing when the list was kept by hand."""


def another(annotation: Any, value: Any) -> list[Any]:
    """Other values of this kind of field."""
    origin = get_origin(annotation)
    if origin is Literal:
        return [one for one in get_args(annotation) if one != value]
    if origin in (Union, UnionType):
        return [made for kind in get_args(annotation) if kind is not type(None) for made in another(kind, value)]
    if annotation is bool:
        return [not value]
    if annotation in (int, float, Decimal):
        return [annotation(value or 0) + 1, annotation(value or 0) + annotation("0.01" if annotation is Decimal else 2)]
    if annotation is str:
        return [f"{value or ''}x", "other", "12"]
    if annotation is datetime:
        return ["2026-02-01T00:00:00Z"]
    if origin is tuple or "tuple" in str(annotation):
        return [["ONE"]]
    if origin is dict:
        return [{"ONE": "two"}]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [one for one in annotation if one != value]
    return another(get_args(annotation)[0], value) if get_args(annotation) else []


def changed(base: dict[str, dict[str, Any]], setting: Setting) -> list[Settings]:
    """The settings with another value of one field, as far as they take one."""
    section, field, value = setting.section, setting.field, setting.value_in(load_settings(**base))
    made = []
    tries = [GIVEN[section, field]] if (section, field) in GIVEN else another(setting.declared.annotation, value)
    for other in tries:
        try:
            made.append(load_settings(**{**base, section: {**base.get(section, {}), field: other}}))
        except Exception as refused:  # noqa: BLE001 - a value that is refused proves nothing
            assert "A2M_" in str(refused)
    return made


def built(settings: Settings, entity: str) -> tuple[Any, Any, Any]:
    return rule_of(settings, entity), read_plan(settings, entity, BEGUN), item_rule(settings)


@pytest.mark.parametrize("base", [PLAIN, OTHERWISE], ids=["plain", "otherwise"])
def test_whatever_changes_the_rule_or_what_is_read_changes_the_fingerprint(base: dict[str, dict[str, Any]]) -> None:
    """Every field of every section is changed, one at a time, for every entity."""
    first, told = load_settings(**base), set()
    for setting in all_settings():
        if setting.is_secret:
            continue
        section, field = setting.section, setting.field
        for other in changed(base, setting):
            for entity in NAMES:
                differs = fingerprint_of(other, entity, BEGUN) != fingerprint_of(first, entity, BEGUN)
                if built(other, entity) != built(first, entity):
                    assert differs, f"{section}.{field} changes what {entity} computes, and its fingerprint does not"
                if differs:
                    told.add((section, field))
    sections = {section for section, _field in told}
    assert sections >= {"items", "price", "inventory", "customer", "order", "shipment", "acumatica", "magento"}
    assert not sections & {"notify", "receiver", "housekeeping"}, "what only says how and when computes nothing else"
    quick = {field for section, field in told if section == "queue"}
    assert not quick & {"threshold_count", "batch_count", "retry_count", "check_process_time", "process_sleep_time"}


def test_every_field_has_another_value() -> None:
    """A field that was not changed above would prove nothing."""
    fields = [one for one in all_settings() if not one.is_secret]
    untried = {(one.section, one.field) for one in fields if not changed(PLAIN, one) and not changed(OTHERWISE, one)}
    assert untried <= UNTRIED, "give another value in GIVEN"


@pytest.mark.parametrize(("section", "field", "entity"), FIVE)
def test_the_five_that_were_missed(section: str, field: str, entity: str) -> None:
    """Each of them makes everything be computed again."""
    values = {"telephone": "555-0100", "shipment": True, "order": True}
    other = values.get(field, GIVEN.get((section, field)))
    made = load_settings(**{**PLAIN, section: {**PLAIN.get(section, {}), field: other}})
    assert fingerprint_of(made, entity, BEGUN) != fingerprint_of(load_settings(**PLAIN), entity, BEGUN)


def test_the_order_of_sets_and_maps_and_the_process_change_nothing() -> None:
    """Another process, which orders its sets otherwise, has the same fingerprint."""
    script = (
        "import sys; sys.path.insert(0, 'tests/app')\n"
        "from test_fingerprint import PLAIN, BEGUN, NAMES, fingerprint_of, load_settings\n"
        "print([fingerprint_of(load_settings(**PLAIN), entity, BEGUN) for entity in NAMES])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    turned = {**PLAIN, "inventory": {"warehouses": ["MAIN", "EAST"], "sources": {"EAST": "east", "MAIN": "default"}}}
    first, second = (fingerprint_of(load_settings(**one), "inventory", BEGUN) for one in (PLAIN, turned))
    assert first == second
