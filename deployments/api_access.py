"""Refuse to serve if Prefect's API is open to everyone although the workspace has users.

The API can start every run and shows every parameter, so an open API bypasses the workspace's roles. It must require
its auth string, unless it is only reachable from this machine.
"""

from __future__ import annotations

import httpx

from connector.state.engine import State
from connector.state.operator import users
from settings.checks import is_loopback

ASKED = "/admin/version"
"""A route of every version that requires the auth string if one is set; the health route does not."""
SECONDS = 10.0


class UnprotectedApi(Exception):
    """Prefect's API requires no authentication; the message says what to do."""


async def refuse_unprotected_api(
    server: str, state: State, *, transport: httpx.AsyncBaseTransport | None = None
) -> None:
    """Raise `UnprotectedApi` if the workspace has users and Prefect's API, on another host, requires no login."""
    with state.read() as connection:
        has_users = users.exist(connection)
    if not has_users or is_loopback(server):
        return
    try:
        async with httpx.AsyncClient(transport=transport, timeout=SECONDS) as client:
            answer = await client.get(f"{server}{ASKED}")
    except httpx.HTTPError:
        return  # unreachable, which is reported elsewhere
    if answer.is_success:
        raise UnprotectedApi(
            f"The API of Prefect at {server} is open to everyone who reaches it, so the workspace's users and roles "
            "protect nothing. Set PREFECT_SERVER_API_AUTH_STRING there and PREFECT_API_AUTH_STRING here."
        )
