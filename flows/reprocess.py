"""The deployment Reprocess Failed Messages: find them by entity, time and cause, and list, resend or skip them.

It creates tables of the causes and of the messages, and the messages as CSV. Resending first reads the newest state
from Acumatica, so that an old message never overwrites newer data (ADR 0011).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State as PrefectState
from prefect.states import Completed, Failed
from pydantic import BeforeValidator

from app.effective_settings import effective_settings
from app.failed_messages import skip
from connector.state.engine import State
from connector.state.faults import StateError
from connector.state.operator import actions
from connector.state.queue import messages
from connector.state.queue.message import Message, is_about
from connector.state.schema import SKIPPED
from entities.names import NAMES
from flows.administer import OneOrAll
from flows.artifacts import ROWS_SHOWN, describe_causes, failed_rows, group_rows, named, show_table
from flows.entity import sync_in_prefect
from settings import SettingsError

MessageId = Annotated[str, BeforeValidator(str)]
"""As `a2m failed` shows it. A bare number, as in earlier versions, is a target and means its newest message."""
Action = Literal["Only list them", "Send them again", "Skip them"]


@flow(name="Reprocess Failed Messages", persist_result=False)
async def reprocess(
    what: Action = "Only list them",
    entity: OneOrAll = "all",
    cause: str = "",
    failed_after: datetime | None = None,
    failed_before: datetime | None = None,
    ids: tuple[MessageId, ...] = (),
    reason: str = "",
) -> PrefectState[Any]:
    """Find failed messages, grouped by cause, and send them again with their newest state, or leave them out.

    Args:
        what: List them first; then choose the same ones and send them again, or skip them.
        entity: One entity, or all.
        cause: Only messages of this failure code, or with this text in their reason; empty is every cause.
        failed_after: Only messages that failed after this instant.
        failed_before: Only messages that failed before this instant.
        ids: Only the messages with these ids, also skipped ones; empty means all that the other fields choose.
        reason: Why they are left out; needed to skip them, and stored with each message.
    """
    if what == "Skip them" and not reason.strip():
        return await named(Failed(message="Nothing was done: to skip messages, say why in the field reason."))
    try:
        with effective_settings() as now:
            with now.state.read() as connection:
                failed = messages.failed(connection, None if entity == "all" else entity)
                by_id = messages.by_ids(connection, ids)
                failed += [
                    message for message in by_id if message.state == SKIPPED and entity in ("all", message.entity)
                ]
                groups = actions.groups(connection, None if entity == "all" else entity)
            chosen = [message for message in failed if _is_chosen(message, cause, failed_after, failed_before, ids)]
            await _show(groups, chosen)
            return await named(await _do(now.state, what, chosen, reason.strip()))
    except (SettingsError, StateError) as error:
        return await named(Failed(message=str(error)))


async def _do(state: State, what: Action, chosen: Sequence[Message], reason: str) -> PrefectState[Any]:
    """Apply the action to the chosen messages; return the run's final state."""
    if not chosen:
        return Completed(name="NothingToDo", message="No failed message matches.")
    if what == "Skip them":
        return Completed(message=_skip(state, chosen, reason))
    if what == "Only list them":
        return Completed(message=f"{_count(chosen)} chosen; nothing was done. The tables are among the artifacts.")
    actions.send_again(state, chosen, datetime.now(UTC))
    text = await _sync_now(chosen)
    return Completed(message=f"{_became(state, chosen)} {text}".strip())


def _is_chosen(
    message: Message, cause: str, after: datetime | None, before: datetime | None, ids: Collection[str]
) -> bool:
    return (
        (not ids or message.has_id(ids))
        and is_about(message, cause)
        and (after is None or message.changed_at >= _aware(after))
        and (before is None or message.changed_at <= _aware(before))
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _show(groups: Sequence[actions.Group], chosen: Sequence[Message]) -> None:
    await show_table("failed-by-cause", group_rows(groups), "Failed messages by cause, the largest group first.")
    rows = failed_rows(chosen)
    await show_table("failed-messages", rows, f"**{_count(chosen)} chosen**, by cause:\n\n{describe_causes(chosen)}")
    if rows:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows[:ROWS_SHOWN])
        more = (
            ""
            if len(rows) <= ROWS_SHOWN
            else "\n\nThese are the first ones; all of them: Save as CSV on the workspace's page Failed messages."
        )
        markdown = f"```csv\n{text.getvalue()}```{more}"
        await acreate_markdown_artifact(key="failed-messages-csv", markdown=markdown, description="The same as CSV")


def _skip(state: State, chosen: Sequence[Message], reason: str) -> str:
    done = skip(state, chosen, reason, datetime.now(UTC))
    return " ".join([f"{done.count:,} skipped.", *done.left[:10]])


async def _sync_now(chosen: Sequence[Message]) -> str:
    """Sync the entities of these messages, unless another run works on them; return messages about those."""
    waits = []
    for entity in NAMES:
        if any(message.entity == entity for message in chosen):
            outcome = await sync_in_prefect(entity, once=True)
            if outcome.fault or outcome.stopped:
                waits.append(f"{outcome.summary()} The chosen messages go with its next sync.")
    return " ".join(waits)


def _became(state: State, chosen: Sequence[Message]) -> str:
    """Return the current states of the messages. Messages that a working run has not reached yet are still failed."""
    with state.read() as connection:
        ended = messages.became_of(connection, chosen)
    counted = Counter(message.state for message in ended)
    text = ", ".join(f"{number:,} {state}" for state, number in counted.most_common())
    return f"{_count(chosen)} chosen; now {text}."


def _count(chosen: Sequence[Message]) -> str:
    return f"{len(chosen):,} failed message{'' if len(chosen) == 1 else 's'}"
