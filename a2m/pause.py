"""`a2m pause` and `a2m resume`: by hand, without losing a change."""

from __future__ import annotations

from typing import Annotated

import typer

from a2m.console import out
from a2m.sync import ONE_OR_ALL, chosen_entities


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def pause(entity: Annotated[str, typer.Argument(help=ONE_OR_ALL)] = "all") -> None:
        """Stop sending one entity or all; what changes meanwhile goes when it is resumed."""
        _pause(entity, paused=True)

    @app.command()
    def resume(entity: Annotated[str, typer.Argument(help=ONE_OR_ALL)] = "all") -> None:
        """Send one entity or all again."""
        _pause(entity, paused=False)


def _pause(name: str, *, paused: bool) -> None:
    from app.effective_settings import effective_settings
    from connector.state.sync import entities

    chosen = chosen_entities(name)
    with effective_settings() as now:
        entities.pause(now.state, chosen, paused=paused)
    out.print(f"{', '.join(chosen)} {'paused' if paused else 'resumed'}.", markup=False)
