"""Test Connection says which class, group or attribute of customers is not there."""

import pytest

from app.connection.test_connection import check_connection

SECTION = {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}}


@pytest.fixture
def here(make_world):
    made = make_world(1)
    attribute = {"AttributeID": "SEGMENT", "AttributeDescription": "Market segment", "Value": "G"}
    customer = {"customer_id": "C1", "name": "Company", "customer_class": "WHOLESALE", "attributes": [attribute]}
    made.change({"add_customer": customer})
    return made


async def checked(here, *, with_attributes: bool = False, acumatica: dict | None = None, **customer) -> dict:
    settings = here.settings(
        customer={**SECTION, **customer},
        additional={"customer_attributes": with_attributes},
        acumatica={"page_size": 100, **(acumatica or {})},
    )
    found = {one.what: one async for one in check_connection(settings, here.state)}
    return {what: one for what, one in found.items() if what.startswith("Customer")}


async def test_what_is_there_passes(here):
    """Classes and groups are found in any letter case; without the switch no attribute is asked for."""
    found = await checked(here, classes=["wholesale"], groups={"Wholesale": "WHOLESALE"})
    assert {what: one.result for what, one in found.items()} == {
        "Customer classes": "passed",
        "Customer groups": "passed",
    }


async def test_nothing_is_asked_where_nothing_is_named(here):
    """No class and no map: no check of customers."""
    assert await checked(here, classes=[], groups={}) == {}


@pytest.mark.parametrize(
    ("customer", "what", "words"),
    [
        ({"classes": ["WHOLESALE", "NOWHERE"]}, "Customer classes", "no customer class NOWHERE; it has"),
        ({"groups": {"WHOLESALE": "Wholesale", "ELSE": "General"}}, "Customer classes", "no customer class ELSE"),
        ({"groups": {}}, "Customer groups", "WHOLESALE has no Magento group"),
        ({"groups": {"WHOLESALE": "Nobody"}}, "Customer groups", "no customer group Nobody; it has General"),
        ({"groups": {"WHOLESALE": "NOT LOGGED IN"}}, "Customer groups", "no customer group NOT LOGGED IN"),
    ],
)
async def test_what_is_missing_is_named(here, customer, what, words):
    """Each failed check names what is missing and what there is."""
    found = await checked(here, **customer)
    assert found[what].result == "failed"
    assert words in found[what].message


async def test_attributes_are_searched_for_in_both_systems(here):
    """With Customer Attribute Sync on: the attribute of a chosen class, and the customer attribute of Magento."""
    found = await checked(here, with_attributes=True, attributes={"market segment": "no_such", "OTHER": "no_such"})
    in_acumatica, in_magento = (found[f"Customer attributes in {place}"] for place in ("Acumatica", "Magento"))
    assert in_acumatica.result == in_magento.result == "failed"
    assert "has the attribute OTHER." in in_acumatica.message
    assert "no customer attribute no_such." in in_magento.message


async def test_a_refused_login_is_not_tried_again(here):
    """Acumatica locks the account: after a refused login nothing else is asked there."""
    before = here.site_state()["requests"]
    found = await checked(here, acumatica={"password": "wrong"})
    assert (found["Customer classes"].result, found["Customer groups"].result) == ("could not be checked", "passed")
    assert here.site_state()["requests"] - before == 1
