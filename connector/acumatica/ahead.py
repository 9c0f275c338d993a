"""Pages behind a key, each asked for while the one before it is worked on: Acumatica and we work at the same time.

Only one page is asked for ahead, and only where there is another one. Whoever stops reading stops that request too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

P = TypeVar("P")


async def pages_ahead(
    read: Callable[[str | None], Awaitable[tuple[P, str | None]]], after: str | None
) -> AsyncIterator[P]:
    """What `read` gives from behind a key on; it tells with each page behind which key the next one begins, none at the
    end. Raises what `read` raises, after the pages before it.
    """
    coming = asyncio.ensure_future(read(after))
    try:
        while True:
            page, following = await coming
            if following is None:
                yield page
                return
            coming = asyncio.ensure_future(read(following))
            yield page
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
