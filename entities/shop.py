"""The shop as one run uses it: connections that are counted and limited, and answers that are read only
once per run.
"""

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
    """Opens connections to Magento. Every request over them is counted, and the number of parallel requests is limited.

    `open_client` creates a client for each connection, whose requests take their places in the limit. `msi` is None if
    Magento has to be asked whether it has stock by source. `batching`: what answers teach about the size of requests;
    None if nothing is tuned. `readers`: reads over several connections.
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
        """Return the result of `ask`, which is called once per run for the name `what`."""
        if what not in self._answers:
            self._answers[what] = await ask()
        answer: T = self._answers[what]
        return answer

    @asynccontextmanager
    async def alone(self, what: str) -> AsyncIterator[bool]:
        """Work on this Magento record while no other connection of the run does. Yield whether another one just did, so
        that what was read of the record is outdated.
        """
        lock = self._locks.setdefault(what, asyncio.Lock())
        had_to_wait = lock.locked()
        async with lock:
            yield had_to_wait

    @property
    def is_known_to_have_msi(self) -> bool:
        """Whether Magento was asked and has stock by source (MSI)."""
        return bool(self._msi)

    async def has_msi(self, client: MagentoClient) -> bool:
        """Return whether Magento has stock by source (MSI); read once per run."""
        if self._msi is None:
            self._msi = queries.has_msi(await queries.modules(client))
        return self._msi

    async def sources(self, client: MagentoClient) -> dict[str, str]:
        """Return the codes of Magento's sources in Magento's spelling, by their keys; read once per run."""
        if self._sources is None:
            codes = [source.source_code for source in await queries.sources(client)]
            self._sources = {source_key(code): code for code in codes}
        return self._sources

    async def product_skus(self, client: MagentoClient, ids: Iterable[int], skus: Iterable[str] = ()) -> dict[int, str]:
        """Return the SKUs, by id, of those of these products that exist and of the products with these SKUs. Each
        product is read once per run.
        """
        by_id = self._product_skus
        unknown = sorted(set(ids) - by_id.keys())
        if unknown:
            by_id.update(await queries.product_skus(client, "entity_id", [str(product_id) for product_id in unknown]))
        known = {comparison_key(sku) for sku in by_id.values()}
        unknown_skus = sorted({sku for sku in skus if comparison_key(sku) not in known})
        if unknown_skus:
            by_id.update(await queries.product_skus(client, "sku", unknown_skus))
        return dict(by_id)

    async def spelled(self, client: MagentoClient, source: str) -> str:
        """Return a source's code in Magento's spelling; unchanged if Magento does not have it."""
        return (await self.sources(client)).get(source_key(source), source)
