"""What is written to Magento of a customer, beside what Magento and the shop's customers keep there themselves.

Comes in: the account that Magento must show, the customer as Magento shows it (its own JSON), and the accounts that it
was told last, or may have been told. Goes out: the body of a write, and in words what Magento does not show of it.

A list of addresses replaces all of them, an entry without id is a new one each time, and a default address must not be
left out (magento-observed.md, part two, section 3). So all addresses are sent back as they were read, with their ids.
Ours is the one that shows what we tell now, else the one that still shows what we told last for the same use: it is
changed in place. An address that somebody changed in the shop is theirs from then on: it stays, and ours is added.
None is ever left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.model.comparison import comparison_key
from entities.customer.types import Account, PostalAddress

USES = ("billing", "shipping")
OWN_FIELDS = ("prefix", "middlename", "suffix", "dob", "taxvat", "gender")
"""Attributes that Magento has as fields of the customer, and leaves out among the custom attributes."""
KEPT_BY_MAGENTO = frozenset({"created_at", "updated_at", "created_in", "extension_attributes"})


def new_customer(account: Account) -> dict[str, Any]:
    """The customer to create."""
    addresses = [
        {**_entry(one), **{f"default_{use}": True for use in USES if getattr(one, use)}} for one in account.addresses
    ]
    filled = {code: value for code, value in account.attributes.items() if value}
    return {**_header(account), **_own(filled), "addresses": addresses, "custom_attributes": _custom({}, filled)}


def merged(shown: Mapping[str, Any], account: Account, *former: Account) -> dict[str, Any]:
    """The customer as Magento shows it, with all that the account says; `former` is what Magento was told last, and
    what an attempt that broke off may have told it since.
    """
    kept = {name: value for name, value in shown.items() if name not in KEPT_BY_MAGENTO}
    return {
        **kept,
        **_header(account),
        **_own(account.attributes),
        "addresses": _merged_addresses(shown.get("addresses") or [], account, former),
        "custom_attributes": _custom(_shown_attributes(shown), account.attributes),
    }


def not_shown(account: Account, shown: Mapping[str, Any]) -> list[str]:
    """What Magento does not show of the account, in words; empty if it shows all of it."""
    told = _header(account)
    told["email"] = comparison_key(account.email)
    has = {**shown, "email": comparison_key(str(shown.get("email") or ""))}
    missing = [f"the {_WORDS[name]}" for name, value in told.items() if has.get(name) != value]
    for one in account.addresses:
        if not any(_shows(address, one) for address in shown.get("addresses") or []):
            uses = " and ".join(use for use in USES if getattr(one, use))
            missing.append(f"the {uses} address in {one.country_id}")
    kept = {**_shown_attributes(shown), **{code: shown.get(code) for code in OWN_FIELDS}}
    wrong = [code for code, value in account.attributes.items() if not _is_value(kept.get(code), value)]
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


def _shown_attributes(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {one["attribute_code"]: one["value"] for one in shown.get("custom_attributes") or []}


def _custom(old: Mapping[str, Any], told: Mapping[str, str]) -> list[dict[str, Any]]:
    values = {**old, **{code: value for code, value in told.items() if code not in OWN_FIELDS}}
    return [{"attribute_code": code, "value": value} for code, value in values.items()]


def _own(told: Mapping[str, str]) -> dict[str, str | None]:
    return {code: value or None for code, value in told.items() if code in OWN_FIELDS}


def _is_value(shown: Any, told: str) -> bool:
    """Whether an attribute shows its value: Magento removes an empty one, and gives decimals with four places."""
    text = "" if shown is None else str(shown)
    if text == told:
        return True
    try:
        return bool(text and told) and Decimal(text) == Decimal(told)
    except InvalidOperation:
        return text[:10] == told and text[10:] == " 00:00:00"


def _merged_addresses(
    shown: Sequence[Mapping[str, Any]], account: Account, former: Sequence[Account]
) -> list[dict[str, Any]]:
    entries = [{name: value for name, value in one.items() if name != "region_id"} for one in shown]
    places = _places(entries, account, former)
    for place, address in zip(places, account.addresses, strict=True):
        if place is None:
            place = len(entries)
            entries.append({})
        entry = entries[place]
        entry.update(_entry(address))
        for use in USES:
            if getattr(address, use) and _may_be_default(use, shown, former):
                for other in entries:
                    other.pop(f"default_{use}", None)
                entry[f"default_{use}"] = True
    return entries


def _places(entries: Sequence[Mapping[str, Any]], account: Account, former: Sequence[Account]) -> list[int | None]:
    """Where each of the account's addresses stands among the shown ones; none for one that is new."""
    places: list[int | None] = [
        next((place for place, entry in enumerate(entries) if _shows(entry, one)), None) for one in account.addresses
    ]
    for number, one in enumerate(account.addresses):
        if places[number] is None:
            told = [old for before in former for old in before.addresses if _same_use(old, one)]
            free = (place for place, _entry in enumerate(entries) if place not in places)
            places[number] = next((place for place in free if any(_shows(entries[place], old) for old in told)), None)
    return places


def _same_use(one: PostalAddress, other: PostalAddress) -> bool:
    return (one.billing and other.billing) or (one.shipping and other.shipping)


def _may_be_default(use: str, shown: Sequence[Mapping[str, Any]], former: Sequence[Account]) -> bool:
    """Ours becomes the default only where there is none, or where the default is the one that we told last."""
    default = next((one for one in shown if one.get(f"default_{use}")), None)
    if default is None:
        return True
    told = [old for before in former for old in before.addresses if getattr(old, use)]
    return any(_shows(default, old) for old in told)


def _entry(address: PostalAddress) -> dict[str, Any]:
    """The address in Magento's form; a region is named by its id, because its code alone is not kept."""
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


def _shows(entry: Mapping[str, Any], address: PostalAddress) -> bool:
    """Whether an address of Magento shows this one."""
    told = _entry(address)
    plain = [name for name in told if name not in ("region", "street")]
    if (
        any((entry.get(name) or "") != told[name] for name in plain)
        or list(entry.get("street") or []) != told["street"]
    ):
        return False
    region = entry.get("region") or {}
    region_id = int(region.get("region_id") or entry.get("region_id") or 0)
    if address.region_id is not None or region_id:
        return region_id == (address.region_id or 0)
    return (region.get("region") or "") == address.region
