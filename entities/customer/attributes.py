"""Attributes of Acumatica customers, as custom attributes of Magento's customers.

Input: Acumatica's values, the map, and the kinds of Magento's attributes. Output: values in Magento's form, or a
`Rejected`. Magento silently drops an attribute that it does not know, and stores 0 for a text that is not a number
(magento-observed.md, "Customers" and part two, section 3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from connector.model.comparison import comparison_key, same_code
from connector.model.customers import AttributeKind, AttributeValue, Customer
from connector.model.failures import FailureCode, Rejected
from entities.customer.types import CustomerRule, ShopFacts
from entities.documents.names import clean_name

TRUE = frozenset({"1", "true", "yes"})
FALSE = frozenset({"0", "false", "no"})
NAMES = ("prefix", "middlename", "suffix")
"""Parts of a name that are attributes in Magento."""


def attributes_of(customer: Customer, rule: CustomerRule, facts: ShopFacts) -> dict[str, str]:
    """Return the mapped attributes that the customer has in Acumatica. Mapped attributes of other classes are left
    alone in Magento.
    """
    values = {}
    for name, code in (rule.attributes or {}).items():
        attribute = _named(customer.attributes, name)
        if attribute is not None:
            values[code] = _attribute_value(customer, attribute, code, facts.attributes.get(code))
    return values


def changed_names(customer: Customer, rule: CustomerRule) -> list[tuple[str, str, str]]:
    """Return the mapped attributes that are parts of a name: what each is, Acumatica's value, the value
    that is sent.
    """
    attributes = ((code, _named(customer.attributes, name)) for name, code in (rule.attributes or {}).items())
    return [
        (f"Attribute {attribute.name}", attribute.value, clean_name(attribute.value))
        for code, attribute in attributes
        if attribute and code in NAMES
    ]


def _named(attributes: Sequence[AttributeValue], name: str) -> AttributeValue | None:
    by_id = (attribute for attribute in attributes if same_code(attribute.name, name))
    by_description = (attribute for attribute in attributes if same_code(attribute.description, name))
    return next(by_id, None) or next(by_description, None)


def _attribute_value(customer: Customer, attribute: AttributeValue, code: str, kind: AttributeKind | None) -> str:
    what = f"attribute {attribute.name} of customer {customer.customer_id}"
    if kind is None:
        raise Rejected(
            FailureCode.UNKNOWN_ATTRIBUTE,
            f"Magento has no customer attribute {code!r} for {what}, and would leave it out. "
            "Make it in Magento, or correct A2M_CUSTOMER__ATTRIBUTES.",
        )
    value = attribute.value.strip()
    if not value:
        return ""
    if code in NAMES and kind.frontend_input == "text":
        return clean_name(value)
    if kind.frontend_input == "boolean":
        return _boolean(what, value)
    if kind.frontend_input == "select":
        return _option(what, code, kind, [attribute.label, value])
    if kind.frontend_input == "multiselect":
        values, labels = value.split(","), attribute.label.split(",")
        named = zip(labels if len(labels) == len(values) else values, values, strict=True)
        return ",".join(_option(what, code, kind, names) for names in named)
    if kind.frontend_input in ("date", "datetime") or kind.backend_type == "datetime":
        return _date(what, value)
    if kind.backend_type in ("decimal", "int"):
        return _number(what, value, kind.backend_type)
    return value


def _boolean(what: str, value: str) -> str:
    if value.casefold() in TRUE | FALSE:
        return "1" if value.casefold() in TRUE else "0"
    raise Rejected(FailureCode.UNREADABLE_ATTRIBUTE, f"{what} is {value!r}, which is neither yes nor no.")


def _option(what: str, code: str, kind: AttributeKind, names: Sequence[str]) -> str:
    for name in names:
        option = kind.options.get(comparison_key(name))
        if name.strip() and option is not None:
            return option
    label = next(name for name in names if name.strip()).strip()
    raise Rejected(
        FailureCode.UNKNOWN_OPTION,
        f"{what} is {label!r}, which is not an option of {code!r} in Magento. Add it there, or correct it in "
        "Acumatica.",
    )


def _date(what: str, value: str) -> str:
    """Return a date in ISO form. Acumatica writes some as month/day/year. A time after the date is ignored."""
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?", value)
    try:
        if american:
            return date(int(american[3]), int(american[1]), int(american[2])).isoformat()
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as error:
        raise Rejected(FailureCode.UNREADABLE_ATTRIBUTE, f"{what} is {value!r}, which is not a date.") from error


def _number(what: str, value: str, backend: str) -> str:
    """Return a number in Magento's form. Magento would store 0 for anything else (magento-observed.md, part two,
    section 3).
    """
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (backend == "int" and number != number.to_integral_value()):
        kind = "whole number" if backend == "int" else "number"
        raise Rejected(
            FailureCode.UNREADABLE_ATTRIBUTE, f"{what} is {value!r}, which is no {kind}. Correct it in Acumatica."
        )
    return f"{number.to_integral_value() if backend == 'int' else number:f}"
