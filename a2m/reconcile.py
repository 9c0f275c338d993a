"""`a2m reconcile`: both systems as they are now, side by side."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from a2m.say import as_json, complain, err, out, table
from a2m.sync import ONE_OR_ALL, chosen_entities

ROWS_SHOWN = 50
HEADS = ("key", "source", "Acumatica says", "Magento shows", "why")


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def reconcile(
        entity: Annotated[str, typer.Argument(help=ONE_OR_ALL)] = "all",
        repair: Annotated[bool, typer.Option("--repair", help="Send what differs.")] = False,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> int:
        """Compare both systems as they are now; exit code 1 if they differ and it was not put right."""
        chosen_entities(entity)
        return asyncio.run(_reconcile(entity, with_repair=repair, json=json))


async def _reconcile(name: str, *, with_repair: bool, json: bool) -> int:
    from flows import reconcile as flow
    from flows.in_force import in_force

    answers: list[dict[str, Any]] = []
    is_right = True
    with in_force(needs_both_systems=True) as now:
        for entity in chosen_entities(name, now.settings.active):
            said = (lambda _said: None) if json else err.print
            outcome, compared = await flow.reconcile(entity, now.settings, now.state, said=said)
            answer = {
                "entity": entity,
                "compared": compared.places,
                "different": len(compared.differences),
                "differences": [
                    {"key": d.sku, "source": d.source, "acumatica": d.acumatica, "magento": d.magento, "why": d.why}
                    for d in compared.differences
                ],
            }
            wrong = bool(outcome.fault or outcome.stopped or compared.differences)
            if not json or outcome.fault or outcome.stopped:
                _show(entity, outcome.fault or outcome.stopped, answer, json=json)
            if with_repair and compared.differences and not outcome.fault:
                mended = await flow.repair(entity, now.settings, now.state, compared.differences, said=said)
                answer["repaired"] = mended.tally.as_json()
                wrong = bool(mended.fault or mended.stopped or mended.failed or mended.report.waits)
                (complain if json else out.print)(f"{entity}, repair: {mended.in_words()}.")
            is_right = is_right and not wrong
            answers.append(answer)
    if json:
        as_json({"entities": answers})
    return 0 if is_right else 1


def _show(entity: str, fault: str | None, answer: dict[str, Any], *, json: bool) -> None:
    if fault is not None:
        complain(f"{entity}: {fault}") if json else out.print(f"{entity}: {fault}", markup=False)
        return
    rows = answer["differences"]
    if not rows:
        out.print(f"{entity}: {answer['compared']:,} compared, nothing differs.", markup=False)
        return
    shown = [tuple(row.values()) for row in rows[:ROWS_SHOWN]]
    table(f"{entity}: {len(rows):,} of {answer['compared']:,} differ", HEADS, shown)
    if len(rows) > ROWS_SHOWN:
        out.print(f"… and {len(rows) - ROWS_SHOWN:,} more; all of them: a2m reconcile {entity} --json", markup=False)
