"""Write a customer to Magento without losing what Magento and the shop's customers keep there themselves.

Input: the account that Magento must show, the customer as Magento shows it (its own JSON), and the accounts that were
last sent or may have been sent. Output: the body of a write, and a description of what Magento did not apply.

A list of addresses replaces all of them, an entry without an id makes a new address each time, and a default address
must not be left out (magento-observed.md, part two, section 3). So all addresses are sent back as they were read, with
their ids. Our address is the one that shows what we send now, else the one that still shows what we last sent for the
same use; it is changed in place. An address that somebody changed in the shop belongs to the customer from then on: it
stays, and ours is added. No address is ever left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.model.comparison import comparison_key
from entities.customer.types import Account, PostalAddress

USES = ("billing", "shipping")
OWN_FIELDS = ("prefix", "middlename", "suffix", "dob", "taxvat", "gender")
"""Attributes that are fields of the customer in Magento and not among its custom attributes."""
OWNED_BY_MAGENTO = frozenset({"created_at", "updated_at", "created_in", "extension_attributes"})


def new_customer(account: Account) -> dict[str, Any]:
    """Return the body that creates a customer."""
    addresses = [
        {**_entry(address), **{f"default_{use}": True for use in USES if getattr(address, use)}}
        for address in account.addresses
    ]
    filled = {code: value for code, value in account.attributes.items() if value}
    return {**_header(account), **_own(filled), "addresses": addresses, "custom_attributes": _custom({}, filled)}


def merged(current: Mapping[str, Any], account: Account, *former: Account) -> dict[str, Any]:
    """Return the customer as Magento shows it, merged with the whole account. `former`: the account that was last sent,
    and those that an interrupted attempt may have sent since.
    """
    attributes = {name: value for name, value in current.items() if name not in OWNED_BY_MAGENTO}
    return {
        **attributes,
        **_header(account),
        **_own(account.attributes),
        "addresses": _merged_addresses(current.get("addresses") or [], account, former),
        "custom_attributes": _custom(_current_attributes(current), account.attributes),
    }


def not_applied(account: Account, current: Mapping[str, Any]) -> list[str]:
    """Return descriptions of what Magento does not show of the account; empty if it shows everything."""
    sent = _header(account)
    sent["email"] = comparison_key(account.email)
    has = {**current, "email": comparison_key(str(current.get("email") or ""))}
    missing = [f"the {_WORDS[name]}" for name, value in sent.items() if has.get(name) != value]
    for address in account.addresses:
        if not any(_matches(entry, address) for entry in current.get("addresses") or []):
            uses = " and ".join(use for use in USES if getattr(address, use))
            missing.append(f"the {uses} address in {address.country_id}")
    attributes = {**_current_attributes(current), **{code: current.get(code) for code in OWN_FIELDS}}
    wrong = [code for code, value in account.attributes.items() if not _is_value(attributes.get(code), value)]
    return [*missing, *(f"the attribute {code!r}" for code in wrong)]


_WORDS = {
    "email": "e-mail",
    "website_id": "website",
    "firstname": "first name",
    "lastname": "last name",
    "group_id": "customer group",
}


def _header(account: Account) -> dict[str, Any]:
    return {name: getattr(account, name) for name in _WORDS}


def _current_attributes(current: Mapping[str, Any]) -> dict[str, Any]:
    return {one["attribute_code"]: one["value"] for one in current.get("custom_attributes") or []}


def _custom(old: Mapping[str, Any], sent: Mapping[str, str]) -> list[dict[str, Any]]:
    values = {**old, **{code: value for code, value in sent.items() if code not in OWN_FIELDS}}
    return [{"attribute_code": code, "value": value} for code, value in values.items()]


def _own(sent: Mapping[str, str]) -> dict[str, str | None]:
    return {code: value or None for code, value in sent.items() if code in OWN_FIELDS}


def _is_value(current: Any, sent: str) -> bool:
    """Return whether an attribute shows this value. Magento removes an empty attribute, and returns decimals with four
    places.
    """
    text = "" if current is None else str(current)
    if text == sent:
        return True
    try:
        return bool(text and sent) and Decimal(text) == Decimal(sent)
    except InvalidOperation:
        return text[:10] == sent and text[10:] == " 00:00:00"


def _merged_addresses(
    current: Sequence[Mapping[str, Any]], account: Account, former: Sequence[Account]
) -> list[dict[str, Any]]:
    entries = [{name: value for name, value in one.items() if name != "region_id"} for one in current]
    positions = _positions(entries, account, former)
    for position, address in zip(positions, account.addresses, strict=True):
        if position is None:
            position = len(entries)
            entries.append({})
        entry = entries[position]
        entry.update(_entry(address))
        for use in USES:
            if getattr(address, use) and _may_be_default(use, current, former):
                for other in entries:
                    other.pop(f"default_{use}", None)
                entry[f"default_{use}"] = True
    return entries


def _positions(entries: Sequence[Mapping[str, Any]], account: Account, former: Sequence[Account]) -> list[int | None]:
    """Return the position of each of the account's addresses among the shown ones; None for a new address."""
    positions: list[int | None] = [
        next((position for position, entry in enumerate(entries) if _matches(entry, address)), None)
        for address in account.addresses
    ]
    for number, address in enumerate(account.addresses):
        if positions[number] is None:
            sent = [old for before in former for old in before.addresses if _same_use(old, address)]
            free = (position for position, _entry in enumerate(entries) if position not in positions)
            positions[number] = next(
                (position for position in free if any(_matches(entries[position], old) for old in sent)), None
            )
    return positions


def _same_use(one: PostalAddress, other: PostalAddress) -> bool:
    return (one.billing and other.billing) or (one.shipping and other.shipping)


def _may_be_default(use: str, current: Sequence[Mapping[str, Any]], former: Sequence[Account]) -> bool:
    """Return whether ours becomes the default: only if there is none, or if the default is the one that we
    last sent.
    """
    default = next((one for one in current if one.get(f"default_{use}")), None)
    if default is None:
        return True
    sent = [old for before in former for old in before.addresses if getattr(old, use)]
    return any(_matches(default, old) for old in sent)


def _entry(address: PostalAddress) -> dict[str, Any]:
    """Return the address in Magento's form. A region is named by its id, because Magento does not store the
    code alone.
    """
    region: dict[str, Any] = {"region_code": None, "region": address.region or None, "region_id": 0}
    return {
        "firstname": address.firstname,
        "lastname": address.lastname,
        "company": address.company,
        "street": list(address.street),
        "city": address.city,
        "postcode": address.postcode,
        "country_id": address.country_id,
        "region": region if address.region_id is None else {"region_id": address.region_id},
        "telephone": address.telephone,
    }


def _matches(entry: Mapping[str, Any], address: PostalAddress) -> bool:
    """Return whether an address of Magento shows this one."""
    sent = _entry(address)
    plain = [name for name in sent if name not in ("region", "street")]
    if (
        any((entry.get(name) or "") != sent[name] for name in plain)
        or list(entry.get("street") or []) != sent["street"]
    ):
        return False
    region = entry.get("region") or {}
    region_id = int(region.get("region_id") or entry.get("region_id") or 0)
    if address.region_id is not None or region_id:
        return region_id == (address.region_id or 0)
    return (region.get("region") or "") == address.region
