"""Store the outcomes of several requests in one commit. A commit for each would wait for the disk each time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any

import msgspec

from connector.state.queue.message import BatchResult, Message
from entities.base import RunContext
from settings import as_on_the_screen

TURNS = 6
"""Turns of the event loop before a commit, so that answers that have already arrived are part of it. The turns take 0.1
ms; a separate commit takes most of a millisecond of processor time, and several of waiting for the disk.
"""

Claims = list[list[Message]]
Write = Callable[[], Claims]
Written = Callable[[Claims | BaseException], None]
Waiting = list[tuple[BatchResult, asyncio.Future[list[Message]]]]


class OutcomeWriter:
    """Stores the outcomes of several requests in one commit. While one commit is written to the disk, the connections
    go on sending, and the next commit stores what they bring meanwhile.

    It writes in its own thread, from the first outcome until it is closed.
    """

    def __init__(self) -> None:
        self._waiting: Waiting = []
        self._is_writing = False
        self._thread: _Thread | None = None

    async def write(self, context: RunContext[Any], answered: BatchResult) -> list[Message]:
        """Store the outcomes of a request. Return the messages of the next request, if they were claimed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Message]] = loop.create_future()
        self._waiting.append((_for_people(answered), future))
        if not self._is_writing:
            self._is_writing = True
            self._write_soon(context, TURNS)
        return await future

    async def close(self, context: RunContext[Any]) -> None:
        """Wait until everything is written, and end the thread. Another outcome starts a new one."""
        if self._waiting:
            self._write_on(context)
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.close()

    def _write_soon(self, context: RunContext[Any], turns: int) -> None:
        if turns and self._waiting:
            asyncio.get_running_loop().call_soon(self._write_soon, context, turns - 1)
        else:
            self._write_on(context)

    def _write_on(self, context: RunContext[Any]) -> None:
        together, self._waiting = self._waiting, []
        self._is_writing = bool(together)
        if not together:
            return
        try:
            self._thread = self._thread or _Thread()
        except RuntimeError as fault:  # the machine cannot start a thread
            self._written(context, together, fault)
            return
        answers = [_without_claim(answered) if future.done() else answered for answered, future in together]
        write = partial(context.state.settle, answers, context.clock.now())
        self._thread.do(write, partial(self._written, context, together))

    def _written(self, context: RunContext[Any], together: Waiting, claims: Claims | BaseException) -> None:
        if isinstance(claims, BaseException):
            for _answered, future in together:
                if not future.done():
                    future.set_exception(claims)
        else:
            for (_answered, future), claimed in zip(together, claims, strict=True):
                if not future.done():
                    future.set_result(claimed)
        self._write_soon(context, TURNS)


class _Thread:
    """A thread that writes for an event loop, one job after the other. A hand-over takes half the time of
    `asyncio.to_thread`.

    It runs in a copy of the context variables, by which Prefect assigns log lines to their run.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._work: SimpleQueue[tuple[Write, Written] | None] = SimpleQueue()
        context = copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="outcomes", daemon=True)
        self._thread.start()

    def do(self, write: Write, then: Written) -> None:
        """Call `write` in the thread, and then `then` in the event loop with what it returned or raised."""
        self._work.put((write, then))

    async def close(self) -> None:
        """End the thread after its remaining jobs."""
        self._work.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            write, then = work
            try:
                claims: Claims | BaseException = write()
            except BaseException as fault:  # noqa: BLE001 - it is raised to everyone who waits for this commit
                claims = fault
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(then, claims)


def _without_claim(answered: BatchResult) -> BatchResult:
    """Return the answer of a cancelled connection without its next claim, which nobody would send."""
    return msgspec.structs.replace(answered, then=None)


def _for_people(answered: BatchResult) -> BatchResult:
    """Return the outcomes with the settings in their reasons named as they are on the screens."""
    reasons = [one.reason for one in answered.outcomes if one.reason is not None]
    if not any("A2M_" in reason for reason in reasons):
        return answered
    outcomes = [
        one if one.reason is None else msgspec.structs.replace(one, reason=as_on_the_screen(one.reason))
        for one in answered.outcomes
    ]
    return msgspec.structs.replace(answered, outcomes=outcomes)
