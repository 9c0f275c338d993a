"""The connector under measure, each in a process of its own: a look, a look in Prefect, and single stages."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import Any

from connector.queue.engine import open_state
from flows.run import work_on
from settings import load_settings


def settings_for(acumatica: str, magento: str, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings that connect to two servers, by section."""
    given: dict[str, dict[str, Any]] = {
        "magento": {"url": magento, "bearer_token": "a-token"},
        "acumatica": {"url": acumatica, "username": "admin", "password": "secret", "requests_per_minute": 100_000},
        "inventory": {"warehouses": [f"WH{number:02d}" for number in range(1, 11)]},
    }
    for name, fields in sections.items():
        given[name] = {**given.get(name, {}), **fields}
    return given


def look(
    entity: str, database: str, sections: dict[str, Any], *, full: bool = False, profile: str = ""
) -> dict[str, Any]:
    """One look, as `a2m sync` takes it, from the lease to the last outcome."""
    settings = load_settings(**sections)
    state = open_state(f"sqlite:///{database}")
    said: list[str] = []
    profiler = _profiler() if profile else None
    began, cpu = time.perf_counter(), time.process_time()
    outcome = asyncio.run(work_on(entity, settings, state, once=True, full=full, said=said.append))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    if profiler is not None:
        profiler.stop()
        profiler.write_html(profile)
    state.close()
    if outcome.fault or outcome.stopped:
        raise SystemExit(f"The look of {entity} did not end well: {outcome.fault or outcome.stopped}")
    return {
        "seconds": seconds,
        "cpu": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "acumatica_requests": None,
        **{f"tally_{name}": value for name, value in outcome.tally.as_json().items()},
    }


def _profiler() -> Any:
    from pyinstrument import Profiler

    profiler = Profiler(interval=0.001)
    profiler.start()
    return profiler
