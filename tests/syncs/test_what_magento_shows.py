"""What Magento shows is read over the allowed connections, beside pushing; and whatever it answers, nothing is lost."""

import asyncio
import re
from collections import Counter
from dataclasses import replace
from urllib.parse import unquote

import pytest

from connector.magento import client, search
from entities import shown
from entities.events import RequestSettled
from entities.registry import ENTITIES
from entities.shown import PRICES
from tasks import pull, sync
from tasks.sync import DIRECT_STAGES

SMALL_BATCHES = {"threshold_count": 3, "batch_count": 5}
SMALL = {"page_size": 8}


class UnderWay:
    """Watches the requests to Magento: how many are under way at once, and whether queries and writes are together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: Counter[str] = Counter()
        self.most = 0
        self.both = False
        self._exchange = client.exchange
        monkeypatch.setattr(client, "exchange", self._watched)

    async def _watched(self, http, request, **how):
        kind = "write" if request.method == "POST" and not request.url.path.endswith("-information") else "read"
        self.now[kind] += 1
        self.most = max(self.most, self.now.total())
        self.both |= min(self.now["read"], self.now["write"]) > 0
        try:
            await asyncio.sleep(0.002)
            return await self._exchange(http, request, **how)
        finally:
            self.now[kind] -= 1


def named_in(request):
    """The SKUs that a request names."""
    return re.findall(r"SKU-\d{6}", unquote(str(request.url)) + request.content.decode())


def _small_questions(monkeypatch: pytest.MonkeyPatch, chunk: int = 20) -> None:
    monkeypatch.setattr(search, "SKUS_PER_QUESTION", 4)
    monkeypatch.setattr(search, "URL_BYTES", 60)
    monkeypatch.setattr(pull, "FIRST_CHUNK_RECORDS", chunk)
    monkeypatch.setattr(pull, "CHUNK_RECORDS", chunk)


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("entity", ["price", "inventory"])
async def test_reads_and_writes_share_the_connections(make_world, monkeypatch, entity, concurrency):
    """A first sync queries and pushes at the same time, over all connections together no more than Concurrency."""
    here = make_world(100)
    _small_questions(monkeypatch)
    seen = UnderWay(monkeypatch)
    settings = here.settings(queue=SMALL_BATCHES, magento={"concurrency": concurrency}, acumatica={"page_size": 20})
    assert (await here.sync(entity, settings)).fault is None
    assert (seen.most, seen.both) == (concurrency, concurrency > 1)
    here.assert_converged(settings, entities=[entity])


async def test_the_next_chunk_is_asked_about_while_one_is_computed(make_world, monkeypatch):
    """Magento is asked about products of the second chunk before the first one is computed; all is right in the end."""
    here = make_world(43)
    _small_questions(monkeypatch, chunk=8)
    monkeypatch.setattr(shown, "AHEAD", 4)
    asked, exchange, computed = asyncio.Queue(), client.exchange, []

    async def watched(http, request, **how):
        if request.url.path.endswith("-information"):
            asked.put_nowait(set(named_in(request)))
        return await exchange(http, request, **how)

    async def computing(context, pulled):
        if not computed:
            own = {stored.record.facts.sku for stored in pulled.to_compute.values()}
            while not await asyncio.wait_for(asked.get(), 10) - own:
                pass
        computed.append(pulled)
        return await sync.compute(context, pulled)

    monkeypatch.setattr(client, "exchange", watched)
    settings = here.settings(queue=SMALL_BATCHES, magento={"concurrency": 2}, acumatica=SMALL)
    stages = replace(DIRECT_STAGES, compute=computing)
    assert (await here.sync("price", settings, stages=lambda _retries: stages)).fault is None
    assert len(computed) > 2
    here.assert_converged(settings, entities=["price"])


@pytest.mark.parametrize(("entity", "asked"), [("price", "-information"), ("inventory", "source-items")])
async def test_nothing_is_read_twice(make_world, monkeypatch, entity, asked):
    """A sync that compares everything asks once about each product, whatever was asked ahead."""
    here = make_world(43)
    _small_questions(monkeypatch, chunk=8)
    monkeypatch.setattr(shown, "AHEAD", 4)
    settings = here.settings(queue=SMALL_BATCHES, magento={"concurrency": 2}, acumatica=SMALL)
    await here.sync(entity, settings)
    here.clock.advance(120)
    named: Counter[str] = Counter()
    exchange = client.exchange

    async def watched(http, request, **how):
        if asked in request.url.path:
            named.update(named_in(request))
        return await exchange(http, request, **how)

    monkeypatch.setattr(client, "exchange", watched)
    outcome = await here.sync(entity, settings, full=True)
    assert (outcome.fault, outcome.counters.requests) == (None, 0)
    assert named and set(named.values()) == {1}


async def test_what_was_read_before_it_was_sent_does_not_count_after(make_world, monkeypatch):
    """A page is read, then its waiting messages are sent and confirmed, then its chunk is compared: what was confirmed
    is what Magento shows, and nothing is sent again.
    """
    here = make_world(43)
    _small_questions(monkeypatch, chunk=8)
    monkeypatch.setattr(shown, "AHEAD", 1)
    settings = here.settings(queue=SMALL_BATCHES, magento={"concurrency": 3}, acumatica=SMALL)

    async def sends_nothing(_context, _cut):
        return None

    await here.sync("price", settings, stages=lambda _retries: replace(DIRECT_STAGES, push=sends_nothing))
    here.clock.advance(120)
    is_read, is_sent, deliver, chunks, sent = asyncio.Event(), asyncio.Event(), ENTITIES["price"].deliver, [], []

    async def waits(*arguments):
        await is_read.wait()
        result = await deliver(*arguments)
        here.clock.advance(1)
        return result

    def hears(event):
        if isinstance(event, RequestSettled):
            sent.append(event.messages)
            if sum(sent) == 40:  # whole requests of five, while more may come
                is_sent.set()

    async def computing(context, pulled):
        chunks.append(pulled)
        if len(chunks) == 2:
            await asyncio.wait_for(pulled.shown.answers(PRICES, []), 10)
            is_read.set()
            await asyncio.wait_for(is_sent.wait(), 10)
        return await sync.compute(context, pulled)

    monkeypatch.setattr(ENTITIES["price"], "deliver", waits)
    stages = replace(DIRECT_STAGES, compute=computing)
    outcome = await here.sync("price", settings, full=True, stages=lambda _retries: stages, listeners=[hears])
    assert (outcome.fault, outcome.counters.sent) == (None, 43)
    here.assert_converged(settings, entities=["price"])


@pytest.mark.over_both
async def test_a_read_that_fails_stops_the_sync(make_world, monkeypatch):
    """The fault is reported, sent requests are settled, nothing of that page is sent; the next sync sends the rest."""
    plan = "magento POST path=*/base-prices-information after=4: status=500 times=1"
    here = make_world(43, faults=plan)
    _small_questions(monkeypatch, chunk=8)
    monkeypatch.setattr(shown, "AHEAD", 4)
    settings = here.settings(queue=SMALL_BATCHES, magento={"concurrency": 2}, acumatica=SMALL)
    outcome = await here.sync("price", settings)
    assert outcome.fault is not None and "500" in outcome.fault
    here.clock.advance(61)
    assert (await here.sync("price", settings)).fault is None
    here.assert_converged(settings, entities=["price"])
