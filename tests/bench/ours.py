"""The connector under measure, each in a process of its own: a sync, a sync in Prefect, and single stages."""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from datetime import datetime, timedelta
from typing import Any

from app.run.request import RunEnvironment, RunRequest
from app.run.work import work_on
from connector.acumatica.session import AcumaticaSession
from connector.clock import SystemClock
from connector.state.engine import open_state
from settings import load_settings


def settings_for(acumatica_url: str, magento_url: str, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings that connect to two servers, by section."""
    given: dict[str, dict[str, Any]] = {
        "magento": {"url": magento_url, "bearer_token": "a-token"},
        "acumatica": {"url": acumatica_url, "username": "admin", "password": "secret", "requests_per_minute": 100_000},
        "inventory": {"warehouses": [f"WH{number:02d}" for number in range(1, 11)]},
    }
    for name, fields in sections.items():
        given[name] = {**given.get(name, {}), **fields}
    return given


def sync(
    entity: str, database: str, sections: dict[str, Any], *, full: bool = False, idle: bool = False, profile: str = ""
) -> dict[str, Any]:
    """One sync, as `a2m sync` takes it, from the lease to the last outcome; or a whole life without a change.

    database: the file of SQLite, or an address.
    """
    settings = load_settings(**sections)
    state = open_state(database if "://" in database else f"sqlite:///{database}")
    profiler = _profiler() if profile else None
    began, cpu = time.perf_counter(), time.process_time()
    outcome, last = asyncio.run(_syncs(entity, settings, state, full, idle))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    if profiler is not None:
        profiler.stop()
        profiler.write_html(profile)
    state.close()
    if outcome.fault or outcome.stopped:
        raise SystemExit(f"The sync of {entity} did not end well: {outcome.fault or outcome.stopped}")
    return {
        "seconds": seconds,
        "cpu": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **last,
        **{f"tally_{name}": value for name, value in outcome.counters.as_json().items()},
    }


async def _syncs(entity: str, settings: Any, state: Any, full: bool, idle: bool) -> tuple[Any, dict[str, Any]]:
    """The run's outcome; of a whole idle life also what one of its later syncs took, and its requests to Acumatica."""
    if not idle:
        return await work_on(RunRequest(entity, once=True, full=full), settings, state), {}
    clock = ClockWithoutPauses()
    outcome = await work_on(RunRequest(entity), settings, state, RunEnvironment(clock))
    syncs = settings.queue.check_process_time // settings.queue.process_sleep_time - 1
    (before, sent_before), (after, sent) = clock.taken[0], clock.taken[-1]
    return outcome, {"idle_look": (after - before) / syncs, "idle_requests": (sent - sent_before) / syncs}


class ClockWithoutPauses(SystemClock):
    """A clock on which pauses take no time; at each it is kept what was used and sent so far."""

    def __init__(self) -> None:
        self._moved, self._session = 0.0, None
        self.taken: list[tuple[float, int]] = []

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._moved)

    async def sleep(self, seconds: float) -> None:
        self._session = self._session or _session()
        self.taken.append((time.process_time(), self._session.requests if self._session else 0))
        self._moved += max(0.0, seconds)


def _session() -> Any:
    """The Acumatica session of this process."""
    return next((one for one in gc.get_objects() if isinstance(one, AcumaticaSession)), None)


def _profiler() -> Any:
    from pyinstrument import Profiler

    profiler = Profiler(interval=0.001)
    profiler.start()
    return profiler
