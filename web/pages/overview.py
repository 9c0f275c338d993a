"""Overview: what needs attention, and a card for each entity. The page refreshes itself while it is visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import Response

from app.deployment_names import full_name
from app.status.attention import attention_needed, missing_settings
from app.status.entity_status import Activity, EntityStatus, entity_statuses
from connector.state.coordination import lease, wakeups
from connector.state.operator import comparisons
from connector.state.sync import entities
from entities.counters import Counters
from entities.names import NAMES
from entities.waiting import describe
from settings import Settings
from web.charts import HEIGHT, WIDTH, bars
from web.pages.reconcile import agreement
from web.routes import Done, Refused, Visit, action, page
from web.times import duration, short
from web.workspace import NotStarted

BADGES = {
    Activity.INACTIVE: ("Not active", ""),
    Activity.PAUSED: ("Paused", "warn"),
    Activity.DEAD: ("Stopped in the middle", "bad"),
    Activity.WORKING: ("Running now", "accent"),
    Activity.IDLE: ("Active", "good"),
}

FAILING = ("Runs fail", "bad")
"""In place of active: nothing arrives in Magento."""

NOTHING = (0,) * 24
"""The counts of a day without deliveries, by hour."""


def show(visit: Visit) -> Response:
    """Show the page, or only the part that is refreshed."""
    here, now = visit.here, visit.now
    found = entity_statuses(here, now)
    day = visit.workspace.recent.day(here.state, now)
    with here.state.read() as connection:
        compared = comparisons.newest(connection)
        runs = lease.runs_of_entities(connection, now)
    cards = [
        {
            **_card(one, day.by_hour.get(one.entity, NOTHING), day.failed.get(one.entity, NOTHING)),
            "compared": compared.get(one.entity),
            "delay": day.delays.get(one.entity),
            "run": visit.workspace.runs.page_of(runs[one.entity]) if one.entity in runs else None,
        }
        for one in found
    ]
    return visit.render(
        "overview_now.html" if visit.is_part else "overview.html",
        needs=attention_needed(here, found, now),
        is_configured=not missing_settings(here, found),
        cards=cards,
        times=visit.times,
        chart_size=(WIDTH, HEIGHT),
        agreement=agreement,
        systems=_systems(here.settings),
        duration=duration,
        short=short,
    )


def _systems(settings: Settings) -> str:
    """Return which tenant goes to which shop, as somebody knows them: a test shop is not to be taken for the shop."""
    erp, shop = (one.url.partition("://")[2] for one in (settings.acumatica, settings.magento))
    return f"{erp} ({settings.acumatica.tenant}) → {shop}" if erp and shop else "Acumatica → Magento"


def _card(one: EntityStatus, sent: Sequence[int], failed: Sequence[int]) -> dict[str, object]:
    fails = one.activity is Activity.IDLE and one.overview.last_fault is not None
    label, kind = FAILING if fails else BADGES[one.activity]
    return {
        "entity": one.entity,
        "title": one.entity.capitalize(),
        "badge": label,
        "badge_kind": kind,
        "standing": one,
        "stands": one.overview,
        "last_changes": one.overview.last_result if one.overview.last_result != Counters("").summary() else None,
        "is_active": one.activity is not Activity.INACTIVE,
        "waiting": one.waiting,
        "failed": one.failed,
        "waiting_for": [(count, describe(code)) for code, count in one.overview.waiting.items()],
        "bars": bars(sent, failed),
        "sent": sum(sent),
        "failed_lately": sum(failed),
    }


def _entity(visit: Visit) -> str:
    entity = visit.form.get("entity", "")
    if entity not in NAMES:
        raise Refused(f"There is no entity {entity[:100]!r}.", "/")
    return entity


def _paused(*, paused: bool) -> Callable[[Visit], Done]:
    def act(visit: Visit) -> Done:
        entity = _entity(visit)
        entities.pause(visit.workspace.state, [entity], paused=paused)
        what = "is paused. What changes meanwhile goes when it is resumed." if paused else "is resumed."
        return Done(f"{entity.capitalize()} {what}", "/", entity)

    return act


def _sync_now(visit: Visit) -> Done:
    """Start a run. If Prefect does not accept one, request a sync from the running or next run."""
    entity = _entity(visit)
    workspace = visit.workspace
    if not getattr(visit.here.settings.active, entity):
        raise Refused(f"{entity.capitalize()} is not active (Individual Sync Status).", "/", entity)
    try:
        run = workspace.runs.start(full_name(entity))
    except NotStarted as why:
        wakeups.ask(workspace.state, [entity], visit.now)
        raise Refused(f"No run was started: {why} The next one syncs at once.", "/", entity) from why
    return Done(f"{entity.capitalize()}: the run {run.name} is started.", "/", entity, run)


ROUTES = (
    page("/", show),
    action("/pause", _paused(paused=True), code="pause"),
    action("/resume", _paused(paused=False), code="resume"),
    action("/sync", _sync_now, code="sync"),
)
