"""Customers: read by class, and sent to Magento once each, identified by e-mail and website.

Input: customers of Acumatica. Output: accounts in Magento, created, or merged into what the shop's customers keep
there. A customer who leaves the chosen classes, becomes inactive or is deleted in Acumatica is no longer updated, and
never deleted. Two customers with the same e-mail both fail, even if they are in different chunks. Source: spec, *Rules
of the field*, "Customers". The rules are in `entities.customer.rules` and `entities.customer.merge`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from connector.acumatica import customers as acumatica
from connector.acumatica.customers import CustomerPage
from connector.acumatica.records import plain_values
from connector.magento import customers as magento
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.magento.customers import CustomerData
from connector.magento.errors import RequestRefused
from connector.model.comparison import comparison_key
from connector.model.customers import Customer
from connector.model.failures import FailureCode, Rejected
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.schema import PENDING, SENDING
from connector.state.sync import links
from connector.state.sync.links import Link
from entities.base import Feed, FeedPage, RunContext
from entities.customer import rules
from entities.customer.merge import merged, new_customer, not_applied
from entities.customer.same_account import refuse_somebody_else
from entities.customer.types import Account, CustomerRule, ShopFacts
from entities.documents.document import Delivered, Document, noted
from entities.shop import ConfigurationConflict
from entities.waiting import NotYet, WaitReason

WITHOUT_EMAIL = "without an e-mail left out (A2M_CUSTOMER__WITHOUT_EMAIL)"


def _page(page: CustomerPage) -> FeedPage:
    parts = {key: None if one is None else plain_values(one) for key, one in page.customers.items()}
    return FeedPage(parts, page.last_key, [(problem.key, problem.reason) for problem in page.problems])


async def _pages(
    context: RunContext[CustomerRule], since: datetime | None, after: str | None
) -> AsyncIterator[FeedPage]:
    async for page in acumatica.customer_pages(
        context.acumatica,
        context.read.chosen,
        attributes=bool(context.rule.attributes),
        changed_since=since,
        after=after,
    ):
        yield _page(page)


async def _of_keys(context: RunContext[CustomerRule], keys: list[str]) -> FeedPage:
    wanted = bool(context.rule.attributes)
    return _page(await acumatica.customers_with_keys(context.acumatica, context.read.chosen, keys, attributes=wanted))


def _customer(document: dict[str, Any]) -> Customer:
    return msgspec.convert(document, type=Customer)


def identity(context: RunContext[CustomerRule], document: dict[str, Any]) -> str | None:
    return rules.identity(_customer(document), context.rule)


async def compute(context: RunContext[CustomerRule], records: Mapping[str, dict[str, Any] | None]) -> list[Document]:
    """Return the account of each customer. Customers that are not sent to Magento have no content. Raises
    `ConfigurationConflict`.
    """
    rule: CustomerRule = context.rule
    customers = {key: _customer(document) for key, document in records.items() if document is not None}
    chosen = {key: one for key, one in customers.items() if rules.is_sent(one, rule)}
    sent = {key: one for key, one in chosen.items() if not rules.is_left_out(one, rule)}
    context.remarks.count(WITHOUT_EMAIL, len(chosen) - len(sent))
    facts = await _facts(context, rule, sent.values())
    sharing = defaultdict(list)
    for key, one in sent.items():
        sharing[rules.identity(one, rule) or key].append(key)
    left_alone = [Document(key, key) for key in records if key not in sent]
    documents = [_document(key, sent[key], rule, facts, keys) for keys in sharing.values() for key in keys]
    return [*left_alone, *(documents if rule.create else await _without_new_ones(context, documents))]


def _document(key: str, customer: Customer, rule: CustomerRule, facts: ShopFacts, sharing: list[str]) -> Document:
    try:
        if len(sharing) > 1:
            raise rules.shared_email(rules.email_of(customer), sharing)
        account = rules.account_of(customer, rule, facts)
        return Document(key, key, account, notes=noted(rules.names_changed(customer, rule)))
    except Rejected as problem:
        return Document(key, key, cause=problem.code, reason=str(problem))


async def _facts(context: RunContext[CustomerRule], rule: CustomerRule, customers: Collection[Customer]) -> ShopFacts:
    """Return the shop's data that these customers refer to, read once per run. Raises `ConfigurationConflict`."""
    once = context.shop.once
    async with context.shop.client() as client:
        if rule.attributes is not None:
            await _refuse_attributes_on_open_source(context, client)
        if not customers:
            return ShopFacts({})
        groups = await once("customer groups", partial(magento.groups, client))
        countries = {
            code: await once(f"country {code}", partial(magento.country, client, code))
            for code in sorted({code for one in customers for code in rules.countries_of(one)})
        }
        attributes = {
            code: await once(f"customer attribute {code}", partial(magento.attribute, client, code))
            for code in sorted({*(rule.attributes or {}).values()})
        }
    names = tuple(name for name, number in groups.items() if number != rules.NOT_LOGGED_IN)
    return ShopFacts(
        {comparison_key(name): number for name, number in groups.items()},
        group_names=names,
        countries=countries,
        attributes=attributes,
    )


async def _refuse_attributes_on_open_source(context: RunContext[CustomerRule], client: MagentoClient) -> None:
    if not queries.is_adobe_commerce(await context.shop.once("modules", partial(queries.modules, client))):
        raise ConfigurationConflict(
            "Customer Attribute Sync is on, and this shop is Magento Open Source: only Adobe Commerce keeps custom "
            "attributes of customers. No customer was sent. Set A2M_ADDITIONAL__CUSTOMER_ATTRIBUTES to false."
        )


async def _without_new_ones(context: RunContext[CustomerRule], documents: list[Document]) -> list[Document]:
    """Return the documents, with customers that Magento does not have marked as skipped, because CREATE is off."""
    accounts = {one.key: one.content for one in documents if one.content is not None}
    new = await _new_to_magento(context, accounts)
    return [one if one.key not in new else _left_out(one.key, accounts[one.key]) for one in documents]


def _left_out(key: str, account: Account) -> Document:
    why = _not_in_magento(key, account)
    return Document(key, key, cause=why.code, reason=str(why), skipped=True)


def _not_in_magento(key: str, account: Account) -> Rejected:
    return Rejected(
        FailureCode.NOT_IN_MAGENTO,
        f"website {account.website_id} has no customer {account.email}, and A2M_CUSTOMER__CREATE is off. Once it has "
        f"one: a2m sync customer --key {key}",
    )


async def _new_to_magento(context: RunContext[CustomerRule], accounts: Mapping[str, Account]) -> set[str]:
    """Return the customers without a link whose e-mail Magento does not have on their website."""
    with context.state.read() as connection:
        linked = links.of_keys(connection, context.name, list(accounts))
    unlinked = {key: account.email for key, account in accounts.items() if key not in linked}
    if not unlinked:
        return set()
    website = None if context.rule.shared else context.rule.website_id
    async with context.shop.client() as client:
        existing = await magento.ids_with_emails(client, sorted(unlinked.values()), website)
    return {key for key, email in unlinked.items() if comparison_key(email) not in existing}


async def refuse_too_many(context: RunContext[CustomerRule]) -> None:
    """Stop before anything is sent if more than `CREATE_LIMIT` customers wait to be created: Magento e-mails each of
    them.
    """
    rule: CustomerRule = context.rule
    with context.state.read() as connection:
        waiting = messages.pending(connection, context.name)
    if not rule.create or len(waiting) <= rule.create_limit:
        return
    accounts = {message.key: msgspec.json.decode(message.document or b"", type=Account) for message in waiting}
    new = await _new_to_magento(context, accounts)
    if len(new) > rule.create_limit:
        would = "new customer would" if len(new) == 1 else "new customers would"
        raise ConfigurationConflict(
            f"{len(new):,} {would} be created, and Magento mails each; Create limit is "
            f"{rule.create_limit:,}. Nothing was sent. Set A2M_CUSTOMER__CREATE_LIMIT to {len(new)} or more to let "
            "them go, or A2M_CUSTOMER__CREATE to false to create none."
        )


async def send(
    context: RunContext[CustomerRule], client: MagentoClient, message: Message, account: Account, link: Link | None
) -> Delivered:
    """Create the customer, or write what Magento does not show yet; then read the result in Magento."""
    current = await _known(context, client, account, link)
    if current is not None and link is None:
        others = _others(context, message, str(current["id"]))
        _wait_for_the_email(context, message, account, others)
        current = (
            await _known(context, client, account, link) if others else current
        )  # the other customer may have been sent meanwhile
    if current is None:
        _refuse_to_create(context, message, account, link)
        magento_id = await _create(client, message, account)
    else:
        magento_id = str(current["id"])
        _refuse_to_change(context, message, account, current, link)
        before = _sent_before(context, message, link)
        if link is not None and link.document is not None:
            refuse_somebody_else(message.key, current, [account, *before])
        account = _where_it_is(context, account, current)
        if not not_applied(account, current):
            return _delivered(magento_id, link)
        await _update(context, client, message, account, magento_id, merged(current, account, *before))
    left = not_applied(account, await magento.customer(client, magento_id) or {})
    if left:
        raise _dropped(message.key, magento_id, left)
    return Delivered(magento_id) if current is None else _delivered(magento_id, link)


async def find(
    context: RunContext[CustomerRule], client: MagentoClient, message: Message, account: Account, link: Link | None
) -> Delivered | None:
    """Return the customer in Magento if it shows the whole account."""
    current = await _known(context, client, account, link)
    if current is None or _others(context, message, str(current["id"])):
        return None
    return (
        None if not_applied(_where_it_is(context, account, current), current) else _delivered(str(current["id"]), link)
    )


async def _known(
    context: RunContext[CustomerRule], client: MagentoClient, account: Account, link: Link | None
) -> CustomerData | None:
    """Return the customer by its link. Without a link it is found by e-mail and website, or by e-mail alone if accounts
    are shared.
    """
    if link is not None:
        return await magento.customer(client, link.magento_id)
    if not context.rule.shared:
        return await magento.with_email(client, account.email, account.website_id)
    accounts = await magento.accounts_with_email(client, account.email)
    on_website = next((one for one in accounts if one.get("website_id") == account.website_id), None)
    return accounts[0] if on_website is None and len(accounts) == 1 else on_website


def _where_it_is(context: RunContext[CustomerRule], account: Account, current: CustomerData) -> Account:
    """Return the account on the website that it has in Magento: a shared account keeps its website."""
    return replace(account, website_id=int(current["website_id"])) if context.rule.shared else account


async def _create(client: MagentoClient, message: Message, account: Account) -> str:
    try:
        return await magento.create(client, new_customer(account))
    except RequestRefused as refused:
        if refused.template != magento.SAME_EMAIL:
            raise
        accounts = await magento.accounts_with_email(client, account.email)
        if not accounts or any(one.get("website_id") == account.website_id for one in accounts):
            raise
        raise _shared(message.key, account, accounts) from refused


def _shared(key: str, account: Account, accounts: list[CustomerData]) -> Rejected:
    named = " and ".join(f"customer {one['id']} of website {one.get('website_id')}" for one in accounts)
    fix = (
        "To use that account, set A2M_CUSTOMER__ACCOUNTS to global."
        if len(accounts) == 1
        else f"Set A2M_CUSTOMER__ACCOUNTS to global and link one of them: a2m link customer {key} ID"
    )
    return Rejected(
        FailureCode.SHARED_ACCOUNTS,
        f"{account.email} is {named} in Magento, which refuses a second account on website "
        f"{account.website_id}: it shares accounts over its websites (Share Customer Accounts: Global). {fix}",
    )


def _refuse_to_create(context: RunContext[CustomerRule], message: Message, account: Account, link: Link | None) -> None:
    if link is not None:
        raise Rejected(
            FailureCode.GONE_FROM_MAGENTO,
            f"customer {message.key} was Magento's customer {link.magento_id}, which is not there "
            f"any more. It is not created again by itself. Create {account.email} in Magento and link it: "
            f"a2m link customer {message.key} ID",
        )
    if not context.rule.create:
        raise _not_in_magento(message.key, account)


def _refuse_to_change(
    context: RunContext[CustomerRule], message: Message, account: Account, current: CustomerData, link: Link | None
) -> None:
    """Raise `Rejected` for a linked customer on another website, which is not moved, and for one that was found by
    e-mail but is linked to another customer already.
    """
    magento_id, key = current["id"], message.key
    if current.get("website_id") != account.website_id and not context.rule.shared:
        raise Rejected(
            FailureCode.ANOTHER_WEBSITE,
            f"customer {key} is Magento's customer {magento_id}, on website "
            f"{current.get('website_id')}; A2M_MAGENTO__WEBSITE_ID is {account.website_id}. Link it to a customer "
            f"there: a2m link customer {key} ID. Where Magento shares accounts over its websites, set "
            "A2M_CUSTOMER__ACCOUNTS to global.",
        )
    others = [] if link is not None else _others(context, message, str(magento_id))
    if others:
        raise Rejected(
            FailureCode.EMAIL_OF_ANOTHER_CUSTOMER,
            f"{account.email} is Magento's customer {magento_id}, who is "
            f"{', '.join(others)} in Acumatica. If {key} takes its place: a2m link customer {key} {magento_id}",
        )


async def _update(
    context: RunContext[CustomerRule],
    client: MagentoClient,
    message: Message,
    account: Account,
    magento_id: str,
    changed: CustomerData,
) -> None:
    try:
        await magento.update(client, magento_id, changed)
    except RequestRefused as refused:
        if refused.template != magento.SAME_EMAIL:
            raise
        for one in await magento.accounts_with_email(client, account.email):
            _wait_for_the_email(context, message, account, _others(context, message, str(one["id"])))
        await magento.update(client, magento_id, changed)  # the other customer may have been sent meanwhile


def _wait_for_the_email(
    context: RunContext[CustomerRule], message: Message, account: Account, others: list[str]
) -> None:
    """Raise `NotYet` if one of the customers that have this e-mail in Magento is about to get another one.

    Two customers who exchange their e-mails wait for each other once and are then refused, because Magento cannot
    follow.
    """
    this_customer = f"customer {message.key}"
    with context.state.read() as connection:
        queued = messages.live(connection, context.name, others, []) if others else []
    for other_message in queued:
        if other_message.state not in (PENDING, SENDING) or (
            other_message.wait is not None and other_message.wait.waits_for == this_customer
        ):
            continue
        wanted = msgspec.json.decode(other_message.document or b"", type=Account)
        if comparison_key(wanted.email) != comparison_key(account.email):
            raise NotYet(
                WaitReason.CUSTOMER_MISSING,
                f"{account.email} is still customer {other_message.key} in Magento, who is being sent with "
                f"{wanted.email}.",
                f"customer {other_message.key}",
            )


def _sent_before(context: RunContext[CustomerRule], message: Message, link: Link | None) -> list[Account]:
    """Return the account that was last sent to Magento and, if that is uncertain, what may have been sent since."""
    documents = [] if link is None or link.document is None else [link.document]
    if link is None or link.in_doubt:
        with context.state.read() as connection:
            documents += messages.attempted(connection, context.name, message.key)
    return [msgspec.json.decode(document, type=Account) for document in documents]


def _delivered(magento_id: str, link: Link | None) -> Delivered:
    return Delivered(magento_id, "found" if link is None else link.made_by)


def _others(context: RunContext[CustomerRule], message: Message, magento_id: str) -> list[str]:
    """Return the other Acumatica customers that are linked to this Magento customer; none if this one is linked to it
    as well.
    """
    with context.state.read() as connection:
        linked = {link.key for link in links.of_magento_id(connection, context.name, magento_id)}
    return [] if message.key in linked else sorted(linked)


def _dropped(key: str, magento_id: str, left: list[str]) -> Rejected:
    return Rejected(
        FailureCode.DROPPED_IN_SILENCE,
        f"Magento took customer {key} as {magento_id} and does not show {', '.join(left)}. Check "
        "which countries the website allows and which attributes it has, and correct the customer in Acumatica.",
    )


FEEDS = {
    "customers": Feed(
        _pages, of_keys=_of_keys, nothing=lambda: None, attribute="document", seen="facts_seen", outlives_sweeps=True
    ),
}
