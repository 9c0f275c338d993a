"""`a2m serve`: all deployments with their schedules, on the configured Prefect server."""

from __future__ import annotations

import gc
import os
from typing import Annotated

import typer

from a2m.console import print_error
from a2m.usage import SYNC
from app.logs import is_json

PREFECT_IN_JSON = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
    "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": "app.logs.JsonLines",
    "PREFECT_LOGGING_FORMATTERS_JSON_FORMAT": "%(message)s",
}
"""Prefect's settings that make it log JSON lines in our format."""

POLL_SECONDS = "1"
"""How often the worker polls, so that a run that a person starts begins within two seconds."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=SYNC)
    def serve(
        wait: Annotated[
            int, typer.Option(metavar="SECONDS", min=0, help="How long to wait for a Prefect server that is starting.")
        ] = 0,
    ) -> int:
        """Run every entity each minute, through the configured Prefect server, until Ctrl-C."""
        from deployments.signals import exit_on_signal

        exit_on_signal()
        from contextlib import chdir

        from deployments.state_folder import state_folder
        from deployments.warm_processes import WarmProcesses

        # Prefect reads these when it is imported, and so does the fork server of the runs
        os.environ.setdefault("PREFECT_WORKER_QUERY_SECONDS", POLL_SECONDS)
        if is_json():
            os.environ |= PREFECT_IN_JSON
        home, processes = state_folder(), WarmProcesses()
        with chdir(home):
            processes.begin()  # the fork server imports for seconds, in parallel with this process (ADR 0067)
        exit_on_signal(processes.close)
        gc.disable()  # imports leave no garbage
        from deployments.serve import NoServerConfigured, ServerUnusable, serve_all

        gc.freeze()
        gc.enable()
        try:
            serve_all(home, processes, wait)
        except NoServerConfigured as error:
            print_error(str(error))
            return 2
        except ServerUnusable as error:
            print_error(str(error))
            return 1
        return 0
