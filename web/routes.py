"""Declare pages and actions. Every one of them is checked for login, role and form token (CSRF).

A page is a function from a `Visit` to a response. An action returns `Done`, which is written to the audit log and shown
on the page to which the browser is redirected. An action that cannot be carried out raises `Refused`, or returns the
form again with its errors. All are plain functions and run in threads.

    ROUTES = (page("/failed", show), action("/failed/skip", skip, code="failed.skip"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.effective_settings import AppContext
from connector.state.operator import audit
from connector.state.queue.messages import FailedChoice, count_failed
from web.render import render
from web.security.visitor import (
    NOBODY,
    Visitor,
    form_token,
    is_behind_tls,
    is_form_of,
    new_token,
    token_of,
    visitor_of,
)
from web.times import Times
from web.workspace import StartedRun, Workspace

LARGEST_FORM = 2_000_000
MOST_FIELDS = 100_000
FIELD = "form_token"
REFUSED = ".refused"
Form = ImmutableMultiDict[str, str]


class Refused(Exception):
    """An action is refused. The browser is redirected to the page `back`, which shows why."""

    def __init__(self, why: str, back: str, entity: str | None = None) -> None:
        super().__init__(why)
        self.back = back
        self.entity = entity


@dataclass(frozen=True)
class Done:
    """What an action did, and the page `back` to which the browser is redirected.

    Attributes:
        text: What was done, for the page and the audit log.
        entity: The entity of the action, if it concerned only one.
        run: The run that continues the work; the page links to it.
        messages: The messages that the action concerned.
    """

    text: str
    back: str
    entity: str | None = None
    run: StartedRun | None = None
    messages: Sequence[audit.Named] = ()


@dataclass(frozen=True)
class Visit:
    """One request. `token` is the content of the browser's cookie."""

    request: Request
    workspace: Workspace
    visitor: Visitor
    token: str
    form: Form

    @property
    def path(self) -> str:
        """The requested path."""
        return self.request.url.path

    @property
    def query(self) -> ImmutableMultiDict[str, str]:
        """The parameters of the query string."""
        return self.request.query_params

    @property
    def is_part(self) -> bool:
        """Whether only a part of the page is requested, to refresh it."""
        return self.request.headers.get("hx-request") == "true"

    @cached_property
    def here(self) -> AppContext:
        """The effective settings with the state database. Raises `SettingsError` and `StateError`."""
        return self.workspace.here()

    @cached_property
    def now(self) -> datetime:
        """The time of the request."""
        return self.workspace.now()

    @cached_property
    def times(self) -> Times:
        """Formats instants for the page."""
        return Times(self.now, self.here.settings.acumatica.zone())

    def render(self, template: str, *, status: int = 200, **names: Any) -> Response:
        """Return the rendered template as a response."""
        text = render(
            template,
            visit=self,
            visitor=self.visitor,
            form_token=form_token(self.token),
            notice=self._notice(),
            run_page=self._run_page(),
            prefect=self.workspace.runs.page(),
            zone=self.times.zone_name() if self._is_whole else "",
            failed_messages=self._failed_messages() if self._is_whole else 0,
            **names,
        )
        return HTMLResponse(text, status_code=status)

    @property
    def _is_whole(self) -> bool:
        """Whether the page has what stands around every page that somebody sees: not the login's, nor what is
        refreshed.
        """
        return bool(self.visitor.name) and not self.is_part

    def _failed_messages(self) -> int:
        with self.workspace.state.read() as connection:
            return count_failed(connection, FailedChoice())

    def _notice(self) -> audit.Done | None:
        """Return the action that this visitor has just done, to show it on the page."""
        number = self.query.get("done", "")
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            return None
        with self.workspace.state.read() as connection:
            done = audit.read(connection, int(number))
        return done if done is not None and done.who == self.visitor.name else None

    def _run_page(self) -> str | None:
        """Return the address in Prefect of the run that was just started."""
        try:
            return self.workspace.runs.page_of(str(UUID(self.query.get("run", ""))))
        except ValueError:
            return None


@dataclass(frozen=True)
class Declared:
    """A declared page or action, which `route` makes part of an application."""

    path: str
    method: str
    view: Callable[[Visit], Response] | None = None
    act: Callable[[Visit], Done | Response] | None = None
    code: str = ""
    is_open: bool = False
    needs_role: bool = True

    def route(self, workspace: Workspace) -> Route:
        """Return the route for this workspace."""

        async def endpoint(request: Request) -> Response:
            form = await _form(request) if self.method == "POST" else Form()
            return await run_in_threadpool(self._answer, request, workspace, form)

        return Route(self.path, endpoint, methods=[self.method], name=f"{self.method} {self.path}")

    def _answer(self, request: Request, workspace: Workspace, form: Form) -> Response:
        entrance = workspace.entrance
        token = token_of(request, entrance)
        if self.method == "POST" and (token is None or not is_form_of(token, form.get(FIELD, ""))):
            raise HTTPException(
                403,
                "This page is too old, or does not come from this workspace. Load it again and repeat what you did.",
            )
        visitor = visitor_of(request, entrance, workspace.state, workspace.now())
        if visitor is None and not self.is_open:
            return _to_the_login(request)
        visit = Visit(request, workspace, visitor or NOBODY, token or new_token(), form)
        response = self._do(visit, self.act) if self.act else self._show(visit)
        if token is None:
            remember(response, visit.token, visit)
        return response

    def _show(self, visit: Visit) -> Response:
        assert self.view is not None
        return self.view(visit)

    def _do(self, visit: Visit, act: Callable[[Visit], Done | Response]) -> Response:
        if self.needs_role and not visit.visitor.may_act():
            raise HTTPException(403, f"{visit.visitor.name} may look, and not act: ask an administrator.")
        code = self.code
        try:
            done = act(visit)
        except Refused as refused:
            done, code = Done(str(refused), refused.back, refused.entity), f"{code}{REFUSED}"
        if isinstance(done, Response):
            return done
        number = audit.write(
            visit.workspace.state,
            visit.visitor.name,
            code,
            done.text,
            visit.now,
            entity=done.entity,
            messages=done.messages,
        )
        run = {"run": done.run.run_id} if done.run else {}
        return RedirectResponse(with_query(done.back, done=str(number), **run), status_code=303)


def page(path: str, view: Callable[[Visit], Response], *, is_open: bool = False) -> Declared:
    """Declare a page. `is_open`: it is shown without a login."""
    return Declared(path, "GET", view=view, is_open=is_open)


def action(path: str, act: Callable[[Visit], Done | Response], *, code: str) -> Declared:
    """Declare an action for administrators. `code`: its code in the audit log."""
    return Declared(path, "POST", act=act, code=code)


def remember(response: Response, token: str, visit: Visit) -> None:
    """Set the cookie with the token, which the browser deletes when it is closed. A session may end earlier."""
    response.set_cookie(
        visit.workspace.entrance.cookie,
        token,
        httponly=True,
        samesite="lax",
        secure=is_behind_tls(visit.request, visit.workspace.entrance),
        path="/",
    )


def with_query(path: str, **values: str) -> str:
    """Return a path of ours with these values added to its query, replacing earlier ones."""
    plain, _mark, query = path.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name not in values]
    return f"{plain}?{urlencode([*kept, *values.items()])}"


def is_ours(path: str) -> bool:
    """Return whether an address is a path within the workspace."""
    parts = urlsplit(path)
    return path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc


def _to_the_login(request: Request) -> Response:
    """Redirect to the login, and from there back. If a part of a page is requested, the whole page is reloaded."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    if request.method not in ("GET", "HEAD"):
        raise HTTPException(401, "Nobody is logged in, or no longer. Log in and repeat it.")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(here)}", status_code=303)


async def _form(request: Request) -> Form:
    """Read a form. Raises `HTTPException`, also as soon as it exceeds `LARGEST_FORM`."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415, "A form is expected.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, "The form is too large.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    return Form(pairs)


def routes_of(declared: Sequence[Declared], workspace: Workspace) -> list[Route]:
    """Return the routes of declared pages and actions for this workspace."""
    return [declaration.route(workspace) for declaration in declared]
