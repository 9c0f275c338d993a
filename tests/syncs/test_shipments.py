"""Shipments and drop-shipments go from Acumatica to Magento, each once."""

import json
from decimal import Decimal

import pytest
from support.altered_responses import JSON
from support.trade import DROP_SHIP, WAREHOUSES, Trade

from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.message import Message
from connector.state.schema import SKIPPED
from connector.state.sync import links
from sandbox.catalogue import Product

TEN = {"MAIN": 100_000}


@pytest.fixture
def trade(make_world):
    def make(**traits) -> Trade:
        products = [Product("A", "Product A", 1_000_000, TEN), Product("B", "Product B", 1_000_000, TEN)]
        return Trade(make_world(products, **traits))

    return make


def reasons(here: Trade) -> dict[str, str]:
    return {message.key: message.reason or "" for message in here.here.failed("shipment")}


def skipped(here: Trade, number: str) -> list[Message]:
    with here.here.state.read() as connection:
        return [one for one in messages.live(connection, "shipment", [number], []) if one.state == SKIPPED]


async def test_a_confirmed_shipment_arrives_once(trade):
    """With its items, tracking number, carrier, source and mark; the next sync sends nothing."""
    here = trade()
    order = here.sold("000001", {"A": 2, "B": 1})
    number = here.ship("000001")
    outcome = await here.sync()
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 0)
    [made] = here.shipped(order)
    assert {item["sku"]: item["qty"] for item in made["items"]} == {"A": 2, "B": 1}
    assert [(one["track_number"], one["carrier_code"], one["title"]) for one in made["tracks"]] == [
        ("1Z1", "ups", "UPS")
    ]
    assert made["extension_attributes"]["source_code"] == "default"
    assert [one["comment"] for one in made["comments"]] == [f"Acumatica shipment {number}, order SO 000001"]
    assert not made["comments"][0].get("is_visible_on_front")
    outcome = await here.sync()
    assert (outcome.counters.requests, outcome.counters.queued) == (0, 0)
    with here.here.state.read() as connection:
        [link] = links.of_records(connection, "shipment", [number]).values()
    assert (link.key, link.magento_id) == (f"{number}|SO 000001", str(made["entity_id"]))


async def test_a_shipment_of_two_orders_is_one_shipment_of_each(trade):
    """And what is shipped of one line in two parts is two shipments."""
    here = trade()
    first, second = here.sold("000001", {"A": 5}), here.sold("000002", {"B": 1})
    part = [{"order_nbr": "000001", "line_nbr": 1, "quantity": "2"}, {"order_nbr": "000002", "line_nbr": 1}]
    here.ship(lines=part)
    await here.sync()
    here.ship("000001")
    await here.sync()
    assert [[item["qty"] for item in made["items"]] for made in here.shipped(first, second)] == [[2], [3], [1]]


@pytest.mark.parametrize(
    ("field", "bad"), [("Date", '"32.13."'), ("LineNbr", '"one"'), ("InventoryID", f'"{"X" * 100_000}"')]
)
async def test_a_shipment_whose_order_cannot_be_read_fails_alone(trade, field, bad):
    """Its shipment fails with the reason and the other one arrives; corrected and sent again, the first arrives too."""
    here = trade()
    orders = here.sold("000001", {"A": 2}), here.sold("000002", {"B": 1})
    numbers = here.ship("000001"), here.ship("000002")

    def alter(path, body):
        if not path.endswith("/SalesOrder"):
            return None
        rows = json.loads(body)
        for row in rows:
            if row["OrderNbr"]["value"] == "000001":
                (row if field == "Date" else row["Details"][0])[field] = {"value": json.loads(bad)}
        return 200, JSON, json.dumps(rows).encode()

    here.here.altered.alter = alter
    await here.sync()
    assert len(here.shipped(*orders)) == 1
    assert [numbers[0] in key for key in reasons(here)] == [True]
    here.here.altered.alter = None
    actions.send_again(here.here.state, here.here.failed("shipment"), here.here.clock.now())
    await here.sync()
    assert (len(here.shipped(*orders)), reasons(here)) == (2, {})


async def test_only_what_is_due_is_sent(trade):
    """Open shipments wait; an inactive entity sends nothing; made active, what became due meanwhile goes."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    here.ship("000001", confirm=False)
    assert (await here.sync()).counters.queued == 0
    here.here.change({"confirm_shipment": "000001"})
    settings = here.settings(inventory=WAREHOUSES, active={"shipment": False})
    assert (await here.here.sync("shipment", settings)).stopped is not None
    assert here.shipped(order) == []
    await here.sync()
    assert len(here.shipped(order)) == 1


async def test_what_is_older_than_from_is_not_one_request(trade):
    """Case 10: 1,000 shipments dated before FROM, and nothing is asked of Magento."""
    here = trade()
    numbers = [f"{number:06d}" for number in range(1, 1001)]
    row = [{"inventory_id": "A", "quantity": "1"}]
    usual = {"customer_id": "ACME", "lines": row}
    here.here.change(*({"add_order": {"order_nbr": one, "external_ref": f"1{one}", **usual}} for one in numbers))
    here.here.change(*({"add_shipment": {"orders": [{"order_nbr": one}], "confirm": True}} for one in numbers))
    outcome = await here.sync(shipment={"from": "2026-12-01T00:00:00Z"})
    assert (outcome.counters.pulled, outcome.counters.requests, outcome.counters.reads, outcome.counters.queued) == (
        0,
        0,
        0,
        0,
    )


@pytest.mark.parametrize("first", ["shipment_confirmation", "invoice_release"])
async def test_ten_shipments_across_a_switch_of_the_trigger(trade, first):
    """Case 9: ten shipments between confirmation and invoice at a switch: ten in the end, each once."""
    here = trade()
    second = "invoice_release" if first == "shipment_confirmation" else "shipment_confirmation"
    orders = [here.sold(f"{number:06d}", {"A": 1}) for number in range(1, 11)]
    numbers = [here.ship(f"{number:06d}") for number in range(1, 5)]
    await here.sync(shipment={"trigger": first})
    assert len(here.shipped(*orders)) == (4 if first == "shipment_confirmation" else 0)
    numbers += [here.ship(f"{number:06d}") for number in range(5, 11)]
    await here.sync(shipment={"trigger": second})
    assert len(here.shipped(*orders)) == (4 if first == "shipment_confirmation" else 10)
    here.here.clock.advance(60)
    here.here.change(*({"add_invoice": {"shipments": [number]}} for number in numbers))
    await here.sync(shipment={"trigger": second})
    assert len(here.shipped(*orders)) == (4 if first == "shipment_confirmation" else 10)
    here.here.change(*({"release_invoice": f"{number:06d}"} for number in range(1, 11)))
    outcome = await here.sync(shipment={"trigger": second})
    assert len(here.shipped(*orders)) == 10
    assert len(set(here.marks(*orders))) == 10
    assert reasons(here) == {}
    assert (await here.sync(shipment={"trigger": first})).counters.requests == 0
    assert outcome.counters.failed == 0


async def test_a_drop_shipment_carries_the_configured_ship_via(trade):
    """Case 11: booked on the configured source, whose quantity is right afterwards; without settings it fails alone."""
    here = trade()
    dropped, other = here.sold("000001", {"B": 3}, drop_ship=True), here.sold("000002", {"A": 1})
    here.here.change({"add_purchase_order": {"order_nbr": "000001", "vendor_ref": "1ZVENDOR"}})
    here.here.change({"add_purchase_receipt": {"purchase_order": "000001", "receipt_nbr": "000077", "release": True}})
    here.ship("000002")
    await here.sync(dropship={})
    assert len(here.shipped(other)) == 1
    assert "A2M_DROPSHIP__SOURCE" in reasons(here)["Receipt 000077|SO 000001"]
    await here.sync(dropship={"source": "vendor"})
    assert "A2M_DROPSHIP__SHIP_VIA" in reasons(here)["Receipt 000077|SO 000001"]
    await here.sync()
    [made] = here.shipped(dropped)
    assert made["extension_attributes"]["source_code"] == "vendor"
    assert [(one["track_number"], one["carrier_code"]) for one in made["tracks"]] == [("1ZVENDOR", "ups")]
    assert here.quantity("B", "vendor") == 0
    assert reasons(here) == {}


async def test_a_drop_shipment_waits_for_its_invoice_under_the_other_trigger(trade):
    """Released receipt or released invoice, by the same setting."""
    here, by_invoice = trade(), {"shipment": {"trigger": "invoice_release"}, "dropship": DROP_SHIP}
    order = here.sold("000001", {"B": 3}, drop_ship=True)
    here.here.change({"add_purchase_order": {"order_nbr": "000001"}})
    here.here.change({"add_purchase_receipt": {"purchase_order": "000001", "receipt_nbr": "000077", "release": True}})
    await here.sync(**by_invoice)
    assert here.shipped(order) == []
    here.here.clock.advance(60)
    here.here.change({"add_invoice": {"receipts": ["000077"], "release": True}})
    await here.sync(**by_invoice)
    assert here.marks(order) == ["Acumatica receipt 000077, order SO 000001"]


async def test_an_unmapped_ship_via_fails_alone(trade):
    """It says which to map; mapped, it goes."""
    here = trade()
    first, second = here.sold("000001", {"A": 1}), here.sold("000002", {"A": 1})
    number = here.ship("000001", ship_via="LOCAL")
    here.ship("000002")
    await here.sync()
    assert (len(here.shipped(first)), len(here.shipped(second))) == (0, 1)
    assert "LOCAL has no Magento carrier" in reasons(here)[f"{number}|SO 000001"]
    both = {"GROUND": {"carrier_code": "ups", "title": "UPS"}, "LOCAL": {"carrier_code": "own", "title": "Lorry"}}
    await here.sync(shipment={"ship_vias": both})
    assert len(here.shipped(first)) == 1
    assert reasons(here) == {}


async def test_more_than_is_open_is_a_failed_message_with_both_numbers(trade):
    """Magento would clamp it in silence."""
    here = trade()
    here.entered("000001", {"A": 5}, external_ref="100000001")
    order = here.ordered({"A": 2}, increment_id="100000001")
    number = here.ship("000001")
    await here.sync()
    assert here.shipped(order) == []
    assert "ships 5 of 'A', and the Magento order 100000001 has 2 open" in reasons(here)[f"{number}|SO 000001"]


async def test_a_shipment_corrected_after_it_was_sent_is_reported(trade):
    """It is reported while it is open or different, and no longer once it is confirmed as it was sent."""
    here = trade()
    order = here.sold("000001", {"A": 3})
    number = here.ship("000001")
    await here.sync()
    here.here.change({"correct_shipment": number})
    await here.sync()
    assert "is Open again" in reasons(here)[f"{number}|SO 000001"]
    here.here.change({"set_shipment": {"shipment_nbr": number, "lines": [{"line_nbr": 1, "quantity": "2"}]}})
    here.here.change({"confirm_shipment": number})
    await here.sync()
    assert "3 EA was sent, now 2 EA" in reasons(here)[f"{number}|SO 000001 (corrected)"]
    here.here.change({"correct_shipment": number})
    here.here.change({"set_shipment": {"shipment_nbr": number, "lines": [{"line_nbr": 1, "quantity": "3"}]}})
    here.here.change({"confirm_shipment": number})
    await here.sync()
    assert reasons(here) == {}
    assert len(here.shipped(order)) == 1


async def test_a_correction_that_magento_cannot_follow_holds_no_tracking_number_back(trade):
    """Fewer pieces and another label: the pieces are reported beside it, and the label goes to the customer."""
    here = trade()
    order = here.sold("000001", {"A": 3})
    number = here.ship("000001")
    await here.sync()
    here.here.change({"correct_shipment": number})
    here.here.change({"set_shipment": {"shipment_nbr": number, "lines": [{"line_nbr": 1, "quantity": "2"}]}})
    here.here.change({"confirm_shipment": number})
    here.here.change({"add_tracking": {"shipment_nbr": number, "package": 1, "tracking": "1Z2"}})
    await here.sync()
    assert [[one["track_number"] for one in made["tracks"]] for made in here.shipped(order)] == [["1Z2"]]
    assert list(reasons(here)) == [f"{number}|SO 000001 (corrected)"]
    assert (await here.sync()).counters.requests == 0


async def test_a_tracking_number_added_later_is_added_to_the_shipment(trade):
    """No second shipment; the numbers that are there stay."""
    here = trade()
    order = here.sold("000001", {"A": 3})
    number = here.ship("000001")
    await here.sync()
    here.here.change({"add_tracking": {"shipment_nbr": number, "tracking": "1Z2"}})
    await here.sync()
    [made] = here.shipped(order)
    assert [one["track_number"] for one in made["tracks"]] == ["1Z1", "1Z2"]
    assert (await here.sync()).counters.requests == 0


@pytest.mark.parametrize("branches", [[], ["headoffice"]])
async def test_a_shipment_waits_for_its_order(trade, branches):
    """An order that the connector brings to Magento may still come: no attempt is used, and it goes by itself."""
    here = trade()
    here.entered("000001", {"A": 1})
    number = here.ship("000001")
    chosen = {"types": ["SO"], "branches": branches, "from": "2020-01-01T00:00:00Z"}
    orders = {"active": {"order": True, "shipment": True}, "order": chosen}
    await here.sync(**orders)
    with here.here.state.read() as connection:
        [waiting] = messages.live(connection, "shipment", [number], [])
    assert (waiting.state, waiting.attempts) == ("pending", 0)
    assert "It waits for its order SO 000001" in waiting.reason
    order = here.ordered({"A": 1}, increment_id="SO-000001", ext_order_id="SO 000001")
    await here.sync(**orders)
    assert len(here.shipped(order)) == 1


@pytest.mark.parametrize(
    ("reference", "sections", "message"),
    [
        ("100000009", {}, "Magento has no order '100000009'"),
        ("", {}, "orders of type SO of branch"),
        ("", {"active": {"order": True, "shipment": True}, "order": {"types": ["EO"]}}, "orders of type SO of branch"),
        (
            "",
            {"active": {"order": True, "shipment": True}, "order": {"types": ["SO"], "from": "2027-01-01T00:00:00Z"}},
            "older than the orders that are sent",
        ),
    ],
)
async def test_an_order_that_never_comes_is_a_failed_message(trade, reference, sections, message):
    """With the reason: the reference, the type, or FROM."""
    here = trade()
    here.entered("000001", {"A": 1}, external_ref=reference)
    number = here.ship("000001")
    await here.sync(**sections)
    assert message in reasons(here)[f"{number}|SO 000001"]


async def test_shipments_of_orders_that_are_not_sent_are_left_out_by_a_setting(trade):
    """Orders by telephone, and orders older than FROM: counted, and no failure. An unknown reference still is one."""
    here = trade()
    here.entered("000001", {"A": 1})
    here.entered("000002", {"A": 1}, external_ref="100000009")
    number, referring = here.ship("000001"), here.ship("000002")
    await here.sync()
    assert len(reasons(here)) == 2
    outcome = await here.sync(shipment={"other_orders": "leave_out"})
    assert outcome.remarks.summary()[0].startswith("1 of orders that are neither the shop's nor sent left out")
    assert list(reasons(here)) == [f"{referring}|SO 000002"]
    assert "A2M_SHIPMENT__OTHER_ORDERS" not in reasons(here)[f"{referring}|SO 000002"]
    later = {"active": {"order": True}, "order": {"from": "2027-01-01T00:00:00Z"}}
    await here.sync(**later, shipment={"other_orders": "leave_out"})
    assert list(reasons(here)) == [f"{referring}|SO 000002"]
    actions.link(here.here.state, "order", "SO 000001", "SO 000001", str(here.ordered({"A": 1})), here.here.clock.now())
    actions.send_again(here.here.state, skipped(here, number), here.here.clock.now())
    outcome = await here.sync(shipment={"other_orders": "leave_out"})
    assert (outcome.counters.sent, skipped(here, number)) == (1, [])


async def test_a_shipment_that_a_setting_left_out_goes_once_the_settings_choose_its_order(trade):
    """Left out is for as long as the settings say so: it fails, is left out, and ships, as they change."""
    here = trade()
    here.entered("000001", {"A": 1})
    number, order = here.ship("000001"), here.ordered({"A": 1}, increment_id="SO-000001", ext_order_id="SO 000009")
    left_out = {"other_orders": "leave_out"}
    for shipment, failed in ((left_out, 0), ({}, 1), (left_out, 0)):
        await here.sync(shipment=shipment)
        assert (len(reasons(here)), len(skipped(here, number))) == (failed, 1 - failed)
    here.http.post("orders", json={"entity": {"entity_id": order, "ext_order_id": "SO 000001"}}).raise_for_status()
    await here.sync(shipment=left_out)
    assert here.shipped(order) == []
    await here.sync(shipment=left_out, active={"order": True}, order={"types": ["SO"], "from": "2020-01-01T00:00:00Z"})
    assert (len(here.shipped(order)), skipped(here, number), reasons(here)) == (1, [], {})


@pytest.mark.parametrize("path", ["*/ship", "*/source-items", "*/shipment/track"])
@pytest.mark.over_both
async def test_a_lost_answer_makes_nothing_twice(trade, path):
    """Magento applies the call and the answer is lost: afterwards there is one shipment with one track of each."""
    here = trade()
    here.here.change({"set_quantity": {"inventory_id": "A", "warehouse": "MAIN", "available": "1", "on_hand": "1"}})
    order = here.sold("000001", {"A": 1})
    await here.sync("inventory")
    number = here.ship("000001", packages=[{"tracking": "1Z1"}])
    if path == "*/shipment/track":
        await here.sync()
        here.here.change({"add_tracking": {"shipment_nbr": number, "tracking": "1Z2"}})
    here.here.faults.replace(f"magento POST path={path}: cut=after times=1")
    for _ in range(3):
        await here.sync()
    [made] = here.shipped(order)
    tracks = ["1Z1", "1Z2"] if path == "*/shipment/track" else ["1Z1"]
    assert [one["track_number"] for one in made["tracks"]] == tracks
    assert sum(item["qty"] for item in made["items"]) == 1
    with here.here.state.read() as connection:
        assert links.of_records(connection, "shipment", [number])
        assert messages.next_due(connection, "shipment") is None
        assert not messages.unsettled(connection, "shipment")
    await here.sync("inventory")
    assert here.quantity("A") == Decimal(0)
    assert reasons(here) == {}


async def test_two_orders_of_acumatica_may_be_one_of_magento(trade):
    """A shipment of both is two shipments of the one order: the order is part of the mark."""
    here = trade()
    for number in ("000001", "000002"):
        here.entered(number, {"A": 2}, external_ref="100000001")
    order = here.ordered({"A": 4}, increment_id="100000001")
    number = here.ship("000001", "000002")
    await here.sync()
    await here.sync()
    assert here.marks(order) == [f"Acumatica shipment {number}, order SO 00000{which}" for which in (1, 2)]
    assert [sum(item["qty"] for item in made["items"]) for made in here.shipped(order)] == [2, 2]


async def test_what_was_sent_stays_when_from_is_moved_or_it_is_archived(trade):
    """A full sync that no longer sees it asks for it by number: it is there, and nothing is reported."""
    here = trade()
    order = here.sold("000001", {"A": 2})
    number = here.ship("000001")
    await here.sync()
    await here.sync(shipment={"from": "2027-01-01T00:00:00Z"})
    here.here.change({"archive": {"entity": "Shipment", "key": number}})
    outcome = await here.sync(shipment={"from": "2020-01-02T00:00:00Z"})
    assert (outcome.counters.requests, reasons(here)) == (0, {})
    assert len(here.shipped(order)) == 1


async def test_a_shipment_that_was_deleted_after_it_was_sent_is_reported(trade):
    """A full sync does not see it, and Acumatica does not have it by number either."""
    here = trade()
    here.sold("000001", {"A": 2})
    number = here.ship("000001")
    await here.sync()
    here.here.change({"correct_shipment": number}, {"remove_shipment": number})
    here.here.clock.advance(60)
    await here.here.sync("shipment", here.settings(inventory=WAREHOUSES), full=True)
    assert "Acumatica no longer has" in reasons(here)[f"{number}|SO 000001"]


async def test_magentos_own_refusal_is_kept(trade):
    """A source that Magento does not have: the message fails once, with Magento's reason."""
    here = trade()
    order = here.sold("000001", {"A": 1})
    number = here.ship("000001")
    outcome = await here.sync(inventory={**WAREHOUSES, "sources": {"MAIN": "nowhere"}})
    assert (outcome.counters.failed, here.shipped(order)) == (1, [])
    assert "Could not save" in reasons(here)[f"{number}|SO 000001"]


async def test_a_shop_without_sources(trade):
    """Where MSI is off, no source is sent and none is raised."""
    here = trade(magento={"msi": False})
    order = here.sold("000001", {"A": 2})
    here.ship("000001")
    outcome = await here.sync()
    assert (outcome.counters.requests, outcome.counters.sent) == (1, 1)
    assert len(here.shipped(order)) == 1


async def test_the_customer_is_told_only_where_the_setting_says_so(trade):
    """NOTIFY is Magento's own mail; the mark stays out of the shop."""
    here = trade()
    quiet, posted = here.sold("000001", {"A": 1}), here.sold("000002", {"A": 1})
    here.ship("000001")
    await here.sync()
    here.ship("000002")
    await here.sync(shipment={"notify": True})
    sent = [bool(made.get("email_sent")) for made in here.shipped(quiet, posted)]
    assert sent == [False, True]
    assert not any(one["is_visible_on_front"] for made in here.shipped(quiet, posted) for one in made["comments"])


@pytest.mark.parametrize(("trigger", "lists"), [("shipment_confirmation", 2), ("invoice_release", 4)])
async def test_an_idle_sync_asks_acumatica_little(trade, trigger, lists):
    """Two lists under the one trigger, and the two kinds of invoices under the other; Magento is not asked at all."""
    here = trade()
    here.sold("000001", {"A": 1})
    here.ship("000001")
    await here.sync(shipment={"trigger": trigger}, dropship={})
    here.here.clock.advance(3600)
    await here.sync(shipment={"trigger": trigger}, dropship={})
    before = here.here.site_state()["requests"]
    outcome = await here.sync(shipment={"trigger": trigger}, dropship={})
    assert (outcome.counters.requests, outcome.counters.reads) == (0, 0)
    assert here.here.site_state()["requests"] - before == lists + 2  # and login and logout
