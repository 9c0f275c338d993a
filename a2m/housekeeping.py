"""`a2m housekeeping`: delete old finished data in the state database and in Prefect."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from a2m.console import as_json, out, print_error
from a2m.usage import JSON_HELP, OPERATE


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=OPERATE)
    def housekeeping(
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Delete old sent messages, and old finished runs in Prefect where a server is configured."""
        return _clean(json=json)


def _clean(*, json: bool) -> int:
    import httpx
    from prefect.settings import PREFECT_API_URL

    from flows.housekeeping import clean

    server = PREFECT_API_URL.value()
    try:
        deleted = asyncio.run(clean(with_prefect=bool(server)))
    except httpx.HTTPError as error:
        print_error(f"Runs could not be deleted on the Prefect server {server} (PREFECT_API_URL): {error}")
        return 1
    if json:
        ended = None if deleted.runs is None else deleted.ended
        as_json({"messages": deleted.messages, "runs": deleted.runs, "ended": ended})
    else:
        out.print(deleted.summary(), markup=False)
    return 0
