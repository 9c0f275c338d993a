"""The workspace as one application: its pages, what programs ask, its files, and what every request passes."""

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
from web import machines
from web.pages import activity, connection, failed, login, overview, reconcile, record, sent, setup
from web.render import render
from web.routes import routes_of
from web.security.gate import HEADERS, Gate
from web.workspace import Workspace

PAGES = (overview, failed, record, activity, sent, reconcile, setup, connection, login)
"""Each has `ROUTES`; what is linked on every page stands in `web.navigation`."""
STATIC = Path(__file__).parent / "static"


def create_app(workspace: Workspace) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            *(route for one in PAGES for route in routes_of(one.ROUTES, workspace)),
            *machines.routes(workspace),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Gate, hosts=workspace.entrance.hosts)],
        exception_handlers={
            HTTPException: _refused,
            SettingsError: _settings_are_wrong,
            StateError: _state_is_away,
            Exception: _mistake,
        },
    )


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = "There is no such page" if error.status_code == 404 else "Not possible"
    text = "" if error.detail == HTTPStatus.NOT_FOUND.phrase else error.detail
    return _sorry(error.status_code, title, text)


def _settings_are_wrong(_request: Request, error: Exception) -> Response:
    return _sorry(503, "A setting is wrong", as_on_the_screen(str(error)))


def _state_is_away(_request: Request, error: Exception) -> Response:
    return _sorry(503, "The state database cannot be used", str(error))


def _mistake(_request: Request, _error: Exception) -> Response:
    """Answer 500 for a bug: its traceback is in the log, and nothing of it here. The gate is passed already."""
    answer = _sorry(500, "An error in the workspace", "What happened stands in its log.")
    answer.headers.update(HEADERS)
    return answer


def _sorry(status: int, title: str, text: str) -> Response:
    return HTMLResponse(render("sorry.html", title=title, text=text), status_code=status)
