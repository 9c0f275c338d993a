"""Prefect's API starts every run and shows every parameter: open to everyone, it makes the workspace's roles worth
nothing. Where there are users it must want its auth string, unless only this machine reaches it.
"""

from __future__ import annotations

import httpx

from connector.state.engine import State
from connector.state.operator import users
from settings.checks import is_loopback

ASKED = "/admin/version"
"""A route that every version has and that wants the auth string where one is set; its health does not."""
SECONDS = 10.0


class OpenApi(Exception):
    """Everybody who reaches Prefect's API may use it; the message says what to do."""


async def refuse_open_api(server: str, state: State, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
    """Raise `OpenApi` where the workspace has users and Prefect's API, on another machine, lets everybody in."""
    with state.read() as connection:
        has_users = users.exist(connection)
    if not has_users or is_loopback(server):
        return
    try:
        async with httpx.AsyncClient(transport=transport, timeout=SECONDS) as client:
            answer = await client.get(f"{server}{ASKED}")
    except httpx.HTTPError:
        return  # a server that does not answer lets nobody in; its own clients report that it is down
    if answer.is_success:
        raise OpenApi(
            f"The API of Prefect at {server} is open to everyone who reaches it, so the workspace's users and roles "
            "protect nothing. Set PREFECT_SERVER_API_AUTH_STRING there and PREFECT_API_AUTH_STRING here."
        )
