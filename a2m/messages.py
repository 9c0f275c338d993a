"""`a2m reprocess`, `a2m skip` and `a2m link`: what a person does with single messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from a2m.console import as_json, out, table
from a2m.sync import chosen_entities
from entities.names import NAMES


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def reprocess(
        what: Annotated[list[str] | None, typer.Argument(help="Message ids, or one entity.")] = None,
        everything: Annotated[bool, typer.Option("--all", help="Every failed message of every entity.")] = False,
        cause: Annotated[
            str | None, typer.Option(help="Only with this failure code, or this text in the reason.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    ) -> int:
        """Reprocess Failed Messages: the newest state is read from Acumatica first, then sent."""
        return _reprocess(what or [], everything=everything, cause=cause, json=json)

    @app.command()
    def skip(
        message: Annotated[int, typer.Argument(help="The id of a failed message.")],
        reason: Annotated[str, typer.Option(help="Why it is left out; stored with the message.")],
    ) -> None:
        """Leave a failed message out, because it was mended by hand."""
        _skip(message, reason)

    @app.command()
    def link(
        entity: Annotated[str, typer.Argument(help="shipment, customer or order")],
        key: Annotated[str, typer.Argument(help="The key of the document, as `a2m failed` shows it.")],
        magento_id: Annotated[str, typer.Argument(help="Its id in Magento (entity id).")],
    ) -> None:
        """Link a document to one that was made by hand in Magento: it is not made again."""
        _link(entity, key, magento_id)


def _reprocess(what: Sequence[str], *, everything: bool, cause: str | None, json: bool) -> int:
    from a2m.progress import show_progress
    from app.effective_settings import effective_settings
    from app.run import work_on
    from app.run_request import RunEnvironment, RunRequest
    from connector.state.operator import actions
    from connector.state.queue import messages

    with effective_settings(needs_both_systems=True) as now:
        settings, state = now.settings, now.state
        with state.read() as connection:
            chosen = _chosen(messages.failed(connection), what, everything=everything, cause=cause)
        actions.send_again(state, chosen, datetime.now(UTC))
        outcomes = []
        listeners = [] if json else [show_progress]
        for entity in sorted({one.entity for one in chosen}, key=NAMES.index):
            request, environment = RunRequest(entity, once=True), RunEnvironment(listeners=listeners)
            outcomes.append(asyncio.run(work_on(request, settings, state, environment)))
        with state.read() as connection:
            ended = messages.by_ids(connection, [one.id for one in chosen])
    rows = [[one.id, one.entity, one.sku or one.key, one.state, one.reason or ""] for one in ended]
    waits = [outcome.summary() for outcome in outcomes if outcome.fault or outcome.stopped]
    if json:
        heads = ("id", "entity", "key", "state", "reason")
        as_json({"reprocessed": [dict(zip(heads, row, strict=True)) for row in rows], "messages": waits})
    elif not chosen:
        out.print("Nothing that failed was chosen.", markup=False)
    else:
        table("Reprocessed", ("id", "entity", "key", "state now", "reason"), rows)
        for wait in waits:
            out.print(f"{wait} What was chosen goes with its next sync.", markup=False)
    return 1 if any(one.state == "failed" for one in ended) or any(o.fault for o in outcomes) else 0


def _chosen(failed: Sequence[Any], what: Sequence[str], *, everything: bool, cause: str | None) -> list[Any]:
    from connector.state.queue.message import is_about

    if everything == bool(what):
        raise typer.BadParameter("name message ids or one entity, or --all: one of them.")
    ids = {int(one) for one in what if one.isascii() and one.isdigit()}
    names = [one for one in what if not (one.isascii() and one.isdigit())]
    entities = set(NAMES) if everything else {name for one in names for name in chosen_entities(one)}
    unknown = ids - {one.id for one in failed}
    if unknown:
        raise typer.BadParameter(
            f"no failed message has the id {', '.join(map(str, sorted(unknown)))}; see: a2m failed"
        )
    return [one for one in failed if (one.id in ids or one.entity in entities) and is_about(one, cause or "")]


def _skip(number: int, reason: str) -> None:
    from app.effective_settings import effective_settings
    from connector.state.operator import actions
    from connector.state.queue import messages

    with effective_settings() as now:
        state = now.state
        with state.read() as connection:
            found = messages.by_ids(connection, [number])
        if not found:
            raise typer.BadParameter(f"there is no message {number}; see: a2m failed")
        try:
            actions.skip(state, found[0], reason, datetime.now(UTC))
        except actions.NotPossibleByHand as why:
            raise typer.BadParameter(str(why)) from why
    out.print(f"Message {number} ({found[0].entity} {found[0].key}) is skipped.", markup=False)


def _link(entity: str, key: str, magento_id: str) -> None:
    from app.effective_settings import effective_settings
    from connector.state.operator import actions
    from entities.registry import linked

    if entity not in linked():
        raise typer.BadParameter(f"{entity!r} has no links; choose one of {', '.join(linked())}.")
    with effective_settings() as now:
        try:
            text = actions.link(now.state, entity, key, key.split("|")[0], magento_id, datetime.now(UTC))
        except actions.NotPossibleByHand as why:
            raise typer.BadParameter(str(why)) from why
    out.print(f"{entity} {key} is {magento_id} in Magento; {text}.", markup=False)
