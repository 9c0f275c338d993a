"""From a change in Acumatica to its value in Magento: a run that looks again and again while single items change, by
its Process Sleep Time, or woken by push notifications.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any
from uuid import uuid4

import httpx

from app.run.request import RunEnvironment, RunRequest
from app.run.work import work_on
from connector.clock import SystemClock
from connector.state.engine import open_state
from receiver.app import create_app
from settings import load_settings

HEADER, SECRET = "X-A2M", "of-the-bench"


def run(
    database: str, sections: dict[str, Any], acumatica: str, magento: str, every: float, notified: bool = False
) -> dict[str, float]:
    """One scheduled run, and every so many seconds a change of a few items; gives the delays until Magento had them.
    `notified`: the receiver is told of each change.
    """
    return asyncio.run(_run(database, sections, acumatica, magento, every, notified))


async def _run(
    database: str, sections: dict[str, Any], acumatica: str, magento: str, every: float, notified: bool
) -> dict[str, float]:
    settings = load_settings(**sections)
    state, clock = open_state(f"sqlite:///{database}"), SystemClock()
    changed_at: dict[int, float] = {}
    receiver = create_app(state, secret=SECRET, header=HEADER, entities=["price"], now=clock.now)
    sent = httpx.AsyncClient(transport=httpx.ASGITransport(receiver), base_url="http://receiver")
    request, around = RunRequest("price", due_at=clock.now()), RunEnvironment(clock)
    running = asyncio.create_task(work_on(request, settings, state, around))
    async with httpx.AsyncClient(timeout=60) as client:
        await asyncio.sleep(2)
        ends = time.time() + settings.queue.check_process_time - 8
        while time.time() < ends:
            answer = await client.post(f"{acumatica}/_bench/change?every=5000&kind=items")
            generation = answer.json()["generation"]
            changed_at[generation] = time.time()
            if notified:
                notification = {"Query": "items", "Id": str(uuid4()), "Inserted": [{"InventoryID": "SKU-0000001"}]}
                (await sent.post("/notify/price", json=notification, headers={HEADER: SECRET})).raise_for_status()
            await asyncio.sleep(every)
        outcome = await running
        assert outcome.fault is None, outcome.fault
        seen = (await client.get(f"{magento}/_bench/arrivals")).json()
    await sent.aclose()
    # a later change may overtake an earlier one: the first value at or after it counts
    delays = sorted(
        min(at for generation, at in seen if generation >= change) - began
        for change, began in changed_at.items()
        if any(generation >= change for generation, _at in seen)
    )
    assert len(delays) == len(changed_at), f"{len(changed_at) - len(delays)} changes never arrived"
    return {"p50": statistics.median(delays), "p95": delays[int(len(delays) * 0.95)], "changes": len(delays)}
