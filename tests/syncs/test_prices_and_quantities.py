"""Prices and quantities go from Acumatica to Magento."""

import json
from decimal import Decimal

import pytest
from support.altered_responses import JSON
from support.crashes import Death, dies_at

from connector import failpoints
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.sync import entities
from sandbox.catalogue import Product, generated

D = Decimal
ONE_BY_ONE = {"threshold_count": 0, "batch_count": 1}
"""So that a sync sends what it queued first while it still reads."""


@pytest.mark.parametrize(
    ("skus", "threshold", "batch", "sizes"),
    [
        (50, 25, 25, [25, 25]),
        (50, 25, 5, [5] * 10),
        (25, 25, 25, [1] * 25),
        (26, 25, 25, [25, 1]),
        (3, 0, 100, [3]),
    ],
)
async def test_threshold_and_batch(make_world, skus, threshold, batch, sizes):
    """Case 1: up to the threshold one record a request, above it all in batches; Magento's journal says the same."""
    here = make_world(skus)
    settings = here.settings(queue={"threshold_count": threshold, "batch_count": batch})
    outcome = await here.sync("price", settings)
    assert outcome.fault is None
    assert (outcome.counters.requests, outcome.counters.sent) == (len(sizes), skus)
    assert sorted(write["records"] for write in here.writes()) == sorted(sizes)
    here.assert_converged(entities=["price"])


async def test_a_second_sync_sends_nothing(make_world):
    """What Magento confirmed is not sent again, and an idle sync reads two lists in Acumatica at most."""
    here = make_world(60)
    for entity in ("price", "inventory"):
        await here.sync(entity)
        before = here.site_state()["requests"]
        outcome = await here.sync(entity)
        assert (outcome.counters.requests, outcome.counters.reads, outcome.counters.queued) == (0, 0, 0)
        assert here.site_state()["requests"] - before <= 2 + 2  # data, and login and logout
    here.assert_converged()


async def test_a_shop_that_is_right_already_is_not_written_to(make_world):
    """Case 20: connecting a shop that shows the right values sends nothing."""
    here = make_world(60)
    for entity in ("price", "inventory"):
        await here.sync(entity)
    writes = len(here.writes())
    here.begin_anew()
    for entity in ("price", "inventory"):
        outcome = await here.sync(entity)
        assert outcome.counters.requests == 0
    assert len(here.writes()) == writes
    here.assert_converged()


async def test_one_change_is_one_request(make_world):
    """A changed price and a changed quantity each go over in one request of one record."""
    here = make_world(60)
    for entity in ("price", "inventory"):
        await here.sync(entity)
    writes = len(here.writes())
    here.clock.advance(60)
    here.change(
        {"set_price": {"inventory_id": "SKU-000001", "price": "12.34"}},
        {"set_quantity": {"inventory_id": "SKU-000002", "warehouse": "EAST", "available": "7"}},
    )
    for entity in ("price", "inventory"):
        outcome = await here.sync(entity)
        assert (outcome.counters.requests, outcome.counters.sent) == (1, 1)
    assert len(here.writes()) == writes + 2
    assert here.prices()["SKU-000001"] == D("12.34")
    assert here.quantities()["SKU-000002", "east"] == 7
    here.assert_converged()


async def test_500_prices_with_an_unknown_sku_and_a_negative_price(make_world):
    """498 arrive, and each of the two fails alone with its own reason."""
    products = generated(500)
    products[100] = Product("NOT-IN-THE-SHOP", "x", 5_000_000, {"MAIN": 10_000})
    products[200] = Product("BELOW-ZERO", "x", -1_000_000, {"MAIN": 10_000})
    here = make_world(products, shop_products=[p for p in products if p.sku != "NOT-IN-THE-SHOP"])
    outcome = await here.sync("price")
    assert outcome.counters.sent == 498
    reasons = {message.sku: message.reason for message in here.failed()}
    assert "Magento has no product" in reasons["NOT-IN-THE-SHOP"]
    assert "below 0" in reasons["BELOW-ZERO"]
    assert len(reasons) == 2


async def test_500_quantities_with_an_unknown_sku_and_an_unknown_source(make_world):
    """498 arrive; the unknown SKU leaves no orphan in Magento, and each of the two fails with its own reason."""
    products = [Product(f"P-{n:04d}", "x", 1_000_000, {"MAIN": (n + 1) * 10_000}) for n in range(498)]
    products.append(Product("NOT-IN-THE-SHOP", "x", 1_000_000, {"MAIN": 10_000}))
    products.append(Product("ELSEWHERE", "x", 1_000_000, {"EAST": 10_000}))
    here = make_world(products, shop_products=[p for p in products if p.sku != "NOT-IN-THE-SHOP"])
    sources = {"MAIN": "default", "EAST": "nowhere"}
    settings = here.settings(inventory={"warehouses": ["MAIN", "EAST"], "sources": sources})
    outcome = await here.sync("inventory", settings)
    assert outcome.fault is None
    assert outcome.counters.sent == 498
    reasons = {message.sku: message.reason for message in here.failed()}
    assert "Magento has no product" in reasons["NOT-IN-THE-SHOP"]
    assert "no source 'nowhere'" in reasons["ELSEWHERE"]
    assert {sku for sku, _source in here.quantities()} == {f"P-{n:04d}" for n in range(498)}


async def test_an_item_that_becomes_inactive_goes_to_zero_once(make_world):
    """Its quantities go to 0, once; its price is no longer sent."""
    here = make_world(30)
    for entity in ("price", "inventory"):
        await here.sync(entity)
    here.clock.advance(60)
    here.change({"set_item": {"inventory_id": "SKU-000001", "status": "Inactive"}})
    assert (await here.sync("price")).counters.requests == 0
    assert (await here.sync("inventory")).counters.sent == 3
    assert [here.quantities()["SKU-000001", source] for source in ("default", "east", "west")] == [0, 0, 0]
    here.clock.advance(60)
    assert (await here.sync("inventory", full=True)).counters.sent == 0


async def test_an_item_that_is_gone_goes_to_zero_at_the_next_full_sync(make_world):
    """Acumatica has no feed of deletions: the full sync finds what is no longer there."""
    here = make_world(30)
    await here.sync("inventory")
    here.change({"remove_item": "SKU-000001"})
    assert (await here.sync("inventory")).counters.sent == 0
    assert (await here.sync("inventory", full=True)).counters.sent == 3
    assert here.quantities()["SKU-000001", "default"] == 0


async def test_a_figure_that_is_not_published_sends_nothing(make_world):
    """Case 7: On Hand changes and Available does not, with Available published: nothing is sent."""
    here = make_world(30)
    await here.sync("inventory")
    here.clock.advance(60)
    shelf = next(
        row
        for row in here.site_state()["quantities"]
        if (row["inventory_id"], row["warehouse"]) == ("SKU-000001", "MAIN")
    )
    figures = {"on_hand": "999", "available": shelf["available"]}
    here.change({"set_quantity": {"inventory_id": "SKU-000001", "warehouse": "MAIN", **figures}})
    outcome = await here.sync("inventory")
    assert (outcome.counters.queued, outcome.counters.requests) == (0, 0)


@pytest.mark.parametrize("way", ["odata", "storage_details", "inventory_summary"])
async def test_quantities_by_each_of_the_three_ways(make_world, way):
    """Whichever way quantities are read, Magento ends up the same; a change arrives."""
    here = make_world(30)
    settings = here.settings(acumatica={"quantity_read": way, "full_read_interval": 60})
    await here.sync("inventory", settings)
    here.assert_converged(entities=["inventory"])
    here.clock.advance(120)
    here.change({"set_quantity": {"inventory_id": "SKU-000002", "warehouse": "WEST", "available": "5"}})
    here.change({"set_quantity": {"inventory_id": "SKU-000004", "warehouse": "WEST", "available": "5"}})
    outcome = await here.sync("inventory", settings)
    assert outcome.fault is None
    assert here.quantities()["SKU-000004", "west"] == 5
    here.assert_converged(entities=["inventory"])


async def test_retry_count_attempts_and_then_failed(make_world):
    """Ten SKUs whose requests always get 503 while others are answered: three attempts each, then Failed, for good."""
    bad = [f"SKU-{n:06d}" for n in (1, 2, 4, 5, 7, 8, 10, 11, 13, 14)]
    here = make_world(50, faults=";".join(f"magento POST path=*/base-prices key={sku}: status=503" for sku in bad))
    outcome = await here.sync("price", here.settings(queue={"retry_count": 3}))
    assert outcome.fault is None
    assert (outcome.counters.sent, outcome.counters.failed) == (40, 10)
    assert sorted(message.sku for message in here.failed()) == bad
    assert all("503" in message.reason for message in here.failed())
    for sku in bad:
        assert sum(sku in write["keys"] for write in here.writes()) == 3
    again = await here.sync("price", full=True)
    assert (again.counters.requests, again.counters.failed) == (0, 0)


async def test_writes_that_always_get_503_fail_after_their_attempts(make_world):
    """Case 19: while reads work, every attempt counts, and the messages fail."""
    here = make_world(30, faults="magento POST path=*/base-prices: status=503")
    outcome = await here.sync("price", here.settings(queue={"retry_count": 2}))
    assert outcome.counters.failed == 30
    assert all(message.attempts == 2 for message in here.failed())


async def test_a_shop_that_answers_503_to_everything_fails_the_run_and_no_message(make_world):
    """Case 19: the run fails with that reason, no message does, and afterwards everything arrives by itself."""
    here = make_world(30)
    await here.sync("price")
    here.clock.advance(60)
    here.change(*({"set_price": {"inventory_id": f"SKU-{n:06d}", "price": "3.21"}} for n in (1, 2, 4)))
    here.faults.replace("magento: status=503 body=html")
    outcome = await here.sync("price")
    assert outcome.fault is not None
    assert "503" in outcome.fault
    assert here.failed() == []
    here.faults.replace("")
    assert (await here.sync("price")).counters.sent == 3
    here.assert_converged(entities=["price"])


async def test_a_product_that_is_created_later_gets_its_value_by_itself(make_world):
    """An unknown SKU has one failed message; once the product exists the newest value goes at the next full sync."""
    products = generated(10)
    here = make_world(products, shop_products=products[1:])
    await here.sync("price")
    assert [message.sku for message in here.failed()] == [products[0].sku]
    assert (await here.sync("price", full=True)).counters.failed == 0
    here.change_shop({"add_product": {"sku": products[0].sku, "type_id": "simple"}})
    assert (await here.sync("price", full=True)).counters.sent == 1
    assert here.failed() == []
    here.assert_converged(entities=["price"])


async def test_a_promotion_starts_and_ends_at_midnight_of_the_tenant(make_world):
    """Case 18: a promotion entered last week starts and ends though no record was touched, in the tenant's zone."""
    here = make_world(10)
    promotion = {"price_type": "Base", "promotion": True, "effective": "2026-11-25", "expiration": "2026-11-25"}
    here.change(
        {"add_sales_price": {"inventory_id": "SKU-000001", "price": "8", "price_type": "Base", "currency": "USD"}},
        {"add_sales_price": {"inventory_id": "SKU-000001", "price": "5", "currency": "USD", **promotion}},
    )
    settings = here.settings(price={"source": "sales_price"}, queue={"full_sync_interval": 700})
    await here.sync("price", settings)
    assert here.prices()["SKU-000001"] == 8
    current = []
    for seconds in (14 * 3600 - 60 - 3600, 3600 + 60, 24 * 3600 - 120, 120):  # 23:59 and 00:00 twice, in New York
        here.clock.advance(seconds)
        await here.sync("price", settings)
        current.append(int(here.prices()["SKU-000001"]))
    assert current == [8, 5, 5, 8]


async def test_only_one_key(make_world):
    """`--key` takes one item, in any spelling of its SKU, and moves no watermark."""
    here = make_world(10)
    outcome = await here.sync("price", key="sku-000001")
    assert outcome.counters.sent in (0, 1)
    assert (await here.sync("price", key="SKU-000001")).fault is None
    assert here.prices()["SKU-000001"] > 0
    assert sum(price > 0 for price in here.prices().values()) == 1


async def test_a_key_that_no_request_can_carry(make_world):
    """It is refused in words, and not with a traceback."""
    outcome = await make_world(10).sync("price", key="X" * 100_000)
    assert outcome.fault == "Acumatica cannot be asked: URL too long. Shorten the value that is asked for."


async def test_an_entity_that_is_not_active_sends_nothing(make_world):
    """Case 13: off sends nothing; on again sends the newest state only."""
    here = make_world(10)
    outcome = await here.sync("price", here.settings(active={"price": False}))
    assert outcome.stopped is not None
    assert here.writes() == []
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "1"}})
    here.change({"set_price": {"inventory_id": "SKU-000001", "price": "2"}})
    await here.sync("price")
    assert here.prices()["SKU-000001"] == 2
    here.assert_converged(entities=["price"])


async def test_branch_wise_overrides_the_plain_setting(make_world):
    """Case 8: the table of branches decides; only branches that include vendor inventory get it."""
    here = make_world(12)
    rows = [
        {"branch": "HEADOFFICE", "warehouses": ["MAIN", "EAST"], "source": "east", "include_vendor_inventory": True},
        {"branch": "RETAIL", "warehouses": ["WEST"], "source": "west"},
    ]
    settings = here.settings(
        inventory={"definition": "branch_wise", "branches": rows},
        vendor_inventory={"include": "sum", "inquiry": "A2M-VendorQuantities"},
    )
    await here.sync("inventory", settings)
    product = generated(12)[3]
    current = here.quantities()
    shelves = {name: quantity // 10_000 for name, quantity in product.quantities.items()}
    assert current[product.sku, "east"] == shelves["MAIN"] + shelves["EAST"] + product.vendor4 // 10_000
    assert current[product.sku, "west"] == shelves["WEST"]
    assert (product.sku, "default") not in current


async def test_an_item_that_came_and_went_between_two_full_syncs(make_world):
    """Only a usual sync ever saw it: the next full sync finds that it is gone, and its quantity goes to 0."""
    products = [*generated(12), Product("SHORT-LIVED", "x", 5_000_000, {"MAIN": 30_000})]
    here = make_world(generated(12), shop_products=products)
    await here.sync("inventory", full=True)
    here.clock.advance(120)
    here.change({"add_item": {"inventory_id": "SHORT-LIVED", "quantities": {"MAIN": "3"}}})
    await here.sync("inventory")
    assert here.quantities()["SHORT-LIVED", "default"] == 3
    here.clock.advance(120)
    here.change({"remove_item": "SHORT-LIVED"})
    await here.sync("inventory", full=True)
    assert here.quantities()["SHORT-LIVED", "default"] == 0


async def test_a_failed_record_that_never_could_be_kept_and_is_gone(make_world):
    """A key that is too long to be kept fails; once it is gone from Acumatica, a full sync forgets the failure."""
    long = "L" * 300
    here = make_world(generated(12))
    here.change({"add_item": {"inventory_id": long, "price": "5"}})
    for _time in range(2):
        here.clock.advance(120)
        await here.sync("price", full=True)
        assert [one.acumatica_key[:80] for one in here.failed()] == ["L" * 80]
    here.change({"remove_item": long})
    here.clock.advance(120)
    await here.sync("price", full=True)
    assert here.failed() == []


async def test_a_record_that_was_gone_fails_once_and_is_gone_again(make_world):
    """A removed item was returned once more, in an unreadable form: the next full sync deletes the failure."""
    here = make_world(generated(12))
    here.change({"add_item": {"inventory_id": "ONCE", "price": "5"}})
    await here.sync("price", full=True)
    here.change({"remove_item": "ONCE"})
    unreadable = {"InventoryID": {"value": "ONCE"}, "DefaultPrice": {"value": "much"}}
    for sent, failed in ([], []), ([unreadable], ["ONCE"]), ([], []):
        here.altered.alter = lambda path, body, sent=sent: (
            (200, JSON, json.dumps([*json.loads(body), *sent]).encode()) if path.endswith("/StockItem") else None
        )
        here.clock.advance(120)
        await here.sync("price", full=True)
        assert [one.acumatica_key for one in here.failed()] == failed


async def test_a_full_sync_sends_nothing_before_it_has_read_everything_of_an_item(make_world):
    """An item was withdrawn and its quantity changed since: the full sync says 0, and never what nobody may buy."""
    here = make_world(12)
    settings = here.settings(**here.sections(queue=ONE_BY_ONE))
    await here.sync("inventory", settings, full=True)
    of_default = [sku for (sku, source), quantity in here.quantities().items() if quantity and source == "default"]
    here.clock.advance(120)
    for sku in of_default:
        here.change({"set_item": {"inventory_id": sku, "status": "Inactive"}})
        here.change({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", "available": "777"}})
    await here.sync("inventory", settings, full=True)
    for sku in of_default:
        sent = here.sent_values()["/rest/all/V1/inventory/source-items", sku, "default"]
        assert (sent[-1], 777 in sent) == (0, False)
    here.assert_converged(settings, entities=["inventory"])


async def test_a_full_sync_that_dies_before_it_has_read_everything(make_world):
    """What it kept and did not compute yet is computed by the next sync, whichever."""
    here = make_world(12)
    await here.sync("inventory", full=True)
    sku = next(sku for (sku, source), quantity in here.quantities().items() if quantity and source == "default")
    here.clock.advance(120)
    here.change({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", "available": "777"}})
    with dies_at(Death("queued", 1)):
        await here.sync("inventory", full=True)
    assert here.quantities()[sku, "default"] != 777
    here.clock.advance(LEASE_SECONDS + 1)
    await here.sync("inventory")
    assert here.quantities()[sku, "default"] == 777
    here.assert_converged(entities=["inventory"])


@pytest.mark.parametrize("status", ["Inactive", "Active"])
async def test_a_usual_sync_of_many_chunks_knows_the_facts_first(make_world, monkeypatch, status):
    """Even with tiny chunks, an item's quantity is sent once both its status and its quantity have been read."""
    monkeypatch.setattr("tasks.pull.FIRST_CHUNK_RECORDS", 1)
    monkeypatch.setattr("tasks.pull.CHUNK_RECORDS", 1)
    here = make_world(12)
    sections = here.sections(acumatica={"page_size": 2}, queue=ONE_BY_ONE)
    await here.sync("inventory", here.settings(**sections), full=True)
    of_default = [sku for (sku, source), quantity in here.quantities().items() if quantity and source == "default"]
    sku = of_default[0]
    place = ("/rest/all/V1/inventory/source-items", sku, "default")
    before = here.sent_values()[place]
    if status == "Active":
        here.change({"set_item": {"inventory_id": sku, "status": "Inactive"}})
        here.clock.advance(120)
        await here.sync("inventory", here.settings(**sections))
    here.clock.advance(120)
    here.change({"set_item": {"inventory_id": sku, "status": status}})
    for number, key in enumerate([*of_default[1:], sku]):
        here.change({"set_quantity": {"inventory_id": key, "warehouse": "MAIN", "available": f"{777 + number}"}})
    await here.sync("inventory", here.settings(**sections))
    assert here.sent_values()[place] == [*before, *([0] if status == "Inactive" else [0, 777 + len(of_default) - 1])]
    here.assert_converged(here.settings(**sections), entities=["inventory"])


async def test_a_usual_sync_sends_the_first_quantities_while_it_reads_the_others(make_world, monkeypatch):
    """What changes most is read last and sent page after page, not kept until everything has been read."""
    monkeypatch.setattr("tasks.pull.FIRST_CHUNK_RECORDS", 1)
    monkeypatch.setattr("tasks.pull.CHUNK_RECORDS", 1)
    here = make_world(12)
    settings = here.settings(**here.sections(acumatica={"page_size": 2}, queue=ONE_BY_ONE))
    await here.sync("inventory", settings, full=True)
    here.clock.advance(120)
    for sku, source in here.quantities():
        if source == "default":
            here.change({"set_quantity": {"inventory_id": sku, "warehouse": "MAIN", "available": "777"}})
    read_when_sent = []

    def reach(step):
        if step == "delivered":
            read_when_sent.append(here.site_state()["requests"])

    monkeypatch.setattr(failpoints, "hit", reach)
    await here.sync("inventory", settings)
    assert read_when_sent[0] < read_when_sent[-1]


async def test_what_the_last_sync_did_is_not_overwritten_by_one_that_did_nothing(make_world):
    """A full sync reads everything and finds it right: status goes on saying what was done last."""
    here = make_world(12)
    first = await here.sync("price")
    assert first.counters.sent == 12
    for full in (False, True):
        here.clock.advance(120)
        assert (await here.sync("price", full=full)).summary() == "nothing changed"
        with here.state.read() as connection:
            assert entities.read(connection, "price").last_result == first.summary()
