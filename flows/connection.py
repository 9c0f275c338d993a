"""The deployment Test Connection: a table with every check, and a final state with what failed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from app.connection.test_connection import check_connection
from app.effective_settings import effective_settings
from connector.state.faults import StateError
from entities.checks import Check
from flows.artifacts import as_markdown, named, show_table
from flows.credentials import from_blocks
from settings import SettingsError

MARKS = {"failed": "✗ FAILED", "could not be checked": "? could not be checked", "passed": "✓ passed"}
"""The text for each result, in the order of the table: failures come first."""
LEVELS = {"failed": logging.ERROR, "could not be checked": logging.WARNING, "passed": logging.INFO}


@flow(name="Test Connection", persist_result=False)
async def connection() -> State[Any]:
    """Test both systems and all that the settings name. Nothing is written; each fault is listed with its fix."""
    try:
        secrets = await from_blocks()
        with effective_settings(needs_both_systems=True, secrets=secrets) as now:
            waits = get_run_logger().warning
            found = [_logged(check) async for check in check_connection(now.settings, now.state, on_wait=waits)]
    except (SettingsError, StateError) as error:
        return await named(Failed(message=str(error)))
    await _show(found)
    return await named(_final_state(found))


def _logged(one: Check) -> Check:
    """Log a check, because the page of a run shows its log first, and return it."""
    get_run_logger().log(LEVELS[one.result], "%s, %s: %s", MARKS[one.result], one.what, one.message)
    return one


async def _show(found: Sequence[Check]) -> None:
    in_order = sorted(found, key=lambda one: list(MARKS).index(one.result))
    rows = [
        {"what": check.what, "result": MARKS[check.result], "found, and what to do": check.message}
        for check in in_order
    ]
    to_fix = [check for check in in_order if check.result != "passed"]
    lines = [
        f"- **{MARKS[check.result]}: {as_markdown(check.what)}.** {as_markdown(check.message)}" for check in to_fix
    ]
    await show_table("test-connection", rows, "\n".join(lines) or f"All {len(found)} checks passed.")


def _final_state(found: Sequence[Check]) -> State[Any]:
    wrong = [check for check in found if check.result == "failed"]
    unknown = [check for check in found if check.result == "could not be checked"]
    if wrong:
        return Failed(message=f"{len(wrong)} of {len(found)} failed. {wrong[0].what}: {wrong[0].message}")
    if unknown:
        text = f"{len(unknown)} of {len(found)} could not be checked. {unknown[0].what}: {unknown[0].message}"
        return Completed(name="NotFullyChecked", message=text)
    return Completed(message=f"All {len(found)} checks passed.")
