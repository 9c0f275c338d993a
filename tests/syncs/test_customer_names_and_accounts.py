"""Customers whose name Magento refuses, who have no e-mail, or whose account is another website's."""

from typing import Any

import pytest
from support.customers import CONTACT, Shop, added

from app.explain.from_state import explain

ODD = {**CONTACT, "Email": "buyer@example.com", "FirstName": "Anne (Office)", "LastName": "Mueller/Schmidt"}
NO_EMAIL = {**CONTACT, "Email": ""}
MAIN, OTHER = 1, 2
SECOND = {"add_website": {"code": "second", "stores": ["second_view"]}}


def settings(here: Any, **customer: Any) -> Any:
    usual = {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}}
    return here.settings(active={"customer": True}, customer={**usual, **customer})


async def sync(here: Any, **customer: Any) -> Any:
    here.clock.advance(60)
    return await here.sync("customer", settings(here, **customer))


@pytest.fixture
def here(make_world):
    return make_world(1)


@pytest.fixture
def shop(here):
    return Shop(here)


async def test_a_contact_with_odd_characters_arrives_and_the_change_is_reported(here, shop):
    """Case D8: customer and address are cleaned alike; the run's table and explain say what was changed."""
    here.change(added(1, main_contact=ODD))
    outcome = await sync(here)
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 0)
    one = shop.all()["buyer@example.com"]
    assert [(who["firstname"], who["lastname"]) for who in (one, *one["addresses"])] == [
        ("Anne Office", "Mueller Schmidt")
    ] * 2
    message = "First name 'Anne (Office)' is sent as 'Anne Office'"
    noted = "First name: Magento takes no '(' and no ')' there; it is sent without."
    assert ("ACME0001", noted) in outcome.remarks.notes
    lines = explain(settings(here), here.state, "customer", "ACME0001")
    assert any(what == "Rules say" and note.startswith(message) for what, note in lines)
    assert (await sync(here)).counters.requests == 0


async def test_customers_without_an_email_fail_or_are_left_out(here, shop):
    """Fail: a message each. Left out: no message, only their number; switching it takes the failures away."""
    here.change(added(1), added(2, main_contact=NO_EMAIL), added(3, main_contact=NO_EMAIL))
    outcome = await sync(here)
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 2)
    assert "A2M_CUSTOMER__WITHOUT_EMAIL" in (here.failed("customer")[0].reason or "")
    outcome = await sync(here, without_email="leave_out")
    assert outcome.counters.failed == 0
    assert here.failed("customer") == []
    assert (
        "2 without an e-mail left out (Customers without an e-mail, A2M_CUSTOMER__WITHOUT_EMAIL)."
        in outcome.remarks.summary()
    )
    lines = explain(settings(here, without_email="leave_out"), here.state, "customer", "ACME0002")
    assert (
        "Rules say",
        "left out: it has no e-mail (Customers without an e-mail, A2M_CUSTOMER__WITHOUT_EMAIL)",
    ) in lines
    here.change({"set_customer": {"customer_id": "ACME0002", "main_contact": {"Email": "two@example.com"}}})
    assert (await sync(here, without_email="leave_out")).counters.sent == 1
    assert sorted(shop.all()) == ["buyer1@example.com", "two@example.com"]


async def test_a_wrong_email_fails_also_where_those_without_are_left_out(here):
    """An invalid e-mail address fails, because a person can correct it."""
    here.change(added(1, main_contact={**CONTACT, "Email": "nobody"}))
    assert (await sync(here, without_email="leave_out")).counters.failed == 1


def a_second_website(here: Any) -> None:
    here.change_shop(SECOND, {"setting": {"account_share": "global"}})


async def test_an_account_of_another_website_is_recognised(here, shop):
    """Share Customer Accounts is Global: the failure says so, whose account it is, and the setting that links it."""
    a_second_website(here)
    theirs = shop.add("buyer1@example.com", website_id=OTHER, store_id=OTHER)
    here.change(added(1))
    await sync(here)
    (failed,) = here.failed("customer")
    assert failed.reason is not None
    assert failed.reason.startswith(
        f"Shared accounts: buyer1@example.com is customer {theirs['id']} of website {OTHER} in Magento"
    )
    assert "Share Customer Accounts: Global" in failed.reason
    assert "A2M_CUSTOMER__ACCOUNTS" in failed.reason


async def test_a_shared_account_is_linked_and_keeps_its_website(here, shop):
    """With the setting Global the account is the customer's: it is changed, not moved, and not made a second time."""
    a_second_website(here)
    theirs = shop.add("buyer1@example.com", website_id=OTHER, store_id=OTHER)
    here.change(added(1))
    outcome = await sync(here, accounts="global")
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 0)
    (one,) = shop.all().values()
    assert (one["id"], one["website_id"], one["firstname"]) == (theirs["id"], OTHER, "Company")
    here.change({"set_customer": {"customer_id": "ACME0001", "name": "Renamed Inc"}})
    assert (await sync(here, accounts="global")).counters.sent == 1
    assert shop.all()["buyer1@example.com"]["firstname"] == "Renamed"
    assert (await sync(here, accounts="global")).counters.requests == 0


async def test_a_shared_account_counts_as_known(here, shop):
    """With CREATE off, and for CREATE_LIMIT, an account of another website is one that Magento has."""
    a_second_website(here)
    shop.add("buyer1@example.com", website_id=OTHER, store_id=OTHER)
    here.change(added(1))
    assert (await sync(here, accounts="global", create=False)).counters.sent == 1


async def test_accounts_per_website_stay_apart(here, shop):
    """Per Website, the same e-mail on another website is somebody else's: ours is made beside it."""
    here.change_shop(SECOND)
    shop.add("buyer1@example.com", website_id=OTHER, store_id=OTHER)
    here.change(added(1))
    assert (await sync(here)).counters.sent == 1
    page = here.shop("GET", "customers/search?searchCriteria[pageSize]=10")
    assert sorted(one["website_id"] for one in page["items"]) == [MAIN, OTHER]
