"""`a2m reconcile`: compare both systems as they are now, and repair differences on request."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from a2m.console import as_json, out, print_error, table
from a2m.sync import ONE_OR_ALL, chosen_entities
from a2m.usage import JSON_HELP, SYNC, entity_argument

if TYPE_CHECKING:
    from app.reconcile import Compared

ROWS_SHOWN = 50
HEADS = ("key", "source", "Acumatica says", "Magento shows", "why", "cause")


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=SYNC)
    def reconcile(
        entity: Annotated[str, entity_argument(ONE_OR_ALL, "all")] = "all",
        repair: Annotated[bool, typer.Option("--repair", help="Send what differs.")] = False,
        key: Annotated[
            list[str] | None,
            typer.Option("--key", help="Repair only this record, by its SKU or number; may be repeated."),
        ] = None,
        cause: Annotated[
            list[str] | None, typer.Option("--cause", help="Repair only what differs for this cause; may be repeated.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Compare both systems as they are now, and name what differs.

        The exit code is 1 if something differs and was not put right.
        """
        chosen_entities(entity)
        if (key or cause) and not repair:
            raise typer.BadParameter("--key and --cause choose what --repair sends: add --repair.")
        return asyncio.run(_reconcile(entity, with_repair=repair, keys=key or [], causes=cause or [], json=json))


async def _reconcile(name: str, *, with_repair: bool, keys: list[str], causes: list[str], json: bool) -> int:
    from a2m.progress import show_progress, show_reading
    from app import reconcile as flow
    from app.effective_settings import effective_settings
    from app.logs import print_to_stderr

    answers: list[dict[str, Any]] = []
    is_repaired = True
    with effective_settings(needs_both_systems=True) as now:
        for entity in chosen_entities(name, now.settings.active):
            compared = await flow.reconcile(entity, now.settings, now.state, listeners=[] if json else [show_reading()])
            flow.remember(now.state, compared, datetime.now(UTC))
            answer = _answer(compared)
            entity_is_right = compared.why_not is None and not compared.differences
            if compared.why_not is not None:
                print_error(f"{entity}: {compared.why_not}")
            elif not json:
                _show(entity, answer)
            chosen = flow.select_differences(compared.differences, keys=keys, causes=causes) if with_repair else []
            if chosen:
                repaired = await flow.repair(
                    entity, now.settings, now.state, chosen, listeners=[] if json else [show_progress]
                )
                flow.remember_repaired(now.state, compared, chosen, repaired, datetime.now(UTC))
                entity_is_right = len(chosen) == len(compared.differences) and flow.is_repaired(now.state, repaired)
                answer["repaired"] = repaired.counters.as_json()
                rest = "" if entity_is_right else " Not everything is right yet: a2m failed, a2m status."
                print_to_stderr(f"{entity}, repair: {repaired.summary()}.{rest}")
            is_repaired = is_repaired and entity_is_right
            answers.append(answer)
    if json:
        as_json({"entities": answers})
    return 0 if is_repaired else 1


def _answer(compared: Compared) -> dict[str, Any]:
    return {
        "entity": compared.entity,
        "compared": compared.places,
        "different": len(compared.differences),
        "differences": [
            {
                "key": difference.sku,
                "source": difference.source,
                "acumatica": difference.acumatica,
                "magento": difference.magento,
                "why": difference.why,
                "cause": difference.cause,
            }
            for difference in compared.differences
        ],
    }


def _show(entity: str, answer: dict[str, Any]) -> None:
    rows = answer["differences"]
    if not rows:
        out.print(f"{entity}: {answer['compared']:,} compared, nothing differs.", markup=False)
        return
    listed = [tuple(row.values()) for row in rows[:ROWS_SHOWN]]
    table(f"{entity}: {len(rows):,} of {answer['compared']:,} differ", HEADS, listed)
    if len(rows) > ROWS_SHOWN:
        out.print(f"… and {len(rows) - ROWS_SHOWN:,} more; all of them: a2m reconcile {entity} --json", markup=False)
