"""The request for a run, its environment, its limits and its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.clients import OPERATOR_SESSION_WAIT
from connector.acumatica.full_licence import PATIENCE
from connector.clock import Clock, SystemClock
from connector.state.engine import State
from connector.state.queue.message import Message
from entities.counters import Counters, Remarks
from entities.events import Listener
from settings import Settings
from tasks.sync import DIRECT_STAGES, Stages

LEASE_WAIT = 15.0


@dataclass(frozen=True)
class RunRequest:
    """A request for a run.

    Attributes:
        full: The first sync reads everything.
        key: Sync only this record.
        once: Do one sync instead of polling until Check Process Time has passed.
        due_at: When a scheduled run was due. Check Process Time counts from then, and the run waits for the lease.
        lease_wait: Seconds to wait for the lease, instead of the usual ones.
        holder: Who holds the lease, shown to others.
        run_id: The id of the run in Prefect.
    """

    entity: str
    full: bool = False
    key: str | None = None
    once: bool = False
    due_at: datetime | None = None
    lease_wait: float | None = None
    holder: str | None = None
    run_id: str | None = None

    def is_one_sync(self) -> bool:
        """Return whether it ends after one sync."""
        return self.once or self.key is not None


@dataclass(frozen=True)
class RunEnvironment:
    """What differs between runs in Prefect, on the command line, dry runs and tests.

    Attributes:
        stages: Makes the stages for a Retry Count.
        newer_settings: Called before every sync. If it returns settings, the run continues with them.
        licence_state: The database in which the licence is shared, if the run works on a copy.
        listeners: Receive the run's events, in addition to the log.
    """

    clock: Clock = field(default_factory=SystemClock)
    stages: Callable[[int], Stages] = lambda _retry_count: DIRECT_STAGES
    newer_settings: Callable[[], Settings | None] = lambda: None
    licence_state: State | None = None
    listeners: Sequence[Listener] = ()


@dataclass(frozen=True)
class Limits:
    """How many seconds a run waits for its lease and for a session, and when Check Process Time begins and ends."""

    lease_wait: float
    session_wait: float
    begins_at: datetime
    ends_at: datetime


def limits_of(request: RunRequest, settings: Settings, started_at: datetime) -> Limits:
    """Return the limits of a run. One sync waits longer for a session, because a person waits for its end."""
    usual_wait = 0.0 if request.due_at is None else LEASE_WAIT
    begins_at = request.due_at or started_at
    return Limits(
        lease_wait=usual_wait if request.lease_wait is None else request.lease_wait,
        session_wait=OPERATOR_SESSION_WAIT if request.is_one_sync() else PATIENCE,
        begins_at=begins_at,
        ends_at=begins_at + timedelta(seconds=settings.queue.check_process_time),
    )


class RunResult:
    """What a run did; it is filled while the run works.

    Attributes:
        counters: How much was read, queued, sent and so on.
        remarks: What a person should know.
        failed: The messages that failed.
        fault: What ended the run early.
        unknown_key: The fault again, if it is that the requested key names no record.
        stopped: Why the run did nothing, for example because the entity is paused.
        held_by: The holder of the lease, if another run works on the entity.
        waiting_failed: How many messages from before the run are failed, if none failed in it.
    """

    def __init__(self, entity: str) -> None:
        self.counters = Counters(entity)
        self.remarks = Remarks()
        self.failed: list[Message] = []
        self.fault: str | None = None
        self.unknown_key: str | None = None
        self.stopped: str | None = None
        self.held_by: str | None = None
        self.waiting_failed = 0

    def summary(self) -> str:
        """Return a sentence for the run's final state."""
        text = self.fault or self.stopped or self.counters.summary()
        if not self.waiting_failed:
            return text
        waits = "message waits" if self.waiting_failed == 1 else "messages wait"
        return f"{text}; {self.waiting_failed:,} failed {waits}"
