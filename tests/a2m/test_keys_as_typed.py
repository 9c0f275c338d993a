"""A key as people type it, and one that exists nowhere."""

import json

import pytest
from support.customers import added
from support.sales import Sales

from sandbox.catalogue import Product

CUSTOMERS = {"A2M_ACTIVE__CUSTOMER": "true", "A2M_CUSTOMER__CLASSES": '["WHOLESALE"]'}
ORDERS = {
    "A2M_ACTIVE__ORDER": "true",
    "A2M_ORDER__TYPES": '["SO"]',
    "A2M_ORDER__FROM": "2020-01-01T00:00:00Z",
    "A2M_ORDER__STATUSES": '{"Open": "pending"}',
}
LINES = {"SKU-000001": 1}


@pytest.fixture
def ordered(make_world):
    """An order of the shop that Acumatica has taken."""
    here = Sales(make_world(3))
    here.entered("000003", LINES, external_ref="100000001")
    here.ordered(LINES, increment_id="100000001", state="new", status="pending")
    return here


@pytest.mark.parametrize("typed", ["000003", "3", "SO000003", "SO 000003", "so-000003"])
def test_an_order_by_its_number(a2m, ordered, typed):
    """With its type or without, whatever stands between: asked for in Acumatica, and known afterwards."""
    (first,) = json.loads(a2m("sync", "order", "--key", typed, "--json", **ORDERS).out)["entities"]
    assert first["pulled"] == 1
    for again in ("000003", "so000003", typed):
        explained = a2m("explain", "order", again, "--json", **ORDERS)
        assert explained.code == 0
        assert {"what": "Acumatica key", "said": "SO 000003"} in json.loads(explained.out)["lines"]


@pytest.mark.parametrize("entity", ["price", "inventory"])
def test_a_sku_in_any_case(a2m, make_world, entity):
    """Before the item is known, and after."""
    make_world(3)
    for _again in range(2):
        (found,) = json.loads(a2m("sync", entity, "--key", "sku-000002", "--json").out)["entities"]
        assert found["pulled"] >= 1
    assert a2m("explain", entity, "Sku-000002").code == 0


def test_zeros_before_a_sku_are_part_of_it(a2m, make_world):
    """`12` is not `012`, as it would be of an order's number."""
    make_world([Product("012", "x", 5_000_000, {"MAIN": 10_000})])
    a2m("sync", "price")
    assert a2m("explain", "price", "012").code == 0
    assert a2m("explain", "price", "12").code == 1


def test_a_key_that_exists_nowhere(a2m, make_world):
    """Exit code 1, and the nearest keys; it is no fault that status would show."""
    make_world(12)
    unknown = a2m("sync", "price", "--key", "NOSUCH", "--json")
    assert unknown.code == 1
    assert "Acumatica has no price 'NOSUCH'" in unknown.err
    a2m("sync", "price")
    mistyped = a2m("sync", "price", "--key", "SKU-00001")
    assert mistyped.code == 1
    assert "Did you mean SKU-" in mistyped.err
    assert "SKU-000001" in mistyped.err.partition("Did you mean")[2]
    assert json.loads(a2m("status", "--json").out)["entities"][0]["last_fault"] is None
    explained = a2m("explain", "price", "SKU-00001")
    assert explained.code == 1
    assert "SKU-000001" in explained.out.partition("Did you mean")[2]
    assert "no sync of inventory yet" in a2m("explain", "inventory", "SKU-00001").out
    assert a2m("sync", "all", "--key", "SKU-00001").code == 1


def test_a_key_of_one_entity_among_all(a2m, ordered):
    """`sync all --key` is done where one of the entities has it."""
    assert a2m("sync", "all", "--key", "000003", **ORDERS).code == 0


def test_an_email_that_nothing_is_stored_about(a2m, make_world):
    """Nothing is said to be erased: exit code 1, and the nearest e-mail."""
    here = make_world(1)
    here.change(added(1))
    a2m("sync", "customer", **CUSTOMERS)
    unknown = a2m("forget", "buyer2@example.com", **CUSTOMERS)
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err == "Nothing is stored about buyer2@example.com. Did you mean buyer1@example.com?\n"
    assert a2m("forget", "BUYER1@example.com", **CUSTOMERS).code == 0


@pytest.mark.parametrize("command", [["skip", "9", "--reason", "x"], ["reprocess", "9"]])
def test_a_message_that_does_not_exist(a2m, make_world, command):
    """The command was used rightly, so the exit code is 1."""
    make_world(1)
    missing = a2m(*command)
    assert (missing.code, missing.out) == (1, "")
    assert "a2m failed" in missing.err
