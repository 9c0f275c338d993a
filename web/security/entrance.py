"""The access rules of the workspace, derived from the settings when it starts (ADR 0049).

On the loopback address, nobody has to log in while there are no users. On any other address, the workspace does not
start without users or a proxy that authenticates them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connector.state.engine import State
from connector.state.operator import users
from settings.web import Web


class NotServed(Exception):
    """The workspace is not served as it is configured; the message says what to do."""


@dataclass(frozen=True)
class Entrance:
    """The access rules.

    Attributes:
        hosts: The accepted Host headers, in lower case.
        is_on_loopback: Only this machine can connect.
        cookie: The name of the session cookie.
        session: How long a session lasts.
        proxy_header: The header in which a proxy names the user.
        proxies: The addresses of proxies whose headers are trusted.
        proxy_role: The role of a person whom the proxy names and who is not a user; `none` refuses them.
        metrics_token: The bearer token for `/metrics`; empty if there is none.
    """

    hosts: frozenset[str]
    is_on_loopback: bool
    cookie: str
    session: timedelta
    proxy_header: str = ""
    proxies: frozenset[str] = frozenset()
    proxy_role: str = "none"
    metrics_token: str = ""


def entrance_of(settings: Web, state: State) -> Entrance:
    """Return the rules. Raises `NotServed` if anybody could use the workspace from another machine."""
    with state.read() as connection:
        has_users = users.exist(connection)
    if not (settings.is_on_loopback() or has_users or settings.proxy_header):
        raise NotServed(
            f"The workspace is not served at {settings.address}: anybody could use it there. Add a user first "
            "(a2m user add NAME --role administrator), or let a proxy say who is there (A2M_WEB__PROXY_HEADER)."
        )
    token = settings.metrics_token
    return Entrance(
        hosts=frozenset(_hosts(settings)),
        is_on_loopback=settings.is_on_loopback(),
        cookie=f"a2m_{settings.port}",
        session=timedelta(hours=settings.session_time),
        proxy_header=settings.proxy_header,
        proxies=frozenset(settings.proxy_addresses),
        proxy_role=settings.proxy_role,
        metrics_token=token.get_secret_value() if token else "",
    )


def _hosts(settings: Web) -> set[str]:
    """Return the accepted Host headers."""
    names = {"localhost", "127.0.0.1", "[::1]"} if settings.is_on_loopback() else set()
    if settings.address not in ("0.0.0.0", "::", "localhost"):
        names.add(f"[{settings.address}]" if ":" in settings.address else settings.address)
    known = {f"{name}:{settings.port}" for name in names}
    if settings.port == 80:
        known |= names
    return known | set(settings.allowed_hosts)
