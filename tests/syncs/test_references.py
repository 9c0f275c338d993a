"""A reference field that holds more than Magento's order number: the pattern says which part of it is the number."""

import pytest
from support.sales import Sales

from app.connection.test_connection import check_connection
from connector.state.sync import links
from sandbox.catalogue import Product

LINES = {"A": 2}
BOTH = {"active": {"order": True, "shipment": True}}
WEB = {"statuses": {"Open": "processing", "Completed": "complete"}, "reference_pattern": "(?:#|WEB-)(.+)"}


@pytest.fixture
def sales(make_world):
    return Sales(make_world([Product("A", "Product A", 1_000_000, {"MAIN": 100_000})]))


async def sync(here: Sales, entity: str, **sections):
    """One sync, a minute later."""
    here.here.clock.advance(60)
    outcome = await here.here.sync(entity, here.settings(**{**BOTH, "order": WEB, **sections}))
    assert outcome.fault is None, outcome.fault
    return outcome


@pytest.mark.parametrize("field", ["external_ref", "customer_order"])
@pytest.mark.parametrize("reference", ["#100000001", "WEB-100000001"])
async def test_order_and_shipment_find_magentos_order(sales, field, reference):
    """Neither makes one of its own."""
    order = sales.ordered(LINES, increment_id="100000001")
    sales.entered("000001", LINES, **{field: reference})
    rule = {**WEB, "reference": field}
    await sync(sales, "order", order=rule)
    sales.ship("000001")
    await sync(sales, "shipment", order=rule)
    assert [one["entity_id"] for one in sales.orders()] == [order]
    assert sales.here.failed() == []
    with sales.here.state.read() as connection:
        assert links.of_keys(connection, "order", ["SO 000001"])["SO 000001"].magento_id == str(order)
    assert len(sales.shipped(order)) == 1


async def test_letters_of_a_number_are_the_same_in_any_case(sales):
    """Magento's EU1 is Acumatica's eu1: its changes are sent, it ships, and no second order is made."""
    rule = {"statuses": WEB["statuses"], "create_with_reference": True}
    order = sales.ordered(LINES, increment_id="EU100000001")
    sales.entered("000001", LINES, external_ref="eu100000001")
    await sync(sales, "order", order=rule)
    sales.ship("000001")
    await sync(sales, "shipment", order=rule)
    assert sales.here.failed() == []
    assert [one["entity_id"] for one in sales.orders()] == [order]
    assert len(sales.shipped(order)) == 1


async def test_a_canceled_order_is_found_in_any_case(sales):
    """It comes to nothing in Magento too."""
    order = sales.ordered(LINES, increment_id="EU100000001", state="new", status="pending")
    sales.entered("000001", LINES, external_ref="eu100000001", status="Canceled")
    await sync(sales, "order", order={"statuses": {**WEB["statuses"], "Canceled": "canceled"}})
    assert [(one["entity_id"], one["state"]) for one in sales.orders()] == [(order, "canceled")]


async def test_a_reference_that_does_not_fit_is_no_order_of_the_shop(sales):
    """Though Magento has an order of that number, it is another customer's: it fails, and says what did not fit."""
    sales.ordered(LINES, increment_id="100000001")
    sales.entered("000001", LINES, external_ref="100000001")
    await sync(sales, "order")
    [failed] = sales.here.failed("order")
    assert "refers to '100000001'" in failed.reason
    assert "Reference pattern, (?:#|WEB-)(.+), does not fit it (A2M_ORDER__REFERENCE_PATTERN)" in failed.reason
    sales.ship("000001")
    await sync(sales, "shipment")
    assert sales.shipped(sales.orders()[0]["entity_id"]) == []


async def test_a_number_that_magento_does_not_have_is_named_as_it_was_read(sales):
    """The field's text and the number in it."""
    sales.entered("000001", LINES, external_ref="#100000009")
    await sync(sales, "order")
    [failed] = sales.here.failed("order")
    assert "refers to '#100000009'" in failed.reason
    assert "Magento has no order '100000009'" in failed.reason


@pytest.mark.parametrize(
    ("test_value", "result", "message"),
    [("#100000001", "passed", "#100000001 is Magento's order 100000001"), ("", "could not be checked", "no value")],
)
async def test_the_test_value_is_tried(sales, test_value, result, message):
    """Test Connection says which number the pattern finds in it."""
    settings = sales.settings(order={**WEB, "reference_test": test_value})
    found = {one.what: one async for one in check_connection(settings, sales.here.state)}
    assert found["Reference pattern of orders"].result == result
    assert message in found["Reference pattern of orders"].message
