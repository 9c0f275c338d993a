"""The addresses of customers: how a list that is sent replaces, merges and deletes, and the JSON of an address.

A list replaces all addresses: one whose id is not in it is deleted, an entry without an id is new, and one with an id
is merged field by field. Source: magento-observed.md, part two, section 3; recordings of customers and customers2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.magento.customer_records import Customer, CustomerAddress
from sandbox.magento.errors import Refusal, no_entity, required
from sandbox.magento.regions import COUNTRIES, REGIONS, ZIP_OPTIONAL
from sandbox.magento.state import Shop
from sandbox.magento.typed import BOOL, INT, TEXT, Data, anything, listed, texts

_CUSTOMER = "Magento\\Customer\\Api\\Data\\"
BEFORE_STREET = ("country_id",)
AFTER_STREET = ("company", "telephone", "fax", "postcode", "city", "firstname", "lastname", "middlename", "prefix")
LAST = ("suffix", "vat_id")
FIELDS = (*BEFORE_STREET, *AFTER_STREET, *LAST)
KINDS = ("default_billing", "default_shipping")
LONGEST = 255
STREET_LINES = 2
INVALID = "The %fieldName value is invalid. Set the correct value and try again."
BAD_VALUE = 'Invalid value of "%value" provided for the %fieldName field.'
TOO_MANY_LINES = f'"Street Address" cannot contain more than {STREET_LINES} lines.'
REGION = Data(
    f"{_CUSTOMER}RegionInterface",
    {"region_code": TEXT, "region": TEXT, "region_id": INT, "extension_attributes": anything},
)
ATTRIBUTE = Data("Magento\\Framework\\Api\\AttributeInterface", {"attribute_code": TEXT, "value": anything})
ADDRESS = Data(
    f"{_CUSTOMER}AddressInterface",
    {
        **dict.fromkeys(("id", "customer_id", "region_id"), INT),
        **dict.fromkeys(FIELDS, TEXT),
        **dict.fromkeys(KINDS, BOOL),
        "region": REGION,
        "street": texts,
        "extension_attributes": anything,
        "custom_attributes": listed(ATTRIBUTE),
    },
)


def address_shown(customer: Customer, address: CustomerAddress) -> dict[str, Any]:
    """Return an address as JSON. Missing fields are left out, except for the three parts of the region."""
    region = REGIONS.get(address.region_id or 0)
    code, name = (region.code, region.name) if region else (address.region, address.region)
    shown: dict[str, Any] = {
        "id": address.id,
        "customer_id": customer.id,
        "region": {"region_code": code, "region": name, "region_id": address.region_id or 0},
    }
    if address.region_id is not None:
        shown["region_id"] = address.region_id
    fields = address.fields
    shown |= {name: fields[name] for name in BEFORE_STREET if name in fields}
    shown["street"] = address.street
    shown |= {name: fields[name] for name in (*AFTER_STREET, *LAST) if name in fields}
    for kind in reversed(KINDS):
        if customer.defaults.get(kind) == address.id:
            shown[kind] = True
    return shown


def allowed(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the addresses that creating a customer keeps: those without an allowed country are silently dropped."""
    return [row for row in rows if row.get("country_id") in COUNTRIES]


def check_lines(rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse streets with too many lines."""
    if any(len(row.get("street") or []) > STREET_LINES for row in rows):
        raise Refusal(400, TOO_MANY_LINES)


def check_defaults(customer: Customer, rows: Sequence[Mapping[str, Any]] | None, defaults: Mapping[str, int]) -> None:
    """Refuse defaults that will not be among the addresses; an empty list removes them all."""
    ids = {row.get("id") for row in rows} if rows is not None else {one.id for one in customer.addresses}
    for kind in KINDS:
        if rows != [] and defaults.get(kind) and defaults[kind] not in ids:
            raise Refusal(400, INVALID, {"fieldName": kind})


def replaced(
    shop: Shop, customer: Customer, rows: Sequence[Mapping[str, Any]], *, checked: bool = True
) -> list[CustomerAddress]:
    """Return the addresses that a customer has after this list, without changing anything yet. Raises `Refusal`."""
    return [_merged(shop, customer, row, checked=checked) for row in rows]


def _merged(shop: Shop, customer: Customer, row: Mapping[str, Any], *, checked: bool) -> CustomerAddress:
    old = None
    if row.get("id"):
        old = customer.address(row["id"])
        if old is None:
            raise no_entity("addressId", row["id"])
    fields = dict(old.fields) if old is not None else {}
    for name in FIELDS:
        if name in row:
            fields[name] = (row[name] or "")[:LONGEST]
    street = [line for line in row["street"] if line] if row.get("street") is not None else (old.street if old else [])
    made = CustomerAddress(old.id if old else 0, {name: text for name, text in fields.items() if text}, street)
    made.region, made.region_id = _region(row, old)
    if checked:
        _check(made)
    made.id = made.id or shop.next_id("customer address")
    return made


def _region(row: Mapping[str, Any], old: CustomerAddress | None) -> tuple[str | None, int | None]:
    given = row.get("region")
    number = row.get("region_id") or (given or {}).get("region_id")
    if number:
        return None, number
    if given is None:
        return (
            (old.region, old.region_id) if old is not None and "region_id" not in row else (None, row.get("region_id"))
        )
    return given.get("region") or None, 0


def _check(address: CustomerAddress) -> None:
    fields = address.fields
    missing = [name for name in ("firstname", "lastname") if not fields.get(name)]
    missing += [] if address.street else ["street"]
    missing += [name for name in ("city", "telephone") if not fields.get(name)]
    country = fields.get("country_id")
    if country not in ZIP_OPTIONAL and not fields.get("postcode"):
        missing.append("postcode")
    if not country:
        missing.append("countryId")
    if missing:
        raise required(missing)
    if country not in COUNTRIES:
        raise Refusal(400, BAD_VALUE, {"fieldName": "countryId", "value": country})
    region = REGIONS.get(address.region_id or 0)
    if address.region_id and (region is None or region.country_id != country):
        raise Refusal(400, BAD_VALUE, {"fieldName": "regionId", "value": str(address.region_id)})


def defaults_after(
    before: Mapping[str, int], rows: Sequence[Mapping[str, Any]], addresses: Sequence[CustomerAddress]
) -> dict[str, int]:
    """Return which addresses are the defaults. Flags move them: the last one wins, and `false` clears the address's
    own.
    """
    defaults = dict(before)
    for row, address in zip(rows, addresses, strict=True):
        for kind in KINDS:
            if row.get(kind):
                defaults[kind] = address.id
            elif row.get(kind) is False and defaults.get(kind) == address.id:
                del defaults[kind]
    ids = {address.id for address in addresses}
    return {kind: number for kind, number in defaults.items() if number in ids}
