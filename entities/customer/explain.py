"""The lines that `explain` prints about one customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connector.magento import customers
from connector.magento.client import MagentoClient
from connector.model.customers import Customer
from connector.state.sync.records import Stored
from entities.customer import rules
from entities.customer.from_settings import customer_rule
from entities.explained import NOW, Known, Line, of_links
from settings import Settings


async def explain_now(client: MagentoClient, settings: Settings, known: Known) -> list[Line]:
    accounts = [await customers.customer(client, link.magento_id) for link in known.links]
    if not known.links:
        emails = {str(one.get("email") or "").strip() for one in known.documents} - {""}
        accounts = [await customers.with_email(client, one, settings.magento.website_id) for one in sorted(emails)]
    names = {number: name for name, number in (await customers.groups(client)).items()} if any(accounts) else {}
    lines = [line for one in accounts if one is not None for line in _account(one, names)]
    return lines or [(NOW, f"no customer of {known.typed}{of_links(known.links)}")]


def _account(account: Mapping[str, Any], groups: Mapping[int, str]) -> Iterator[Line]:
    name = f"{account.get('firstname') or ''} {account.get('lastname') or ''}".strip()
    group = groups.get(int(account.get("group_id") or 0), str(account.get("group_id")))
    yield (
        NOW,
        f"customer {account['id']}, {name}, {account['email']}, group {group}, website {account.get('website_id')}",
    )
    for address in account.get("addresses") or []:
        uses = [use for use in ("default_billing", "default_shipping") if address.get(use)]
        region = (address.get("region") or {}).get("region_code") or ""
        street = [*(address.get("street") or []), address.get("postcode"), address.get("city"), region]
        where = ", ".join(str(part) for part in (*street, address.get("country_id")) if part)
        use = f" ({', '.join(uses)})".replace("_", " ") if uses else ""
        yield f"{NOW}, address", f"{where}{use}"


def explained(settings: Settings, stored: Sequence[Stored]) -> Iterator[Line]:
    """Yield the changes to a customer's names, or that a setting leaves the customer out."""
    rule = customer_rule(settings)
    for document in (one.record.document for one in stored):
        if document is None:
            continue
        customer = msgspec.convert(document, type=Customer)
        if rules.is_sent(customer, rule) and rules.is_left_out(customer, rule):
            yield "Rules say", "left out: it has no e-mail (A2M_CUSTOMER__WITHOUT_EMAIL)"
        yield from (("Rules say", one.in_full()) for one in rules.names_changed(customer, rule))
