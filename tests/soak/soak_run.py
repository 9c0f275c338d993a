"""One soak from start to verdict: random changes, faults, and kills of workers, all chosen by one seed."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from soak.fault_spells import FaultSpells
from soak.machinery import Machinery, Worker, take_environment
from soak.verdict import Verdict, judge, judge_order, settle
from sqlalchemy import func, select, text
from support.random_changes import RandomChanges
from support.world import ENTITIES

from connector.state.coordination.lease import LEASE_SECONDS
from connector.state.engine import State, open_state
from connector.state.operator import actions, saved_settings
from connector.state.queue import messages
from connector.state.schema import FAILED, PENDING, SENDING, SENT, leases, metadata, targets
from connector.state.sync import entities
from settings import load_settings

DOCUMENTS = 60
WORKERS = 2
"""For each entity: they compete for its lease."""
TICK = 0.25
PROGRESS = 10.0
OWN_SETTINGS = {
    "A2M_ACUMATICA__SESSIONS": "100",  # a killed worker's session counts for ten minutes
    "A2M_MAGENTO__TIMEOUT": "20",
    "A2M_QUEUE__CHECK_PROCESS_TIME": "20",
    "A2M_QUEUE__PROCESS_SLEEP_TIME": "1",
}


class SoakRun:
    """Runs the soak. `message` is called with each line of progress."""

    def __init__(
        self,
        machinery: Machinery,
        chance: random.Random,
        database_url: str,
        skus: int,
        message: Callable[[str], object],
    ) -> None:
        self.events: Counter[str] = Counter()
        self._machinery = machinery
        self._chance = chance
        self._database_url = database_url
        self._print = message
        self._asleep: dict[str, tuple[Worker, float]] = {}
        self._paused: dict[str, float] = {}
        self._sizes: list[int] = []
        self._began = time.monotonic()
        take_environment(machinery.folder, {})
        lines = {**machinery.start_sandbox(skus, DOCUMENTS), **OWN_SETTINGS, "A2M_DATABASE_URL": database_url}
        take_environment(machinery.folder, lines)
        self._settings = load_settings(needs_both_systems=True)
        self._magento = lines["A2M_MAGENTO__URL"]
        self._acumatica = lines["A2M_ACUMATICA__URL"]
        self._state: State = open_state(database_url)

    def close(self) -> None:
        """Close the state database."""
        self._state.close()

    def run(self, seconds: float) -> Verdict:
        """Start the workers, make changes and faults for so many seconds, then return the verdict."""
        self._changes = RandomChanges(
            self._chance, self._acumatica, self._magento, self._settings, lambda: datetime.now(UTC)
        )
        self._print(f"both simulators answer after {self._passed():.0f} s")
        for entity in ENTITIES:
            for number in range(1, WORKERS + 1):
                self._machinery.start_worker(entity, number)
        self._spells = FaultSpells(self._chance, self._magento, self._passed())
        ends = self._passed() + seconds
        next_progress = kills = 0.0
        while self._passed() < ends:
            now = self._passed()
            self._machinery.watch()
            self._spells.update(now)
            if self._chance.random() < 0.4:
                self._changes.make_change()
            self._wake(now)
            if now >= kills:
                self._disturb(now)
                kills = now + self._chance.uniform(4, 20)
            if now >= next_progress:
                self._progress()
                next_progress = now + PROGRESS
            time.sleep(TICK)
        return self._end()

    def _passed(self) -> float:
        return time.monotonic() - self._began

    # What happens to the workers, and what a person does ------------------------------------------------------------

    def _disturb(self, now: float) -> None:
        happens = self._chance.choices(
            (self._kill, self._sleep, self._other_settings, self._send_again, self._pause), (10, 2, 2, 2, 1)
        )[0]
        happens(now)

    def _one(self) -> Worker:
        """Choose a worker: usually one that holds a lease, otherwise any that is awake."""
        awake = [one for one in self._machinery.workers if one.name not in self._asleep]
        with self._state.read() as connection:
            holding = set(connection.execute(select(leases.c.holder).where(leases.c.expires_at > 0)).scalars())
        working = [one for one in awake if one.name in holding]
        return self._chance.choice(working if working and self._chance.random() < 0.8 else awake)

    def _kill(self, _now: float) -> None:
        one = self._one()
        self._machinery.kill(one)
        self.events["kill -9"] += 1

    def _sleep(self, now: float) -> None:
        """Suspend a worker for longer than its lease, so that it resumes while another one works."""
        one = self._one()
        one.signal(signal.SIGSTOP)
        self._asleep[one.name] = (one, now + LEASE_SECONDS + self._chance.uniform(2, 15))
        self.events["asleep beyond its lease"] += 1

    def _wake(self, now: float) -> None:
        for name, (one, until) in list(self._asleep.items()):
            if now >= until:
                one.signal(signal.SIGCONT)
                del self._asleep[name]
        for entity, until in list(self._paused.items()):
            if now >= until:
                entities.pause(self._state, [entity], paused=False)
                del self._paused[entity]

    def _other_settings(self, _now: float) -> None:
        queue = {"threshold_count": self._chance.choice((0, 5, 25)), "batch_count": self._chance.choice((7, 100, 1000))}
        with self._state.read() as connection:
            newest = saved_settings.newest_number(connection)
        message = ", ".join(f"{name} {value}" for name, value in queue.items())
        saved_settings.save(
            self._state, {"queue": queue}, after=newest, who="the soak", summary=message, now=datetime.now(UTC)
        )
        self.events["other settings saved"] += 1

    def _send_again(self, _now: float) -> None:
        with self._state.read() as connection:
            failed = messages.failed(connection, None)
        self.events["failed sent again by hand"] += actions.send_again(self._state, failed, datetime.now(UTC))

    def _pause(self, now: float) -> None:
        entity = self._chance.choice(ENTITIES)
        entities.pause(self._state, [entity], paused=True)
        self._paused[entity] = now + self._chance.uniform(5, 20)
        self.events["paused and resumed"] += 1

    # The end --------------------------------------------------------------------------------------------------------

    def _end(self) -> Verdict:
        verdict = Verdict()
        self._print("calm: what was begun is ended, the workers go, bounded syncs settle the rest")
        self._spells.calm()
        self._wake(float("inf"))
        self._changes.settle()
        self._machinery.rest()
        self._progress()
        settle(self._state, self._settings, verdict)
        site, shop = (
            httpx.get(f"{url}/_sandbox/state", timeout=600).json() for url in (self._acumatica, self._magento)
        )
        judge(verdict, self._state, self._settings, site, shop)
        judge_order(verdict, self._magento, self._changes.right, shop, self._changes.traded)
        verdict.unsettled += self._machinery.ended
        if not verdict.all_is_well():
            self._keep_evidence({"acumatica": site, "magento": shop})
        return verdict

    def _keep_evidence(self, views: dict[str, Any]) -> None:
        """Save the data of both systems and of the state database beside the logs."""
        with self._state.read() as connection:
            for table in metadata.sorted_tables:
                views[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        for name, view in views.items():
            (self._machinery.folder / f"{name}.json").write_text(json.dumps(view, default=str))

    # Figures --------------------------------------------------------------------------------------------------------

    def _progress(self) -> None:
        counts = self._counts()
        made, kinds = sum(self._changes.made.values()), len(self._changes.made)
        self._sizes.append(self._database_bytes())
        happened = ", ".join(f"{what} {times}" for what, times in self.events.items()) or "nothing yet"
        workers = _mb(max(self._machinery.rss[entity] for entity in ENTITIES))
        self._print(
            f"{self._passed():5.0f} s  {made:,} changes of {kinds} kinds; "
            f"waiting {counts[PENDING] + counts[SENDING]:,}, "
            f"sent {counts[SENT]:,}, failed {counts[FAILED]:,}; {sum(self._spells.spells.values())} spells of faults; "
            f"{happened}; a worker at most {workers}, database {_mb(self._sizes[-1])}"
        )

    def _counts(self) -> Counter[str]:
        by_state = select(targets.c.state, func.count()).group_by(targets.c.state)
        with self._state.read() as connection:
            return Counter({row[0]: row[1] for row in connection.execute(by_state)})

    def _database_bytes(self) -> int:
        with self._state.read() as connection:
            if connection.dialect.name == "postgresql":
                return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            return int(pages * connection.execute(text("PRAGMA page_size")).scalar_one())

    def figures(self) -> dict[str, Any]:
        """What happened, as figures."""
        requests = httpx.get(f"{self._magento}/_sandbox/journal", timeout=600).json()["requests"]
        statuses = Counter(one["status"] for one in requests)
        refused = {str(code): statuses[code] for code in sorted(statuses) if code == 429 or code >= 500}
        return {
            "seconds": round(self._passed()),
            "changes": sum(self._changes.made.values()),
            "changes_by_kind": dict(self._changes.made),
            "events": dict(self.events),
            "spells_of_faults": dict(self._spells.spells),
            "requests_to_magento": len(requests),
            "applied_by_magento": sum(one["applied"] for one in requests),
            "faults_answered_by_magento": refused,
            "messages": dict(self._counts()),
            "peak_rss_megabytes": {kind: round(size / 1e6) for kind, size in self._machinery.rss.items()},
            "database_megabytes": self._growth(),
        }

    def _growth(self) -> dict[str, float]:
        """The database each few minutes, and at the end."""
        every = max(1, len(self._sizes) // 5)
        minutes = (f"after {place * PROGRESS / 60:.1f} min" for place in range(0, len(self._sizes), every))
        grown = dict(zip(minutes, self._sizes[::every], strict=True)) | {"at the end": self._sizes[-1]}
        return {when: round(size / 1e6, 1) for when, size in grown.items()}


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
