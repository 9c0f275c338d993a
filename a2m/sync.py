"""`a2m sync`: one sync, now."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

import typer

from a2m.console import as_json, out, print_error, table
from a2m.usage import JSON_HELP, SYNC, entity_argument
from entities.names import NAMES

ONE_OR_ALL = f"{', '.join(NAMES)}, or all"

COUNTS = ("pulled", "changed", "queued", "requests", "reads", "sent", "failed", "superseded", "seconds")


def chosen_entities(name: str, active: object = None) -> list[str]:
    """Return the entity of this name or, for `all`, every entity; only active ones if `active` is given.

    Raises `BadParameter` for an unknown name.
    """
    if name == "all":
        return [entity for entity in NAMES if active is None or getattr(active, entity)]
    if name not in NAMES:
        raise typer.BadParameter(f"there is no entity {name!r}; choose one of {', '.join(NAMES)}, or all.")
    return [name]


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=SYNC)
    def sync(
        entity: Annotated[str, entity_argument(ONE_OR_ALL, "all")],
        full: Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")] = False,
        key: Annotated[
            str | None, typer.Option(metavar="KEY", help="Only this record: its SKU, or its id or number in Acumatica.")
        ] = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Show what would be sent; send and store nothing.")
        ] = False,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Sync once, now: read what changed in Acumatica and send Magento what it does not show yet."""
        chosen_entities(entity)
        return asyncio.run(_sync(entity, full=full, key=key, dry_run=dry_run, json=json))


async def _sync(name: str, *, full: bool, key: str | None, dry_run: bool, json: bool) -> int:
    from a2m.progress import show_progress
    from app.effective_settings import effective_settings
    from app.run.dry_run import copy_of_state, stages_without_push
    from app.run.request import RunEnvironment, RunRequest
    from app.run.work import work_on
    from tasks.sync import DIRECT_STAGES

    outcomes = []
    with contextlib.ExitStack() as stack:
        now = stack.enter_context(effective_settings(needs_both_systems=True))
        settings = now.settings
        state = stack.enter_context(copy_of_state(now.state)) if dry_run else now.state
        stages = stages_without_push() if dry_run else DIRECT_STAGES
        environment = RunEnvironment(
            stages=lambda _retry_count: stages,
            licence_state=now.state,
            listeners=[] if json else [show_progress],
        )
        for entity in chosen_entities(name, settings.active):
            request = RunRequest(entity, full=full, key=key, once=True)
            outcomes.append(await work_on(request, settings, state, environment))
    found = [outcome for outcome in outcomes if outcome.unknown_key is None]
    wrong = any(outcome.fault or outcome.counters.failed for outcome in found)
    if json:
        as_json({"entities": [outcome.counters.as_json() for outcome in outcomes]})
        for outcome in found:
            if outcome.stopped:
                print_error(outcome.summary())
    else:
        for outcome in found:
            _show(outcome, dry_run=dry_run)
    if outcomes and not found:
        for outcome in outcomes:
            print_error(outcome.summary())
        return 1
    return 1 if wrong else 0


def _show(outcome: object, *, dry_run: bool) -> None:
    from app.run.request import RunResult

    assert isinstance(outcome, RunResult)
    counters = outcome.counters
    if outcome.stopped:  # a fault has been logged to standard error already
        out.print(outcome.summary(), markup=False)
        return
    title = f"{counters.entity}{' (dry run: nothing was sent or stored)' if dry_run else ''}"
    if outcome.fault:
        title += ": not finished, see the error above"
    counts = counters.as_json()
    table(
        title, COUNTS, [[counts[name] if name != "seconds" else f"{counters.seconds:.1f}" for name in COUNTS]], COUNTS
    )
    if outcome.failed:
        rows = [
            (message.key, message.source, message.attempts, message.reason or "") for message in outcome.failed[:50]
        ]
        table("Failed", ("key", "source", "attempts", "reason"), rows, ("attempts",))
        if not dry_run:
            out.print("All of them: a2m failed", markup=False)
    if outcome.remarks.notes:
        table("Not sent, or changed before sending", ("key", "why"), outcome.remarks.notes[:50])
    for line in outcome.remarks.summary():
        out.print(line, markup=False)
