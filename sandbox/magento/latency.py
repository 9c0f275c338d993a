"""Measured latency of answers: a fixed cost, a cost per row, and at most two requests that progress in parallel.

Source: magento-observed.md, "Throughput" (reads) and part two, section 6 (prices and quantities, one connection): on
two cores two connections reach twice the rate of one, and further ones only wait. If a base-prices request has more
than 1,000 distinct SKUs, every row is looked up again: 1,000 rows take 0.13 s, 1,001 rows 0.45 s, 2,000 rows 0.9 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 2
CLIFF_ROWS = 1_000
CLIFF_SECONDS_PER_ROW = 0.00033
COSTS = (
    # end of the path, seconds of a request, seconds of a row
    ("/products/base-prices", 0.027, 0.000105),
    ("/products/base-prices-information", 0.028, 0.000094),
    ("/products/special-price", 0.030, 0.000105),
    ("/products/tier-prices", 0.030, 0.000105),
    ("/inventory/source-items", 0.034, 0.00093),
    ("/store/storeConfigs", 0.023, 0.0),
)
READ = 0.023
LISTED_PRODUCTS = 0.041
OTHER_WRITE = 0.040


def cost(method: str, path: str, body: bytes) -> float:
    """Return the seconds that a request takes if nothing else is running."""
    if method == "GET":
        return LISTED_PRODUCTS if path.endswith("/products") else READ
    rows = max(body.count(b'"sku"'), body.count(b",") + 1 if b'"skus"' in body else 0)
    for end, fixed, of_row in COSTS:
        if path.endswith(end):
            dear = CLIFF_SECONDS_PER_ROW if end == COSTS[0][0] and rows > CLIFF_ROWS else 0.0
            return fixed + rows * (of_row + dear)
    return OTHER_WRITE


class Latency:
    """The two places in which requests progress."""

    def __init__(self) -> None:
        """Create two free places."""
        self._free = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def request(self, method: str, path: str, body: bytes) -> AsyncIterator[None]:
        """Wait for a place, then as long as the request takes."""
        async with self._free:
            await asyncio.sleep(cost(method, path, body))
            yield
