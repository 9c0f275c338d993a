"""Middleware that checks Host and Origin of every request and adds security headers to every response.

The Host must be one of ours, even on loopback, as a protection against DNS rebinding. A request that changes something
must have one of our own origins in its Origin header, as a protection against cross-site requests.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers would send "null" as the Origin of our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SAFE = ("GET", "HEAD")


class Gate:
    """Refuses requests with a foreign Host or Origin, and adds security headers to responses."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # static files may be cached but must be revalidated; pages are never cached
                headers["Cache-Control"] = "no-cache" if scope["path"].startswith("/static/") else "no-store"
            await send(message)

        why = refusal(scope["method"], Headers(scope=scope), self._hosts)
        answer = self._app if why is None else PlainTextResponse(f"{why}\n", status_code=403)
        await answer(scope, receive, send_with_headers)


def refusal(method: str, headers: Headers, hosts: frozenset[str]) -> str | None:
    """Return why a request is refused because of its Host or Origin; None if it is not."""
    host = headers.get("host", "").lower()
    if host not in hosts:
        return (
            f"The workspace is not known as {host[:100]!r}. If browsers reach it under that name, add it to Allowed "
            "hosts (A2M_WEB__ALLOWED_HOSTS)."
        )
    origin = headers.get("origin")
    if origin is None:
        return None if method in SAFE else "A request that changes something needs its Origin, which browsers send."
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or parts.netloc.lower() not in hosts:
        return f"Pages of {origin[:100]!r} may not use the workspace."
    return None
