"""`a2m serve`: all deployments with their schedules, on the configured Prefect server."""

from __future__ import annotations

import os

import typer

from a2m.say import complain
from app.logs import is_json


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def serve() -> int:
        """Register every deployment on the configured Prefect server and run what is due, until Ctrl-C."""
        if is_json():  # Prefect reads it when it is imported, and so do the processes of the runs
            os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER", "json")
        from deployments.serve import NoServerConfigured, ServerUnusable, serve_all

        try:
            serve_all()
        except NoServerConfigured as error:
            complain(str(error))
            return 2
        except ServerUnusable as error:
            complain(str(error))
            return 1
        return 0
