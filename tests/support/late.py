"""A busy Magento: a request that arrived whole is applied only when it is told to, whoever gave up waiting for it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from support.tried import tried

from sandbox.faults import App, Receive, Scope, Send

LONGEST = 60.0


class LateRequests:
    """An ASGI application in front of the simulator. `hold` keeps the next write to a path until `release`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._end_of_path: str | None = None
        self._let_go = threading.Event()
        self._held = threading.Event()

    @property
    def state(self) -> Any:
        return self._app.state  # type: ignore[attr-defined]

    def hold(self, end_of_path: str) -> None:
        """Keep the next write to this path."""
        self._end_of_path = end_of_path
        self._let_go.clear()
        self._held.clear()

    def wait_until_held(self) -> None:
        """Return once a request is held. Raises `TimeoutError`."""
        if not self._held.wait(LONGEST):
            raise TimeoutError("no request came that was to be held")

    def release(self) -> None:
        """Apply what is held."""
        self._let_go.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self._end_of_path is not None and scope["method"] == "POST" and scope["path"].endswith(self._end_of_path):
            self._end_of_path = None
            tried("request applied late")
            self._held.set()
            await asyncio.to_thread(self._let_go.wait, LONGEST)
        await self._app(scope, receive, send)
