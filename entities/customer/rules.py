"""Which customers go to Magento, and what Magento must show of each.

Input: a customer of Acumatica, the settings, and the shop's groups, countries and customer attributes. Output: the
account, with every name replaced by Magento's id, or a `Rejected` that says which record, why and what to do. Source:
spec, *Rules of the field*, "Customers"; magento-observed.md, "Customers" in both parts: Magento silently drops what it
does not know, so nothing that it does not know may be sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from connector.model.comparison import comparison_key, same_code
from connector.model.customers import Address, Contact, Country, Customer
from connector.model.failures import FailureCode, Rejected
from entities.customer.attributes import attributes_of, changed_names
from entities.customer.types import Account, CustomerRule, PostalAddress, ShopFacts
from entities.documents.names import Change, changes, clean_company, clean_name, split_name

NOT_SENT = frozenset({"inactive", "one-time"})
LONGEST_LOCAL_PART = 64
LONGEST_EMAIL = 254
NOT_LOGGED_IN = 0
DISPLAY_NAMES = 12

_ATOM = r"[^\s@,;:<>()\[\]\\\"]+"
_EMAIL = re.compile(rf"(?P<local>(?!\.){_ATOM}(?<!\.))@(?P<host>(?:[\w](?:[\w-]*[\w])?\.)+[\w](?:[\w-]*[\w])?)")


def is_sent(customer: Customer, rule: CustomerRule) -> bool:
    """Return whether the customer goes to Magento: it has a chosen class and is not inactive, one-time or a guest."""
    chosen = any(same_code(customer.customer_class, name) for name in rule.classes)
    return chosen and not customer.guest and customer.status.strip().casefold() not in NOT_SENT


def is_left_out(customer: Customer, rule: CustomerRule) -> bool:
    """Return whether a setting leaves the customer out because it has no e-mail."""
    return rule.without_email == "leave_out" and not customer.main.email.strip()


def identity(customer: Customer, rule: CustomerRule) -> str | None:
    """Return the e-mail, as Magento compares it, of a customer that goes there; None without an e-mail. No two
    customers may share it.
    """
    if not is_sent(customer, rule):
        return None
    try:
        return comparison_key(email_of(customer))
    except Rejected:
        return None


def email_of(customer: Customer) -> str:
    """Return the e-mail of the main contact. Raises `Rejected` if there is none or it is not valid."""
    email = customer.main.email.strip()
    if not email:
        raise Rejected(
            FailureCode.NO_EMAIL,
            f"customer {customer.customer_id} has none, and Magento knows customers by it. "
            "Enter it in Acumatica, or leave all such customers out with A2M_CUSTOMER__WITHOUT_EMAIL.",
        )
    match = _EMAIL.fullmatch(email) if len(email) <= LONGEST_EMAIL else None
    if not match or ".." in match["local"] or len(match["local"]) > LONGEST_LOCAL_PART:
        raise Rejected(
            FailureCode.INVALID_EMAIL,
            f"customer {customer.customer_id} has {email!r}, which is not one address. Correct it in Acumatica.",
        )
    return email


def shared_email(email: str, customers: Iterable[str]) -> Rejected:
    """Return why none of these customers is sent: Magento would take them for one."""
    names = ", ".join(sorted(customers))
    return Rejected(
        FailureCode.SEVERAL_CUSTOMERS_WITH_ONE_EMAIL,
        f"{names} all have {email}, and Magento would take them for one. Give each an e-mail of its own in Acumatica.",
    )


def account_of(customer: Customer, rule: CustomerRule, facts: ShopFacts) -> Account:
    """Return the account that Magento must show. Raises `Rejected`."""
    email = email_of(customer)
    firstname, lastname = name_of(customer)
    return Account(
        email=email,
        website_id=rule.website_id,
        firstname=firstname,
        lastname=lastname,
        group_id=_group(customer, rule, facts),
        addresses=_addresses(customer, rule, facts, (firstname, lastname)),
        attributes=attributes_of(customer, rule, facts),
    )


def name_of(customer: Customer) -> tuple[str, str]:
    """Return the first and last name: of the primary contact, else of the main contact, else the customer's name,
    split.
    """
    for contact in (customer.person, customer.main):
        names = _person(contact)
        if names is not None:
            return names
    return split_name(customer.name if clean_name(customer.name) else customer.customer_id)


def _person(contact: Contact) -> tuple[str, str] | None:
    """Return the first and last name of a contact, cleaned; None if it does not have both."""
    firstname, lastname = clean_name(contact.first_name), clean_name(contact.last_name)
    return (firstname, lastname) if firstname and lastname else None


def names_changed(customer: Customer, rule: CustomerRule) -> tuple[Change, ...]:
    """Return the changed names of those that go to Magento; empty if all go as Acumatica has them."""
    person = next((one for one in (customer.person, customer.main) if one.first_name and one.last_name), None)
    used = [] if person is None else [person]
    parties = [_with_address(one, customer.main) for one in (customer.billing, customer.shipping)]
    used += [one for one in parties if not one.address.is_empty()]
    names = [
        (what, text, clean_name(text))
        for contact in used
        for what, text in (("First name", contact.first_name), ("Last name", contact.last_name))
        if contact.first_name and contact.last_name
    ]
    if not any(_person(one) for one in (customer.person, customer.main)):
        names.append(("Customer name", customer.name, clean_name(customer.name)))
    if any(not one.address.is_empty() for one in parties):
        company = company_of(customer)
        names.append(("Company", company, clean_company(company)))
    return changes([*names, *changed_names(customer, rule)])


def company_of(customer: Customer) -> str:
    """Return the company in the customer's addresses, as Acumatica has it."""
    return customer.main.company or customer.name


def _group(customer: Customer, rule: CustomerRule, facts: ShopFacts) -> int:
    name = rule.group_of(customer.customer_class)
    known = ", ".join(facts.group_names[:DISPLAY_NAMES])
    if name is None:
        raise Rejected(
            FailureCode.UNMAPPED_CUSTOMER_CLASS,
            f"{customer.customer_class} has no Magento group. Name one in A2M_CUSTOMER__GROUPS; Magento has {known}.",
        )
    group_id = facts.groups.get(comparison_key(name))
    if group_id is None:
        raise Rejected(
            FailureCode.UNKNOWN_CUSTOMER_GROUP,
            f"A2M_CUSTOMER__GROUPS names {name!r} for class {customer.customer_class}, and "
            f"Magento has {known}. Correct the name, or make the group in Magento.",
        )
    if group_id == NOT_LOGGED_IN:
        raise Rejected(
            FailureCode.UNKNOWN_CUSTOMER_GROUP,
            f"{name!r} is Magento's group of visitors who are not logged in. Name another one "
            f"for class {customer.customer_class} in A2M_CUSTOMER__GROUPS.",
        )
    return group_id


def countries_of(customer: Customer) -> set[str]:
    """Return the country codes in the customer's addresses, as Magento spells them."""
    chosen = (_with_address(customer.billing, customer.main), _with_address(customer.shipping, customer.main))
    return {one.address.country.strip().upper() for one in chosen if one.address.country.strip()}


def _with_address(contact: Contact, main: Contact) -> Contact:
    """Return the contact whose address applies. Billing and shipping contact have their own address only if it differs
    from the main one.
    """
    return main if contact.address.is_empty() else contact


def _addresses(
    customer: Customer, rule: CustomerRule, facts: ShopFacts, names: tuple[str, str]
) -> tuple[PostalAddress, ...]:
    addresses = []
    for use in ("billing", "shipping"):
        contact = _with_address(getattr(customer, use), customer.main)
        if not contact.address.is_empty():
            addresses.append(_address(customer, contact, use, rule, facts, names))
    if len(addresses) == 2 and replace(addresses[0], billing=False) == replace(addresses[1], shipping=False):
        return (replace(addresses[0], shipping=True),)
    return tuple(addresses)


def _address(
    customer: Customer, contact: Contact, use: str, rule: CustomerRule, facts: ShopFacts, names: tuple[str, str]
) -> PostalAddress:
    where, address = f"the {use} address of customer {customer.customer_id}", contact.address
    street = tuple(line for line in (address.line1.strip(), address.line2.strip()) if line)
    telephone = next((one for one in (contact.phone, customer.main.phone, customer.person.phone) if one), "")
    country = _country(where, address, facts)
    missing = [name for name, value in (("street", street), ("city", address.city.strip())) if not value]
    if missing:
        raise Rejected(
            FailureCode.INCOMPLETE_ADDRESS, f"{where} has no {' and no '.join(missing)}. Enter it in Acumatica."
        )
    if not (telephone or rule.telephone):
        raise Rejected(
            FailureCode.NO_TELEPHONE,
            f"{where} has none, and Magento takes no address without. Enter it in Acumatica, or one for "
            "all in A2M_CUSTOMER__TELEPHONE.",
        )
    firstname, lastname = _person(contact) or names
    company = clean_company(company_of(customer))
    return PostalAddress(
        firstname=firstname,
        lastname=lastname,
        company="" if company == f"{firstname} {lastname}" else company,
        street=street,
        city=address.city.strip(),
        postcode=address.postal_code.strip(),
        country_id=address.country.strip().upper(),
        region_id=_region(where, address, country),
        region="" if country.regions else address.state.strip(),
        telephone=telephone or rule.telephone,
        billing=use == "billing",
        shipping=use == "shipping",
    )


def _country(where: str, address: Address, facts: ShopFacts) -> Country:
    code = address.country.strip().upper()
    if not code:
        raise Rejected(FailureCode.NO_COUNTRY, f"{where} has none, and Magento would drop it. Enter it in Acumatica.")
    country = facts.countries.get(code)
    if country is None:
        raise Rejected(
            FailureCode.UNKNOWN_COUNTRY,
            f"{where} is in {code!r}, which Magento does not know; it would drop the address. "
            "Correct the country in Acumatica.",
        )
    return country


def _region(where: str, address: Address, country: Country) -> int | None:
    """Return the id of the region. Magento does not store a region by its code alone (magento-observed.md, part two,
    section 3).
    """
    state = address.state.strip()
    if not state or not country.regions:
        return None
    region_id = country.regions.get(comparison_key(state))
    if region_id is None:
        known = ", ".join(country.codes[:DISPLAY_NAMES]) + (" …" if len(country.codes) > DISPLAY_NAMES else "")
        raise Rejected(
            FailureCode.UNKNOWN_REGION,
            f"{where} is in state {state!r} of {address.country.strip().upper()}, where Magento knows "
            f"{known}. Enter Magento's code or name of the state in Acumatica.",
        )
    return region_id
