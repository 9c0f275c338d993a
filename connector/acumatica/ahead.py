"""Pages behind a key, each asked for while the one before it is worked on: Acumatica and we work at the same time.

Only one page is asked for ahead, and only where there is another one. Whoever stops reading stops that request too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from connector.acumatica.session import AcumaticaSession

P = TypeVar("P")


async def pages_ahead(
    session: AcumaticaSession,
    read: Callable[[str | None], Coroutine[Any, Any, tuple[P, str | None]]],
    after: str | None,
) -> AsyncIterator[P]:
    """What `read` gives from behind a key on; it tells with each page behind which key the next one begins, none at the
    end. Raises what `read` raises, after the pages before it.
    """
    coming = session.ahead(read(after))
    try:
        while True:
            page, following = await coming
            if following is None:
                yield page
                return
            coming = session.ahead(read(following))
            yield page
    finally:
        coming.cancel()
