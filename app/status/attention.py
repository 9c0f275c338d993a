"""What needs a person's attention now, the most urgent first, each with its remedy.

It is derived from the status of the entities (`app.status.entity_status`): systems that are not configured, runs that
fail, failed messages, messages that wait too long, and an entity without a sync.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.effective_settings import AppContext
from app.status.entity_status import Activity, EntityStatus
from connector.model.failure_help import fix_of
from connector.model.failures import label_of

_NEVER_IN_BLOCKS = ("A2M_MAGENTO__URL", "A2M_ACUMATICA__URL")
"""Required settings that Prefect's Blocks cannot hold."""


class Remedy(StrEnum):
    """Where a person goes, or what they start, to fix it."""

    SETUP = "setup"
    TEST_CONNECTION = "test_connection"
    FAILED_MESSAGES = "failed_messages"
    SYNC_NOW = "sync_now"


@dataclass(frozen=True)
class Attention:
    """One thing that needs attention.

    Attributes:
        title: What it is.
        text: Why, or what to do.
        is_urgent: Nothing is sent until it is fixed.
        since: When runs began to fail.
    """

    title: str
    text: str
    remedy: Remedy
    entity: str | None = None
    code: str = ""
    is_urgent: bool = False
    since: datetime | None = None


def attention_needed(context: AppContext, statuses: Sequence[EntityStatus], now: datetime) -> list[Attention]:
    """Return what needs attention, the most urgent first."""
    missing = missing_settings(context, statuses)
    if missing:
        text = f"Nothing is synced before that. Missing: {', '.join(missing)}."
        return [Attention("Connect Acumatica and Magento", text, Remedy.SETUP, is_urgent=True)]
    active = [status for status in statuses if status.activity is not Activity.INACTIVE]
    return [
        *_faults(active),
        *(attention for status in statuses for attention in _failed(status)),
        *_late(context, active, now),
    ]


def missing_settings(context: AppContext, statuses: Sequence[EntityStatus]) -> list[str]:
    """Return the required settings that are missing.

    Secrets may be in Prefect's Blocks, which only runs read. So once a run has succeeded, only settings are returned
    that Blocks cannot hold.
    """
    missing = context.settings.missing()
    has_synced = any(status.overview.last_sync_at is not None for status in statuses)
    return [name for name in missing if not has_synced or name in _NEVER_IN_BLOCKS]


def _faults(active: Sequence[EntityStatus]) -> Iterator[Attention]:
    """Yield the faults of runs. Entities with the same fault are one thing to fix, such as a system that is down."""
    by_fault: dict[str, list[EntityStatus]] = {}
    for status in active:
        if status.overview.last_fault:
            by_fault.setdefault(status.overview.last_fault, []).append(status)
    for fault, failing in by_fault.items():
        title = f"{', '.join(status.entity for status in failing).capitalize()}: runs fail"
        starts = [status.overview.fault_since for status in failing if status.overview.fault_since]
        entity, since = failing[0].entity, min(starts, default=None)
        yield Attention(title, fault, Remedy.TEST_CONNECTION, entity, is_urgent=True, since=since)


def _failed(status: EntityStatus) -> Iterator[Attention]:
    for group in status.groups:
        count = f"{group.how_many:,} {'message' if group.how_many == 1 else 'messages'}"
        title = f"{status.entity.capitalize()}: {count} failed – {label_of(group.cause)}"
        text = fix_of(group.cause) or group.example
        yield Attention(title, text, Remedy.FAILED_MESSAGES, status.entity, code=group.cause)


def _late(context: AppContext, active: Sequence[EntityStatus], now: datetime) -> Iterator[Attention]:
    """Yield messages that have been pending too long and entities without a sync, by the limits of the alerts."""
    notify = context.settings.notify
    for status in active:
        overview, name = status.overview, status.entity.capitalize()
        if overview.paused:
            continue
        oldest, last = overview.oldest_pending, overview.last_sync_at
        if oldest is not None and now - oldest > timedelta(minutes=notify.oldest_pending):
            title = f"{name}: {overview.counts['pending']:,} messages wait"
            text = f"The oldest has waited for more than {notify.oldest_pending:,} minutes. Runs may not be started."
            yield Attention(title, text, Remedy.SYNC_NOW, status.entity)
        if overview.working is None and last is not None and now - last > timedelta(minutes=notify.silence):
            text = f"There was none for more than {notify.silence:,} minutes. Is a2m serve running?"
            yield Attention(f"{name}: no sync", text, Remedy.SYNC_NOW, status.entity)
