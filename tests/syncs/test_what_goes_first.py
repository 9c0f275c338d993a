"""What goes first: a product that is sold out, and stock before prices; and that a large sync sends while it reads."""

import asyncio
from dataclasses import replace

import pytest

from entities.registry import ENTITIES
from sandbox.catalogue import generated
from tasks import pull, push
from tasks import sync as sync
from tasks.sync import DIRECT_STAGES

SMALL_BATCHES = {"threshold_count": 0, "batch_count": 5}


def quantity(number: int, pieces: int) -> dict:
    """A change of one item in the warehouse MAIN."""
    return {"set_quantity": {"inventory_id": f"SKU-{number:06d}", "warehouse": "MAIN", "available": str(pieces)}}


async def test_a_product_that_is_sold_out_goes_before_the_others(make_world):
    """Of many changed quantities those that became 0 are in the first request, whatever their SKU."""
    here = make_world(60)
    settings = here.settings(queue=SMALL_BATCHES, magento={"concurrency": 1})
    await here.sync("inventory", settings)
    before = len(here.writes())
    here.clock.advance(60)
    here.change(*(quantity(number, 0 if number in (55, 58) else 700 + number) for number in range(46, 60)))
    await here.sync("inventory", settings)
    sent = here.writes()[before:]
    assert {"SKU-000055", "SKU-000058"} <= set(sent[0]["keys"])
    assert all(request["keys"] == sorted(request["keys"]) for request in sent), "rows in another order dead-lock"
    here.assert_converged(entities=["inventory"])


@pytest.mark.parametrize("stock_waits", [True, False])
async def test_prices_leave_room_while_stock_waits(make_world, monkeypatch, stock_waits):
    """While inventory has something to send, prices use one connection; else all of them."""
    here = make_world(40)
    if stock_waits:

        async def send_nothing(_work, _cut):
            return None

        await here.sync("inventory", stages=lambda _retries: replace(DIRECT_STAGES, push=send_nothing))
    at_once, most, deliver = 0, 0, ENTITIES["price"].deliver

    async def counted(*arguments):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            await asyncio.sleep(0)
            return await deliver(*arguments)
        finally:
            at_once -= 1

    monkeypatch.setattr(ENTITIES["price"], "deliver", counted)
    outcome = await here.sync("price", here.settings(queue=SMALL_BATCHES, magento={"concurrency": 4}))
    assert (outcome.fault, outcome.counters.sent) == (None, 40)
    assert most == 1 if stock_waits else most > 1


@pytest.mark.over_both
async def test_a_sync_of_several_chunks_sends_while_it_reads(make_world, monkeypatch):
    """The first chunks are sent before the last one is read, and all n still go in as few requests as n asks for."""
    here = make_world(43)
    monkeypatch.setattr(pull, "FIRST_CHUNK_RECORDS", 8)
    monkeypatch.setattr(pull, "CHUNK_RECORDS", 8)
    happened, deliver = [], ENTITIES["price"].deliver

    async def reading(pulling):
        chunk = await sync.pull(pulling)
        happened.append("read")
        for _ in range(200):  # whoever has something to send gets to it
            await asyncio.sleep(0.001)
        return chunk

    async def sending(*arguments):
        happened.append("sent")
        return await deliver(*arguments)

    monkeypatch.setattr(ENTITIES["price"], "deliver", sending)
    settings = here.settings(
        queue={"threshold_count": 3, "batch_count": 5}, magento={"concurrency": 2}, acumatica={"page_size": 8}
    )
    outcome = await here.sync("price", settings, stages=lambda _retries: replace(DIRECT_STAGES, pull=reading))
    assert outcome.fault is None
    assert happened.index("sent") < len(happened) - 1 - happened[::-1].index("read")
    assert sorted(len(request["keys"]) for request in here.writes()) == [3, *[5] * 8]
    here.assert_converged(entities=["price"])


@pytest.mark.over_both
async def test_a_sync_that_fails_while_it_sends_settles_what_it_sent(make_world, monkeypatch):
    """Acumatica fails in the middle of a large sync: what has left is kept as sent, the next sync brings the rest."""
    here = make_world(43)
    monkeypatch.setattr(pull, "FIRST_CHUNK_RECORDS", 8)
    monkeypatch.setattr(pull, "CHUNK_RECORDS", 8)
    chunks = 0

    async def failing(pulling):
        nonlocal chunks
        chunks += 1
        await asyncio.sleep(0.2)
        if chunks == 4:
            raise push.ShopUnreachable("gone")
        return await sync.pull(pulling)

    settings = here.settings(
        queue={"threshold_count": 3, "batch_count": 5}, magento={"concurrency": 2}, acumatica={"page_size": 8}
    )
    outcome = await here.sync("price", settings, stages=lambda _retries: replace(DIRECT_STAGES, pull=failing))
    assert outcome.fault == "gone"
    assert outcome.counters.sent > 0
    here.clock.advance(61)
    assert (await here.sync("price", settings)).fault is None
    here.assert_converged(entities=["price"])
    here.assert_never_older()


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_a_push_that_tunes_itself(make_world, concurrency):
    """Everything arrives, no request is larger than Batch Count, and the run says what it came to."""
    here = make_world(120)
    queue = {"threshold_count": 0, "batch_count": 8, "self_tuning": True}
    settings = here.settings(queue=queue, magento={"concurrency": concurrency})
    outcome = await here.sync("inventory", settings)
    there = sum(quantity > 0 for product in generated(120) for quantity in product.quantities.values())
    assert (outcome.fault, outcome.counters.sent) == (None, there), "0 is not sent where Magento has no row"
    assert outcome.remarks.summary()[0].startswith("Tuned to ")
    assert max(len(request["keys"]) for request in here.writes()) <= 8
    here.assert_converged(settings, entities=["inventory"])


@pytest.mark.parametrize("self_tuning", [True, False])
async def test_a_push_that_tunes_itself_gives_way_to_faults(make_world, self_tuning):
    """After a 503 the requests that follow are half as large; untuned they stay as large as they were."""
    here = make_world(400, faults="magento POST path=*/base-prices: status=503 times=1")
    queue = {"threshold_count": 0, "batch_count": 50, "self_tuning": self_tuning}
    settings = here.settings(queue=queue, magento={"concurrency": 1})
    outcome = await here.sync("price", settings)
    assert (outcome.fault, outcome.counters.sent) == (None, 400)
    accepted = [len(request["keys"]) for request in here.writes() if request["status"] == 200]
    assert max(accepted) == (25 if self_tuning else 50)
    here.assert_converged(settings, entities=["price"])
