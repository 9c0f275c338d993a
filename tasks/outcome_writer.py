"""The outcomes of several requests in one commit: a commit for each would wait for the disk each time."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from connector.state.queue.message import BatchResult, Message
from entities.base import RunContext
from settings import as_on_the_screen


class OutcomeWriter:
    """Keeps the outcomes of several requests in one commit: while one is written to the disk, the others send, and
    what they bring meanwhile goes into the next. One commit a request would wait for the disk each time.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[BatchResult, asyncio.Future[list[Message]]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, context: RunContext[Any], answered: BatchResult) -> list[Message]:
        """Store the outcomes of a request; return the next one's messages, if they were claimed."""
        future: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        self._waiting.append((_for_people(answered), future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(context))
        return await future

    async def _write(self, context: RunContext[Any]) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            answers = [answered for answered, _future in together]
            try:
                claims = await asyncio.to_thread(context.state.settle, answers, context.clock.now())
            except Exception as error:  # noqa: BLE001 - everything that waits for this commit gets the fault
                for _answered, future in together:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_answered, future), claimed in zip(together, claims, strict=True):
                if not future.done():
                    future.set_result(claimed)


def _for_people(answered: BatchResult) -> BatchResult:
    """Return the same outcomes, their reasons with every setting called as the screen calls it."""
    reasons = [one.reason for one in answered.outcomes if one.reason is not None]
    if not any("A2M_" in reason for reason in reasons):
        return answered
    outcomes = [
        one if one.reason is None else msgspec.structs.replace(one, reason=as_on_the_screen(one.reason))
        for one in answered.outcomes
    ]
    return msgspec.structs.replace(answered, outcomes=outcomes)
