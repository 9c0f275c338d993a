"""Blocking work, such as a write that waits for a database lock, without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finished_in_a_thread(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Call `work` in a thread and return its result. If the caller is cancelled, wait for the thread before raising
    `CancelledError`, so that nothing is written after the caller has gone on.
    """
    working = asyncio.ensure_future(asyncio.to_thread(work, *given, **named))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise
