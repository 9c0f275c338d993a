"""Attributes of Acumatica customers as the custom attributes that Magento's customers have.

Input: what Acumatica has, the map, and the kinds of Magento's attributes. Output: values as Magento keeps them, or
a `Rejected`: Magento leaves out an attribute that it does not know, and stores 0 for what is not a number
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
"""Parts of a name, which Magento has as attributes."""


def attributes_of(customer: Customer, rule: CustomerRule, facts: ShopFacts) -> dict[str, str]:
    """Return the mapped attributes that the customer has in Acumatica; those of other classes are left alone in
    Magento.
    """
    found = {}
    for name, code in (rule.attributes or {}).items():
        own = _named(customer.attributes, name)
        if own is not None:
            found[code] = _attribute_value(customer, own, code, facts.attributes.get(code))
    return found


def changed_names(customer: Customer, rule: CustomerRule) -> list[tuple[str, str, str]]:
    """Return the mapped attributes that are parts of a name: what each is, as Acumatica has it, as it is sent."""
    found = ((code, _named(customer.attributes, name)) for name, code in (rule.attributes or {}).items())
    return [(f"Attribute {own.name}", own.value, clean_name(own.value)) for code, own in found if own and code in NAMES]


def _named(attributes: Sequence[AttributeValue], name: str) -> AttributeValue | None:
    by_id = (one for one in attributes if same_code(one.name, name))
    by_description = (one for one in attributes if same_code(one.description, name))
    return next(by_id, None) or next(by_description, None)


def _attribute_value(customer: Customer, own: AttributeValue, code: str, kind: AttributeKind | None) -> str:
    what = f"attribute {own.name} of customer {customer.customer_id}"
    if kind is None:
        raise Rejected(
            FailureCode.UNKNOWN_ATTRIBUTE,
            f"Magento has no customer attribute {code!r} for {what}, and would leave it out. "
            "Make it in Magento, or correct A2M_CUSTOMER__ATTRIBUTES.",
        )
    value = own.value.strip()
    if not value:
        return ""
    if code in NAMES and kind.frontend_input == "text":
        return clean_name(value)
    if kind.frontend_input == "boolean":
        return _boolean(what, value)
    if kind.frontend_input == "select":
        return _option(what, code, kind, [own.label, value])
    if kind.frontend_input == "multiselect":
        values, labels = value.split(","), own.label.split(",")
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
    """Return a day as ISO has it or, as Acumatica writes some, as month/day/year; a time behind it does not count."""
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?", value)
    try:
        if american:
            return date(int(american[3]), int(american[1]), int(american[2])).isoformat()
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError as error:
        raise Rejected(FailureCode.UNREADABLE_ATTRIBUTE, f"{what} is {value!r}, which is not a date.") from error


def _number(what: str, value: str, backend: str) -> str:
    """Magento stores 0 for what is not a number (magento-observed.md, part two, section 3)."""
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
