"""What Magento shows is read over the allowed connections, beside pushing; and whatever it answers, nothing is lost."""

import asyncio
from collections import Counter

import pytest

from connector.magento import client, queries
from tasks import pull

SMALL_BATCHES = {"threshold_count": 3, "batch_count": 5}


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


def _small_questions(monkeypatch: pytest.MonkeyPatch, chunk: int = 20) -> None:
    monkeypatch.setattr(queries, "SKUS_PER_QUESTION", 4)
    monkeypatch.setattr(queries, "URL_BYTES", 60)
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
