"""Prices over Magento's asynchronous bulks: outcomes as by requests, and nothing older though a consumer sleeps."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from support.crashes import Death, dies_at
from support.world import World

from app.connection.test_connection import check_connection
from app.run.dry_run import copy_of_state, stages_without_push
from app.run.request import RunEnvironment, RunRequest
from app.run.work import work_on
from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.queue import bulks, messages
from entities.price.check_bulks import CONSUMER
from sandbox.catalogue import Product, generated

D = Decimal
BULKS = {"queue": {"threshold_count": 3, "batch_count": 5, "price_transport": "async_bulk"}}
CATALOGUE = ["Magento_Catalog::catalog", "Magento_Catalog::products"]
PUBLISHED = "/rest/all/async/bulk/V1/products/base-prices"
AT_ONCE = "/rest/all/V1/products/base-prices"


def in_bulks(here: World, **sections):
    return here.settings(**{**BULKS, **sections})


def reprice(here: World, price: str, count: int = 9) -> None:
    """Give the first products another price in Acumatica."""
    here.change(*({"set_price": {"inventory_id": one.sku, "price": price}} for one in generated(count)))


def paths(here: World) -> list[tuple[str, int]]:
    return [(write["path"], write["records"]) for write in here.writes()]


def open_bulk(here: World) -> bulks.Bulk | None:
    with here.state.read() as connection:
        return bulks.of_entity(connection, "price")


def somebody_publishes(here: World) -> None:
    headers = {"Authorization": "Bearer sandbox-magento-token"}
    here.http.post(f"{here.magento.url}{PUBLISHED}", headers=headers, json=[{"prices": []}]).raise_for_status()


async def sync_messages(here: World, settings) -> str:
    outcome = await here.sync("price", settings)
    assert outcome.fault is None
    return " ".join(outcome.remarks.summary())


@pytest.mark.over_both
async def test_all_prices_of_a_sync_are_one_bulk(make_world: Callable[..., World]):
    """More than the threshold: one request with an operation for each batch, and Magento shows every price."""
    here = make_world(23)
    settings = in_bulks(here)
    outcome = await here.sync("price", settings)
    assert (outcome.fault, outcome.counters.sent, outcome.counters.requests) == (None, 23, 1)
    assert paths(here) == [(PUBLISHED, 23)]
    assert open_bulk(here) is None
    here.assert_converged(settings, entities=["price"])


@pytest.mark.parametrize(("skus", "batch", "expected"), [(3, 5, [(AT_ONCE, 1)] * 3), (5, 5, [(AT_ONCE, 5)])])
async def test_what_one_request_carries_is_no_bulk(make_world, skus, batch, expected):
    """Up to the threshold one by one, and up to a batch in one request, as without bulks."""
    here = make_world(skus)
    await here.sync("price", in_bulks(here))
    assert paths(here) == expected


async def test_a_bulk_carries_five_thousand_prices(make_world):
    """More than that are several, one after the other."""
    here = make_world([Product(f"P{number:05d}", "x", 1_000_000, {}) for number in range(5_300)])
    settings = in_bulks(here, queue={**BULKS["queue"], "batch_count": 100})
    await here.sync("price", settings)
    assert paths(here) == [(PUBLISHED, 5_000), (PUBLISHED, 300)]
    here.assert_converged(settings, entities=["price"])


async def test_one_refused_price_fails_alone(make_world):
    """An operation that ran may have refused a row: that one fails with Magento's reason, the others are there."""
    products = generated(12)
    here = make_world(products)
    settings = in_bulks(here, price={"allow_zero": True})
    await here.sync("price", settings)
    here.clock.advance(60)
    gone = products[4].sku
    here.change(*({"set_price": {"inventory_id": one.sku, "price": "7.5"}} for one in products))
    here.change_shop({"remove_product": gone})
    outcome = await here.sync("price", settings)
    assert (outcome.counters.sent, outcome.counters.failed) == (11, 1)
    [failed] = here.failed("price")
    assert failed.acumatica_key == gone
    assert gone in str(failed.reason)
    assert failed.attempts == 1


async def test_an_operation_above_the_shops_limit_is_sent_in_smaller_requests(make_world):
    """The limit is met by the consumer only; it uses no attempt, and later requests keep to it."""
    here = make_world(23)
    here.change_shop({"setting": {"array_limit": 4}})
    settings = in_bulks(here)
    outcome = await here.sync("price", settings)
    assert (outcome.counters.sent, outcome.counters.failed) == (23, 0)
    assert paths(here)[0] == (PUBLISHED, 23)
    assert {records for path, records in paths(here)[1:] if path == AT_ONCE} <= {5, 4, 3, 1}
    here.assert_converged(settings, entities=["price"])


async def test_a_consumer_that_stands_still_is_noticed_and_its_prices_go_another_way(make_world):
    """After the patience they go by requests, the run says what to start, and no further bulk is published."""
    here = make_world(23)
    here.change_shop({"setting": {"consumer": False}})
    settings = in_bulks(here)
    began = here.clock.now()
    message = await sync_messages(here, settings)
    assert "queue:consumers:start async.operations.all" in message
    assert 180 <= (here.clock.now() - began).total_seconds() <= 200
    assert [path for path, _records in paths(here)] == [PUBLISHED, *[AT_ONCE] * 5]
    here.assert_converged(settings, entities=["price"])
    here.clock.advance(60)
    reprice(here, "3.25")
    await sync_messages(here, settings)
    assert [path for path, _records in paths(here)].count(PUBLISHED) == 1
    here.assert_shown(settings, entities=["price"])


@pytest.mark.over_both
async def test_a_consumer_that_wakes_up_late_does_not_bring_old_prices_back(make_world):
    """What the forgotten bulk overwrote is read again and put right by the next sync; then prices go in bulks again."""
    here = make_world(23)
    here.change_shop({"setting": {"consumer": False}})
    settings = in_bulks(here)
    await sync_messages(here, settings)
    here.clock.advance(60)
    reprice(here, "3.25")
    await sync_messages(here, settings)
    here.change_shop({"setting": {"consumer": True}})
    here.shop("GET", "store/storeConfigs")  # the consumer comes to it: the first prices are back
    assert here.prices()["SKU-000001"] != D("3.25")
    here.clock.advance(60)
    await sync_messages(here, settings)
    assert open_bulk(here) is None
    here.assert_shown(settings, entities=["price"])
    assert here.prices()["SKU-000001"] == D("3.25")
    here.clock.advance(60)
    reprice(here, "4.25")
    await sync_messages(here, settings)
    assert paths(here)[-1] == (PUBLISHED, 9)
    here.assert_shown(settings, entities=["price"])


@pytest.mark.parametrize("step", ["bulk_begun", "bulk_published", "delivered"])
@pytest.mark.parametrize("consumer", [True, False])
async def test_a_run_that_dies_around_its_bulk_is_carried_on(make_world, step, consumer):
    """The next run asks about the bulk before it sends anything; a newer value waits for it."""
    here = make_world(23)
    settings = in_bulks(here)
    await here.sync("price", settings)
    here.clock.advance(60)
    reprice(here, "3.25")
    here.change_shop({"setting": {"consumer": consumer}})
    with dies_at(Death(step, 1)):
        await here.sync("price", settings)
    here.clock.advance(LEASE_SECONDS + 1)
    reprice(here, "5.75", 4)
    await sync_messages(here, settings)
    here.change_shop({"setting": {"consumer": True}})
    for _time in range(2):
        here.clock.advance(61)
        await sync_messages(here, settings)
    assert open_bulk(here) is None
    here.assert_shown(settings, entities=["price"])
    if consumer:
        here.assert_never_older(settings)


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_bulk_whose_number_was_lost_is_waited_for(make_world, cut):
    """Whether it was queued is asked; what it may overwrite is read again once it can come no more."""
    here = make_world(23)
    settings = in_bulks(here)
    await here.sync("price", settings)
    here.clock.advance(60)
    reprice(here, "3.25")
    here.faults.replace(f"magento POST path=*/async/*: cut={cut} times=1")
    await sync_messages(here, settings)
    here.assert_shown(settings, entities=["price"])
    assert open_bulk(here) is not None
    here.clock.advance(61)
    await sync_messages(here, settings)
    assert open_bulk(here) is None
    here.assert_converged(settings, entities=["price"])


async def test_a_shop_that_takes_no_bulk_gets_requests(make_world):
    """Where the bulk route is refused, the same run sends the prices by synchronous requests and reports it."""
    here = make_world(23)
    here.faults.replace("magento POST path=*/async/*: status=404")
    settings = in_bulks(here)
    message = await sync_messages(here, settings)
    assert "takes no bulk" in message
    here.assert_converged(settings, entities=["price"])


async def test_a_bulk_that_may_not_be_asked_about_is_reported_with_the_permission(make_world):
    """Without the permission for its status the prices go by requests, and the permission is named."""
    here = make_world(23)
    here.change_shop({"token": {"token": "sandbox-magento-token", "resources": ["Magento_Catalog::catalog"]}})
    settings = in_bulks(here)
    message = await sync_messages(here, settings)
    assert "Magento_Logging::system_magento_logging_bulk_operations" in message
    here.assert_shown(settings, entities=["price"])


async def test_a_shop_that_lets_nobody_in_any_more_fails_the_run_and_no_message(make_world):
    """The token is revoked while the consumer works: no price loses its attempt, and all of them arrive afterwards."""
    here = make_world(23)
    settings = in_bulks(here)
    here.faults.replace("magento GET path=*/bulk/*: status=401")
    outcome = await here.sync("price", settings)
    assert outcome.fault is not None
    with here.state.read() as connection:
        waiting = messages.pending(connection, "price")
    assert [one.attempts for one in waiting] == [0] * 23
    here.faults.replace("")
    here.clock.advance(61)
    await sync_messages(here, settings)
    assert open_bulk(here) is None
    here.assert_converged(settings, entities=["price"])


@pytest.mark.parametrize("fault", ["GET path=*/bulk/*: status=503", "POST path=*/async/*: status=503"])
async def test_a_busy_shop_is_asked_again(make_world, fault):
    """5xx at the status, or at the publishing, passes: everything arrives in the same run."""
    here = make_world(23)
    settings = in_bulks(here)
    here.faults.replace(f"magento {fault} times=2")
    outcome = await here.sync("price", settings)
    assert (outcome.fault, outcome.counters.sent, outcome.counters.failed) == (None, 23, 0)
    here.assert_converged(settings, entities=["price"])


async def test_nothing_is_asked_before_the_retry_after_of_the_shop(make_world):
    """A `Retry-After` at the status is kept, as everywhere."""
    here = make_world(23)
    settings = in_bulks(here)
    here.faults.replace("magento GET path=*/bulk/*: status=429 retry_after=40 times=1")
    began = here.clock.now()
    await sync_messages(here, settings)
    assert (here.clock.now() - began).total_seconds() >= 40
    here.assert_converged(settings, entities=["price"])


async def test_a_sync_without_bulks_asks_nothing_more(make_world):
    """An idle sync sends nothing to Magento, with bulks as without."""
    here = make_world(23)
    settings = in_bulks(here)
    await here.sync("price", settings)
    outcome = await here.sync("price", settings)
    assert (outcome.counters.requests, outcome.counters.reads) == (0, 0)


async def test_a_dry_run_waits_for_no_bulk(make_world):
    """A dry run does not wait for a bulk that makes no progress; the real run does."""
    here = make_world(23)
    settings = in_bulks(here)
    here.change_shop({"setting": {"consumer": False}})
    with dies_at(Death("bulk_published", 1)):
        await here.sync("price", settings)
    before = here.clock.now()
    with copy_of_state(here.state) as copy:
        around = RunEnvironment(here.clock, lambda _count: stages_without_push(), licence_state=here.state)
        outcome = await work_on(RunRequest("price", once=True), settings, copy, around)
    assert outcome.fault is None
    assert (here.clock.now() - before).total_seconds() < 30


async def test_test_connection_sees_a_consumer_that_works_and_one_that_does_not(make_world):
    """The check publishes a price of nothing: worked off is passed, left open is failed with what to start."""
    here = make_world(3)
    settings = in_bulks(here)

    async def consumer(settings):
        found = {one.what: one async for one in check_connection(settings, here.state, here.clock)}
        return found.get(CONSUMER)

    assert (await consumer(settings)).result == "passed"
    here.change_shop({"setting": {"consumer": False}})
    asleep = await consumer(settings)
    assert (asleep.result, "queue:consumers:start" in asleep.message) == ("failed", True)
    here.change_shop({"token": {"token": "sandbox-magento-token", "resources": ["Magento_Backend::store", *CATALOGUE]}})
    unseen = await consumer(settings)
    assert (unseen.result, "Magento_Logging::system_magento" in unseen.message) == ("failed", True)
    assert await consumer(here.settings()) is None
    assert not any(write["applied"] for write in here.writes())


@pytest.mark.parametrize("status", ["status=404", "status=400", "status=503", "status=503 body=html"])
async def test_a_status_that_is_never_reported_stops_no_later_sync(make_world, status):
    """The route of the status is gone, or in the way of a firewall: prices go by requests, now and later."""
    here = make_world(23)
    settings = in_bulks(here)
    here.faults.replace(f"magento GET path=*/bulk*: {status}")
    for price in ("3.25", "4.25"):
        here.clock.advance(61)
        reprice(here, price)
        await sync_messages(here, settings)
        assert here.prices()["SKU-000001"] == D(price)
    here.faults.replace("")
    here.clock.advance(61)
    await sync_messages(here, settings)
    assert open_bulk(here) is None
    here.assert_shown(settings, entities=["price"])


async def test_a_shop_that_wants_to_be_left_alone_for_long_is(make_world):
    """A `Retry-After` at the status beyond the run's life ends the run, which says so; the bulk is settled later."""
    here = make_world(23)
    settings = in_bulks(here)
    here.faults.replace("magento GET path=*/bulk/*: status=503 retry_after=3600 times=1")
    began = here.clock.now()
    message = await sync_messages(here, settings)
    assert (here.clock.now() - began).total_seconds() < 60
    assert "left alone" in message
    here.clock.advance(3601)
    for _time in range(2):
        await sync_messages(here, settings)
        here.clock.advance(61)
    assert open_bulk(here) is None
    here.assert_converged(settings, entities=["price"])


async def test_others_that_publish_prices_do_not_hold_up_a_lost_number(make_world):
    """Somebody else's bulks stay open: after the patience prices go by requests."""
    here = make_world(23)
    settings = in_bulks(here)
    here.change_shop({"setting": {"consumer": False}})
    here.faults.replace("magento POST path=*/async/*: cut=before times=1")
    await sync_messages(here, settings)
    somebody_publishes(here)
    began = here.clock.now()
    message = await sync_messages(here, settings)
    assert 180 <= (here.clock.now() - began).total_seconds() < 240
    assert "has not worked on a bulk" in message
    here.assert_shown(settings, entities=["price"])
