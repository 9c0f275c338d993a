"""The table of permissions says what the client calls, what Magento asks for it, and what the documentation tells."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import sandbox.magento
from connector.magento.permissions import LABELS, OPEN, ROUTES
from entities.registry import ENTITIES
from sandbox.magento.routes import Route

PROJECT = Path(__file__).parents[3]
CALLS = {"get": "GET", "ask": "POST", "pages": "GET", "get_or_none": "GET"}
NOT_TABLED = {("GET", "{}")}
"""What `pages` and `get_or_none` pass on to `get`."""


def routes_of_the_sandbox() -> dict[tuple[str, str], Route]:
    found = {}
    for module in pkgutil.iter_modules(sandbox.magento.__path__):
        for route in getattr(importlib.import_module(f"sandbox.magento.{module.name}"), "ROUTES", ()):
            found[route.method, re.sub(r":\w+", "{}", route.template)] = route
    return found


def constants_in(tree: ast.AST) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def template(node: ast.expr, known: dict[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        return known.get(node.id, "{}")
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return "{}"


def called() -> Iterator[tuple[str, str]]:
    """Method and path of every call that the client's modules make, with `{}` for each value in it."""
    for path in sorted((PROJECT / "connector" / "magento").glob("*.py")):
        tree = ast.parse(path.read_text())
        known = constants_in(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            of_client = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") in (
                "client",
                "reads",
            )
            if name == "write" and of_client:
                yield ast.literal_eval(node.args[0]), template(node.args[1], known)
            elif name in ("get", "get_or_none", "ask") and of_client:
                yield CALLS[name], template(node.args[0], known)
            elif name == "pages" and len(node.args) > 1:
                yield CALLS[name], template(node.args[1], known)


def test_every_route_that_is_called_is_in_the_table():
    """And none stands there that is not called; what is open to everybody needs no permission."""
    tabled = {(need.method, need.template) for need in ROUTES} | {("GET", one) for one in OPEN}
    found = set(called()) - NOT_TABLED
    normal = {(method, path.replace("/1", "/{}")) for method, path in found}
    assert normal - tabled == set()
    assert tabled - normal == set()


def test_each_route_needs_what_magento_asks_for():
    """As the sandbox has it, which is held to the recordings; POST customers is open, and then drops the group."""
    known = routes_of_the_sandbox()
    for need in ROUTES:
        path = need.template.replace("/website/", "/{}/")
        route = known[need.method, path]
        assert route.resource == (None if (need.method, path) == ("POST", "customers") else need.resource), need


def test_every_permission_has_its_place_in_the_admin():
    """The path of the tree *API* of an integration, for each resource that is needed."""
    assert {need.resource for need in ROUTES} <= set(LABELS)


def test_every_permission_of_an_entity_is_tried():
    """For each entity at least one route of each permission is tried, but for those that other checks ask for first."""
    first = {"Magento_Backend::store", "Magento_Backend::admin"}
    for entity in ENTITIES.values():
        needed = {need.resource for need in entity.routes if need.resource not in first or need.when}
        assert needed <= {need.resource for need in entity.routes if need.tried}, entity.name


def test_the_documentation_lists_each_permission():
    """The table in *Connect your shop*: a row for each resource, with the entities that need it."""
    page = (PROJECT / "docs" / "how-to" / "connect-your-shop.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \(`(\w+::\w+)`\) \| ([^|]+) \|$", page, re.MULTILINE)
    sent = {resource: (label, entities.split(", ")) for label, resource, entities in rows}
    needed: dict[str, list[str]] = {}
    for entity in ENTITIES.values():
        for resource in {need.resource for need in entity.routes}:
            needed.setdefault(resource, []).append(entity.name)
    assert set(sent) == set(needed)
    for resource, entities in needed.items():
        assert sent[resource] == (LABELS[resource], entities), resource
