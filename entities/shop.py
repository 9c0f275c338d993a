"""The shop as one run sees it: connections that are counted and limited, and what is asked only once per run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from connector.errors import ConnectorError
from connector.magento import queries
from connector.magento.client import MagentoClient
from connector.model.comparison import comparison_key
from entities.adaptive_batching import AdaptiveBatching
from entities.counters import Counters
from entities.readers import Readers
from entities.request_limit import RequestLimit
from entities.sources import source_key

T = TypeVar("T")


class ConfigurationConflict(ConnectorError):
    """The shop cannot show what the settings ask for; the text says what to change."""


class Shop:
    """Opens connections to Magento; every request sent over them is counted, and so many at most are under way at once.

    `open_client` makes a client of its own for each connection, whose requests take their places in the limit; `msi` is
    none where Magento has to be asked whether it keeps stock by source. `batching`: what its answers teach about the
    size of requests; None where nothing is tuned. `readers`: what is read over several connections.
    """

    def __init__(
        self,
        open_client: Callable[[RequestLimit], MagentoClient],
        counters: Counters,
        *,
        host: str,
        connections: int,
        store_id: int,
        msi: bool | None,
        batching: AdaptiveBatching | None = None,
    ) -> None:
        self._open_client = open_client
        self._counters = counters
        self._msi = msi
        self._sources: dict[str, str] | None = None
        self._answers: dict[str, Any] = {}
        self._product_skus: dict[int, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self.host = host
        self.connections = connections
        self.limit = RequestLimit(connections)
        self.readers = Readers(self.client, connections)
        self.store_id = store_id
        self.batching = batching or AdaptiveBatching()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[MagentoClient]:
        """Yield one connection; its requests are counted when it is closed."""
        async with self._open_client(self.limit) as client:
            try:
                yield client
            finally:
                self._counters.requests += client.writes
                self._counters.reads += client.reads

    async def once(self, what: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` returns; asked once per run under the name `what`."""
        if what not in self._answers:
            self._answers[what] = await ask()
        answer: T = self._answers[what]
        return answer

    @asynccontextmanager
    async def alone(self, what: str) -> AsyncIterator[bool]:
        """Work on this record of Magento's with no other connection of the run; return whether another one did so just
        before, so that what was read of it is old.
        """
        lock = self._locks.setdefault(what, asyncio.Lock())
        had_to_wait = lock.locked()
        async with lock:
            yield had_to_wait

    @property
    def is_known_to_have_msi(self) -> bool:
        """Whether Magento was asked and keeps stock by source (MSI)."""
        return bool(self._msi)

    async def has_msi(self, client: MagentoClient) -> bool:
        """Return whether Magento keeps stock by source (MSI); asked once per run."""
        if self._msi is None:
            self._msi = queries.has_msi(await queries.modules(client))
        return self._msi

    async def sources(self, client: MagentoClient) -> dict[str, str]:
        """Return the code of each of Magento's sources as Magento spells it, by its key; asked once per run."""
        if self._sources is None:
            codes = [source.source_code for source in await queries.sources(client)]
            self._sources = {source_key(code): code for code in codes}
        return self._sources

    async def product_skus(self, client: MagentoClient, ids: Iterable[int], skus: Iterable[str] = ()) -> dict[int, str]:
        """Return the SKU of each of these products that exists, by id, and of those that have these SKUs; each product
        is asked for once a run.
        """
        found = self._product_skus
        unknown = sorted(set(ids) - found.keys())
        if unknown:
            found.update(await queries.product_skus(client, "entity_id", [str(one) for one in unknown]))
        known = {comparison_key(sku) for sku in found.values()}
        unknown_skus = sorted({sku for sku in skus if comparison_key(sku) not in known})
        if unknown_skus:
            found.update(await queries.product_skus(client, "sku", unknown_skus))
        return dict(found)

    async def spelled(self, client: MagentoClient, source: str) -> str:
        """Return a source's code as Magento spells it; one that Magento does not have, as it was given."""
        return (await self.sources(client)).get(source_key(source), source)
