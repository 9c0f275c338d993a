"""What a run shows in Prefect's UI: its name, tables of failed messages, and a summary of the day and the queue.

Of a record, only its key, its source and Magento's reason are shown. A long table ends with a row that gives the number
of the others: Prefect accepts any length, but the browser does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State as PrefectState
from prefect.context import FlowRunContext
from prefect.runtime import flow_run
from prefect.settings import PREFECT_UI_URL

from app.command_names import PREFECT_NAMES, replace_commands
from connector.model.failure_help import fix_of
from connector.model.failures import label_of
from connector.state.engine import State
from connector.state.operator import actions, overview
from connector.state.queue.message import Message
from settings import Settings, as_on_the_screen

NEEDS_ATTENTION = "NeedsAttention"
"""The name of the final state of a run that needs a person.

It is red and counts as failed, but is not run again, because the automation only matches the names *Failed* and
*Crashed*.
"""
ROWS_SHOWN = 500
NAME_LENGTH = 120
CAUSES_SHOWN = 5
FAILED_IN_LOG = 20
_OF_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|])")


def as_in_prefect(text: str) -> str:
    """Return the text with commands replaced by the deployments that do the same."""
    return replace_commands(text, PREFECT_NAMES)


async def name_run(name: str) -> None:
    """Rename the run in Prefect, shortened to `NAME_LENGTH`."""
    if flow_run.id is not None:
        async with get_client() as client:
            await client.update_flow_run(UUID(flow_run.id), name=_short(as_in_prefect(name).replace("\n", "; ")))


async def named(state: PrefectState[Any]) -> PrefectState[Any]:
    """Rename the run to the state's message, and return the state."""
    state.message = None if state.message is None else as_in_prefect(state.message)
    await name_run(state.message or state.name or "")
    return state


def _short(text: str) -> str:
    return text if len(text) <= NAME_LENGTH else f"{text[: NAME_LENGTH - 1].rstrip()}…"


async def show_table(key: str, rows: Sequence[Mapping[str, object]], description: str) -> None:
    """Create a table artifact of up to `ROWS_SHOWN` rows, or none if there are no rows. The description is Markdown.

    Prefect's pages truncate long cells, so put what matters into the first columns and into the description.
    """
    if not rows:
        return
    cells: list[dict[str, object]] = [
        {name: as_in_prefect(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
        for row in rows[:ROWS_SHOWN]
    ]
    if len(rows) > ROWS_SHOWN:
        first = next(iter(rows[0]))
        cells.append({**dict.fromkeys(rows[0], ""), first: f"… and {len(rows) - ROWS_SHOWN:,} more"})
    made = await acreate_table_artifact(key=key, table=cells, description=as_in_prefect(description))
    log_link(key, made)


def log_link(what: str, artifact: UUID) -> None:
    """Log the address of an artifact's page, because Prefect's navigation does not list artifacts."""
    pages = PREFECT_UI_URL.value()
    if pages and FlowRunContext.get() is not None:
        get_run_logger().info("%s: %s/artifacts/artifact/%s", what, str(pages).rstrip("/"), artifact)


def as_markdown(text: str) -> str:
    """Return the text on one line with Markdown's special characters escaped."""
    return _OF_MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def failed_rows(failed: Sequence[Message]) -> list[dict[str, object]]:
    """Return failed messages as rows of a table."""
    return [
        {
            "id": message.id,
            "key": message.sku or message.key,
            "reason": message.reason or "",
            "cause": message.cause or "",
            "entity": message.entity,
            "source": message.source,
            "attempts": message.attempts,
            "when": f"{message.changed_at:%Y-%m-%d %H:%M:%S} UTC",
        }
        for message in failed
    ]


def describe_causes(failed: Sequence[Message]) -> str:
    """Return the most frequent causes as a Markdown list, each with its code and one full reason."""
    counted = Counter(message.cause or "" for message in failed)
    example = {message.cause or "": message.reason or "" for message in failed}
    lines = [
        f"- **{number:,}** × `{cause}`: {as_markdown(example[cause] or label_of(cause))}"
        for cause, number in counted.most_common(CAUSES_SHOWN)
    ]
    if len(counted) > CAUSES_SHOWN:
        lines.append(f"- and {len(counted) - CAUSES_SHOWN:,} more causes")
    return "\n".join(lines)


def log_failed(failed: Sequence[Message]) -> None:
    """Log the first failed messages, because the page of a run shows its log first.

    The log holds keys and codes only. A reason may repeat a name or an address, so it is only in the table.
    """
    logger = get_run_logger()
    for message in failed[:FAILED_IN_LOG]:
        logger.warning(
            "%s failed (%s): %s. The table among the artifacts has the reason.",
            message.sku or message.key,
            message.cause,
            label_of(message.cause or ""),
        )
    if len(failed) > FAILED_IN_LOG:
        logger.warning(
            "… and %s more failed; the table among the artifacts has them.", f"{len(failed) - FAILED_IN_LOG:,}"
        )


def group_rows(groups: Sequence[actions.Group]) -> list[dict[str, object]]:
    """Return groups of failed messages as rows of a table."""
    return [
        {
            "messages": group.how_many,
            "entity": group.entity,
            "cause": group.cause,
            "for example": group.example,
            "what to do": as_on_the_screen(fix_of(group.cause)),
            "since": f"{group.since:%Y-%m-%d %H:%M:%S} UTC",
        }
        for group in groups
    ]


async def show_summary(state: State, settings: Settings, entity: str) -> None:
    """Create an artifact with the counts since midnight in Acumatica's time zone, and the state of the queue."""
    now = datetime.now(UTC)
    zone = settings.acumatica.zone()
    midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    with state.read() as connection:
        today = overview.counts_since(connection, entity, midnight)
        status = overview.of_entity(connection, entity, now)
    waits = "" if status.oldest_pending is None else f", the oldest for {_age(now, status.oldest_pending)}"
    lines = [
        f"| {entity} | {now.astimezone(zone):%Y-%m-%d %H:%M} {settings.acumatica.time_zone} |",
        "|---|---|",
        f"| sent today | {today.get('sent', 0):,} |",
        f"| failed today | {today.get('failed', 0):,} |",
        f"| superseded today | {today.get('superseded', 0):,} |",
        f"| waiting in the queue | {status.counts['pending'] + status.counts['sending']:,}{waits} |",
        f"| waiting for something else, without a failure | {sum(status.waiting.values()):,} |",
        f"| failed, for a person to fix | {status.counts['failed']:,} |",
    ]
    made = await acreate_markdown_artifact(
        key=f"{entity}-summary", markdown="\n".join(lines), description=f"{entity}: the day so far, and its queue"
    )
    log_link(f"{entity}-summary", made)


def _age(now: datetime, then: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    return "less than a minute" if minutes < 1 else f"{minutes:,} min"
