"""`a2m reprocess`, `a2m skip` and `a2m link`: operator actions on messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from a2m.console import Refused, as_json, out, table
from a2m.sync import chosen_entities
from a2m.usage import JSON_HELP, LOOK_AND_FIX, entity_argument
from entities.names import NAMES


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def reprocess(
        what: Annotated[
            list[str] | None, typer.Argument(metavar="ID|ENTITY", help="Ids of failed messages, or one entity.")
        ] = None,
        everything: Annotated[bool, typer.Option("--all", help="Every failed message of every entity.")] = False,
        cause: Annotated[
            str | None,
            typer.Option(metavar="TEXT", help="Only those with this failure code, or this text in the reason."),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Send failed messages again, with their newest state from Acumatica."""
        return _reprocess(what or [], everything=everything, cause=cause, json=json)

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def skip(
        message: Annotated[
            str, typer.Argument(metavar="ID", help="The id of a failed message, as a2m failed shows it.")
        ],
        reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is left out; it is stored with the message.")],
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Leave a failed message out, because it was corrected by hand."""
        _skip(message, reason, json=json)

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def link(
        entity: Annotated[str, entity_argument("customer, order or shipment")],
        key: Annotated[
            str, typer.Argument(metavar="KEY", help="Its number in Acumatica, or its key as a2m failed shows it.")
        ],
        magento_id: Annotated[str, typer.Argument(metavar="MAGENTO_ID", help="Its id in Magento (entity id).")],
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Link a document to one that was made by hand in Magento, so that it is not made again."""
        _link(entity, key, magento_id, json=json)


def _reprocess(what: Sequence[str], *, everything: bool, cause: str | None, json: bool) -> int:
    from a2m.progress import show_progress
    from app.effective_settings import effective_settings
    from app.run.request import RunEnvironment, RunRequest
    from app.run.work import work_on
    from connector.state.operator import actions
    from connector.state.queue import messages
    from connector.state.schema import SKIPPED

    if everything == bool(what):
        raise typer.BadParameter("name message ids or one entity, or --all: one of them.")
    ids = {text for text in what if text[:1].isdigit()}
    names = [text for text in what if text not in ids]
    entities = set(NAMES) if everything else {name for one in names for name in chosen_entities(one)}
    with effective_settings(needs_both_systems=True) as now:
        settings, state = now.settings, now.state
        with state.read() as connection:
            skipped = [one for one in messages.by_ids(connection, ids) if one.state == SKIPPED]
            chosen = _chosen([*messages.failed(connection), *skipped], ids, entities, cause)
        actions.send_again(state, chosen, datetime.now(UTC))
        outcomes = []
        listeners = [] if json else [show_progress]
        for entity in sorted({message.entity for message in chosen}, key=NAMES.index):
            request, environment = RunRequest(entity, once=True), RunEnvironment(listeners=listeners)
            outcomes.append(asyncio.run(work_on(request, settings, state, environment)))
        with state.read() as connection:
            ended = messages.became_of(connection, chosen)
    rows = [
        [message.id, message.entity, message.sku or message.key, message.state, message.reason or ""]
        for message in ended
    ]
    waits = [outcome.summary() for outcome in outcomes if outcome.fault or outcome.stopped]
    if json:
        heads = ("id", "entity", "key", "state", "reason")
        as_json({"reprocessed": [dict(zip(heads, row, strict=True)) for row in rows], "messages": waits})
    elif not chosen:
        out.print("No failed message matches.", markup=False)
    else:
        table("Reprocessed", ("id", "entity", "key", "state now", "reason"), rows)
        for wait in waits:
            out.print(f"{wait} The chosen messages go with its next sync.", markup=False)
    return 1 if any(message.state == "failed" for message in ended) or any(o.fault for o in outcomes) else 0


def _chosen(failed: Sequence[Any], ids: Set[str], entities: Set[str], cause: str | None) -> list[Any]:
    from connector.state.queue.message import is_about

    unknown = {message_id for message_id in ids if not any(message.has_id([message_id]) for message in failed)}
    if unknown:
        raise Refused(f"No failed or skipped message has the id {', '.join(sorted(unknown))}; see: a2m failed")
    return [
        message
        for message in failed
        if (message.has_id(ids) or message.entity in entities) and is_about(message, cause or "")
    ]


def _skip(number: str, reason: str, *, json: bool) -> None:
    from app.effective_settings import effective_settings
    from connector.state.operator import actions
    from connector.state.queue import messages

    with effective_settings() as now:
        state = now.state
        with state.read() as connection:
            found = messages.by_ids(connection, [number])
        if not found:
            raise Refused(f"There is no message {number}; see: a2m failed")
        try:
            actions.skip(state, found[0], reason, datetime.now(UTC))
        except actions.NotPossibleByHand as why:
            raise Refused(str(why)) from why
    if json:
        as_json({"skipped": number, "entity": found[0].entity, "key": found[0].sku or found[0].key, "reason": reason})
    else:
        out.print(f"Message {number} ({found[0].entity} {found[0].key}) is skipped.", markup=False)


def _link(entity: str, key: str, magento_id: str, *, json: bool) -> None:
    from app.effective_settings import effective_settings
    from app.link import link
    from app.logs import print_to_stderr
    from connector.clock import SystemClock
    from connector.state.operator import actions
    from entities.registry import linked

    if entity not in linked():
        raise typer.BadParameter(f"{entity!r} has no links; choose one of {', '.join(linked())}.")
    with effective_settings(needs_both_systems=True) as now:
        try:
            made = asyncio.run(
                link(now.settings, now.state, entity, key, magento_id, SystemClock(), on_wait=print_to_stderr)
            )
        except actions.NotPossibleByHand as why:
            raise Refused(str(why)) from why
    if json:
        as_json({"entity": entity, "key": made.key, "magento_id": magento_id.strip(), "in_magento": made.in_magento})
    else:
        out.print(f"{entity} {made.key} is {made.in_magento}, in Magento; {made.settled}.", markup=False)
