"""Reconcile: the result of the last comparison of each entity, its differences, and their repair."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.listeners.sync_progress import decode_progress
from connector.state.operator import comparisons
from connector.state.operator.comparisons import Comparison
from entities.difference_cause import DifferenceCause, label_of_cause
from entities.names import NAMES
from web.routes import Done, Refused, Visit, action, page
from web.workspace import NotStarted, StartedRun

DEPLOYMENT = "Reconcile/Reconcile"
PAGE_SIZE = 100
REPAIRS = {
    DifferenceCause.OTHER_VALUE: "Somebody or something changed it there. Repair sends what Acumatica says.",
    DifferenceCause.NOT_SHOWN: "It was taken away there, or never arrived. Repair sends it.",
    DifferenceCause.NOT_MADE: "Repair looks for it once more, and makes it.",
    DifferenceCause.NOT_ALL_OF_IT: "Somebody changed it there. Repair sends what is missing.",
    DifferenceCause.WAITING: "It is sent automatically once what it waits for has happened.",
    DifferenceCause.TO_BE_SENT: "It is in the queue, and goes with the next sync.",
    DifferenceCause.NOT_ANSWERED: "Compare again once Magento answers.",
}
"""What repair does for each cause. Other causes are failure codes, whose fixes are on the page Failed messages."""


def agreement(one: Comparison) -> str:
    """Return the share that agrees, as text. It is 100 % only if nothing differs."""
    if not one.places:
        return "nothing to compare"
    share = 100 * (1 - min(one.differing, one.places) / one.places)
    return f"{'100' if not one.differing else f'{min(share, 99.99):.2f}'} % of {one.places:,} agree"


def show(visit: Visit) -> Response:
    """Show the last comparison of each entity, and running comparisons."""
    with visit.workspace.state.read() as connection:
        found = comparisons.newest(connection)
        running = comparisons.running(connection, visit.now)
    active = visit.here.settings.active
    return visit.render(
        "reconcile.html",
        cards=[(name, found.get(name), getattr(active, name), running.get(name)) for name in NAMES],
        agreement=agreement,
        decode_progress=decode_progress,
        times=visit.times,
    )


def show_entity(visit: Visit) -> Response:
    """Show the differences of one entity by cause, and one page of their targets."""
    from entities.registry import linked  # imported late: the entities load what other pages do not need

    entity, cause = str(visit.request.path_params["entity"]), visit.query.get("cause", "")
    with visit.workspace.state.read() as connection:
        found = comparisons.newest(connection).get(entity)
        differing = comparisons.differences(connection, entity, cause or None)
    if found is None:
        raise HTTPException(404)
    last = max(1, -(-len(differing) // PAGE_SIZE))
    typed = visit.query.get("page", "1")
    number = min(max(int(typed), 1), last) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1
    return visit.render(
        "reconcile_entity.html",
        entity=entity,
        comparison=found,
        agreement=agreement(found),
        cause=cause,
        is_number=entity not in linked(),
        is_cut=len(differing) < (found.causes.get(cause, 0) if cause else found.differing),
        rows=differing[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        number=number,
        last=last,
        label_of=label_of_cause,
        repairs=REPAIRS,
        address=lambda **more: _address(entity, **{"cause": cause, **more}),
        times=visit.times,
    )


def _address(entity: str, **query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"/reconcile/{entity}{'?' if given else ''}{urlencode(given)}"


def _compare(visit: Visit) -> Done:
    entity = visit.form.get("entity", "")
    if entity not in (*NAMES, "all"):
        raise Refused("Nothing was started: name an entity, or all.", "/reconcile")
    run = _start(visit, entity, {})
    name = "Every active entity" if entity == "all" else entity.capitalize()
    words = f"{name} is compared by the run {run.name}. It reads all of both systems."
    return Done(words, "/reconcile", None if entity == "all" else entity, run)


def _repair(visit: Visit) -> Done:
    """Start a run that repairs all differences of an entity, those with one cause, or the ticked ones."""
    entity, cause = visit.form.get("entity", ""), visit.form.get("cause", "")
    keys = list(dict.fromkeys(visit.form.getlist("key")))
    if entity not in NAMES:
        raise Refused("Nothing was started: name an entity.", "/reconcile")
    if visit.form.get("what") == "ticked":
        if not keys:
            raise Refused("Nothing was started: tick the records first.", _address(entity, cause=cause), entity)
        chosen: dict[str, object] = {"keys": keys}
        what = "the ticked record is" if len(keys) == 1 else f"the {len(keys):,} ticked records are"
    elif cause:
        chosen, what = {"cause": cause}, f"what differs for the cause “{label_of_cause(cause)}” is"
    else:
        chosen, what = {}, "what differs is"
    run = _start(visit, entity, {"put_right": True, **chosen})
    words = f"{entity.capitalize()} is compared again, and {what} put right, by the run {run.name}."
    return Done(words, "/reconcile", entity, run)


def _start(visit: Visit, entity: str, parameters: dict[str, object]) -> StartedRun:
    try:
        return visit.workspace.runs.start(DEPLOYMENT, {"entity": entity, **parameters})
    except NotStarted as why:
        one = None if entity == "all" else entity
        raise Refused(f"Nothing was started: {why}", "/reconcile", one) from why


ROUTES = (
    page("/reconcile", show),
    page("/reconcile/{entity}", show_entity),
    action("/reconcile/compare", _compare, code="reconcile.compare"),
    action("/reconcile/repair", _repair, code="reconcile.repair"),
)
