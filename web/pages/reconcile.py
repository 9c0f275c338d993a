"""Reconcile: how much of what Magento shows is as Acumatica says, what differs, and putting it right."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from connector.state.operator import comparisons
from connector.state.operator.comparisons import KEPT, Comparison
from entities.names import NAMES
from web.routes import Done, Refused, Visit, action, page
from web.workspace import NotStarted

DEPLOYMENT = "Reconcile/Reconcile"
PAGE_SIZE = 100


def agreement(one: Comparison) -> str:
    """Return the number: how much agrees. All of it is only said where nothing differs."""
    if not one.places:
        return "nothing to compare"
    share = 100 * (1 - min(one.differing, one.places) / one.places)
    return f"{'100' if not one.differing else f'{min(share, 99.99):.2f}'} % of {one.places:,} agree"


def show(visit: Visit) -> Response:
    """Show the last comparison of each entity."""
    with visit.workspace.state.read() as connection:
        found = comparisons.newest(connection)
    active = visit.here.settings.active
    return visit.render(
        "reconcile.html",
        cards=[(name, found.get(name), getattr(active, name)) for name in NAMES],
        agreement=agreement,
        times=visit.times,
    )


def show_entity(visit: Visit) -> Response:
    """Show what differs of one entity, a page at a time."""
    entity = str(visit.request.path_params["entity"])
    with visit.workspace.state.read() as connection:
        found = comparisons.newest(connection).get(entity)
    if found is None:
        raise HTTPException(404)
    last = max(1, -(-len(found.differences) // PAGE_SIZE))
    typed = visit.query.get("page", "1")
    number = min(max(int(typed), 1), last) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1
    return visit.render(
        "reconcile_entity.html",
        entity=entity,
        comparison=found,
        agreement=agreement(found),
        rows=found.differences[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        number=number,
        last=last,
        kept=KEPT,
        times=visit.times,
    )


def _compare(visit: Visit) -> Done:
    return _start(visit, put_right=False, words="is compared")


def _repair(visit: Visit) -> Done:
    return _start(visit, put_right=True, words="is compared again, and put right")


def _start(visit: Visit, *, put_right: bool, words: str) -> Done:
    entity = visit.form.get("entity", "")
    if entity not in (*NAMES, "all"):
        raise Refused("Nothing was started: name an entity, or all.", "/reconcile")
    one = None if entity == "all" else entity
    try:
        run = visit.workspace.runs.start(DEPLOYMENT, {"entity": entity, "put_right": put_right})
    except NotStarted as why:
        raise Refused(f"Nothing was started: {why}", "/reconcile", one) from why
    name = "Every active entity" if one is None else one.capitalize()
    return Done(f"{name} {words} by the run {run.name}. It reads all of both systems.", "/reconcile", one, run)


ROUTES = (
    page("/reconcile", show),
    page("/reconcile/{entity}", show_entity),
    action("/reconcile/compare", _compare, code="reconcile.compare"),
    action("/reconcile/repair", _repair, code="reconcile.repair"),
)
