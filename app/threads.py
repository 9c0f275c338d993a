"""Work that waits, for the disk or for another program's lock, without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finished_in_a_thread(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Return what the work returns, which is called in a thread. Whoever is cancelled meanwhile waits for its end too,
    so that nothing is written behind what comes after.
    """
    working = asyncio.ensure_future(asyncio.to_thread(work, *given, **named))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise
