"""The deliveries of one entity on one day: records, values before and after, and outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from entities.names import NAMES
from web.csv_lines import csv_lines
from web.outcomes import outcome_of, why_of
from web.routes import Visit, page

COLUMNS = ("when", "entity", "key", "source", "value", "before", "outcome", "why", "request")


class _Chosen(NamedTuple):
    """The entity and the day of a page, and the instants between which the day lies in the tenant's time zone."""

    entity: str
    day: date
    since: datetime
    until: datetime

    def address(self, path: str, **more: str) -> str:
        return f"{path}?{urlencode({'entity': self.entity, 'day': self.day.isoformat(), **more})}"


def show(visit: Visit) -> Response:
    """Show one page of the deliveries, the newest first."""
    from app.explain.sent import sent_page  # imported late: the entities load what other pages do not need

    chosen = _chosen(visit)
    before = visit.query.get("before", "")
    earlier_than = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    part = sent_page(visit.workspace.state, *_span(chosen), before=earlier_than)
    return visit.render(
        "sent.html",
        entity=chosen.entity,
        day=chosen.day.isoformat(),
        rows=part.rows,
        is_first=earlier_than is None,
        newest=chosen.address("/activity/sent"),
        earlier=None if part.before is None else chosen.address("/activity/sent", before=str(part.before)),
        csv=chosen.address("/activity/sent.csv"),
        times=visit.times,
        outcome_of=outcome_of,
        why=why_of,
    )


def as_csv(visit: Visit) -> Response:
    """Stream all deliveries of the day as CSV, page by page: a first sync may have a million records."""
    chosen = _chosen(visit)
    name = f"sent-{chosen.entity}-{chosen.day.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_lines(visit, chosen), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(visit: Visit, chosen: _Chosen) -> Iterator[str]:
    from app.explain.sent import sent_page  # imported late, too

    yield csv_lines([COLUMNS])
    before = None
    while True:
        part = sent_page(visit.workspace.state, *_span(chosen), before=before)
        yield csv_lines(
            (
                delivered.sent_at.isoformat(timespec="seconds"),
                chosen.entity,
                delivered.key,
                delivered.source,
                delivered.value,
                delivered.before,
                outcome_of(delivered)[0],
                why_of(delivered),
                delivered.request,
            )
            for delivered in part.rows
        )
        if part.before is None:
            return
        before = part.before


def _span(chosen: _Chosen) -> tuple[str, datetime, datetime]:
    return chosen.entity, chosen.since, chosen.until


def _chosen(visit: Visit) -> _Chosen:
    entity, zone = visit.query.get("entity", ""), visit.times.zone
    try:
        day = date.fromisoformat(visit.query.get("day", ""))
        since, until = (datetime.combine(one, time.min, zone) for one in (day, day + timedelta(days=1)))
    except (ValueError, OverflowError):
        raise HTTPException(404) from None
    if entity not in NAMES:
        raise HTTPException(404)
    return _Chosen(entity, day, since, until)


ROUTES = (page("/activity/sent", show), page("/activity/sent.csv", as_csv))
