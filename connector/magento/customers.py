"""Customers in Magento: find, read, create and write them; their groups and attributes, and the shop's countries.

Input: e-mails, ids and the bodies from `entities.customer.merge`. Output: customers as Magento's own JSON, and the
shop's data. Each function may raise a `MagentoFault`. Sources: magento.md section 9; magento-observed.md, "Customers"
in both parts. An e-mail is searched for together with the website, because accounts belong to websites and a search by
e-mail alone returns those of all websites. That wider search is used if Magento shares accounts (Share Customer
Accounts: Global).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connector.magento.client import MagentoClient
from connector.magento.search import criteria_of, pages
from connector.model.comparison import comparison_key
from connector.model.customers import AttributeKind, Country

SAME_EMAIL = "A customer with the same email address already exists in an associated website."
"""Magento's refusal of an e-mail that a customer already has (on any website, if Magento shares accounts)."""
CustomerData = dict[str, Any]
"""A customer in the form in which Magento answers it."""


async def customer(client: MagentoClient, customer_id: str) -> CustomerData | None:
    """Return the customer with this id; None if there is none."""
    row: CustomerData | None = await client.get_or_none(f"customers/{quote(customer_id, safe='')}")
    return row


async def with_email(client: MagentoClient, email: str, website_id: int) -> CustomerData | None:
    """Return the customer on the website with this e-mail, in any spelling that Magento considers equal."""
    for criteria in criteria_of("email", [email]):
        async for row in pages(client, "customers/search", {**criteria, **_on_website(website_id)}):
            if comparison_key(str(row["email"])) == comparison_key(email):
                return row
    return None


async def accounts_with_email(client: MagentoClient, email: str) -> list[CustomerData]:
    """Return the customers with this e-mail on every website."""
    return [
        row
        for criteria in criteria_of("email", [email])
        async for row in pages(client, "customers/search", criteria)
        if comparison_key(str(row["email"])) == comparison_key(email)
    ]


async def ids_with_emails(client: MagentoClient, emails: Sequence[str], website_id: int | None) -> dict[str, str]:
    """Return the ids of the customers with these e-mails, by e-mail in its compared form. `website_id` None: on any
    website.
    """
    asked = {comparison_key(email) for email in emails}
    ids = {}
    for criteria in criteria_of("email", emails):
        where = criteria if website_id is None else {**criteria, **_on_website(website_id)}
        async for row in pages(client, "customers/search", where, fields="items[id,email]"):
            if comparison_key(str(row["email"])) in asked:
                ids[comparison_key(str(row["email"]))] = str(row["id"])
    return ids


async def customers_of(client: MagentoClient, ids: Sequence[str]) -> list[CustomerData]:
    """Return the customers with these ids, read together."""
    return [
        row for criteria in criteria_of("entity_id", ids) async for row in pages(client, "customers/search", criteria)
    ]


async def create(client: MagentoClient, body: Mapping[str, Any]) -> str:
    """Create the customer and return its id. Magento e-mails the new customer, and refuses an e-mail that exists."""
    return str((await client.write("POST", "customers", {"customer": body}))["id"])


async def update(client: MagentoClient, customer_id: str, body: Mapping[str, Any]) -> None:
    """Write the customer. Path and body contain the same id, because Magento uses the one in the body."""
    whole = {**body, "id": int(customer_id)}
    await client.write("PUT", f"customers/{quote(customer_id, safe='')}", {"customer": whole})


async def groups(client: MagentoClient) -> dict[str, int]:
    """Return the ids of the customer groups by name."""
    return {str(one["code"]): int(one["id"]) async for one in pages(client, "customerGroups/search", {})}


async def country(client: MagentoClient, code: str) -> Country | None:
    """Return a country with its regions; None if Magento does not know it."""
    row = await client.get_or_none(f"directory/countries/{quote(code, safe='')}")
    if row is None:
        return None
    regions: dict[str, int] = {}
    known = row.get("available_regions") or []
    for region in known:  # a code takes precedence over an equal name
        regions.setdefault(comparison_key(str(region.get("name") or "")), int(region["id"]))
    regions.update((comparison_key(str(region["code"])), int(region["id"])) for region in known)
    return Country(regions, tuple(sorted(str(region["code"]) for region in known)))


async def attribute(client: MagentoClient, code: str) -> AttributeKind | None:
    """Return a customer attribute; None if Magento does not know it."""
    row = await client.get_or_none(f"attributeMetadata/customer/attribute/{quote(code, safe='')}")
    if row is None:
        return None
    return AttributeKind(
        str(row.get("frontend_input") or "text"),
        str(row.get("backend_type") or "varchar"),
        dict(_options(row.get("options") or [])),
    )


def _options(options: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return label and value of each option, including those in groups. The empty option, which means no choice, is
    left out.
    """
    result = []
    for option in options:
        nested = option.get("options")
        if nested:
            result += _options(nested)
        elif str(option.get("value") or "").strip():
            result.append((comparison_key(str(option.get("label") or "")), str(option["value"])))
    return result


def _on_website(website_id: int) -> dict[str, str]:
    prefix = "searchCriteria[filterGroups][1][filters][0]"
    return {f"{prefix}[field]": "website_id", f"{prefix}[value]": str(website_id), f"{prefix}[conditionType]": "eq"}
