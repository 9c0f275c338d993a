"""`a2m status` and `a2m failed`: the status of every entity, and the failed messages with their reasons."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from a2m.console import TABLE_FROM, as_json, out, table
from a2m.sync import ONE_OR_ALL, chosen_entities
from a2m.usage import JSON_HELP, LOOK_AND_FIX, entity_argument

if TYPE_CHECKING:
    from app.status.entity_status import EntityStatus
    from connector.state.operator.overview import Overview


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def status(
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Show the state of each entity: active or paused, pending, sent, failed, and its last sync."""
        rows = read_status()
        if json:
            as_json({"entities": rows})
            return 0
        show(rows, datetime.now(UTC))
        if missing := _missing():
            out.print("", f"Not connected yet: {', '.join(missing)}. a2m setup asks for each.", sep="\n", markup=False)
        return 0

    @app.command(rich_help_panel=LOOK_AND_FIX)
    def failed(
        entity: Annotated[str, entity_argument(ONE_OR_ALL, "all")] = "all",
        as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """List the failed messages with their reasons, and what to do."""
        if entity != "all":
            chosen_entities(entity)
        rows = read_failed(None if entity == "all" else entity)
        if json:
            as_json({"failed": rows})
        elif as_csv:
            writer = csv.DictWriter(sys.stdout, HEADS)
            writer.writeheader()
            writer.writerows(rows)
        elif rows:
            _show_failed(rows)
        else:
            out.print("Nothing failed.")
        return 0


def show(rows: list[dict[str, Any]], now: datetime) -> None:
    """Print the status of each entity, and below the results of the last syncs, which are too long for a column."""
    heads = ("entity", "state", "watermark", "pending", "oldest", "sent", "failed", "last sync")
    text = [
        (
            row["entity"],
            row["state"],
            _moment(row["watermark"], now),
            row["pending"],
            "" if row["oldest_pending_seconds"] is None else f"{row['oldest_pending_seconds']:,.0f} s",
            row["sent"],
            row["failed"],
            _moment(row["last_run"], now),
        )
        for row in rows
    ]
    table(f"Status at {now:%Y-%m-%d %H:%M:%S} UTC", heads, text, ("pending", "oldest", "sent", "failed"))
    waiting = [f"{row['entity']}: {_waiting(row['waiting_for'])}" for row in rows if row["waiting"]]
    failed = [f"{row['entity']}: {_of_causes(row['failed_by_cause'])}" for row in rows if row["failed"]]
    if failed:
        out.print("", "Failed, by cause (see: a2m failed):", *failed, sep="\n", markup=False)
    if waiting:
        out.print("", "Waiting, without a failure:", *waiting, sep="\n", markup=False)
    results = [f"{row['entity']}: {row['last_result']}" for row in rows if row["last_result"]]
    faults = [_fault(row, now) for row in rows if row["last_fault"]]
    if results or faults:
        out.print("", "Last sync with changes:", *results, *faults, sep="\n", markup=False)


def _missing() -> list[str]:
    """Return the required settings that are missing."""
    from app.effective_settings import effective_settings

    with effective_settings() as here:
        return here.settings.missing()


def _show_failed(rows: list[dict[str, Any]]) -> None:
    """Print a table, or on a narrow screen one line for each message with its reason below."""
    if out.width >= TABLE_FROM:
        table("Failed messages", HEADS, [[str(row[head]) for head in HEADS] for row in rows])
    else:
        out.print("Failed messages", style="bold")
        for row in rows:
            what = " ".join(str(row[head]) for head in ("entity", "key", "source") if row[head])
            tries = f"{row['attempts']} attempt{'' if row['attempts'] == 1 else 's'}, " if row["attempts"] else ""
            out.print(f"{row['id']}  {what}  ({tries}{row['when'][:19].replace('T', ' ')} UTC)", markup=False)
            out.print(Padding(Text(row["reason"] or ""), (0, 0, 0, 4)), soft_wrap=False)
    out.print("", "By cause:", *_by_cause(rows), sep="\n", markup=False)
    out.print("\nOnce the cause is fixed: a2m reprocess ID, an entity, or --all", markup=False)


def _fault(row: dict[str, Any], now: datetime) -> str:
    since, last = _moment(row["fault_since"], now), _moment(row["last_fault_at"], now)
    when = f"since {since} UTC" if since == last else f"since {since} UTC, last at {last} UTC"
    return f"{row['entity']} fails ({when}): {row['last_fault']}"


def _waiting(waiting_for: dict[str, int]) -> str:
    from entities.waiting import describe

    return ", ".join(f"{how_many:,} for {describe(code)} ({code})" for code, how_many in waiting_for.items())


def _of_causes(counts: dict[str, int]) -> str:
    from connector.model.failures import label_of

    return ", ".join(f"{how_many:,} × {label_of(code)} ({code})" for code, how_many in counts.items())


def _by_cause(rows: list[dict[str, Any]]) -> list[str]:
    from connector.model.failure_help import fix_of
    from connector.model.failures import label_of
    from settings import as_on_the_screen

    counted = Counter((row["entity"], row["cause"] or "") for row in rows)
    return [
        f"{how_many:,} of {entity}: {label_of(code)} ({code}). {as_on_the_screen(fix_of(code))}".rstrip()
        for (entity, code), how_many in counted.most_common()
    ]


HEADS = ("id", "entity", "key", "source", "attempts", "when", "cause", "reason")


def read_status() -> list[dict[str, Any]]:
    """Return the status of each entity as a row for tables and JSON."""
    from app.effective_settings import effective_settings
    from app.status.entity_status import entity_statuses

    now = datetime.now(UTC)
    with effective_settings() as here:
        found = entity_statuses(here, now)
    return [_row(row, row.overview, now) for row in found]


def _row(status: EntityStatus, overview: Overview, now: datetime) -> dict[str, Any]:
    return {
        "entity": overview.entity,
        "state": status.describe(),
        "watermark": overview.watermark,
        **{name: overview.counts[name] for name in ("pending", "sending", "sent", "failed", "superseded", "skipped")},
        "failed_by_cause": {group.cause: group.how_many for group in status.groups},
        "waiting": sum(overview.waiting.values()),
        "waiting_for": overview.waiting,
        "last_run": overview.last_sync_at,
        "last_result": overview.last_result,
        "last_fault": overview.last_fault,
        "last_fault_at": overview.last_fault_at,
        "fault_since": overview.fault_since,
        "last_full_look": overview.last_full_sync_at,
        "oldest_pending_seconds": None
        if overview.oldest_pending is None
        else (now - overview.oldest_pending).total_seconds(),
    }


def read_failed(entity: str | None) -> list[dict[str, Any]]:
    """Return the failed messages of one entity, or of all, as rows for tables and JSON."""
    from app.effective_settings import effective_settings
    from connector.state.queue import messages

    with effective_settings() as now, now.state.read() as connection:
        found = messages.failed(connection, entity)
    return [
        {
            "id": row.id,
            "entity": row.entity,
            "key": row.sku or row.key,
            "source": row.source,
            "attempts": row.attempts,
            "when": row.changed_at.isoformat(timespec="seconds"),
            "cause": row.cause,
            "reason": row.reason,
        }
        for row in found
    ]


def _moment(value: datetime | None, now: datetime) -> str:
    """Return an instant in UTC; only the time if it is today."""
    if value is None:
        return ""
    value = value.astimezone(UTC)
    return f"{value:%H:%M:%S}" if value.date() == now.date() else f"{value:%Y-%m-%d %H:%M:%S}"
