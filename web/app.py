"""The workspace as one ASGI application: pages, endpoints for programs, static files, and middleware."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from connector.state.faults import StateError
from settings import SettingsError, as_on_the_screen
from web import endpoints
from web.pages import activity, connection, failed, login, overview, reconcile, record, sent, setup
from web.render import render
from web.routes import routes_of
from web.security.gate import HEADERS, Gate
from web.workspace import Workspace

PAGES = (overview, failed, record, activity, sent, reconcile, setup, connection, login)
"""Every module has `ROUTES`. The pages that every page links to are in `web.navigation`."""
STATIC = Path(__file__).parent / "static"


def create_app(workspace: Workspace) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            *(route for module in PAGES for route in routes_of(module.ROUTES, workspace)),
            *endpoints.routes(workspace),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Gate, hosts=workspace.entrance.hosts)],
        exception_handlers={
            HTTPException: _http_error,
            SettingsError: _settings_error,
            StateError: _state_error,
            Exception: _bug,
        },
    )


def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = "There is no such page" if error.status_code == 404 else "Not possible"
    text = "" if error.detail == HTTPStatus.NOT_FOUND.phrase else error.detail
    return _error_page(error.status_code, title, text)


def _settings_error(_request: Request, error: Exception) -> Response:
    return _error_page(503, "A setting is wrong", as_on_the_screen(str(error)))


def _state_error(_request: Request, error: Exception) -> Response:
    return _error_page(503, "The state database cannot be used", str(error))


def _bug(_request: Request, _error: Exception) -> Response:
    """Answer 500 for a bug. The traceback is only in the log. The middleware does not add its headers here."""
    response = _error_page(500, "An error in the workspace", "What happened stands in its log.")
    response.headers.update(HEADERS)
    return response


def _error_page(status: int, title: str, text: str) -> Response:
    return HTMLResponse(render("sorry.html", title=title, text=text), status_code=status)
