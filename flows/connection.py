"""The deployment Test Connection: every check as a row of a table, and a final state that says what is wrong."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from connector.queue.faults import StateError
from flows.check_connection import check_connection
from flows.credentials import from_blocks
from flows.in_force import in_force
from flows.shown import show_table
from settings import SettingsError

MARKS = {"passed": "✓ passed", "failed": "✗ FAILED", "could not be checked": "? could not be checked"}


@flow(name="Test Connection", persist_result=False)
async def connection() -> State[Any]:
    """Test both systems and everything that the settings name. Nothing is written; what is wrong comes with its fix."""
    try:
        secrets = await from_blocks()
        with in_force(needs_both_systems=True, secrets=secrets) as now:
            found = [one async for one in check_connection(now.settings, now.state)]
    except (SettingsError, StateError) as error:
        return Failed(message=str(error))
    rows = [{"what": one.what, "result": MARKS[one.result], "found, and what to do": one.said} for one in found]
    await show_table("test-connection", rows, "Test Connection")
    wrong = [one for one in found if one.result == "failed"]
    unknown = [one for one in found if one.result == "could not be checked"]
    if wrong:
        return Failed(message=f"{len(wrong)} of {len(found)} failed. {wrong[0].what}: {wrong[0].said}")
    if unknown:
        said = f"{len(unknown)} of {len(found)} could not be checked. {unknown[0].what}: {unknown[0].said}"
        return Completed(name="NotFullyChecked", message=said)
    return Completed(message=f"All {len(found)} checks passed.")
