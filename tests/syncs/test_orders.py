"""Orders go from Acumatica to Magento: made once, invoiced, and followed."""

import pytest
from support.sales import Sales

from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.sync import links
from sandbox.catalogue import Product

TEN = {"MAIN": 100_000}
OFFLINE = {"order": {"invoice": "offline"}}
LINES = {"A": 2, "B": 1}


@pytest.fixture
def sales(make_world):
    def make(**traits) -> Sales:
        products = [Product("A", "Product A", 1_000_000, TEN), Product("B", "Product B", 2_000_000, TEN)]
        return Sales(make_world(products, **traits))

    return make


async def sync(here: Sales, **sections):
    """Sync orders once, a minute later."""
    here.here.clock.advance(60)
    outcome = await here.here.sync("order", here.settings(**sections))
    assert outcome.fault is None, outcome.fault
    assert outcome.stopped is None, outcome.stopped
    return outcome


def reasons(here: Sales) -> dict[str, str]:
    return {message.key: message.reason or "" for message in here.here.failed("order")}


async def test_an_order_made_in_acumatica_is_made_in_magento_once(sales):
    """With its numbers, lines, totals to the cent, address, method, state and status; the next sync sends nothing."""
    here = sales()
    here.entered("000001", LINES, freight="7.50", discount="1.00", taxes=[{"id": "NY", "rate": "8.875"}])
    outcome = await sync(here)
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 0), reasons(here)
    made = here.order("000001")
    assert (made["increment_id"], made["ext_order_id"]) == ("SO-000001", "SO 000001")
    assert (made["state"], made["status"]) == ("new", "pending")
    site = here.in_acumatica("000001")
    assert made["grand_total"] == site["OrderTotal"]
    assert made["tax_amount"] == site["TaxTotal"] > 0
    total = made["subtotal"] + made["discount_amount"] + made["tax_amount"] + made["shipping_amount"]
    assert round(total, 2) == made["grand_total"]
    assert {one["sku"]: (one["qty_ordered"], one["product_type"]) for one in made["items"]} == {
        "A": (2, "simple"),
        "B": (1, "simple"),
    }
    assert made["billing_address"]["region"] == "New York"
    assert (made["payment"]["method"], made["customer_is_guest"]) == ("checkmo", 1)
    assert here.comments("000001") == ["Acumatica SO 000001: Open"]
    outcome = await sync(here)
    assert (outcome.counters.requests, outcome.counters.queued) == (0, 0)
    with here.here.state.read() as connection:
        link = links.of_keys(connection, "order", ["SO 000001"])["SO 000001"]
    assert (link.magento_id, link.made_by) == (str(made["entity_id"]), "sent")


@pytest.mark.parametrize(
    ("plan", "calls"),
    [
        ("magento POST path=*/orders: cut=after times=1", "create"),
        ("magento POST path=*/invoice: cut=after times=1", "invoice"),
        ("magento POST path=*/comments: cut=after times=1", "comment"),
    ],
)
@pytest.mark.over_both
async def test_a_lost_answer_makes_nothing_twice(sales, plan, calls):
    """The order, its invoice and its comment are there once, and the message counts as sent."""
    here = sales()
    here.entered("000001", LINES)
    here.invoiced("000001")
    if calls != "create":
        await sync(here)
        here.edit("000001", status="On Hold" if calls == "comment" else "Open")
    here.here.faults.replace(plan)
    for _time in range(3):
        await sync(here, **OFFLINE)
        here.here.clock.advance(60)
    assert len(here.orders()) == 1
    assert len(here.invoices("000001")) == 1
    assert reasons(here) == {}
    comments = here.comments("000001")
    assert len(comments) == len(set(comments)) == (2 if calls == "comment" else 1)
    with here.here.state.read() as connection:
        assert not messages.unsettled(connection, "order")
        assert messages.next_due(connection, "order") is None
        assert links.of_keys(connection, "order", ["SO 000001"])


async def test_an_order_that_is_in_magento_already_is_found_and_not_made(sales):
    """With an empty state database, an order that carries the connector's number is linked, not made again."""
    here = sales()
    here.entered("000001", LINES)
    await sync(here)
    here.forget()
    outcome = await sync(here)
    assert (outcome.counters.sent, outcome.counters.requests) == (1, 0)
    assert len(here.orders()) == 1


async def test_only_chosen_types_and_branches_from_from_on(sales):
    """Other types, other branches, and 1,000 orders older than FROM: not one request."""
    here = sales()
    old = {"date": "2026-10-01", "created": "2026-10-01T10:00:00Z", "customer_id": "ACME"}
    lines = [{"inventory_id": "A", "quantity": "1"}]
    here.here.change(
        *({"add_order": {"order_nbr": f"{number:06d}", "lines": lines, **old}} for number in range(1, 1001))
    )
    here.entered("001001", {"A": 1}, type="QT")
    here.entered("001002", {"A": 1}, branch="RETAIL")
    chosen = {"order": {"from": "2026-11-01T00:00:00Z", "branches": ["HEADOFFICE"]}}
    outcome = await sync(here, **chosen)
    assert (outcome.counters.requests, outcome.counters.reads, outcome.counters.pulled) == (0, 0, 0)
    outcome = await sync(here, order={"types": []})
    assert (outcome.counters.requests, outcome.counters.reads, outcome.counters.pulled) == (0, 0, 0)


async def test_an_inactive_entity_sends_nothing_and_everything_later(sales):
    """What became due meanwhile goes when it is made active."""
    here = sales()
    here.entered("000001", LINES)
    off = here.settings(active={"order": False})
    assert (await here.here.sync("order", off)).stopped is not None
    assert here.orders() == []
    assert (await sync(here)).counters.sent == 1


async def test_an_order_that_came_from_magento_is_followed_and_never_made(sales):
    """Hold, unhold and cancel through their own calls, each with one comment; nothing where the status is shown."""
    here = sales()
    here.sold("000001", LINES, status="Shipping")
    assert (await sync(here)).counters.requests == 0
    number = "100000001"
    for status, state in (("On Hold", "holded"), ("Shipping", "processing"), ("Canceled", "canceled")):
        here.edit("000001", status=status)
        outcome = await sync(here)
        assert (outcome.counters.sent, outcome.counters.requests) == (1, 2), reasons(here)
        assert (here.order(number)["state"], here.order(number)["status"]) == (state, state)
        assert here.comments(number)[-1] == f"Acumatica SO 000001: {status}"
    assert len(here.comments(number)) == 3
    assert len(here.orders()) == 1


async def test_a_status_that_magento_does_not_allow_names_both(sales):
    """What nobody has invoiced is not complete, and no call makes it so."""
    here = sales()
    here.sold("000001", LINES, status="Completed")
    await sync(here)
    assert "is Completed in Acumatica, which is complete in Magento" in reasons(here)["SO 000001"]
    assert "not invoiced" in reasons(here)["SO 000001"]


async def test_a_reference_that_magento_does_not_know_is_not_made(sales):
    """A marketplace's number fails, unless the setting allows to make such orders."""
    here = sales()
    here.entered("000001", LINES, external_ref="AMZ-1")
    await sync(here)
    assert reasons(here)["SO 000001"].startswith("Unknown reference: SO 000001 refers to 'AMZ-1'")
    assert here.orders() == []
    await sync(here, order={"create_with_reference": True})
    here.edit("000001", description="again")
    here.reprocess()
    await sync(here, order={"create_with_reference": True})
    assert len(here.orders()) == 1
    assert reasons(here) == {}


async def test_a_value_that_fits_no_address_of_a_request_fails_alone(sales):
    """A country of a hundred thousand letters cannot be asked about; the other order is made."""
    here = sales()
    here.entered("000001", LINES, ship_to={"Country": "X" * 100_000})
    here.entered("000002", LINES)
    await sync(here)
    assert len(here.orders()) == 1
    [(key, reason)] = reasons(here).items()
    assert key == "SO 000001"
    assert reason.startswith("Magento cannot be asked: URL too long. Shorten the value in Acumatica.")


async def test_what_is_not_mapped_fails_alone_and_goes_once_it_is(sales):
    """The reason names what to map; the change of the setting is enough."""
    here = sales()
    here.entered("000001", LINES, ship_via="LOCAL")
    here.entered("000002", LINES)
    outcome = await sync(here)
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 1)
    assert "Unmapped ShipVia: SO 000001 has the ShipVia LOCAL" in reasons(here)["SO 000001"]
    outcome = await sync(here, order={"shipping_methods": {"": "flatrate_flatrate", "LOCAL": "flatrate_flatrate"}})
    assert (outcome.counters.sent, reasons(here)) == (1, {})


async def test_orders_that_came_to_nothing_are_not_made(sales):
    """Canceled before Magento had it: not a request; with a reference, one question whether it has it."""
    here = sales()
    here.entered("000001", LINES, status="Canceled")
    outcome = await sync(here)
    assert (outcome.counters.requests, outcome.counters.reads, outcome.counters.failed) == (0, 0, 0)
    here.entered("000002", LINES, status="Canceled", external_ref="AMZ-2")
    outcome = await sync(here)
    assert (outcome.counters.requests, outcome.counters.reads, outcome.counters.failed) == (0, 1, 0)
    here.sold("000003", LINES, status="Canceled")
    outcome = await sync(here)
    assert (outcome.counters.sent, here.order("100000003")["state"]) == (1, "canceled")


async def test_our_orders_are_held_and_canceled_by_an_update(sales):
    """No call of hold or cancel: the salable quantity is what it was."""
    here = sales()
    here.entered("000001", LINES)
    await sync(here)
    before = here.salable("A")
    for status, state in (("On Hold", "holded"), ("Open", "new"), ("Canceled", "canceled")):
        here.edit("000001", status=status)
        await sync(here)
        assert (here.order("000001")["state"], reasons(here)) == (state, {})
    assert here.salable("A") == before
    paths = {write["path"].rpartition("/V1/")[2] for write in here.here.writes()}
    assert not any(path.endswith(("/hold", "/unhold", "/cancel")) for path in paths)


@pytest.mark.over_both
async def test_a_released_invoice_makes_one_invoice(sales):
    """The invoice is made only once it is released; nothing is captured, and the next sync makes no second one."""
    here = sales()
    here.entered("000001", LINES)
    invoice = here.invoiced("000001", release=False)
    await sync(here, **OFFLINE)
    assert here.invoices("000001") == []
    here.here.change({"release_invoice": invoice})
    await sync(here, **OFFLINE)
    [made] = here.invoices("000001")
    assert made["grand_total"] == here.order("000001")["grand_total"]
    assert (await sync(here, **OFFLINE)).counters.requests == 0
    assert len(here.invoices("000001")) == 1


async def test_partial_invoices_become_partial_invoices(sales):
    """One for each, by lines, with the quantities that Acumatica invoiced."""
    here = sales()
    here.entered("000001", LINES)
    for lines in ([{"order_nbr": "000001", "line_nbr": 1, "quantity": "1"}], None):
        shipment = here.ship(lines=lines) if lines else here.ship("000001")
        here.here.clock.advance(60)
        here.here.change({"add_invoice": {"shipments": [shipment], "release": True}})
        await sync(here, **OFFLINE)
    quantities = [sorted((one["sku"], one["qty"]) for one in made["items"]) for made in here.invoices("000001")]
    assert quantities == [[("A", 1)], [("A", 1), ("B", 1)]]
    assert reasons(here) == {}


async def test_an_order_that_the_shop_invoiced_itself_is_not_invoiced_again(sales):
    """Magento has all of it invoiced: there is nothing to make."""
    here = sales()
    order_id = here.sold("000001", LINES, status="Shipping")
    here.http.post(f"order/{order_id}/invoice", json={"capture": False}).raise_for_status()
    here.invoiced("000001")
    await sync(here, order={**OFFLINE["order"], "statuses": {}})
    assert len(here.invoices("100000001")) == 1
    assert reasons(here) == {}


@pytest.mark.parametrize(
    ("status", "call", "state"), [("On Hold", "hold", "holded"), ("Canceled", "cancel", "canceled")]
)
async def test_a_lost_answer_of_a_call_is_followed_by_one_comment(sales, status, call, state):
    """The call is made once, and the comment that it lacks is written once."""
    here = sales()
    here.sold("000001", LINES, status="Shipping")
    await sync(here)
    here.edit("000001", status=status)
    here.here.faults.replace(f"magento POST path=*/{call}: cut=after times=1")
    for _time in range(3):
        await sync(here)
    assert here.order("100000001")["state"] == state
    assert here.comments("100000001") == [f"Acumatica SO 000001: {status}"]
    calls = [write for write in here.here.writes() if write["path"].endswith(f"/{call}")]
    assert (len(calls), reasons(here)) == (1, {})


@pytest.mark.parametrize("from_the_shop", [True, False])
async def test_another_magento_status_for_the_same_acumatica_status_is_sent(sales, from_the_shop):
    """The map of statuses changes while orders are open: each gets its new status, back and forth, and none twice."""
    here = sales()
    here.here.change_shop({"add_order_status": {"state": "processing", "status": "picking", "label": "Picking"}})
    here.sold("000001", LINES) if from_the_shop else here.entered("000001", LINES)
    number = "100000001" if from_the_shop else "000001"
    for status in ("picking", "processing", "picking"):
        order = {"statuses": {"Open": status}, "states": {"picking": "processing"}}
        await sync(here, order=order)
        assert here.order(number)["status"] == status
        assert (await sync(here, order=order)).counters.requests == 0
    assert reasons(here) == {}


async def test_a_status_that_somebody_in_the_shop_gave_stays(sales):
    """Acumatica's was sent, and nothing of it is new: also where the answer to it was lost."""
    here = sales()
    here.here.change_shop({"add_order_status": {"state": "processing", "status": "picking", "label": "Picking"}})
    here.here.change_shop({"add_order_status": {"state": "processing", "status": "by hand", "label": "By hand"}})
    here.sold("000001", LINES)
    order = {"statuses": {"Open": "picking"}, "states": {"picking": "processing"}}
    here.here.faults.replace("magento POST path=*/comments: cut=after times=1")
    await sync(here, order=order)
    assert here.order("100000001")["status"] == "picking"
    comment = {"comment": "x", "status": "by hand", "is_customer_notified": 0, "is_visible_on_front": 0}
    number = here.order("100000001")["entity_id"]
    assert here.http.post(f"orders/{number}/comments", json={"statusHistory": comment}).is_success
    for _time in range(2):
        await sync(here, order=order)
    assert (here.order("100000001")["status"], reasons(here)) == ("by hand", {})


async def test_a_held_order_is_canceled_all_the_same(sales):
    """Magento answers false to a cancel on hold, so the hold is taken off first."""
    here = sales()
    here.sold("000001", LINES, status="On Hold")
    await sync(here)
    assert here.order("100000001")["state"] == "holded"
    here.edit("000001", status="Canceled")
    await sync(here)
    assert (here.order("100000001")["state"], reasons(here)) == ("canceled", {})
    assert here.comments("100000001") == ["Acumatica SO 000001: On Hold", "Acumatica SO 000001: Canceled"]


async def test_a_cancel_that_magento_does_not_do_is_failed(sales):
    """It answers 200 and false where all is invoiced; the order stays, and both statuses are named."""
    here = sales()
    order_id = here.sold("000001", LINES, status="Shipping")
    here.http.post(f"order/{order_id}/invoice", json={"capture": False}).raise_for_status()
    here.edit("000001", status="Canceled")
    await sync(here)
    assert (
        "is Canceled in Acumatica, which is canceled in Magento, where it is processing" in reasons(here)["SO 000001"]
    )
    assert "does not cancel it" in reasons(here)["SO 000001"]
    assert here.comments("100000001") == []
    with here.here.state.read() as connection:
        assert links.of_keys(connection, "order", ["SO 000001"])["SO 000001"].magento_id == str(order_id)


async def test_an_order_goes_to_the_customer_that_is_linked(sales):
    """The buyer is theirs, as Magento knows them; the addresses are the order's."""
    here = sales()
    customer = here.http.post(
        "customers",
        json={"customer": {"email": "ada@example.com", "firstname": "Ada", "lastname": "Lovelace", "website_id": 1}},
    ).raise_for_status()
    now = here.here.clock.now()
    actions.link(here.here.state, "customer", "ACME", "ACME", str(customer.json()["id"]), now)
    here.entered("000001", LINES)
    await sync(here)
    made = here.order("000001")
    assert (made["customer_id"], made["customer_email"]) == (customer.json()["id"], "ada@example.com")


async def test_a_customer_who_is_gone_fails_the_order_for_good(sales):
    """Magento would answer 500 as if it were a passing fault: it is not even asked."""
    here = sales()
    actions.link(here.here.state, "customer", "ACME", "ACME", "999", here.here.clock.now())
    here.entered("000001", LINES)
    outcome = await sync(here)
    assert (outcome.counters.requests, outcome.counters.failed) == (0, 1)
    assert "Unknown customer: SO 000001 is of ACME, linked to Magento's customer 999" in reasons(here)["SO 000001"]


async def test_an_order_in_another_currency_is_refused(sales):
    """Its amounts would stand in the shop's base currency."""
    here = sales()
    here.entered("000001", LINES, currency="EUR")
    await sync(here)
    assert "Other currency: SO 000001 is in EUR" in reasons(here)["SO 000001"]


async def test_an_order_made_complete_is_made_open_and_says_what_it_lacks(sales):
    """Of a complete order nothing could be shipped; it is linked although its status is not possible."""
    here = sales()
    here.entered("000001", LINES, status="Completed")
    await sync(here)
    made = here.order("000001")
    assert (made["state"], made["status"]) == ("processing", "processing")
    assert "which is complete in Magento" in reasons(here)["SO 000001"]
    assert "not invoiced" in reasons(here)["SO 000001"]
    with here.here.state.read() as connection:
        assert links.of_keys(connection, "order", ["SO 000001"])
    here.invoiced("000001")
    await sync(here, active={"shipment": True}, **OFFLINE)
    assert (len(here.invoices("000001")), reasons(here)) == (1, {})


async def test_an_archived_order_is_not_a_deleted_one_and_a_deleted_one_is_reported(sales):
    """A full sync sees the archived order; the deleted one is named with its Magento id."""
    here = sales()
    here.entered("000001", LINES)
    here.entered("000002", LINES)
    await sync(here)
    here.edit("000001", archived=True)
    here.here.change({"remove_order": {"order_nbr": "000002"}})
    here.here.clock.advance(60)
    await here.here.sync("order", here.settings(), full=True)
    assert list(reasons(here)) == ["SO 000002"]
    assert "Acumatica no longer has SO 000002" in reasons(here)["SO 000002"]


async def test_an_order_that_the_settings_choose_no_longer_is_left_alone(sales):
    """It is neither deleted nor canceled nor reported."""
    here = sales()
    here.entered("000001", LINES)
    await sync(here)
    outcome = await sync(here, order={"from": "2027-01-01T00:00:00Z"})
    assert (outcome.counters.requests, outcome.counters.failed, reasons(here)) == (0, 0, {})


async def test_shipped_orders_of_ours_leave_the_salable_quantity_right(sales):
    """Magento writes a reservation off that it never made: the source shows less, and what is sold is Acumatica's."""
    here = sales()
    inventory = {"inventory": {"warehouses": ["MAIN"], "sources": {"MAIN": "default"}}}
    both = {"shipment": True, "order": True}
    await here.here.sync("inventory", here.settings(**inventory))
    here.entered("000001", {"A": 3})
    for entity in ("order", "inventory"):
        await here.here.sync(entity, here.settings(active=both, **inventory))
    here.ship("000001")
    for entity in ("shipment", "inventory", "inventory"):
        here.here.clock.advance(60)
        outcome = await here.here.sync(entity, here.settings(active=both, **inventory))
        assert (outcome.fault, outcome.counters.failed) == (None, 0)
    [order] = here.orders()
    assert order["items"][0]["qty_shipped"] == 3
    available = 10 - 3
    assert here.quantity("A") == available - 3
    assert here.salable("A") == available
    assert outcome.counters.requests == 0
    cleared = {"reservations_cleared": here.here.clock.now().isoformat()}
    await here.here.sync("inventory", here.settings(inventory={**inventory["inventory"], **cleared}))
    assert here.quantity("A") == available


async def test_an_order_that_was_invoiced_and_then_held_before_the_first_sync(sales):
    """Magento invoices nothing that is on hold: the order is made open, invoiced, and held then."""
    here = sales()
    here.entered("000001", LINES)
    here.invoiced("000001")
    here.edit("000001", status="On Hold")
    outcome = await sync(here, **OFFLINE)
    assert (outcome.counters.sent, outcome.counters.failed) == (1, 0), reasons(here)
    assert len(here.invoices("000001")) == 1
    assert here.order("000001")["state"] == "holded"
    outcome = await sync(here, **OFFLINE)
    assert outcome.counters.requests == 0


async def test_an_invoice_whose_answer_was_lost_fails_no_order_that_it_moved_on(sales):
    """The shop's order is pending as Acumatica says; its invoice makes it processing, and nobody hears of that."""
    here = sales()
    rows = [{"sku": sku, "qty": quantity, "price": "1"} for sku, quantity in LINES.items()]
    placed = {"increment_id": "100000001", "lines": rows, "state": "new", "status": "pending", "shipping_amount": "0"}
    here.here.change_shop({"place_order": placed})
    here.entered("000001", LINES, external_ref="100000001")
    await sync(here, **OFFLINE)
    here.invoiced("000001")
    here.here.faults.replace("magento POST path=*/invoice: cut=after times=1")
    for _time in range(3):
        await sync(here, **OFFLINE)
    assert here.here.faults.rules[0].done == 1
    assert reasons(here) == {}
    assert len(here.invoices("100000001")) == 1
    assert here.order("100000001")["status"] == "processing"
