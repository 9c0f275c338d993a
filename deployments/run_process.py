"""The process of one run: take over the run's environment, wait until the run is due, run its flow, exit.

It makes no request before the run is due. SIGTERM ends the flow in the state Cancelled. If the worker that started it
dies, the flow ends in the state Crashed, so that it is run again. In both cases the flow first releases its lease and
its session. The exit code is 0 once Prefect has a final state.
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

from deployments.heartbeats import heartbeats, seconds_between
from deployments.prefetch import Prefetched
from deployments.run_client import client_of, in_a_run
from deployments.signals import restore_signals
from deployments.warm_processes import RUN_SETTINGS
from entities.names import NAMES
from flows.blocks import READ_AHEAD

OF_ENTITIES = {f"flows.{name}.{name}" for name in NAMES}
SETTINGS = get_current_settings().to_environment_variables(exclude_unset=True)
"""Prefect's settings in the process that imported this module; a forked process has them too."""


@dataclass(frozen=True)
class RunOrder:
    """What a run's process receives.

    Attributes:
        flow_run: The run as Prefect's JSON.
        entrypoint: The module path of its flow, such as `flows.price.price`.
        due: When it may begin, in seconds since 1970.
        env: Environment variables for the run.
        pull_steps: Steps of the deployment to run first.
        prefetched: What the worker has read from Prefect already.
    """

    flow_run: str
    entrypoint: str
    due: float
    env: Mapping[str, str] = field(default_factory=dict)
    pull_steps: Sequence[dict[str, Any]] = ()
    prefetched: Prefetched = field(default_factory=Prefetched)


def run(order: RunOrder) -> None:
    """Run the flow in this process, which was started for it."""
    if hasattr(os, "setsid") and os.getsid(0) != os.getpid():
        os.setsid()
    restore_signals()
    take_over(order.env)
    flow_run = FlowRun.model_validate_json(order.flow_run)
    with handle_engine_signals(flow_run.id):
        asyncio.run(_run(order, flow_run))


def take_over(env: Mapping[str, str]) -> bool:
    """Apply the run's environment to this process. Return whether Prefect's settings had to be read again."""
    os.environ.update(env)
    if _settings(env) == _settings(SETTINGS):
        return False
    refresh_global_settings_context()
    setup_logging()
    return True


def _settings(env: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in env.items()
        if name.startswith("PREFECT_") and not name.startswith("PREFECT__") and name not in RUN_SETTINGS
    }


async def _run(order: RunOrder, flow_run: FlowRun) -> None:
    ending = Ending(heartbeats(flow_run, seconds_between()))
    flow = ending.wrap(_flow(order.entrypoint))
    if order.pull_steps:
        await run_steps(list(order.pull_steps))
    READ_AHEAD.set(order.prefetched.blocks)
    with in_a_run(csrf=order.prefetched.csrf), _preparation(order.entrypoint):
        async with client_of(flow_run) as client:
            await asyncio.sleep(max(0.0, order.due - time.time()))
            ending.block_sigterm()
            running: Any = run_flow(flow, flow_run=client.for_the_engine, return_type="state")
            await running


def _preparation(entrypoint: str) -> AbstractContextManager[None]:
    """Return the preparation of an entity's run, which happens before the run is due."""
    if entrypoint not in OF_ENTITIES:
        return nullcontext()
    from flows.preparation import prepared  # imported late: the worker needs neither the settings nor the state

    return prepared()


def _flow(entrypoint: str) -> Flow[Any, Any]:
    """Return the flow of a module path such as `flows.price.price`."""
    module, _, name = entrypoint.rpartition(".")
    flow: Flow[Any, Any] = getattr(import_module(module), name)
    return flow


class Ending:
    """Ends a flow at SIGTERM or when the parent process dies, in a state that gives the reason."""

    def __init__(self, during: AbstractAsyncContextManager[None] | None = None) -> None:
        """`during` is entered while the flow works."""
        self._during = during or nullcontext()
        self._state: State[Any] | None = None
        self._task: asyncio.Task[Any] | None = None
        parent = parent_process()
        if parent is not None and os.name == "posix":
            asyncio.get_running_loop().add_reader(parent.sentinel, self._parent_died, parent.sentinel)

    def block_sigterm(self) -> None:
        """Block SIGTERM until the flow handles it: Prefect's engine would end the run as Crashed, to be run again."""
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wrap(self, flow: Flow[Any, Any]) -> Flow[Any, Any]:
        """Return the flow with a function that can be ended."""
        inner = flow.fn

        @wraps(inner)
        async def endable(*args: Any, **kwargs: Any) -> Any:
            with self._handling_sigterm():
                try:
                    async with self._during:
                        return await inner(*args, **kwargs)
                except asyncio.CancelledError:
                    if self._state is None:
                        raise
                    return self._state

        # Prefect resolves the types of parameters in the function's module, which would be this one
        vars(endable)["__signature__"] = signature(inner, eval_str=True)
        # no result is stored, but without a storage the engine asks the server for one
        wrapped = flow.with_options(result_storage=Path(PREFECT_LOCAL_STORAGE_PATH.value()))
        wrapped.fn = endable
        return wrapped

    @contextmanager
    def _handling_sigterm(self) -> Iterator[None]:
        self._task = asyncio.current_task()
        if self._state is not None and self._task is not None:
            self._task.cancel()
        if os.name != "posix":
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end, Cancelled(message="It was ended by SIGTERM."))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        try:
            yield
        finally:
            self.block_sigterm()
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # threads that the flow started do not block it
            self._task = None

    def _end(self, state: State[Any]) -> None:
        if self._state is None:
            self._state = state
            if self._task is not None:
                self._task.cancel()

    def _parent_died(self, sentinel: int) -> None:
        asyncio.get_running_loop().remove_reader(sentinel)
        self._end(Crashed(message="The worker that had started it died."))
