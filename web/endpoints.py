"""Endpoints for programs: `/healthz` (the process runs), `/readyz` (it can work) and `/metrics` for Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.status.metrics import metrics_text
from connector.state.faults import StateError
from settings import SettingsError
from web.security.visitor import visitor_of
from web.workspace import Workspace


def routes(workspace: Workspace) -> list[Route]:
    """Return the routes of the endpoints."""
    return [
        Route("/healthz", _in_a_thread(lambda _request: PlainTextResponse("ok\n"))),
        Route("/readyz", _in_a_thread(lambda _request: _ready(workspace))),
        Route("/metrics", _in_a_thread(lambda request: _metrics(request, workspace))),
    ]


def _in_a_thread(answer: Callable[[Request], Response]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return endpoint


def _ready(workspace: Workspace) -> Response:
    """Answer 200 if the state database answers and the settings are valid, else 503; the log has the reason."""
    try:
        workspace.here()
    except (SettingsError, StateError):
        return PlainTextResponse("not ready\n", status_code=503)
    return PlainTextResponse("ready\n")


def _metrics(request: Request, workspace: Workspace) -> Response:
    """Answer with the metrics. A program must send the token; a user who is logged in needs none."""
    if not _has_the_token(request, workspace.entrance.metrics_token) and not visitor_of(
        request, workspace.entrance, workspace.state, workspace.now()
    ):
        return PlainTextResponse(
            "Send the metrics token (A2M_WEB__METRICS_TOKEN) as: Authorization: Bearer TOKEN\n",
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    try:
        text = metrics_text(workspace.here(), workspace.now())
    except (SettingsError, StateError):
        return PlainTextResponse("not ready\n", status_code=503)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _has_the_token(request: Request, token: str) -> bool:
    kind, _blank, given = request.headers.get("authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
