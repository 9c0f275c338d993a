"""Which customers are sent, and as what: names, e-mail, group, addresses, attributes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.customers import Address, AttributeKind, AttributeValue, Contact, Country, Customer
from connector.model.failures import Rejected
from entities.customer.rules import account_of, countries_of, identity, is_sent, name_of, split_name
from entities.customer.types import Account, CustomerRule, PostalAddress, ShopFacts

RULE = CustomerRule(frozenset({"WHOLESALE"}), {"WHOLESALE": "Wholesale"}, attributes={"SEGMENT": "segment"})
FACTS = ShopFacts(
    groups={"NOT LOGGED IN": 0, "GENERAL": 1, "WHOLESALE": 2},
    group_names=("General", "Wholesale"),
    countries={
        "US": Country({"NY": 43, "NEW YORK": 43, "CA": 12, "CALIFORNIA": 12}, ("CA", "NY")),
        "NL": Country(),
        "ZZ": None,
    },
    attributes={"segment": AttributeKind("text", "varchar"), "ghost": None},
)
HERE = Address("1 Main St", "", "New York", "NY", "10001", "US")
CUSTOMER = Customer(
    customer_id="C1",
    name="Allen's Bakery",
    customer_class="WHOLESALE",
    status="Active",
    guest=False,
    main=Contact(company="Allen's Bakery", email="ann@example.com", phone="+1 555 0100", address=HERE),
)


def account(customer: Customer = CUSTOMER, rule: CustomerRule = RULE, facts: ShopFacts = FACTS) -> Account:
    return account_of(customer, rule, facts)


def with_main(**changes) -> Customer:
    return replace(CUSTOMER, main=replace(CUSTOMER.main, **changes))


def with_address(**changes) -> Customer:
    return with_main(address=replace(HERE, **changes))


def test_a_company_becomes_an_account_with_one_address_for_both_uses():
    """A usual customer: split name, mapped group, and one address, because billing and shipping are the same."""
    assert account() == Account(
        email="ann@example.com",
        website_id=1,
        firstname="Allen's",
        lastname="Bakery",
        group_id=2,
        addresses=(
            PostalAddress(
                firstname="Allen's",
                lastname="Bakery",
                company="",
                street=("1 Main St",),
                city="New York",
                postcode="10001",
                country_id="US",
                region_id=43,
                region="",
                telephone="+1 555 0100",
                billing=True,
                shipping=True,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({}, True),
        ({"customer_class": "wholesale "}, True),
        ({"status": "On Hold"}, True),
        ({"status": "Credit Hold"}, True),
        ({"status": "Inactive"}, False),
        ({"status": "One-Time"}, False),
        ({"guest": True}, False),
        ({"customer_class": "RETAIL"}, False),
    ],
)
def test_who_is_sent(changes, sent):
    """Only chosen classes; inactive, one-time and guest customers are not sent, those on hold are."""
    customer = replace(CUSTOMER, **changes)
    assert is_sent(customer, RULE) is sent
    assert (identity(customer, RULE) is not None) is sent


def test_no_class_is_nobody():
    """An empty list of classes sends nobody."""
    assert not is_sent(CUSTOMER, replace(RULE, classes=frozenset()))


@pytest.mark.parametrize(
    ("person", "main", "name"),
    [
        (("Ann", "Lee"), ("Bob", "Ray"), ("Ann", "Lee")),
        (("", "Lee"), ("Bob", "Ray"), ("Bob", "Ray")),
        (("", ""), ("", "Ray"), ("Allen's", "Bakery")),
    ],
)
def test_names_come_from_a_contact_that_has_both(person, main, name):
    """First the primary contact, then the main contact, then the customer's own name, split."""
    customer = replace(
        with_main(first_name=main[0], last_name=main[1]), person=Contact(first_name=person[0], last_name=person[1])
    )
    assert name_of(customer) == name


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Jersey Central Office Equip", "Jersey", "Central Office Equip"),
        ("Microchip", "Microchip", "Microchip"),
        ("  Müller   & Söhne  ", "Müller", "& Söhne"),
        ("A/B Trading (NY)", "A", "B Trading NY"),
        ("<b>{{x}}</b>", "b", "x b"),
        ("漢字", "漢字", "漢字"),
        ("हिन्दी कंपनी", "हिन्दी", "कंपनी"),
        ("()", "-", "-"),
    ],
)
def test_a_name_is_split_at_its_first_word(name, first, last):
    """The first word and the rest; one word is both; what Magento takes in no name becomes a blank."""
    assert split_name(name) == (first, last)


@given(st.text(max_size=600))
def test_a_split_name_is_always_one_that_magento_takes(name):
    """Both parts are there, no longer than 255 characters, and without what Magento refuses."""
    for part in split_name(name):
        assert 0 < len(part) <= 255
        assert part == part.strip()
        assert not set(part) & set('<>{}()/\\@#"|;:!?*+=\n\t\x00')


@pytest.mark.parametrize(
    ("email", "cause"),
    [
        ("", "No e-mail"),
        ("   ", "No e-mail"),
        ("not-an-email", "Invalid e-mail"),
        ("a@example.com; b@example.com", "Invalid e-mail"),
        ("a@example.com,b@example.com", "Invalid e-mail"),
        ("Ann <ann@example.com>", "Invalid e-mail"),
        ("ann@example", "Invalid e-mail"),
        ("ann lee@example.com", "Invalid e-mail"),
        ("ann..lee@example.com", "Invalid e-mail"),
        (".ann@example.com", "Invalid e-mail"),
        ("ann@example..com", "Invalid e-mail"),
        (f"{'a' * 65}@example.com", "Invalid e-mail"),
        (f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.com", "Invalid e-mail"),
    ],
)
def test_an_email_that_is_none_fails(email, cause):
    """No e-mail and one that is none are two different failures; both name the customer."""
    with pytest.raises(Rejected, match=f"^{cause}: customer C1"):
        account(with_main(email=email))
    assert identity(with_main(email=email), RULE) is None


@pytest.mark.parametrize("email", ["ann@example.com", "a+b@sub.example.co.uk", "o'neil_1@exämple.com", " ann@x-y.io "])
def test_an_email_is_sent_as_it_is_without_blanks(email):
    """Plus signs, apostrophes, accents and sub-domains are fine."""
    assert account(with_main(email=email)).email == email.strip()


def test_emails_are_compared_as_magento_compares_them():
    """Letter case and accents make no difference (general_ci)."""
    spellings = ["ann@example.com", "ANN@Example.com", "ann@exämple.com ", "Ánn@example.com"]
    assert len({identity(with_main(email=email), RULE) for email in spellings}) == 1
    assert identity(with_main(email="anne@example.com"), RULE) != identity(CUSTOMER, RULE)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({}, "^Unmapped customer class: WHOLESALE has no Magento group. .* Magento has General, Wholesale"),
        ({"WHOLESALE": "Wolesale"}, "^Unknown customer group: .*'Wolesale' for class WHOLESALE"),
        ({"WHOLESALE": "NOT LOGGED IN"}, "^Unknown customer group: 'NOT LOGGED IN' is"),
    ],
)
def test_a_group_is_never_a_default(groups, words):
    """A class without a group, an unknown group and the group of visitors are failures that say what to do."""
    with pytest.raises(Rejected, match=words):
        account(rule=replace(RULE, groups=groups))


def test_a_group_is_found_in_any_letter_case():
    """Neither the class in the map nor the group's name has to be spelled as the systems spell them."""
    assert account(rule=replace(RULE, groups={"wholesale": "WHOLEsale "})).group_id == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"country": ""}, "No country: the billing address of customer C1"),
        ({"country": "ZZ"}, "Unknown country: the billing address of customer C1 is in 'ZZ'"),
        ({"state": "XX"}, "Unknown state: the billing address of customer C1 is in state 'XX' of US, .* CA, NY"),
        ({"line1": ""}, "Incomplete address: the billing address of customer C1 has no street"),
        ({"line1": "", "city": ""}, "has no street and no city"),
    ],
)
def test_an_address_that_magento_would_drop_or_refuse_fails(changes, words):
    """What Magento drops in silence (country), loses in silence (state) or refuses is a failure in words."""
    with pytest.raises(Rejected, match=words):
        account(with_address(**changes))


@pytest.mark.parametrize(
    ("changes", "country", "region_id", "region"),
    [
        ({"country": "us", "state": "ny"}, "US", 43, ""),
        ({"state": "California"}, "US", 12, ""),
        ({"state": ""}, "US", None, ""),
        ({"country": "nl", "state": "Utrecht"}, "NL", None, "Utrecht"),
    ],
)
def test_countries_are_upper_case_and_states_become_ids(changes, country, region_id, region):
    """A state is found by code or name; where Magento lists none it goes as text."""
    customer = with_address(**changes)
    (address,) = account(customer).addresses
    assert (address.country_id, address.region_id, address.region) == (country, region_id, region)
    assert countries_of(customer) == {country}


def test_a_telephone_comes_from_the_contact_else_from_the_setting():
    """The contact's, the main or primary contact's, the setting's; without any it fails."""
    without = with_main(phone="")
    shipped = replace(CUSTOMER, shipping=Contact(phone="2", address=replace(HERE, line1="2 Dock Rd")))
    assert [one.telephone for one in account(shipped).addresses] == ["+1 555 0100", "2"]
    assert account(replace(without, person=Contact(phone="3"))).addresses[0].telephone == "3"
    assert account(without, replace(RULE, telephone="0")).addresses[0].telephone == "0"
    with pytest.raises(Rejected, match=r"^No telephone: .* A2M_CUSTOMER__TELEPHONE"):
        account(without)


def test_different_addresses_are_two():
    """Billing and shipping addresses of their own become two, each with its use and its person."""
    billing = Contact("Bo", "Ray", address=replace(HERE, line1="9 Bill St", line2="Floor 2"))
    first, second = account(replace(CUSTOMER, billing=billing)).addresses
    assert (first.billing, first.shipping, first.street) == (True, False, ("9 Bill St", "Floor 2"))
    assert (first.firstname, first.lastname, first.company) == ("Bo", "Ray", "Allen's Bakery")
    assert (second.billing, second.shipping, second.street) == (False, True, ("1 Main St",))


def test_a_customer_without_any_address_is_sent_without():
    """The country that the class fills in makes no address, and no telephone is needed then."""
    assert account(with_main(address=Address(country="US"), phone="")).addresses == ()


def with_attribute(value: str, label: str = "") -> Customer:
    return replace(CUSTOMER, attributes=(AttributeValue("SEGMENT", "Market segment", value, label),))


def kind(frontend_input: str, backend_type: str = "varchar", **options: str) -> ShopFacts:
    return replace(FACTS, attributes={"segment": AttributeKind(frontend_input, backend_type, options)})


@pytest.mark.parametrize(
    ("value", "label", "facts", "sent"),
    [
        ("abc", "", kind("text"), "abc"),
        ("", "", kind("text"), ""),
        ("G", "Gold", kind("select", "int", GOLD="12", SILVER="13"), "12"),
        ("silver", "", kind("select", "int", GOLD="12", SILVER="13"), "13"),
        ("G,S", "Gold, Silver", kind("multiselect", GOLD="12", SILVER="13"), "12,13"),
        ("True", "", kind("boolean", "int"), "1"),
        ("0", "", kind("boolean", "int"), "0"),
        ("2026-11-24T00:00:00", "", kind("date", "datetime"), "2026-11-24"),
        ("11/4/2026 00:00:00", "", kind("date", "datetime"), "2026-11-04"),
        ("1000.50", "", kind("text", "decimal"), "1000.50"),
        ("12.0", "", kind("text", "int"), "12"),
    ],
)
def test_attributes_go_in_magentos_form(value, label, facts, sent):
    """Options by label, yes and no as 1 and 0, days as days, numbers as numbers; an empty one takes it away."""
    assert account(with_attribute(value, label), facts=facts).attributes == {"segment": sent}


@pytest.mark.parametrize(
    ("value", "facts", "cause"),
    [
        ("abc", kind("text", "decimal"), "Unreadable attribute"),
        ("NaN", kind("text", "decimal"), "Unreadable attribute"),
        ("1.5", kind("text", "int"), "Unreadable attribute"),
        ("maybe", kind("boolean", "int"), "Unreadable attribute"),
        ("31/31/2026", kind("date", "datetime"), "Unreadable attribute"),
        ("soon", kind("date", "datetime"), "Unreadable attribute"),
        ("Bronze", kind("select", "int", GOLD="12"), "Unknown option"),
        ("Gold,Bronze", kind("multiselect", GOLD="12"), "Unknown option"),
        ("x", replace(FACTS, attributes={"segment": None}), "Unknown attribute"),
    ],
)
def test_an_attribute_that_would_vanish_or_become_zero_fails(value, facts, cause):
    """Magento would leave it out, or store 0: the customer fails instead."""
    with pytest.raises(Rejected, match=f"^{cause}: .*C1"):
        account(with_attribute(value), facts=facts)


def test_attributes_are_left_alone_where_they_are_off_or_not_there():
    """Off: none is sent. An attribute that the customer's class does not have is left alone in Magento."""
    assert account(with_attribute("x"), replace(RULE, attributes=None)).attributes == {}
    assert account(rule=replace(RULE, attributes={"OTHER": "ghost"})).attributes == {}
    assert account(with_attribute("x"), replace(RULE, attributes={"market SEGMENT": "segment"})).attributes == {
        "segment": "x"
    }
