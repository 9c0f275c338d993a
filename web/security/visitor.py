"""Identify the visitor of a request, and bind forms to the browser in which they were shown (CSRF tokens)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from app.roles import Role
from connector.state.engine import State
from connector.state.operator import users
from web.security.entrance import Entrance

_TOKEN_LENGTH = 43
THIS_MACHINE = "this machine"


@dataclass(frozen=True)
class Visitor:
    """A person with access. logs_in: by a session of the workspace, which can be ended."""

    name: str
    role: Role
    logs_in: bool = False

    def may_act(self) -> bool:
        """Return whether the visitor may change something."""
        return self.role is Role.ADMINISTRATOR


NOBODY = Visitor("", Role.VIEWER)
"""The visitor of a page that needs no login."""


def visitor_of(request: Request, entrance: Entrance, state: State, now: datetime) -> Visitor | None:
    """Return the visitor; None if a login is required."""
    proxied = request.headers.get(entrance.proxy_header, "").strip() if entrance.proxy_header else ""
    if proxied and _peer(request) in entrance.proxies:
        return _named_by_the_proxy(proxied, entrance, state)
    token = token_of(request, entrance)
    with state.read() as connection:
        user = users.of_session(connection, hash_of(token), now) if token else None
        if user is not None:
            return Visitor(user.name, Role(user.role), logs_in=True)
        is_open = entrance.is_on_loopback and not entrance.proxy_header and not users.exist(connection)
    return Visitor(THIS_MACHINE, Role.ADMINISTRATOR) if is_open else None


def _named_by_the_proxy(name: str, entrance: Entrance, state: State) -> Visitor | None:
    with state.read() as connection:
        user = users.find(connection, name)
    role = entrance.proxy_role if user is None else user.role
    return None if role == "none" else Visitor(name[:100], Role(role))


def address_of(request: Request, entrance: Entrance) -> str:
    """Return the address of the browser, from the header of a trusted proxy if there is one."""
    forwarded = request.headers.get("x-forwarded-for", "")
    if forwarded and _peer(request) in entrance.proxies:
        return forwarded.rsplit(",", 1)[-1].strip()
    return _peer(request)


def is_behind_tls(request: Request, entrance: Entrance) -> bool:
    """Return whether the browser uses TLS, to the workspace or to a trusted proxy."""
    if _peer(request) in entrance.proxies and "x-forwarded-proto" in request.headers:
        return request.headers["x-forwarded-proto"].strip().lower() == "https"
    return request.url.scheme == "https"


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def new_token() -> str:
    """Return the content of a new cookie."""
    return secrets.token_urlsafe(32)


def token_of(request: Request, entrance: Entrance) -> str | None:
    """Return the content of the browser's cookie if it has the length of ours, else None."""
    token = request.cookies.get(entrance.cookie, "")
    return token if len(token) == _TOKEN_LENGTH else None


def hash_of(token: str) -> str:
    """Return the hash of a token, which is what the database stores."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """Return the token for this browser's forms. It is derived from the cookie and does not reveal it."""
    return hmac.new(token.encode(), b"a form of the workspace", hashlib.sha256).hexdigest()


def is_form_of(token: str, given: str) -> bool:
    """Return whether the token of a form belongs to this browser."""
    return hmac.compare_digest(form_token(token).encode(), given.encode())
