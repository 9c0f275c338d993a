"""One record: search, explanation from the state database, and what Magento shows now on request."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from connector.errors import ConnectorError
from entities.names import NAMES
from web.outcomes import outcome_of, why_of
from web.routes import Done, Refused, Visit, action, page
from web.workspace import NotStarted

LONGEST = 200
DELIVERIES_SHOWN = 30
"""The number of deliveries for each target; each target needs a query."""


def search(visit: Visit) -> Response:
    """Search the records of all entities. If only one matches, redirect to its page."""
    from app.record_keys import known_keys, near_keys  # imported late: the entities load what other pages do not need

    typed = visit.query.get("q", "").strip()[:LONGEST]
    state = visit.workspace.state
    found = [(entity, key) for entity in NAMES if typed for key in known_keys(state, entity, typed)[:20]]
    if len(found) == 1:
        return RedirectResponse(_address(*found[0]), status_code=303)
    near = [(entity, key) for entity in NAMES if typed and not found for key in near_keys(state, entity, typed)]
    return visit.render(
        "records.html",
        typed=typed,
        found=[(entity, key, _address(entity, key)) for entity, key in found],
        near=[(entity, key, _address(entity, key)) for entity, key in near],
        entities=NAMES,
    )


def show(visit: Visit) -> Response:
    """Show what is known about one record, from the state database alone."""
    from app.explain.from_state import explanation  # imported late, too

    entity, key = _record(visit)
    found = explanation(
        visit.here.settings, visit.workspace.state, entity, key, deliveries=DELIVERIES_SHOWN, at=visit.times.exactly
    )
    return visit.render(
        "record.html",
        entity=entity,
        key=key,
        found=found,
        times=visit.times,
        outcome_of=outcome_of,
        why=why_of,
        now=f"/record/{entity}/now?{urlencode({'key': key})}",
    )


def show_now(visit: Visit) -> Response:
    """Show what Magento shows at this moment, by querying it."""
    from app.explain.from_magento import explain_now  # imported late, too

    entity, key = _record(visit)
    here = visit.here
    problem, lines = "", []
    try:
        lines = asyncio.run(explain_now(here.settings, here.state, entity, key))
    except ConnectorError as fault:
        problem = str(fault)
    return visit.render("record_now.html", entity=entity, key=key, lines=lines, problem=problem)


def _sync_now(visit: Visit) -> Done:
    entity, key = visit.form.get("entity", ""), visit.form.get("key", "").strip()[:LONGEST]
    if entity not in NAMES or not key:
        raise Refused("Nothing was started: name an entity and a key.", "/record")
    back = _address(entity, key)
    try:
        run = visit.workspace.runs.start("One Key Now/One Key Now", {"entity": entity, "key": key})
    except NotStarted as why:
        raise Refused(f"No run was started: {why}", back, entity) from why
    return Done(f"{entity.capitalize()} {key} is read and sent by the run {run.name}.", back, entity, run)


def _record(visit: Visit) -> tuple[str, str]:
    entity, key = str(visit.request.path_params["entity"]), visit.query.get("key", "").strip()[:LONGEST]
    if entity not in NAMES or not key:
        raise HTTPException(404)
    return entity, key


def _address(entity: str, key: str) -> str:
    return f"/record/{entity}?{urlencode({'key': key})}"


ROUTES = (
    page("/record", search),
    page("/record/{entity}", show),
    page("/record/{entity}/now", show_now),
    action("/record/sync", _sync_now, code="record.sync"),
)
