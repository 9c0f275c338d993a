"""The opponents over HTTP: the least that anybody could write, without a queue, a ledger, retries or outcomes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from bench.catalogue import sku

PAGE = 1_000
SELECT = "InventoryID,ItemStatus,ItemClass,ExportToExternal,DefaultPrice,BaseUOM,SalesUOM"
HEADERS = {"Authorization": "Bearer a-token", "Content-Type": "application/json"}


def prices(acumatica: str, magento: str, since: str, batch: int = 100, connections: int = 4) -> dict[str, float]:
    """Read all changed items with `json.loads` and post their prices, reading and posting at once."""
    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_prices(acumatica, magento, since, batch, connections))
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


async def _prices(acumatica: str, magento: str, since: str, batch: int, connections: int) -> None:
    bodies: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def read() -> None:
        rows: list[dict[str, Any]] = []
        async with httpx.AsyncClient(timeout=60) as client:
            behind = ""
            while True:
                condition = f"LastModified ge datetimeoffset'{since}'" + (
                    f" and InventoryID gt '{behind}'" if behind else ""
                )
                params = {"$select": SELECT, "$top": str(PAGE), "$filter": condition}
                answer = await client.get(f"{acumatica}/entity/Default/24.200.001/StockItem", params=params)
                page = json.loads(answer.content)
                rows += [
                    {"sku": one["InventoryID"]["value"], "price": one["DefaultPrice"]["value"], "store_id": 0}
                    for one in page
                ]
                whole = len(rows) // batch * batch if len(page) == PAGE else len(rows)
                for start in range(0, whole, batch):
                    bodies.put_nowait(json.dumps({"prices": rows[start : start + batch]}).encode())
                rows = rows[whole:]
                if len(page) < PAGE:
                    break
                behind = page[-1]["InventoryID"]["value"]
        for _ in range(connections):
            bodies.put_nowait(None)

    await asyncio.gather(
        read(), *(_post(f"{magento}/rest/all/V1/products/base-prices", bodies) for _ in range(connections))
    )


async def _post(url: str, bodies: asyncio.Queue[bytes | None]) -> None:
    async with httpx.AsyncClient(timeout=60, headers=HEADERS) as client:
        while (body := await bodies.get()) is not None:
            answer = await client.post(url, content=body)
            answer.raise_for_status()


def send_only(magento: str, requests_file: str, connections: int = 4) -> dict[str, float]:
    """Send requests that are ready, each a route and a body: Magento's own time and nothing else."""
    given = json.loads(Path(requests_file).read_bytes())
    requests = [(f"{magento}/rest/all/V1/{route}", body.encode()) for route, body in given]

    async def send(waiting: Iterator[tuple[str, bytes]]) -> None:
        async with httpx.AsyncClient(timeout=60, headers=HEADERS) as client:
            for url, body in waiting:
                (await client.post(url, content=body)).raise_for_status()

    async def run() -> None:
        waiting = iter(requests)
        await asyncio.gather(*(send(waiting) for _ in range(connections)))

    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(run())
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def read_only(magento: str, entity: str, count: int, connections: int = 4) -> dict[str, float]:
    """Ask what Magento shows of all SKUs, as many at a time as one question takes, and keep it: nothing else."""
    skus = [sku(number) for number in range(1, count + 1)]
    asked = _price_questions(magento, skus)
    if entity == "inventory":
        asked = [*_source_item_questions(magento, skus), *asked]
    shown: dict[str, Any] = {}

    async def ask(waiting: list[httpx.Request]) -> None:
        async with httpx.AsyncClient(timeout=60, headers=HEADERS) as client:
            while waiting:
                answer = json.loads((await client.send(waiting.pop())).raise_for_status().content)
                for row in answer["items"] if isinstance(answer, dict) else answer:
                    shown[row["sku"]] = row.get("quantity", row.get("price"))

    async def run() -> None:
        await asyncio.gather(*(ask(asked) for _ in range(connections)))

    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(run())
    assert len(shown) == count
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def _price_questions(magento: str, skus: list[str], size: int = 1_000) -> list[httpx.Request]:
    url = f"{magento}/rest/all/V1/products/base-prices-information"
    parts = (skus[at : at + size] for at in range(0, len(skus), size))
    return [httpx.Request("POST", url, json={"skus": part}, headers=HEADERS) for part in parts]


def _source_item_questions(magento: str, skus: list[str], size: int = 500, page: int = 1_000) -> list[httpx.Request]:
    """Each question as long as an address may be, in the pages that it has."""
    url = f"{magento}/rest/all/V1/inventory/source-items"
    criterion = "searchCriteria[filterGroups][0][filters][0]"
    found = []
    for at in range(0, len(skus), size):
        part = skus[at : at + size]
        asked = {
            f"{criterion}[field]": "sku",
            f"{criterion}[value]": ",".join(part),
            f"{criterion}[conditionType]": "in",
        }
        for number in range(-(-len(part) // page)):
            paging = {"searchCriteria[pageSize]": page, "searchCriteria[currentPage]": number + 1}
            found.append(httpx.Request("GET", url, params={**asked, **paging}, headers=HEADERS))
    return found
