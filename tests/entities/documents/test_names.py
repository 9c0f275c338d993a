"""One cleaning of every name that goes to Magento."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.customers import Address, AttributeKind, AttributeValue, Contact, Country, Customer
from connector.model.sales_orders import Party, SalesOrder
from entities.customer.rules import account_of, name_of, names_changed
from entities.customer.types import CustomerRule, ShopFacts
from entities.documents.names import changes, clean_company, clean_name, split_name
from entities.order.rules import names_changed as names_changed_of_order

RULE = CustomerRule(frozenset({"W"}), {"W": "General"}, telephone="1")
FACTS = ShopFacts({"GENERAL": 1}, countries={})
HERE = Address("1 Main St", "", "Dublin", "", "D01", "NL")


def taken_by_magento(text: str) -> bool:
    r"""Whether Magento's `[\p{L}\p{M}\,\-\_\.\'’`&\s\d]{1,255}` takes all of it."""
    letters = all(
        one in ",-_.'’`& " or unicodedata.category(one) in ("Nd",) or unicodedata.category(one)[0] in "LM"
        for one in text
    )
    return letters and 0 < len(text) <= 255


@pytest.mark.parametrize(
    ("given_name", "sent"),
    [
        ("Anne (Office)", "Anne Office"),
        ("Mueller/Schmidt", "Mueller Schmidt"),
        ('Robert "Bob"', "Robert Bob"),
        ("Smith; Jones", "Smith Jones"),
        ("o’Neil", "o’Neil"),
        ("O´Neil", "O'Neil"),
        ("O‘Neil", "O'Neil"),
        ("Anna–Maria", "Anna-Maria"),
        ("A+B @ Co!", "A B Co"),
        ("Zoë\u00adlle", "Zoëlle"),
        ("می\u200cخواهم", "میخواهم"),
        ("½ Price", "Price"),
        ("Louis Ⅳ", "Louis"),
        ("Ann 👋", "Ann"),
        ("José", "José"),
        ("Jose\u0301", "Jose\u0301"),
        ("漢字 2", "漢字 2"),
        ("  a \t b\n", "a b"),
        ("(***)", ""),
        ("x" * 300, "x" * 255),
    ],
)
def test_what_magento_refuses_in_a_name_becomes_a_blank_or_what_is_meant(given_name, sent):
    """Each character that Magento takes stays; the others become a blank, their meaning, or nothing."""
    assert clean_name(given_name) == sent


@given(st.text(max_size=400))
def test_a_cleaned_name_is_one_that_magento_takes(text):
    """What leaves is empty, or taken; cleaning twice changes nothing; a split name has both parts."""
    sent = clean_name(text)
    assert sent == "" or taken_by_magento(sent)
    assert clean_name(sent) == sent
    assert all(taken_by_magento(part) for part in split_name(text))
    company = clean_company(text)
    assert company == clean_company(company)
    assert len(company) <= 255
    assert not re.search(r"[\x00-\x1f\x7f]", company)


def customer(**contact: str) -> Customer:
    return Customer("C1", "Company/One (NY)", "W", "Active", False, Contact(**contact, email="a@example.com"))


def test_a_contact_whose_name_has_nothing_left_is_passed_over():
    """The main contact after the primary one, then the customer's name, then its id."""
    odd = customer(first_name="(-)", last_name="???")
    assert name_of(odd) == ("Company", "One NY")
    assert name_of(replace(odd, name="***")) == ("C1", "C1")
    assert name_of(replace(odd, person=Contact("Bo (x)", "Ray"))) == ("Bo x", "Ray")


def test_names_of_addresses_and_company_are_cleaned_too():
    """An address's own contact is cleaned as the customer is; a company keeps what can be seen."""
    one = customer(first_name="Anne (Office)", last_name="Mueller/Schmidt")
    one = replace(one, main=replace(one.main, address=HERE), shipping=Contact("Bo/b", "Ray", address=HERE))
    shop = replace(FACTS, countries={"NL": Country()})
    account = account_of(one, RULE, shop)
    assert (account.firstname, account.lastname) == ("Anne Office", "Mueller Schmidt")
    assert [(a.firstname, a.lastname, a.company) for a in account.addresses] == [
        ("Anne Office", "Mueller Schmidt", "Company/One (NY)"),
        ("Bo b", "Ray", "Company/One (NY)"),
    ]
    assert [change.in_full() for change in names_changed(one, RULE)] == [
        "First name 'Anne (Office)' is sent as 'Anne Office': Magento takes no '(' and no ')' there.",
        "Last name 'Mueller/Schmidt' is sent as 'Mueller Schmidt': Magento takes no '/' there.",
        "First name 'Bo/b' is sent as 'Bo b': Magento takes no '/' there.",
    ]
    assert names_changed(one, RULE)[0].without_name() == (
        "First name: Magento takes no '(' and no ')' there; it is sent without."
    )


def test_a_name_that_is_right_is_not_spoken_of():
    """Blanks around it are no change."""
    assert names_changed(customer(first_name=" Ann ", last_name="Lee"), RULE) == ()


def test_prefix_middle_name_and_suffix_are_cleaned():
    """Magento keeps them as attributes, and refuses the same characters in them."""
    rule = replace(RULE, attributes={"TITLE": "prefix", "NICK": "nickname"})
    own = (AttributeValue("TITLE", "Title", "Dr. (h.c.)", ""), AttributeValue("NICK", "Nick", "(x)", ""))
    one = replace(customer(first_name="Ann", last_name="Lee"), attributes=own)
    kinds = {name: AttributeKind("text", "varchar") for name in ("prefix", "nickname")}
    assert account_of(one, rule, replace(FACTS, attributes=kinds)).attributes == {
        "prefix": "Dr. h.c.",
        "nickname": "(x)",
    }
    (changed,) = names_changed(one, rule)
    assert (
        changed.in_full()
        == "Attribute TITLE 'Dr. (h.c.)' is sent as 'Dr. h.c.': Magento takes no '(' and no ')' there."
    )


def test_changed_names_of_an_order_are_reported():
    """The attention line, and the business where it stands for a person."""
    at = Party(attention="Anne (Office)", business="A/B Inc")
    changed = names_changed_of_order(SalesOrder(bill_to=at, ship_to=replace(at, attention="")))
    assert [(one.what, one.was, one.sent) for one in changed] == [
        ("Attention", "Anne (Office)", "Anne Office"),
        ("Name", "A/B Inc", "A B Inc"),
    ]


@pytest.mark.parametrize(
    ("given_name", "why"), [("(((", "has nothing that Magento takes"), ("x" * 256, "255 characters at most")]
)
def test_a_name_that_vanishes_or_is_cut_is_reported(given_name, why):
    """And never shown where a run is."""
    (changed,) = changes([("First name", given_name, clean_name(given_name))])
    assert why in changed.in_full()
    assert given_name not in changed.without_name()
