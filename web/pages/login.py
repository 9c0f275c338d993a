"""Log in and log out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from app.users import check_password
from connector.state.operator import audit, users
from web.routes import Declared, Visit, is_ours, page, remember
from web.security.visitor import address_of, hash_of, new_token
from web.times import duration


def show(visit: Visit) -> Response:
    """Show the form, or redirect a visitor who needs no login."""
    if visit.visitor.name:
        return RedirectResponse(_next(visit.query.get("next", "/")), status_code=303)
    return visit.render("login.html", next=_next(visit.query.get("next", "/")), why="", name="")


def log_in(visit: Visit) -> Response:
    """Begin a session with a new token, as a protection against session fixation."""
    workspace, now = visit.workspace, visit.now
    name, password = visit.form.get("name", "").strip()[:100], visit.form.get("password", "")
    following = _next(visit.form.get("next", "/"))
    address = address_of(visit.request, workspace.entrance)
    wait = workspace.attempts.wait(name, address, now)
    if wait is not None:
        why = f"Too many logins failed. Try again in {duration(wait.total_seconds())}."
        return visit.render("login.html", status=429, next=following, why=why, name=name)
    user = check_password(workspace.state, name, password)
    if user is None:
        workspace.attempts.failed(name, address, now)
        audit.write(workspace.state, name, "login.refused", f"A login from {address} was refused.", now)
        why = "No user has this name and this password."
        return visit.render("login.html", status=401, next=following, why=why, name=name)
    workspace.attempts.succeeded(name, address)
    token = new_token()
    users.begin_session(workspace.state, hash_of(token), user.name, now, now + workspace.entrance.session)
    audit.write(workspace.state, user.name, "login", f"Logged in from {address}.", now)
    response = RedirectResponse(following, status_code=303)
    remember(response, token, visit)
    return response


def log_out(visit: Visit) -> Response:
    """End the session."""
    users.end_session(visit.workspace.state, hash_of(visit.token))
    audit.write(visit.workspace.state, visit.visitor.name, "logout", "Logged out.", visit.now)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(visit.workspace.entrance.cookie, path="/")
    return response


def _next(path: str) -> str:
    return path if is_ours(path) else "/"


ROUTES = (
    page("/login", show, is_open=True),
    Declared("/login", "POST", act=log_in, code="login", is_open=True, needs_role=False),
    Declared("/logout", "POST", act=log_out, code="logout", needs_role=False),
)
