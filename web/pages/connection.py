"""Test Connection: every check with its message, failures first."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from connector.state.operator import audit
from web.routes import Done, Refused, Visit, action, page
from web.workspace import NotStarted

if TYPE_CHECKING:
    from entities.checks import Check

CODE = "test_connection"
BADGES = {"failed": "bad", "could not be checked": "warn", "passed": "good"}
"""The badge of each result, in the order in which they are shown."""


def _test(visit: Visit) -> Done | Response:
    """Run all checks and show them. If settings are missing, start a run instead, which also reads Prefect's Blocks."""
    from app.connection.test_connection import (
        check_connection,
    )  # imported late: it loads what the other pages do not need

    here = visit.here
    if here.settings.missing():
        return _test_in_a_run(visit)

    async def checks() -> list[Check]:
        return [one async for one in check_connection(here.settings, here.state)]

    found = sorted(asyncio.run(checks()), key=lambda one: list(BADGES).index(one.result))
    counts: Counter[str] = Counter(one.result for one in found)
    text = ", ".join(f"{counts[result]} {result}" for result in BADGES if counts[result])
    audit.write(here.state, visit.visitor.name, CODE, f"Test Connection: {text}.", visit.now)
    return visit.render(
        "connection.html",
        checks=found,
        badges=BADGES,
        summary=text,
        is_good=set(counts) == {"passed"},
        times=visit.times,
    )


def _test_in_a_run(visit: Visit) -> Done:
    try:
        run = visit.workspace.runs.start("Test Connection/Test Connection")
    except NotStarted as why:
        raise Refused(f"Test Connection needs the credentials of both systems. {why}", "/setup") from why
    return Done(f"Test Connection: the run {run.name} is started; Prefect shows each check.", "/setup", run=run)


ROUTES = (
    page("/test-connection", lambda _visit: RedirectResponse("/setup", status_code=303)),
    action("/test-connection", _test, code=CODE),
)
