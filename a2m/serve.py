"""`a2m serve`: all deployments with their schedules, on the configured Prefect server."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve() -> None:
        """Register every deployment on the configured Prefect server and run what is due, until Ctrl-C."""
        from deployments.serve import serve_all

        serve_all()
