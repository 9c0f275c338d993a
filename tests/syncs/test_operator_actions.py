"""What a person does with failed messages: send them again, leave them out, and ask why."""

from decimal import Decimal

import pytest
from support.trade import Trade

from app.explain.from_state import explain
from connector.state.operator import actions
from connector.state.queue import messages
from sandbox.catalogue import Product

BAD = "magento POST path=*/base-prices key=P-1: status=503"


def _products(count: int = 4) -> list[Product]:
    return [Product(f"P-{n}", "x", 5_000_000, {"MAIN": 30_000}) for n in range(count)]


def _again(here) -> list[str]:
    failed = here.failed()
    actions.send_again(here.state, failed, here.clock.now())
    return [one.id for one in failed]


def _states(here, ids: list[str]) -> list[str]:
    with here.state.read() as connection:
        return [one.state for one in messages.by_ids(connection, ids)]


@pytest.mark.over_both
async def test_a_failed_message_is_sent_again_with_its_newest_value(make_world):
    """Reprocess reads the newest state first: Magento never sees the value of the failed message."""
    here = make_world(_products(), faults=BAD)
    await here.sync("price")
    assert [one.sku for one in here.failed()] == ["P-1"]
    here.faults.replace("")
    here.change({"set_price": {"inventory_id": "P-1", "price": "7.77", "modified": "2026-11-01T00:00:00Z"}})
    ids = _again(here)
    outcome = await here.sync("price")
    assert outcome.counters.sent == 1
    assert _states(here, ids) == ["sent"]
    assert here.sent_values()["/rest/all/V1/products/base-prices", "P-1", ""][-1] == Decimal("7.77")
    assert 5 not in here.sent_values()["/rest/all/V1/products/base-prices", "P-1", ""]
    here.assert_converged(entities=["price"])


@pytest.mark.over_both
async def test_a_message_that_something_newer_has_overtaken_is_superseded(make_world):
    """Case 14: reprocessing it does not bring the old value back."""
    here = make_world(_products(), faults=BAD)
    await here.sync("price")
    old = here.failed()
    here.faults.replace("")
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "P-1", "price": "9"}})
    await here.sync("price")
    assert actions.send_again(here.state, old, here.clock.now()) == 0
    assert (await here.sync("price")).counters.requests == 0
    assert _states(here, [one.id for one in old]) == ["superseded"]
    assert here.prices()["P-1"] == 9


async def test_a_record_that_still_cannot_be_sent_stays_failed(make_world):
    """Sent again without a correction, the message fails again, with its reason, and only once."""
    here = make_world(_products(), shop_products=_products()[1:])
    await here.sync("price")
    ids = _again(here)
    await here.sync("price")
    assert _states(here, ids) == ["failed"]
    assert "no product" in here.failed()[0].reason
    assert len(here.failed()) == 1


@pytest.mark.over_both
async def test_a_skipped_message_stays_out_until_its_value_changes(make_world):
    """Skipped with a reason: no sync sends it, a newer value goes all the same."""
    here = make_world(_products(), faults=BAD)
    await here.sync("price")
    here.faults.replace("")
    actions.skip(here.state, here.failed()[0], "entered by hand", here.clock.now())
    assert (await here.sync("price", full=True)).counters.requests == 0
    assert here.failed() == []
    here.clock.advance(60)
    here.change({"set_price": {"inventory_id": "P-1", "price": "9"}})
    assert (await here.sync("price")).counters.sent == 1


@pytest.mark.parametrize("entity", ["price", "customer"])
async def test_a_skipped_record_that_cannot_be_computed_stays_out_until_it_can(make_world, entity):
    """A negative price, a customer without an e-mail: no full sync and no other change brings it back."""
    here = make_world([Product("P-1", "x", -1_000_000, {"MAIN": 10_000})])
    contact = {"Phone1": "1", "Email": ""}
    here.change({"add_customer": {"customer_id": "C1", "name": "C One", "main_contact": contact}})
    customer = {"classes": ["DEFAULT"], "groups": {"DEFAULT": "General"}}
    settings = here.settings(active={"customer": True}, customer=customer)
    await here.sync(entity, settings)
    [failed] = here.failed(entity)
    actions.skip(here.state, failed, "known", here.clock.now())
    here.clock.advance(60)
    here.change(
        {"set_price": {"inventory_id": "P-1", "price": "-2"}}, {"set_customer": {"customer_id": "C1", "name": "C Two"}}
    )
    for full in (False, True):
        outcome = await here.sync(entity, settings, full=full)
        assert (outcome.counters.failed, here.failed(entity)) == (0, [])
        here.clock.advance(60)
    here.change(
        {"set_price": {"inventory_id": "P-1", "price": "2"}},
        {"set_customer": {"customer_id": "C1", "main_contact": {**contact, "Email": "c1@example.com"}}},
    )
    assert (await here.sync(entity, settings)).counters.sent == 1


@pytest.mark.parametrize("failure", ["not computed", "not delivered"])
async def test_a_skipped_shipment_is_not_made_after_all(make_world, failure):
    """Somebody shipped it by hand: neither the setting that was missing nor a tracking number makes a second one, until
    a person wants it; then it goes.
    """
    here = Trade(make_world([Product(sku, "x", 1_000_000, {"MAIN": 100_000}) for sku in "AB"]))
    order = here.sold("000001", {"A": 5})
    here.here.change({"set_order": {"order_nbr": "000001", "lines": [{"inventory_id": "B", "quantity": "1"}]}})
    lines = [{"order_nbr": "000001", "line_nbr": number, "quantity": "1"} for number in (1, 2)]
    number = here.ship(lines=lines, ship_via="LOCAL")
    mapped = {"ship_vias": {"LOCAL": {"carrier_code": "ups", "title": "UPS"}}}
    await here.sync(shipment={} if failure == "not computed" else {**mapped, "foreign_lines": "fail"})
    [failed] = here.here.failed("shipment")
    actions.skip(here.here.state, failed, "shipped by hand", here.here.clock.now())
    await here.sync(shipment=mapped)
    here.here.change({"add_tracking": {"shipment_nbr": number, "tracking": "1Z9"}})
    await here.sync(shipment=mapped)
    assert (here.shipped(order), here.here.failed("shipment")) == ([], [])
    with here.here.state.read() as connection:
        [skipped] = messages.live(connection, "shipment", [number], [])
    assert (skipped.state, skipped.reason) == ("skipped", "By hand: shipped by hand")
    actions.send_again(here.here.state, [skipped], here.here.clock.now())
    await here.sync(shipment=mapped)
    assert len(here.shipped(order)) == 1


@pytest.mark.over_both
async def test_failed_messages_are_grouped_by_cause(make_world):
    """Many failures of one kind are one line, with the reason of one of them."""
    products = [*_products(3), Product("NEGATIVE", "x", -1_000_000, {"MAIN": 10_000})]
    here = make_world(products, shop_products=[products[0], products[3]])
    await here.sync("price")
    with here.state.read() as connection:
        groups = actions.groups(connection)
    assert [(group.entity, group.how_many) for group in groups] == [("price", 2), ("price", 1)]
    assert "no product" in groups[0].example
    assert "below 0" in groups[1].example


async def test_explain_says_where_a_value_comes_from(make_world):
    """For one SKU: Acumatica's data, the result of the rules, what Magento confirmed, and what was sent."""
    here = make_world(_products())
    await here.sync("price")
    await here.sync("inventory")
    settings = here.settings()
    lines = dict(explain(settings, here.state, "price", "p-1"))
    assert lines["Default price"] == "5 per EA"
    assert lines["Rules say"] == "5 for P-1"
    assert lines["Magento confirmed"] == "5 for P-1"
    assert any(what.startswith("Message") and "sent" in words for what, words in lines.items())
    lines = dict(explain(settings, here.state, "inventory", "P-1"))
    assert lines["Quantity in MAIN"] == "3 (available for shipping 3, on hand 3)"
    assert lines["Rules say at default"] == "3 for P-1"
    assert explain(settings, here.state, "price", "NOWHERE")[0][0] == "Nothing known"
