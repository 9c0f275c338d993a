"""What is asked of a run, what surrounds it, how long it may take, and what it did."""

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
    """What is asked of a run.

    full: its first sync reads everything. key: only this record. once: one sync, and not as many as its life allows.
    due_at: when a scheduled run was due: its life counts from then, and it waits a while for the lease. lease_wait: how
    many seconds it waits instead. holder, run_id: who works, for others to read.
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
    """What surrounds a run, and differs between Prefect, the command line, a dry run and a test.

    stages: makes the stages for a Retry Count. newer_settings: asked before every sync; where there are some, the run
    goes on with them. licence_state: the state in which the licence is shared, where the run works on a copy.
    listeners: get the events, beside the log.
    """

    clock: Clock = field(default_factory=SystemClock)
    stages: Callable[[int], Stages] = lambda _retry_count: DIRECT_STAGES
    newer_settings: Callable[[], Settings | None] = lambda: None
    licence_state: State | None = None
    listeners: Sequence[Listener] = ()


@dataclass(frozen=True)
class Limits:
    """How long a run waits, in seconds, for its entity's lease and for a session; when its life begins and ends."""

    lease_wait: float
    session_wait: float
    begins_at: datetime
    ends_at: datetime


def limits_of(request: RunRequest, settings: Settings, started_at: datetime) -> Limits:
    """Return the limits of a run: who waits for the end of one sync waits longer, a schedule goes on without it."""
    usual_wait = 0.0 if request.due_at is None else LEASE_WAIT
    begins_at = request.due_at or started_at
    return Limits(
        lease_wait=usual_wait if request.lease_wait is None else request.lease_wait,
        session_wait=OPERATOR_SESSION_WAIT if request.is_one_sync() else PATIENCE,
        begins_at=begins_at,
        ends_at=begins_at + timedelta(seconds=settings.queue.check_process_time),
    )


class RunResult:
    """What a run did: its counts, what failed, what a person should know, and the fault that ended it, if one did.

    unknown_key: that the key which was asked for names nothing, which is the fault then. waiting_failed: how many
    messages failed before it and wait for a person, where none failed in it.
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
        """Return one sentence for the run's final state."""
        text = self.fault or self.stopped or self.counters.summary()
        if not self.waiting_failed:
            return text
        waits = "message waits" if self.waiting_failed == 1 else "messages wait"
        return f"{text}; {self.waiting_failed:,} failed {waits}"
