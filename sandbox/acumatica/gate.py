"""What every request passes first: the journal, prepared faults, the licence's requests per minute, and
authentication.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.acumatica import errors
from sandbox.acumatica.auth import Access
from sandbox.acumatica.values import in_utc

CONTROL = "/_sandbox"
OPEN_PATHS = ("/entity/auth/login", "/entity/auth/logout", "/identity/")
LOGOUT = "/entity/auth/logout"
MINUTE = timedelta(seconds=60)
KEPT_REQUESTS = 200_000


@dataclass(slots=True)
class Fault:
    """An answer prepared by a test: `times` requests whose path begins with `path` get `status`."""

    status: int
    times: int
    path: str

    def response(self) -> Response:
        """Return the body that goes with the status: plain text for 429, JSON below 500, HTML above."""
        if self.status == 429:
            return errors.throttled()
        if self.status < 500:
            return errors.message(self.status, "An error has occurred.")
        return errors.page(self.status)


class Traffic:
    """The received requests: the journal, the count, those of the last minute, and the prepared faults."""

    def __init__(self, now: Callable[[], datetime], per_minute: int | None) -> None:
        """Create it from the clock and the licence's requests per minute (None: no limit)."""
        self._now = now
        self._per_minute = per_minute
        self._recent: deque[datetime] = deque()
        self.journal: deque[dict[str, object]] = deque(maxlen=KEPT_REQUESTS)
        self.requests = 0
        self.faults: list[Fault] = []

    def note(self, method: str, path: str, query: str, status: int) -> None:
        """Add an answered request."""
        self.requests += 1
        self.journal.append(
            {"time": in_utc(self._now()), "method": method, "path": path, "query": query, "status": status}
        )

    def refusal(self, path: str) -> Response | None:
        """Return a prepared fault or the throttle's answer for this path. Declined requests do not count."""
        for fault in self.faults:
            if path.startswith(fault.path) and fault.times > 0:
                fault.times -= 1
                return fault.response()
        if self._per_minute is None or path == LOGOUT:
            return None
        now = self._now()
        while self._recent and now - self._recent[0] >= MINUTE:
            self._recent.popleft()
        if len(self._recent) >= self._per_minute:
            return errors.throttled()
        self._recent.append(now)
        return None


class Gate:
    """The ASGI application that passes a request to the site, or answers it here."""

    def __init__(self, app: ASGIApp, traffic: Traffic, access: Access) -> None:
        """Create it from the site behind the gate, the traffic and the access control."""
        self._app = app
        self._traffic = traffic
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Requests to the control paths are not checked."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                query = unquote_plus(scope["query_string"].decode("latin-1"))
                self._traffic.note(scope["method"], scope["path"], query, message["status"])
            await send(message)

        answer = self._refusal(Request(scope))
        await (self._app if answer is None else answer)(scope, receive, noting)

    def _refusal(self, request: Request) -> Response | None:
        path = request.scope["path"].lower()
        refused = self._traffic.refusal(path)
        if refused is not None or path.startswith(OPEN_PATHS):
            return refused
        return self._access.refusal(request, basic=path.startswith(("/t/", "/odata")))
