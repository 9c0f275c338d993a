"""Customers in Magento: searched for, read, created and written; their groups, attributes, and the shop's countries.

In: e-mails, ids and the bodies that `entities.customer.merge` makes. Out: customers as Magento's own JSON, and
what the shop knows. Each function may raise a `MagentoFault`. Sources: magento.md section 9; magento-observed.md,
"Customers" in both parts. An e-mail is searched for with the website: accounts are kept by website, and a search by
e-mail alone returns those of all. Where Magento shares accounts (Share Customer Accounts: Global) that is what is
asked.
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
"""How Magento refuses an e-mail that a customer has, of any website where it shares accounts over all of them."""
CustomerData = dict[str, Any]
"""A customer as Magento answers it."""


async def customer(client: MagentoClient, customer_id: str) -> CustomerData | None:
    """Return the customer with this id; None where there is none."""
    found: CustomerData | None = await client.get_or_none(f"customers/{quote(customer_id, safe='')}")
    return found


async def with_email(client: MagentoClient, email: str, website_id: int) -> CustomerData | None:
    """Return the customer with this e-mail, in any spelling that Magento takes for the same, on the website."""
    for criteria in criteria_of("email", [email]):
        async for found in pages(client, "customers/search", {**criteria, **_on_website(website_id)}):
            if comparison_key(str(found["email"])) == comparison_key(email):
                return found
    return None


async def accounts_with_email(client: MagentoClient, email: str) -> list[CustomerData]:
    """Return the customers with this e-mail on every website."""
    return [
        found
        for criteria in criteria_of("email", [email])
        async for found in pages(client, "customers/search", criteria)
        if comparison_key(str(found["email"])) == comparison_key(email)
    ]


async def ids_with_emails(client: MagentoClient, emails: Sequence[str], website_id: int | None) -> dict[str, str]:
    """Return the ids of the customers of the website, `None`: of any, with these e-mails, by e-mail in its compared
    form.
    """
    asked = {comparison_key(email) for email in emails}
    found = {}
    for criteria in criteria_of("email", emails):
        where = criteria if website_id is None else {**criteria, **_on_website(website_id)}
        async for one in pages(client, "customers/search", where, fields="items[id,email]"):
            if comparison_key(str(one["email"])) in asked:
                found[comparison_key(str(one["email"]))] = str(one["id"])
    return found


async def customers_of(client: MagentoClient, ids: Sequence[str]) -> list[CustomerData]:
    """Return the customers with these ids, read together."""
    return [
        found
        for criteria in criteria_of("entity_id", ids)
        async for found in pages(client, "customers/search", criteria)
    ]


async def create(client: MagentoClient, body: Mapping[str, Any]) -> str:
    """Create the customer and return its id. Magento mails the new customer, and refuses an e-mail that it has."""
    return str((await client.write("POST", "customers", {"customer": body}))["id"])


async def update(client: MagentoClient, customer_id: str, body: Mapping[str, Any]) -> None:
    """Write the customer; path and body name the same id, because Magento acts on that of the body."""
    whole = {**body, "id": int(customer_id)}
    await client.write("PUT", f"customers/{quote(customer_id, safe='')}", {"customer": whole})


async def groups(client: MagentoClient) -> dict[str, int]:
    """Return the customer groups: id by name."""
    return {str(one["code"]): int(one["id"]) async for one in pages(client, "customerGroups/search", {})}


async def country(client: MagentoClient, code: str) -> Country | None:
    """Return a country with its regions; None where Magento does not know it."""
    found = await client.get_or_none(f"directory/countries/{quote(code, safe='')}")
    if found is None:
        return None
    regions: dict[str, int] = {}
    known = found.get("available_regions") or []
    for region in known:  # a code goes before a name that reads like it
        regions.setdefault(comparison_key(str(region.get("name") or "")), int(region["id"]))
    regions.update((comparison_key(str(region["code"])), int(region["id"])) for region in known)
    return Country(regions, tuple(sorted(str(region["code"]) for region in known)))


async def attribute(client: MagentoClient, code: str) -> AttributeKind | None:
    """Return a customer attribute; None where Magento does not know it."""
    found = await client.get_or_none(f"attributeMetadata/customer/attribute/{quote(code, safe='')}")
    if found is None:
        return None
    return AttributeKind(
        str(found.get("frontend_input") or "text"),
        str(found.get("backend_type") or "varchar"),
        dict(_options(found.get("options") or [])),
    )


def _options(options: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Label and value of each option, those in groups included; the empty one stands for no choice."""
    found = []
    for one in options:
        nested = one.get("options")
        if nested:
            found += _options(nested)
        elif str(one.get("value") or "").strip():
            found.append((comparison_key(str(one.get("label") or "")), str(one["value"])))
    return found


def _on_website(website_id: int) -> dict[str, str]:
    prefix = "searchCriteria[filterGroups][1][filters][0]"
    return {f"{prefix}[field]": "website_id", f"{prefix}[value]": str(website_id), f"{prefix}[conditionType]": "eq"}
