"""Lists come in pages: no larger than the shop allows, all rows once, and the limit is asked for once a connection."""

import httpx
import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento import queries
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient


class Shop:
    """A shop with so many source items of each SKU, and perhaps with a limit of rows a page."""

    def __init__(self, sources: int, limit: int | None = None) -> None:
        self.sources, self.limit = sources, limit
        self.sizes: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        size, page = int(asked["searchCriteria[pageSize]"]), int(asked["searchCriteria[currentPage]"])
        self.sizes.append(size)
        if self.limit is not None and size > self.limit:
            refusal = {"message": "Maximum SearchCriteria pageSize is %max", "parameters": {"max": self.limit}}
            return httpx.Response(400, json=refusal)
        skus = asked["searchCriteria[filterGroups][0][filters][0][value]"].split(",")
        rows = [
            {"sku": sku, "source_code": f"s{number}", "quantity": 1, "status": 1}
            for sku in skus
            for number in range(self.sources)
        ]
        return httpx.Response(200, json={"items": rows[(page - 1) * size : page * size], "total_count": len(rows)})


@pytest.mark.parametrize(
    ("sources", "limit", "sizes"),
    [
        (1, None, [1000, 1000]),  # a question is one request, whose address holds some 500 SKUs
        (3, None, [1000, 1000, 1000]),
        (1, 300, [1000, 300, 300, 300]),  # refused once, and not asked for again
    ],
)
async def test_source_items_come_in_large_pages(sources: int, limit: int | None, sizes: list[int]) -> None:
    """A page holds what the address of a question can ask for, unless the shop limits it."""
    shop = Shop(sources, limit)
    access = MagentoAccess("https://shop.example.com", Bearer("tok"))
    client = MagentoClient(access, clock=ManualClock(NOW), transport=httpx.MockTransport(shop))
    skus = [f"SKU-{number:07d}" for number in range(600)]
    found = await queries.source_items(client, skus)
    assert sorted((one.sku, one.source) for one in found) == [(sku, f"s{n}") for sku in skus for n in range(sources)]
    assert shop.sizes == sizes
