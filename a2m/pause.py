"""`a2m pause` and `a2m resume`: stop sending an entity, and continue without losing a change."""

from __future__ import annotations

from typing import Annotated

import typer

from a2m.console import as_json, out
from a2m.sync import ONE_OR_ALL, chosen_entities
from a2m.usage import JSON_HELP, LOOK_AND_FIX, entity_argument


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def pause(
        entity: Annotated[str, entity_argument(ONE_OR_ALL, "all")] = "all",
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Stop sending one entity or all; what changes meanwhile is sent once it is resumed."""
        _pause(entity, paused=True, json=json)

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def resume(
        entity: Annotated[str, entity_argument(ONE_OR_ALL, "all")] = "all",
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Send one entity or all again."""
        _pause(entity, paused=False, json=json)


def _pause(name: str, *, paused: bool, json: bool) -> None:
    from app.effective_settings import effective_settings
    from connector.state.sync import entities

    chosen = chosen_entities(name)
    with effective_settings() as now:
        entities.pause(now.state, chosen, paused=paused)
    if json:
        as_json({"entities": chosen, "paused": paused})
    else:
        out.print(f"{', '.join(chosen)} {'paused' if paused else 'resumed'}.", markup=False)
