"""Test Connection says which type, branch, ShipVia, store view or status of orders is not there."""

import pytest
from support.sales import SECTIONS, Sales

from app.connection.test_connection import check_connection
from sandbox.catalogue import generated


@pytest.fixture
def here(make_world):
    made = Sales(make_world(generated(1)))
    made.entered("000001", {"SKU-000001": 1})
    return made


async def checked(here: Sales, connection: dict | None = None, **order) -> dict:
    sections = {name: {**here.here.sections()[name], **fields} for name, fields in (connection or {}).items()}
    settings = here.settings(order={**SECTIONS["order"], "branches": ["HEADOFFICE"], **order}, **sections)
    found = {one.what: one async for one in check_connection(settings, here.here.state)}
    return {what: one for what, one in found.items() if "orders" in what or "rder types" in what or "Maps" in what}


async def test_what_is_there_passes(here):
    """Every name that the settings of orders hold."""
    found = await checked(here)
    assert {one.result for one in found.values()} == {"passed"}, found
    assert list(found) == [
        "Order types",
        "Branches of orders",
        "ShipVias of orders",
        "Store view of orders",
        "Statuses of orders",
        "Maps of payment and shipping methods",
    ]


@pytest.mark.parametrize(
    ("connection", "what"),
    [
        ({"acumatica": {"password": "wrong"}}, ["Order types", "Branches of orders", "ShipVias of orders"]),
        ({"magento": {"bearer_token": "wrong-token-of-a-test"}}, ["Store view of orders"]),
    ],
)
async def test_what_a_system_does_not_let_us_ask_is_reported(here, connection, what):
    """Each thing that is named there could not be checked; what needs no system, or the other one, is checked."""
    found = await checked(here, connection)
    assert [name for name, one in found.items() if one.result == "could not be checked"] == what
    assert {one.result for name, one in found.items() if name not in what} == {"passed"}


async def test_a_permission_that_is_missing_does_not_stop_the_other_checks(here):
    """The token lacks the route that is asked first: what needs it fails with the permission, the rest is checked."""
    here.here.change_shop({"token": {"resources": ["Magento_Backend::admin", "Magento_Catalog::catalog"]}})
    found = await checked(here)
    assert "Magento_Backend::store" in found.pop("Store view of orders").message
    assert {one.result for one in found.values()} == {"passed"}


async def test_nothing_is_asked_where_no_type_is_chosen(here):
    """No orders, no checks."""
    assert await checked(here, types=[]) == {}


@pytest.mark.parametrize(
    ("order", "what", "result", "words"),
    [
        ({"types": ["SO", "XX"]}, "Order types", "could not be checked", "XX: Acumatica has no order of that type"),
        ({"branches": ["NOWHERE"]}, "Branches of orders", "failed", "no branch NOWHERE; it has"),
        ({"shipping_methods": {"OWL": "owl_post"}}, "ShipVias of orders", "failed", "no ShipVia OWL; it has"),
        ({"store_id": 99}, "Store view of orders", "failed", "no store view 99; it has 1 (default)"),
        ({"statuses": {}}, "Statuses of orders", "failed", "(A2M_ORDER__STATUSES) is empty"),
        ({"statuses": {"Open": "picked"}}, "Statuses of orders", "failed", "picked: none of Magento's own"),
        (
            {"payment_methods": {}},
            "Maps of payment and shipping methods",
            "failed",
            "Payment methods (A2M_ORDER__PAYMENT_METHODS) is empty",
        ),
    ],
)
async def test_what_is_not_there_fails_with_what_to_do(here, order, what, result, words):
    """The name that is wrong, and those that there are."""
    found = (await checked(here, **order))[what]
    assert found.result == result
    assert words in found.message


async def test_a_status_with_its_state_passes(here):
    """The shop's own statuses are known by their state; the check reports that none is mapped for canceled orders."""
    found = await checked(here, statuses={"Open": "picked"}, states={"picked": "processing"})
    assert found["Statuses of orders"].result == "passed"
    assert "what Acumatica cancels goes on in Magento" in found["Statuses of orders"].message
