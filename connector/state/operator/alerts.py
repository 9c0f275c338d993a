"""Alerts: messages that failed, one that waits too long, an entity without a sync.

From the state database and limits, return the alerts that are due now. What was sent is stored, and sent again only
after a while, or once it was over and came back.
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
class Finding:
    """One alert: the name under which it is kept, since when its cause exists, and its text.

    `once`: it is sent once, not again after an interval. `again_when_newer`: it is sent again when another message of
    the same kind has come.
    """

    what: str
    since: datetime | None
    message: str
    once: bool = False
    again_when_newer: bool = False


@dataclass(frozen=True)
class Limits:
    """After how long something is reported: a message that waits for its turn, an entity without a sync, an alert that
    was sent before, a message that waits for something outside the queue.
    """

    oldest_pending: timedelta
    silence: timedelta
    repeat_after: timedelta
    report_waits_after: timedelta = timedelta(days=7)


def findings(connection: Connection, entity: str, limits: Limits, now: datetime) -> list[Finding]:
    """Return the alerts of an entity that is active; a paused one may be silent, and its messages may wait."""
    found = _failed(connection, entity)
    stands = overview.of_entity(connection, entity, now)
    if stands.paused:
        return found
    oldest = stands.oldest_pending
    if oldest is not None and now - oldest > limits.oldest_pending:
        message = f"{entity}: {stands.counts['pending']:,} messages wait, the oldest since {_moment(oldest)}."
        found.append(Finding(f"{entity} waits", oldest, message))
    found += _waiting(connection, entity, limits, now)
    latest = stands.last_sync_at or entities.read(connection, entity).active_since
    if stands.working is None and latest is not None and now - latest > limits.silence:
        found.append(Finding(f"{entity} is silent", latest, f"{entity}: no sync was finished since {_moment(latest)}."))
    return found


def _waiting(connection: Connection, entity: str, limits: Limits, now: datetime) -> list[Finding]:
    """Return what has waited for something outside the queue, such as a payment, for too long."""
    found = waits.longest(connection, entity, now - limits.report_waits_after)
    if found is None:
        return []
    how_many, newest, oldest = found
    wait = "message waits" if how_many == 1 else "messages wait"
    message = (
        f"{entity}: {how_many:,} {wait} for longer than {limits.report_waits_after.days} days, first of all "
        f"{', '.join(oldest)}; a2m explain says for what."
    )
    return [
        Finding(
            f"{entity} waits for long", newest + limits.report_waits_after, message, once=True, again_when_newer=True
        )
    ]


def _failed(connection: Connection, entity: str) -> list[Finding]:
    failed = select(func.max(targets.c.put_aside_at)).where(targets.c.entity == entity, IS_FAILED, IS_PUT_ASIDE)
    newest = connection.execute(failed).scalar()
    if newest is None:
        return []
    groups = actions.groups(connection, entity)
    count = sum(group.how_many for group in groups)
    most = groups[0]
    message = (
        f"{entity}: {count:,} message{'' if count == 1 else 's'} failed. Most of them: {most.how_many:,} × "
        f"{label_of(most.cause)} ({most.cause}), such as: {most.example}"
    )
    return [Finding(f"{entity} failed", instant(newest), message, again_when_newer=True)]


def due_now(connection: Connection, found: Sequence[Finding], limits: Limits, now: datetime) -> list[Finding]:
    """Return those that were not sent yet, or long ago; failed messages also when others have failed since."""
    when = {row.what: instant(row.told_at) for row in connection.execute(select(alerts))}

    def is_new(one: Finding) -> bool:
        before = when.get(one.what)
        if before is None or (now - before >= limits.repeat_after and not one.once):
            return True
        return one.again_when_newer and one.since is not None and one.since > before

    return [one for one in found if is_new(one)]


def keep(state: State, found: Sequence[Finding], sent: Sequence[Finding], now: datetime) -> None:
    """Store what was sent now, and forget what is over."""
    with state.write() as connection:
        connection.execute(delete(alerts).where(alerts.c.what.not_in([one.what for one in found])))
        upsert(connection, alerts, [{"what": one.what, "told_at": micros(now)} for one in sent])


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
