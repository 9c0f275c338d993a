"""The list of entities is the only one, and no code but an entity's own knows its name."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from support.project import ROOT

from entities.base import Entity
from entities.names import NAMES, OF_PRODUCTS, QUANTITIES
from entities.registry import ENTITIES, linked, waves
from entities.values.entity import ValueEntity
from settings.active import Active

PACKAGES = ("a2m", "app", "connector", "deployments", "flows", "receiver", "tasks", "web")
WORDS_OF_THE_SYSTEMS = ("connector/acumatica", "connector/magento", "connector/model")
"""What both systems call a field or a route is not an entity's name."""
OF_ONE = {
    "connector/state/operator/actions.py": "a customer who is linked is brought up to date, other documents are done",
    "connector/state/operator/forget.py": "a person's data stands in customers and orders",
    "connector/state/sync/open_orders.py": "an open order has the shop's order as an attribute, not the entity",
}
"""Where other code names an entity, and why."""


def mentions(file: Path) -> Iterator[tuple[int, str]]:
    """Line and name of every text, enum member or attribute that is an entity's name."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and node.value in NAMES:
            yield node.lineno, str(node.value)
        elif isinstance(node, ast.Attribute) and node.attr in NAMES:
            yield node.lineno, node.attr


def others() -> Iterator[Path]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            own_flow = package == "flows" and file.stem in NAMES
            if not own_flow and "/migrations/" not in path and not path.startswith(WORDS_OF_THE_SYSTEMS):
                yield file


def test_no_other_code_names_an_entity():
    """Neither as text nor as an enum member or attribute; where other code must, the reason stands here."""
    found = {file.relative_to(ROOT).as_posix() for file in others() if any(mentions(file))}
    assert found == set(OF_ONE)


def test_every_entity_has_its_package_and_its_switch():
    """Individual Sync Status has one switch for each, and each is the package of its name."""
    assert set(Active.model_fields) == set(NAMES)
    assert [(name, entity.name) for name, entity in ENTITIES.items()] == [(name, name) for name in NAMES]


FLAGS = [name for name, kind in get_type_hints(Entity).items() if kind is bool]


@pytest.mark.parametrize("flag", FLAGS)
def test_no_flag_is_for_one_entity(flag: str):
    """A flag that only one of them sets would be its name in other words."""
    values: list[Any] = [getattr(entity, flag) for entity in ENTITIES.values()]
    assert min(values.count(True), values.count(False)) > 1, flag


def test_documents_come_after_what_they_name():
    """Customers before orders, orders before shipments; quantities once more at the end."""
    assert waves() == [("price", "inventory", "customer"), ("order",), ("shipment",), ("inventory",)]
    assert linked() == ("customer", "order", "shipment")


def test_what_is_no_entity_is_not_found():
    """As in every mapping."""
    with pytest.raises(KeyError):
        ENTITIES["no such entity"]


def test_the_entities_of_products_are_those_of_values() -> None:
    """Whether a lost product puts other values in doubt is known without loading the entities."""
    assert set(OF_PRODUCTS) == {name for name, entity in ENTITIES.items() if isinstance(entity, ValueEntity)}
    assert QUANTITIES in OF_PRODUCTS
