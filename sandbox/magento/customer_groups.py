"""Customer groups: their names are the keys of tier prices. Source: recordings of setup; magento-observed.md."""

from __future__ import annotations

from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import Refusal, no_entity
from sandbox.magento.records import CustomerGroup
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import SEARCH, Columns, found, result
from sandbox.magento.typed import INT, TEXT, Data, Parameter, anything

GROUP = Data(
    "Magento\\Customer\\Api\\Data\\GroupInterface",
    {"id": INT, "code": TEXT, "tax_class_id": INT, "tax_class_name": TEXT, "extension_attributes": anything},
)
LONGEST = 32
TAX_CLASSES = {3: "Retail Customer"}
BAD_VALUE = 'Invalid value of "%value" provided for the %fieldName field.'


def shown(group: CustomerGroup) -> dict[str, Any]:
    """Return a group as JSON."""
    tax = TAX_CLASSES[group.tax_class_id]
    return {"id": group.id, "code": group.code, "tax_class_id": group.tax_class_id, "tax_class_name": tax}


def save(call: Call) -> dict[str, Any]:
    """Create or change a group. Its name is silently cut at 32 characters and must not be in use."""
    groups, given = call.shop.customer_groups, call.given["group"]
    code = (given.get("code") or "")[:LONGEST]
    if not code:
        raise Refusal(400, '"%fieldName" is required. Enter and try again.', {"fieldName": "code"})
    tax_class = given.get("tax_class_id")
    if tax_class is not None and tax_class not in TAX_CLASSES:
        raise Refusal(400, BAD_VALUE, {"fieldName": "taxClassId", "value": tax_class})
    number = call.given.get("id") if call.given.get("id") is not None else given.get("id")
    if number is not None and number not in groups:
        raise no_entity("id", number)
    if any(php.collated(one.code) == php.collated(code) and one.id != number for one in groups.values()):
        raise Refusal(400, "Customer Group already exists.")
    group = groups.get(number) if number is not None else None
    if group is None:
        group = groups[max(groups) + 1] = CustomerGroup(max(groups) + 1, code)
    group.code = code
    group.tax_class_id = tax_class or group.tax_class_id
    return shown(group)


def get(call: Call) -> dict[str, Any]:
    """Return one group."""
    group = call.shop.customer_groups.get(call.given["id"])
    if group is None:
        raise no_entity("id", call.given["id"])
    return shown(group)


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested groups."""
    columns: Columns = {
        "id": lambda one: int(one.id),
        "customer_group_id": lambda one: int(one.id),
        "code": lambda one: str(one.code),
        "customer_group_code": lambda one: str(one.code),
        "tax_class_id": lambda one: int(one.tax_class_id),
    }
    asked = call.given["searchCriteria"]
    items, total = found(call.shop.customer_groups.values(), columns, asked)
    return result([shown(one) for one in items], asked, total)


_REPOSITORY: dict[str, Any] = {
    "resource": "Magento_Customer::group",
    "interface": "Magento\\Customer\\Api\\GroupRepositoryInterface",
    "implementation": "Magento\\Customer\\Model\\ResourceModel\\GroupRepository",
}
_GROUP = Parameter("group", GROUP)
_ID = Parameter("id", INT, required=False)
ROUTES = (
    Route("GET", "customerGroups/search", get_list, (SEARCH,), **_REPOSITORY),
    Route("GET", "customerGroups/:id", get, (Parameter("id", INT),), **_REPOSITORY),
    Route("POST", "customerGroups", save, (_GROUP,), operation="save", **_REPOSITORY),
    Route("PUT", "customerGroups/:id", save, (_GROUP, _ID), operation="save", into="group", **_REPOSITORY),
)
