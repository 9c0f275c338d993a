"""`a2m explain`: why Magento shows what it shows for one record."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from a2m.console import as_json, table
from a2m.sync import chosen_entities
from a2m.usage import JSON_HELP, LOOK_AND_FIX, entity_argument
from entities.names import NAMES


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def explain(
        entity: Annotated[str, entity_argument(", ".join(NAMES))],
        key: Annotated[str, typer.Argument(metavar="KEY", help="Its SKU, or its id or number in Acumatica.")],
        now: Annotated[bool, typer.Option("--now", help="Ask Magento too what it shows at this moment.")] = False,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Explain why Magento shows what it shows for one record."""
        return _explain(entity, key, asks=now, json=json)


def _explain(entity: str, key: str, *, asks: bool, json: bool) -> int:
    from app.effective_settings import effective_settings
    from app.explain.from_magento import explain_now
    from app.explain.from_state import NOTHING_KNOWN, explain

    if chosen_entities(entity) != [entity]:  # "all"
        raise typer.BadParameter("explain takes one entity.")
    with effective_settings(needs_both_systems=asks) as now:
        lines = explain(now.settings, now.state, entity, key)
        current = asyncio.run(explain_now(now.settings, now.state, entity, key)) if asks else []
    whole = [*lines, *current]
    if json:
        as_json({"entity": entity, "key": key, "lines": [{"what": what, "said": text} for what, text in whole]})
    else:
        table(f"{entity} {key}", ("what", "value"), whole)
    return 0 if lines[0][0] != NOTHING_KNOWN else 1
