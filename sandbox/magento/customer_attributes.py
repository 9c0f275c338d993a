"""Custom attributes of customers: how values are stored, and how Magento describes an attribute.

Unknown attributes are silently ignored. Source: magento-observed.md, part two, section 3; recordings of customers2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sandbox.magento import php
from sandbox.magento.customer_records import CustomerAttribute
from sandbox.magento.errors import Refusal
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import Shop
from sandbox.magento.typed import TEXT, Parameter

NO_OPTION = "Attribute {code} does not contain option with Id {value}"
NO_ATTRIBUTE = "No such entity with %fieldName = %fieldValue, %field2Name = %field2Value"
TYPES = ("varchar", "text", "int", "decimal", "datetime")
GENDER = CustomerAttribute(
    "gender", "Gender", "int", "select", {"1": "Male", "2": "Female", "3": "Not Specified"}, user_defined=False
)


def attribute_of(shop: Shop, code: str) -> CustomerAttribute | None:
    """Return the attribute with this code."""
    return GENDER if code == GENDER.code else shop.customer_attributes.get(code)


def values_after(shop: Shop, before: Mapping[str, str], given: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the values after these were sent: merged one by one, empty ones removed, unknown ones ignored."""
    values = dict(before)
    for one in given:
        attribute = shop.customer_attributes.get(one.get("attribute_code") or "")
        if attribute is None:
            continue
        text = _text(one.get("value"))
        if text == "":
            values.pop(attribute.code, None)
        else:
            values[attribute.code] = stored(attribute, text)
    return {code: values[code] for code in shop.customer_attributes if code in values}


def _text(value: Any) -> str:
    return ",".join(map(php.text_of, value)) if isinstance(value, list) else php.text_of(value)


def stored(attribute: CustomerAttribute, text: str) -> str:
    """Return a value as the column stores it. Raises `Refusal` for an option that does not exist."""
    if attribute.frontend_input in ("select", "multiselect") and attribute.options:
        for part in text.split(","):
            if part not in attribute.options:
                raise Refusal(400, NO_OPTION.format(code=attribute.code, value=part))
        return text
    if attribute.backend_type == "decimal":
        return f"{php.scaled(_number(text), 10_000, 10**16) / 10_000:.4f}"
    if attribute.backend_type == "int":
        return str(int(_number(text)))
    return text[:255] if attribute.backend_type == "varchar" else text


def _number(text: str) -> float:
    match = re.match(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII)
    return float(match[0]) if match else 0.0


def a_date(text: str) -> str:
    """Return a date as Magento stores it: a day beyond the end of its month becomes a day of the next one."""
    match = re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    if match is None:
        raise Refusal(400, '"Date of Birth" is not a valid date.')
    year, month, day = map(int, match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise Refusal(400, '"Date of Birth" is not a valid date.')
    return (date(year, month, 1) + timedelta(days=day - 1)).isoformat()


def check_gender(value: int | None) -> None:
    """Refuse a value that is not an option of gender."""
    if value is not None and str(value) not in GENDER.options:
        raise Refusal(400, NO_OPTION.format(code="gender", value=value))


def shown(attribute: CustomerAttribute) -> dict[str, Any]:
    """Return the description of an attribute."""
    options = [{"label": " ", "value": ""}] if attribute.options else []
    options += [{"label": label, "value": number} for number, label in attribute.options.items()]
    return {
        "frontend_input": attribute.frontend_input,
        "input_filter": "",
        "store_label": attribute.label,
        "validation_rules": [],
        "multiline_count": 0,
        "visible": True,
        "required": attribute.required,
        "data_model": "",
        "options": options,
        "frontend_class": "",
        "user_defined": attribute.user_defined,
        "sort_order": 900,
        "frontend_label": attribute.label,
        "note": "",
        "system": False,
        "backend_type": attribute.backend_type,
        "is_used_in_grid": False,
        "is_visible_in_grid": False,
        "is_filterable_in_grid": False,
        "is_searchable_in_grid": False,
        "attribute_code": attribute.code,
    }


def get(call: Call) -> dict[str, Any]:
    """Return the description of one attribute."""
    code = call.given["attributeCode"]
    attribute = attribute_of(call.shop, code)
    if attribute is None:
        keys = {"fieldName": "entityType", "fieldValue": "customer", "field2Name": "attributeCode", "field2Value": code}
        raise Refusal(404, NO_ATTRIBUTE, keys)
    return shown(attribute)


def get_custom(call: Call) -> list[dict[str, Any]]:
    """Return the descriptions of the shop's own attributes."""
    return [shown(one) for one in call.shop.customer_attributes.values()]


def add(shop: Shop, given: Mapping[str, Any]) -> None:
    """Add an attribute of customers: code, label, backend_type, frontend_input, options (their labels), required."""
    backend = str(given.get("backend_type", "varchar"))
    if backend not in TYPES:
        raise ValueError(f"backend_type is one of {', '.join(TYPES)}.")
    code = str(given["code"])
    options = {str(shop.next_id("attribute option") + 3): str(label) for label in given.get("options") or []}
    kind = str(given.get("frontend_input", "select" if options else "text"))
    label = str(given.get("label", code))
    shop.customer_attributes[code] = CustomerAttribute(
        code, label, backend, kind, options, bool(given.get("required", False))
    )


ROUTES = (
    Route("GET", "attributeMetadata/customer/attribute/:attributeCode", get, (Parameter("attributeCode", TEXT),)),
    Route("GET", "attributeMetadata/customer/custom", get_custom),
)
CHANGES = {"add_customer_attribute": add}
