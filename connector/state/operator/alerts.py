"""Alerts: failed messages, a message that waits too long, an entity without a sync.

They follow from the state database and the configured limits. Which alerts were sent is stored. An alert is sent again
only after an interval, or when its cause has ended and come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from connector.model.failures import label_of
from connector.state.engine import State
from connector.state.operator import actions, overview
from connector.state.queue import waits
from connector.state.rows import upsert
from connector.state.schema import IS_FAILED, IS_PUT_ASIDE, alerts, instant, micros, targets
from connector.state.sync import entities


@dataclass(frozen=True)
class Alert:
    """One alert: the name under which it is stored, since when its cause exists, and its text.

    `once`: it is not sent again after an interval. `again_when_newer`: it is sent again when another message of the
    same kind was added.
    """

    name: str
    since: datetime | None
    message: str
    once: bool = False
    again_when_newer: bool = False


@dataclass(frozen=True)
class Limits:
    """After how long each alert is sent.

    `oldest_pending`: a message waits for its turn. `silence`: an entity has no sync. `repeat_after`: an alert was sent
    before. `report_waits_after`: a message waits for something outside the queue.
    """

    oldest_pending: timedelta
    silence: timedelta
    repeat_after: timedelta
    report_waits_after: timedelta = timedelta(days=7)


def current(connection: Connection, entity: str, limits: Limits, now: datetime) -> list[Alert]:
    """Return the alerts of an active entity, sent or not. A paused entity may be silent, and its messages may wait."""
    raised = _failed(connection, entity)
    status = overview.of_entity(connection, entity, now)
    if status.paused:
        return raised
    oldest = status.oldest_pending
    if oldest is not None and now - oldest > limits.oldest_pending:
        message = f"{entity}: {status.counts['pending']:,} messages wait, the oldest since {_moment(oldest)}."
        raised.append(Alert(f"{entity} waits", oldest, message))
    raised += _waiting(connection, entity, limits, now)
    latest = status.last_sync_at or entities.read(connection, entity).active_since
    if status.working is None and latest is not None and now - latest > limits.silence:
        raised.append(Alert(f"{entity} is silent", latest, f"{entity}: no sync was finished since {_moment(latest)}."))
    return raised


def _waiting(connection: Connection, entity: str, limits: Limits, now: datetime) -> list[Alert]:
    """Return an alert if messages have waited too long for something outside the queue, such as a payment."""
    longest = waits.longest(connection, entity, now - limits.report_waits_after)
    if longest is None:
        return []
    how_many, newest, oldest = longest
    wait = "message waits" if how_many == 1 else "messages wait"
    message = (
        f"{entity}: {how_many:,} {wait} for longer than {limits.report_waits_after.days} days, first of all "
        f"{', '.join(oldest)}; a2m explain says for what."
    )
    return [
        Alert(f"{entity} waits for long", newest + limits.report_waits_after, message, once=True, again_when_newer=True)
    ]


def _failed(connection: Connection, entity: str) -> list[Alert]:
    last_failure = select(func.max(targets.c.put_aside_at)).where(targets.c.entity == entity, IS_FAILED, IS_PUT_ASIDE)
    newest = connection.execute(last_failure).scalar()
    if newest is None:
        return []
    groups = actions.groups(connection, entity)
    count = sum(group.how_many for group in groups)
    largest = groups[0]
    message = (
        f"{entity}: {count:,} message{'' if count == 1 else 's'} failed. Most of them: {largest.how_many:,} × "
        f"{label_of(largest.cause)} ({largest.cause}), such as: {largest.example}"
    )
    return [Alert(f"{entity} failed", instant(newest), message, again_when_newer=True)]


def due(connection: Connection, raised: Sequence[Alert], limits: Limits, now: datetime) -> list[Alert]:
    """Return the alerts that have to be sent now: they were not sent yet, or long ago, or newer messages were added."""
    sent_at = {row.what: instant(row.told_at) for row in connection.execute(select(alerts))}

    def is_due(alert: Alert) -> bool:
        last_sent = sent_at.get(alert.name)
        if last_sent is None or (now - last_sent >= limits.repeat_after and not alert.once):
            return True
        return alert.again_when_newer and alert.since is not None and alert.since > last_sent

    return [alert for alert in raised if is_due(alert)]


def store(state: State, raised: Sequence[Alert], sent: Sequence[Alert], now: datetime) -> None:
    """Store which alerts were sent now, and forget those whose cause has ended."""
    with state.write() as connection:
        connection.execute(delete(alerts).where(alerts.c.what.not_in([alert.name for alert in raised])))
        upsert(connection, alerts, [{"what": alert.name, "told_at": micros(now)} for alert in sent])


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
