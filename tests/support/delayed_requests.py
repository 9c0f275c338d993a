"""A busy Magento: a request that has arrived is applied only when the test releases it, even if its client gave up."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from support.fault_counts import count_fault

from sandbox.faults import App, Receive, Scope, Send

LONGEST = 60.0


class DelayedRequests:
    """An ASGI application in front of the simulator. `hold` delays the next write to a path until `release`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._end_of_path: str | None = None
        self._released = threading.Event()
        self._held = threading.Event()

    @property
    def state(self) -> Any:
        return self._app.state  # type: ignore[attr-defined]

    def hold(self, end_of_path: str) -> None:
        """Delay the next write to a path that ends like this."""
        self._end_of_path = end_of_path
        self._released.clear()
        self._held.clear()

    def wait_until_held(self) -> None:
        """Return once a request is held. Raises `TimeoutError`."""
        if not self._held.wait(LONGEST):
            raise TimeoutError("no request came that could be held")

    def release(self) -> None:
        """Let the held request be applied."""
        self._released.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self._end_of_path is not None and scope["method"] == "POST" and scope["path"].endswith(self._end_of_path):
            self._end_of_path = None
            count_fault("request applied late")
            self._held.set()
            await asyncio.to_thread(self._released.wait, LONGEST)
        await self._app(scope, receive, send)
