"""Generate reference pages from the code: commands, deployments, run states, tables, metrics.

`python -m a2m.reference` writes them; `make reference` also writes those of the settings and the failures. A test
checks that they are up to date.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connector.state.operator.forget import ENTITIES as OF_PERSONS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "This page is made from the code: `make reference`.\n"
JSON_ANSWERS: dict[str, dict[str, list[str] | None]] = {
    "check": {"checks": ["what", "result", "said"], "settings": ["setting", "value", "from"]},
    "sync": {
        "entities": [
            "entity", "pulled", "changed", "queued", "requests", "reads", "sent", "failed", "superseded", "seconds"
        ]
    },
    "reconcile": {"entities": ["entity", "compared", "different", "differences"]},
    "status": {
        "entities": [
            "entity", "state", "watermark", "pending", "sending", "sent", "failed", "superseded", "skipped",
            "failed_by_cause", "waiting", "waiting_for", "last_run", "last_result", "last_fault", "last_fault_at",
            "fault_since", "last_full_look", "oldest_pending_seconds",
        ]
    },
    "failed": {"failed": ["id", "entity", "key", "source", "attempts", "when", "cause", "reason"]},
    "reprocess": {"reprocessed": ["id", "entity", "key", "state", "reason"], "messages": None},
    "skip": {"skipped": None, "entity": None, "key": None, "reason": None},
    "link": {"entity": None, "key": None, "magento_id": None, "in_magento": None},
    "explain": {"entity": None, "key": None, "lines": ["what", "said"]},
    "pause": {"entities": None, "paused": None},
    "resume": {"entities": None, "paused": None},
    "backup": {"file": None, "bytes": None, "schema": None, "rows": None},
    "restore": {"file": None, "bytes": None, "schema": None, "rows": None},
    "doctor": {
        "made": None, "versions": None, "environment": None, "settings": ["setting", "value", "from"], "state": None,
        "entities": None, "failed": ["id", "entity", "key", "source", "attempts", "when", "cause"], "prefect": None,
    },
    "housekeeping": {"messages": None, "runs": None, "ended": None},
    "forget": {
        "dry_run": None, **dict.fromkeys(OF_PERSONS), "messages": None, "records": None, "links": None,
        "mentions": None, "prefect_tables": None, "working": None,
    },
    "user list": {"users": ["name", "role"]},
}  # fmt: skip
"""The output of commands with `--json`: the names in the object and, for a list, the names in each row."""
RUN_STATES = {
    "Completed": ("green", "The run did its work; the message says what."),
    "NothingToDo": ("green", "The entity is not active, or is paused."),
    "AlreadyRunning": ("green", "Another run works on the entity; a run by hand has asked it to sync again."),
    "NothingChanged": ("green", "Setup Parameters: the submitted values are already in use."),
    "Differs": ("green", "Reconcile: something differs, and no repair was requested."),
    "NotFullyChecked": ("green", "Test Connection: nothing failed, and something could not be checked."),
    "NoRecipient": ("green", "Watch: there is something to report, but no Block to send it through."),
    "NeedsAttention": (
        "red",
        "Messages failed, or every re-run failed too: somebody has to look at it, and gets a notice.",
    ),
    "Failed": ("red", "The run failed because of a connection or of the settings. An automation runs it again."),
    "Crashed": ("red", "Its process died. An automation runs it again."),
    "MachineDied": ("red", "Housekeeping ended it: the machine that ran it is gone."),
    "Cancelled": ("grey", "It, or the process that ran it, was stopped; its lease is released."),
    "Skipped": ("grey", "It was late, and a newer run of the same deployment does its work."),
}
"""Colour and meaning of each final state of a run, by name."""


def commands_page() -> str:
    """Return the page of every command with its arguments, options and JSON."""
    from typer.main import get_command

    from a2m.__main__ import commands

    app: Any = get_command(commands())
    lines = [
        "# Commands",
        "",
        MADE,
        "Exit codes of every command: 0 done, 1 something failed and the output says what, 2 wrong usage or wrong",
        "settings. A demo with `--once` that is stopped ends with 130. What a person reads goes to standard output,",
        "what went wrong and how far it is to standard error. With `--json` standard output is one JSON object and",
        "nothing else. Completion for your shell: `a2m --install-completion`.",
    ]
    for name, command in sorted(app.commands.items()):
        if hasattr(command, "commands"):
            for part, below in sorted(command.commands.items()):
                lines += _command(f"{name} {part}", below)
        else:
            lines += _command(name, command)
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    context = command.make_context(f"a2m {name}", [], resilient_parsing=True)
    yield from ("", f"## a2m {name}", "")
    yield " ".join((command.help or "").split())
    yield from ("", "```", " ".join(["a2m", name, *command.collect_usage_pieces(context)]), "```", "")
    records = [parameter.get_help_record(context) for parameter in command.params]
    if any(records):
        yield from ("| argument, option | meaning |", "|---|---|")
        for record in records:
            if record is not None:
                written = re.sub(r" <[^>]+>", "", record[0]).strip()
                yield f"| `{written}` | {' '.join(record[1].split())} |"
    answer = JSON_ANSWERS.get(name)
    if answer is not None:
        parts = [one if rows is None else f"{one} (a list of: {', '.join(rows)})" for one, rows in answer.items()]
        yield from ("", f"JSON: {', '.join(parts)}.")


def deployments_page() -> str:
    """Return the page of every deployment with its schedule and parameters."""
    from deployments.catalogue import deployments

    lines = [
        "# Deployments",
        "",
        MADE,
        "`a2m serve` registers these on the Prefect server. A schedule is written only when a deployment is first",
        "made; what you change or switch off in Prefect stays so.",
        "",
        "| deployment | schedule | what it does | parameters |",
        "|---|---|---|---|",
    ]
    for one in asyncio.run(deployments()):
        crons = [getattr(each.schedule, "cron", "") for each in one.schedules or []]
        schedule = f"`{crons[0]}`" if crons else "by hand"
        what = " ".join((one.description or "").split("Args:")[0].split())
        parameters = ", ".join(one._parameter_openapi_schema.properties) or "none"
        lines.append(f"| {one.name} | {schedule} | {what} | {parameters} |")
    return "\n".join(lines) + "\n"


def run_states_page() -> str:
    """Return the page of the states in which runs end."""
    lines = ["# Run states", "", MADE, "| state | colour in Prefect | meaning |", "|---|---|---|"]
    return (
        "\n".join([*lines, *(f"| {name} | {colour} | {meaning} |" for name, (colour, meaning) in RUN_STATES.items())])
        + "\n"
    )


def tables_page() -> str:
    """Return the page of the state database's tables."""
    from connector.state.schema import metadata

    lines = [
        "# Tables of the state database",
        "",
        MADE,
        "For reading, with any tool; only the connector may write. Instants are microseconds since 1970 in UTC, prices",
        "whole 1/1,000,000 of their currency, quantities whole 1/10,000.",
    ]
    for table in sorted(metadata.sorted_tables, key=lambda one: one.name):
        lines += ["", f"## {table.name}", "", "| column | type | meaning |", "|---|---|---|"]
        for column in table.columns:
            kind = type(column.type).__name__.replace("StorableText", "text").lower()
            key = "part of the key" if column.primary_key else ""
            meaning = "; ".join(part for part in (key, column.comment or "") if part)
            lines.append(f"| {column.name} | {kind} | {meaning} |")
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Return the page of the metrics. All of them exist even in an empty state."""
    from app.effective_settings import effective_settings
    from app.status.metrics import metrics_text

    with effective_settings() as now:
        text = metrics_text(now, datetime.now(UTC)).decode()
    helps = [line.removeprefix("# HELP ").partition(" ") for line in text.splitlines() if line.startswith("# HELP ")]
    lines = [
        "# Metrics",
        "",
        MADE,
        "The workspace answers `/metrics` with these metrics, in Prometheus's text format, each by entity. Where users",
        "have to log in, it requires the token of `A2M_WEB__METRICS_TOKEN` as `Authorization: Bearer`.",
        "",
        "| metric | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, _blank, meaning in helps),
    ]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "deployments.md": deployments_page,
    "run-states.md": run_states_page,
    "tables.md": tables_page,
    "metrics.md": metrics_page,
}


def write() -> None:
    """Write the pages, with default settings and a temporary state."""
    for name in [name for name in os.environ if name.upper().startswith("A2M_")]:
        del os.environ[name]
    with TemporaryDirectory(prefix="a2m-reference-") as folder:
        os.environ["A2M_HOME"] = folder
        for name, page in PAGES.items():
            (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
