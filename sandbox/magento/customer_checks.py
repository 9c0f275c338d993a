"""Magento's checks of a customer's names, e-mail and password. Source: recordings of customers and customers2."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from sandbox.magento import php
from sandbox.magento.emails import is_email
from sandbox.magento.errors import Refusal
from sandbox.magento.state import Shop

MISSING_EMAIL = "The customer email is missing. Enter and try again."
BAD_EMAIL = '"Email" is not a valid email address.'
SHORT = "The password needs at least %1 characters. Create a new password and try again."
SIMPLE = (
    "The minimum of different classes of characters in password is %1. Classes of characters: Lower Case, Upper Case, "
    "Digits, Special Characters."
)
NAMES = (("firstname", "First Name"), ("lastname", "Last Name"), ("middlename", "Middle Name"))
LONGEST_NAME = 255
SHORTEST_PASSWORD = 8
CLASSES = 3


def check_names(email: str, fields: Mapping[str, Any]) -> None:
    """Refuse a customer without names, or with names or an e-mail that Magento does not accept."""
    faults = [f"{label} is not valid!" for name, label in NAMES if fields.get(name) and not _is_name(fields[name])]
    faults += [f'"{label}" is a required value.' for name, label in NAMES[:2] if not fields.get(name)]
    if not is_email(email):
        faults.append(BAD_EMAIL)
    if faults:
        raise Refusal(400, "\n".join(faults))


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST_NAME and all(
        letter in "-_.,'’`&" or letter.isspace() or _is_word(unicodedata.category(letter)) for letter in text
    )


def _is_word(category: str) -> bool:
    """Return whether the category is letters, marks or digits, as in Magento's own pattern; other numbers, such as ½,
    are not.
    """
    return category[0] in "LM" or category == "Nd"


def check_password(password: str | None) -> None:
    """Refuse a password that is too short or too simple. No password is accepted."""
    if password is None:
        return
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal(400, SHORT, [str(SHORTEST_PASSWORD)])
    kinds = {"a" if one.islower() else "A" if one.isupper() else "0" if one.isdigit() else "." for one in password}
    if len(kinds) < CLASSES:
        raise Refusal(400, SIMPLE, [str(CLASSES)])


def taken(shop: Shop, email: str, website_id: int, own: int) -> bool:
    """Return whether another customer has the e-mail, as the database compares it."""
    key = php.collated(email)
    everywhere = shop.settings.account_share == "global"
    return any(
        php.collated(one.email) == key and one.id != own and (everywhere or one.website_id == website_id)
        for one in shop.customers.values()
    )
