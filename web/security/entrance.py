"""Where the workspace may be reached, and by whom: made once from the settings, when it starts.

On this machine's own address nobody logs in while there is no user. On any other address the workspace does not start
without users, or a proxy that says who is there.
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
    """The rules of coming in.

    hosts: the Host headers that are answered, in lower case. proxy_header, proxies: which header of which addresses
    names the person. proxy_role: the role of a person so named who is no user; `none` lets nobody in.
    is_on_loopback: only this machine reaches it.
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
    """Return the rules. Raises `NotServed` where anybody could come in from elsewhere."""
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
    """Return what browsers may have in their address bar."""
    names = {"localhost", "127.0.0.1", "[::1]"} if settings.is_on_loopback() else set()
    if settings.address not in ("0.0.0.0", "::", "localhost"):
        names.add(f"[{settings.address}]" if ":" in settings.address else settings.address)
    known = {f"{name}:{settings.port}" for name in names}
    if settings.port == 80:
        known |= names
    return known | set(settings.allowed_hosts)
