"""Custom attributes of products: Magento's description of one.

The answer is like the recorded one (recordings nonsimple-orders, `setup_conf_attr`). The message for a missing
attribute is that of Magento's attribute repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.magento.errors import Refusal
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import Shop
from sandbox.magento.typed import TEXT, Parameter

NO_ATTRIBUTE = 'The attribute with a "%1" attributeCode doesn\'t exist. Verify the attribute and try again.'
BACKENDS = {"text": "varchar", "textarea": "text", "price": "decimal", "boolean": "int", "select": "int"}


def get(call: Call) -> dict[str, Any]:
    """Return the description of one attribute."""
    code = call.given["attributeCode"]
    found = call.shop.product_attributes.get(code)
    if found is None:
        raise Refusal(404, NO_ATTRIBUTE, [code])
    return shown(found)


def shown(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of an attribute."""
    kind = attribute["frontend_input"]
    return {
        "extension_attributes": {"is_pagebuilder_enabled": False},
        "is_wysiwyg_enabled": False,
        "is_html_allowed_on_front": kind in ("text", "textarea"),
        "used_for_sort_by": False,
        "is_filterable": False,
        "is_filterable_in_search": False,
        "is_used_in_grid": False,
        "is_visible_in_grid": False,
        "is_filterable_in_grid": False,
        "position": 0,
        "apply_to": [],
        "is_searchable": "0",
        "is_visible_in_advanced_search": "0",
        "is_comparable": "0",
        "is_used_for_promo_rules": "0",
        "is_visible_on_front": "0",
        "used_in_product_listing": "0",
        "is_visible": True,
        "scope": "global",
        "attribute_id": attribute["attribute_id"],
        "attribute_code": attribute["attribute_code"],
        "frontend_input": kind,
        "entity_type_id": "4",
        "is_required": False,
        "options": [],
        "is_user_defined": True,
        "default_frontend_label": attribute["label"],
        "frontend_labels": [],
        "backend_type": BACKENDS[kind],
        "default_value": "",
        "is_unique": "0",
        "validation_rules": [],
    }


def add(shop: Shop, given: Mapping[str, Any]) -> dict[str, Any]:
    """Add an attribute of products: attribute_code, frontend_input (text, textarea, price, boolean, select), label."""
    code, kind = str(given["attribute_code"]), str(given.get("frontend_input", "text"))
    if kind not in BACKENDS:
        raise ValueError(f"frontend_input is one of {', '.join(BACKENDS)}.")
    number = 136 + len(shop.product_attributes)
    shop.product_attributes[code] = {
        "attribute_id": number,
        "attribute_code": code,
        "frontend_input": kind,
        "label": str(given.get("label", code)),
    }
    return {"attribute_id": number}


ROUTES = (
    Route(
        "GET",
        "products/attributes/:attributeCode",
        get,
        (Parameter("attributeCode", TEXT),),
        resource="Magento_Catalog::attributes_attributes",
    ),
)
CHANGES = {"add_product_attribute": add}
