"""The copy of the state database that a preview works on, and the run over it. The copy is deleted at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.run.context import Run
from app.run.request import RunEnvironment, RunRequest, RunResult, limits_of
from connector.clock import Clock
from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, copy_state, open_state
from connector.state.sync import entities, records
from connector.state.sync.records import Stored
from entities.events import Events
from settings import Settings

PAGE = 2_000
_NOT_COPIED = ("messages", "targets", "requests", "ledger", "leases", "bulks", "audit", "users", "web_sessions")
"""Tables that the rules do not read, or that a copy must not hold."""


@contextmanager
def copy_of_records(state: State) -> Iterator[State]:
    """Yield a copy of the state without queue and ledger, in a temporary SQLite file."""
    with TemporaryDirectory(prefix="a2m-preview-") as folder:
        copy = open_state(f"sqlite:///{Path(folder) / 'state.sqlite'}")
        try:
            copy_state(state, copy, without=_NOT_COPIED)
            yield copy
        finally:
            copy.close()


def run_on_copy(entity: str, settings: Settings, copy: State, state: State, clock: Clock) -> Run:
    """Return a run of the entity on the copy. Its requests to Acumatica count towards the licence of `state`."""
    now = clock.now()
    request, environment = RunRequest(entity, once=True), RunEnvironment(clock, licence_state=state)
    with copy.read() as connection:
        stored = entities.read(connection, entity)
    run_lease = lease.acquire(copy, entity, "a preview", now, seconds=24 * 3600)
    assert isinstance(run_lease, Lease)  # no other process uses the copy
    limits = limits_of(request, settings, now)
    return Run(
        request,
        settings,
        state=copy,
        lease=run_lease,
        environment=environment,
        limits=limits,
        active_since=stored.active_since or now,
        events=Events(),
        result=RunResult(entity),
    )


def keys_of_records(state: State, entity: str) -> Iterator[str]:
    """Yield the Acumatica keys of an entity's records in ascending order."""
    after = ""
    while True:
        with state.read() as connection:
            keys = records.all_keys(connection, entity, after, PAGE)
        if not keys:
            return
        yield from keys
        after = keys[-1]


def pages_of_records(state: State, entity: str) -> Iterator[dict[str, Stored]]:
    """Yield the records of an entity by their keys, `PAGE` at a time."""
    after = ""
    while True:
        with state.read() as connection:
            keys = records.all_keys(connection, entity, after, PAGE)
            stored = records.read(connection, entity, keys)
        if not keys:
            return
        yield stored
        after = keys[-1]
