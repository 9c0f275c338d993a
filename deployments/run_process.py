"""The life of a run's process: it takes over the run's environment, waits until the run is due, runs its flow, ends.

It makes no request before the run is due. SIGTERM ends the flow in the state Cancelled, the death of the worker that
started it in the state Crashed, so that it is run again; in both cases the flow cleans
up first: it releases its lease and its session. The process ends with 0 once Prefect has a final state.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from inspect import signature
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.context import refresh_global_settings_context
from prefect.deployments.steps.core import run_steps
from prefect.engine import handle_engine_signals
from prefect.flow_engine import run_flow
from prefect.logging.configuration import setup_logging
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, get_current_settings
from prefect.states import Cancelled, Crashed

from deployments.asked_ahead import Answers
from deployments.heartbeats import heartbeats, seconds_between
from deployments.run_client import client_of, in_a_run
from deployments.signals import hear_every_signal
from deployments.warm_processes import OF_RUNS
from entities.names import NAMES
from flows.blocks import READ_AHEAD

OF_ENTITIES = {f"flows.{name}.{name}" for name in NAMES}
SETTINGS = get_current_settings().to_environment_variables(exclude_unset=True)
"""Prefect's settings in the process that imported this module; a forked process has them too."""


@dataclass(frozen=True)
class RunOrder:
    """What a run's process gets: the run as Prefect's JSON, where its flow is, and its environment.

    due: when it may begin, in seconds since 1970. ahead: what the worker has asked Prefect for it already.
    """

    flow_run: str
    entrypoint: str
    due: float
    env: Mapping[str, str] = field(default_factory=dict)
    pull_steps: Sequence[dict[str, Any]] = ()
    ahead: Answers = field(default_factory=Answers)


def run(order: RunOrder) -> None:
    """Run the flow in this process, which is a new one."""
    if hasattr(os, "setsid") and os.getsid(0) != os.getpid():
        os.setsid()
    hear_every_signal()
    take_over(order.env)
    flow_run = FlowRun.model_validate_json(order.flow_run)
    with handle_engine_signals(flow_run.id):
        asyncio.run(_run(order, flow_run))


def take_over(env: Mapping[str, str]) -> bool:
    """Make the run's environment this process's. Return whether Prefect's settings had to be read again."""
    os.environ.update(env)
    if _settings(env) == _settings(SETTINGS):
        return False
    refresh_global_settings_context()
    setup_logging()
    return True


def _settings(env: Mapping[str, str]) -> dict[str, str]:
    named = {name: value for name, value in env.items() if name.startswith("PREFECT_") and name not in OF_RUNS}
    return {name: value for name, value in named.items() if not name.startswith("PREFECT__")}


async def _run(order: RunOrder, flow_run: FlowRun) -> None:
    ending = Ending(heartbeats(flow_run, seconds_between()))
    flow = ending.of(_flow(order.entrypoint))
    if order.pull_steps:
        await run_steps(list(order.pull_steps))
    READ_AHEAD.set(order.ahead.blocks)
    with in_a_run(csrf=order.ahead.csrf), _preparation(order.entrypoint):
        async with client_of(flow_run) as client:
            await asyncio.sleep(max(0.0, order.due - time.time()))
            ending.hold_back()
            running: Any = run_flow(flow, flow_run=client.for_the_engine, return_type="state")
            await running


def _preparation(entrypoint: str) -> AbstractContextManager[None]:
    """Return what is done before the run of an entity is due."""
    if entrypoint not in OF_ENTITIES:
        return nullcontext()
    from flows.preparation import prepared  # not above: only the processes of runs need the settings and the state

    return prepared()


def _flow(entrypoint: str) -> Flow[Any, Any]:
    """Flows are named by module: `flows.price.price`."""
    module, _, name = entrypoint.rpartition(".")
    found: Flow[Any, Any] = getattr(import_module(module), name)
    return found


class Ending:
    """Ends a flow when its process is asked to, in a state that says why."""

    def __init__(self, beside: AbstractAsyncContextManager[None] | None = None) -> None:
        """`beside`: what goes on while the flow works."""
        self._beside = beside or nullcontext()
        self._state: State[Any] | None = None
        self._task: asyncio.Task[Any] | None = None
        parent = parent_process()
        if parent is not None and os.name == "posix":
            asyncio.get_running_loop().add_reader(parent.sentinel, self._parent_died, parent.sentinel)

    def hold_back(self) -> None:
        """Let a SIGTERM wait until the flow hears it: Prefect would call the run crashed, and it would run again."""
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def of(self, flow: Flow[Any, Any]) -> Flow[Any, Any]:
        """Return the flow as one that can be ended."""
        inner = flow.fn

        @wraps(inner)
        async def until_told(*args: Any, **kwargs: Any) -> Any:
            with self._listening():
                try:
                    async with self._beside:
                        return await inner(*args, **kwargs)
                except asyncio.CancelledError:
                    if self._state is None:
                        raise
                    return self._state

        # Prefect looks up the types of parameters in the function's own module, which for this one is here
        vars(until_told)["__signature__"] = signature(inner, eval_str=True)
        # no result is kept: but without a place for results the engine asks the server for one
        same = flow.with_options(result_storage=Path(PREFECT_LOCAL_STORAGE_PATH.value()))
        same.fn = until_told
        return same

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self._task = asyncio.current_task()
        if self._state is not None and self._task is not None:
            self._task.cancel()
        if os.name != "posix":
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._tell, Cancelled(message="It was ended by SIGTERM."))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        try:
            yield
        finally:
            self.hold_back()
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # threads that the flow started do not hold it back
            self._task = None

    def _tell(self, state: State[Any]) -> None:
        if self._state is None:
            self._state = state
            if self._task is not None:
                self._task.cancel()

    def _parent_died(self, sentinel: int) -> None:
        asyncio.get_running_loop().remove_reader(sentinel)
        self._tell(Crashed(message="The worker that had started it died."))
