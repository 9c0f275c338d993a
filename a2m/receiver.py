"""`a2m receiver`: takes Acumatica's push notifications, so that a change is looked at within seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from a2m.say import complain, err
from a2m.sync import ENTITIES


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def receiver(
        host: Annotated[str, typer.Option(help="Address to listen at; put a proxy with TLS before it.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=0, max=65535)] = 8085,
    ) -> int:
        """Receive Acumatica's push notifications, which wake the next look, until Ctrl-C."""
        return _receive(host, port)


def _receive(host: str, port: int) -> int:
    import uvicorn

    from flows.in_force import in_force
    from receiver.app import create_app

    with in_force() as now:
        chosen = now.settings.receiver
        if chosen.secret is None:
            complain("A2M_RECEIVER__SECRET is not set: without it anybody could wake the connector.")
            return 2
        app = create_app(
            now.state,
            secret=chosen.secret.get_secret_value(),
            header=chosen.header,
            entities=ENTITIES,
            now=lambda: datetime.now(UTC),
        )
        err.print(f"POST http://{host}:{port}/notify/ENTITY, with {chosen.header}", markup=False)
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
    return 0
