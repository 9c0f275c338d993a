"""Serve the workspace in this process until it is stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from socket import socket

import uvicorn

from app.effective_settings import open_private_state, read
from app.logs import print_to_stderr
from settings.web import Web
from web.app import create_app
from web.runs import configured_runs
from web.security.attempts import LoginAttempts
from web.security.entrance import NotServed, entrance_of
from web.workspace import Workspace


def address_of(settings: Web) -> str:
    """Return the address to open in a browser: of the first allowed host, or on this machine."""
    if settings.allowed_hosts and not settings.is_on_loopback():
        return f"http://{settings.allowed_hosts[0]}"
    host = "127.0.0.1" if settings.address in ("0.0.0.0", "::", "localhost") else settings.address
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


class _Server(uvicorn.Server):
    """Prints the address of the workspace once it is served."""

    address = ""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print_to_stderr(f"Workspace: {self.address}")


def serve(*, only_if_enabled: bool = False) -> None:
    """Serve until SIGINT or SIGTERM. Raises `NotServed`, `SettingsError` and `StateError`.

    `only_if_enabled`: return at once if the settings switch the workspace off.
    """
    state = open_private_state()
    try:
        settings = read(state).settings.web
        if only_if_enabled and not settings.enabled:
            return
        workspace = Workspace(
            state, lambda: datetime.now(UTC), configured_runs(), entrance_of(settings, state), LoginAttempts()
        )
        config = uvicorn.Config(
            create_app(workspace),
            host=settings.address,
            port=settings.port,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
        )
        server = _Server(config)
        server.address = address_of(settings)
        try:
            server.run()
        except SystemExit as error:  # uvicorn exits if it cannot listen at the address
            raise NotServed(
                f"The workspace cannot listen at {settings.address}, port {settings.port} (A2M_WEB__PORT): "
                "another program does."
            ) from error
    finally:
        state.close()
