"""Pages of 1,000 stock items over HTTP, decoded and flattened, by the connector and by what anybody would take."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from typing import Any

from bench.bare import PAGE, SELECT

PATH = "/entity/Default/24.200.001/StockItem"


def run(tool: str, acumatica: str, count: int) -> dict[str, float]:
    """Read all items once with one tool; gives its time, and that it saw each item."""
    for module in IMPORTED[tool]:
        importlib.import_module(module)
    began, cpu = time.perf_counter(), time.process_time()
    seen = TOOLS[tool](acumatica)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert seen == count, f"{tool} saw {seen} of {count}"
    return {"seconds": seconds, "cpu": cpu}


def _ours(acumatica: str) -> int:
    from connector.acumatica.access import AcumaticaAccess
    from connector.acumatica.items import ItemFields, item_pages
    from connector.acumatica.session import acumatica_session

    async def read() -> int:
        access = AcumaticaAccess(acumatica, "Company", "admin", "secret")
        async with acumatica_session(access) as session:
            return sum([len(page.items) async for page in item_pages(session, "stock", ItemFields())])

    return asyncio.run(read())


def _next(page: list[dict[str, Any]]) -> dict[str, str]:
    return {"$filter": f"InventoryID gt '{page[-1]['InventoryID']['value']}'"}


def _json_normalize(acumatica: str) -> int:
    import httpx
    import pandas as pd

    async def read() -> int:
        seen, more = 0, dict[str, str]()
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                answer = await client.get(acumatica + PATH, params={"$select": SELECT, "$top": str(PAGE), **more})
                page = json.loads(answer.content)
                seen += len(pd.json_normalize(page))
                if len(page) < PAGE:
                    return seen
                more = _next(page)

    return asyncio.run(read())


def dlt_pages(acumatica: str, since: str = "") -> Any:
    """dlt's own client and paginator over the same pages."""
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

    class ByKey(BasePaginator):
        def update_state(self, response: Any, data: list[Any] | None = None) -> None:
            self._has_next_page = data is not None and len(data) == PAGE
            self._behind = _next(data)["$filter"] if self._has_next_page and data else ""

        def update_request(self, request: Any) -> None:
            changed = request.params.get("$filter", "").partition(" and ")[0]
            request.params["$filter"] = " and ".join(filter(None, [changed if since else "", self._behind]))

    params = {"$select": SELECT, "$top": str(PAGE)}
    if since:
        params["$filter"] = f"LastModified ge datetimeoffset'{since}'"
    return RESTClient(acumatica).paginate(PATH, params=params, paginator=ByKey(), data_selector="$")


def _dlt(acumatica: str) -> int:
    """dlt's paginator alone; nothing is flattened yet."""
    return sum(len(page) for page in dlt_pages(acumatica))


def dlt_prices(acumatica: str, magento: str, since: str, batch: int = 100) -> dict[str, float]:
    """dlt reads the changed items and hands them to a custom destination that posts their prices, four at once."""
    import dlt
    import httpx

    client = httpx.Client(timeout=60, headers={"Authorization": "Bearer a-token"})

    @dlt.destination(batch_size=batch, loader_parallelism_strategy="parallel", max_parallel_load_jobs=4)
    def shop(items: Any, table: Any) -> None:
        rows = [
            {"sku": one["InventoryID"]["value"], "price": one["DefaultPrice"]["value"], "store_id": 0} for one in items
        ]
        client.post(f"{magento}/rest/all/V1/products/base-prices", json={"prices": rows}).raise_for_status()

    @dlt.resource(name="items")
    def changed() -> Any:
        yield from dlt_pages(acumatica, since)

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        dlt.pipeline("bench", pipelines_dir=folder, destination=shop).run(changed())
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


TOOLS = {"ours": _ours, "json_normalize": _json_normalize, "dlt": _dlt}
IMPORTED = {
    "ours": ("connector.acumatica.items", "connector.acumatica.session"),
    "json_normalize": ("httpx", "pandas"),
    "dlt": ("dlt.sources.helpers.rest_client",),
}
"""What each takes, so that importing it is no part of its time."""
