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
from app.status.entity_status import Activity, Standing
from connector.model.failure_help import fix_of
from connector.model.failures import label_of

ALWAYS_HERE = ("A2M_MAGENTO__URL", "A2M_ACUMATICA__URL")
"""Settings that no Block of Prefect's holds."""


class Helps(StrEnum):
    """What a person does about it."""

    SETUP = "setup"
    TEST_CONNECTION = "test_connection"
    FAILED_MESSAGES = "failed_messages"
    SYNC_NOW = "sync_now"


@dataclass(frozen=True)
class Need:
    """One thing that needs a person. `title`: what it is; `text`: why, or what to do. `is_urgent`: nothing is sent.
    `since`: when runs began to fail.
    """

    title: str
    text: str
    helps: Helps
    entity: str | None = None
    code: str = ""
    is_urgent: bool = False
    since: datetime | None = None


def needs(here: AppContext, found: Sequence[Standing], now: datetime) -> list[Need]:
    """Return what needs a person. Raises `StateError`."""
    missing = missing_settings(here, found)
    if missing:
        text = f"Nothing is synced before that. Missing: {', '.join(missing)}."
        return [Need("Connect Acumatica and Magento", text, Helps.SETUP, is_urgent=True)]
    active = [one for one in found if one.activity is not Activity.INACTIVE]
    return [
        *_faults(active),
        *(need for one in found for need in _failed(one)),
        *_late(here, active, now),
    ]


def missing_settings(here: AppContext, found: Sequence[Standing]) -> list[str]:
    """Return the settings without which nothing is synced. Secrets may be in Prefect's Blocks, which only runs read:
    once a run has ended well, they are somewhere.
    """
    missing = here.settings.missing()
    has_synced = any(one.overview.last_sync_at is not None for one in found)
    return [name for name in missing if not has_synced or name in ALWAYS_HERE]


def _faults(active: Sequence[Standing]) -> Iterator[Need]:
    """A system that is away ends the runs of every entity by the same fault, which is one thing to do."""
    by_fault: dict[str, list[Standing]] = {}
    for one in active:
        if one.overview.last_fault:
            by_fault.setdefault(one.overview.last_fault, []).append(one)
    for fault, failing in by_fault.items():
        title = f"{', '.join(one.entity for one in failing).capitalize()}: runs fail"
        since = min((one.overview.fault_since for one in failing if one.overview.fault_since), default=None)
        yield Need(title, fault, Helps.TEST_CONNECTION, failing[0].entity, is_urgent=True, since=since)


def _failed(one: Standing) -> Iterator[Need]:
    for group in one.groups:
        count = f"{group.how_many:,} {'message' if group.how_many == 1 else 'messages'}"
        title = f"{one.entity.capitalize()}: {count} failed – {label_of(group.cause)}"
        text = fix_of(group.cause) or group.example
        yield Need(title, text, Helps.FAILED_MESSAGES, one.entity, code=group.cause)


def _late(here: AppContext, active: Sequence[Standing], now: datetime) -> Iterator[Need]:
    """A message that waits for its turn too long, an entity without a sync: the limits are those of the alerts."""
    notify = here.settings.notify
    for one in active:
        stands, name = one.overview, one.entity.capitalize()
        if stands.paused:
            continue
        oldest, last = stands.oldest_pending, stands.last_sync_at
        if oldest is not None and now - oldest > timedelta(minutes=notify.oldest_pending):
            text = f"The oldest has waited for more than {notify.oldest_pending:,} minutes. Runs may not be started."
            yield Need(f"{name}: {stands.counts['pending']:,} messages wait", text, Helps.SYNC_NOW, one.entity)
        if stands.working is None and last is not None and now - last > timedelta(minutes=notify.silence):
            text = f"There was none for more than {notify.silence:,} minutes. Is a2m serve running?"
            yield Need(f"{name}: no sync", text, Helps.SYNC_NOW, one.entity)
