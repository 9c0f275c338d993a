"""From a change in Acumatica to its value in Magento: a run that looks again and again while single items change."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import httpx

from connector.clock import SystemClock
from connector.queue.engine import open_state
from flows.run import work_on
from settings import load_settings


def run(database: str, sections: dict[str, Any], acumatica: str, magento: str, every: float) -> dict[str, float]:
    """One scheduled run, and every so many seconds a change of a few items; gives the delays until Magento had them."""
    return asyncio.run(_run(database, sections, acumatica, magento, every))


async def _run(database: str, sections: dict[str, Any], acumatica: str, magento: str, every: float) -> dict[str, float]:
    settings = load_settings(**sections)
    state, clock = open_state(f"sqlite:///{database}"), SystemClock()
    changed_at: dict[int, float] = {}
    looking = asyncio.create_task(work_on("price", settings, state, clock=clock, due_at=clock.now()))
    async with httpx.AsyncClient(timeout=60) as client:
        await asyncio.sleep(2)
        ends = time.time() + settings.queue.check_process_time - 8
        while time.time() < ends:
            answer = await client.post(f"{acumatica}/_bench/change?every=5000&kind=items")
            changed_at[answer.json()["generation"]] = time.time()
            await asyncio.sleep(every)
        outcome = await looking
        assert outcome.fault is None, outcome.fault
        seen = (await client.get(f"{magento}/_bench/arrivals")).json()
    # a later change may overtake an earlier one: the first value at or after it counts
    delays = sorted(
        min(at for generation, at in seen if generation >= change) - began
        for change, began in changed_at.items()
        if any(generation >= change for generation, _at in seen)
    )
    assert len(delays) == len(changed_at), f"{len(changed_at) - len(delays)} changes never arrived"
    return {"p50": statistics.median(delays), "p95": delays[int(len(delays) * 0.95)], "changes": len(delays)}
