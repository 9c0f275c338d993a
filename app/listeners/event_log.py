"""The events of a run as lines of the log.

INFO: a line for each sync that did something. WARNING: a line for each code with which messages failed, and what is
waited for. ERROR: the fault that ended a run. DEBUG: the rest. A line names codes, counts and keys, and nothing else
of a record: no reason in full, in which Magento may repeat a name or an address.
"""

from __future__ import annotations

import logging
from typing import Any

from connector.model.failures import label_of
from entities.events import (
    AnswersFound,
    ChunkQueued,
    Event,
    MessagesFailed,
    PageRead,
    RequestSettled,
    RunFailed,
    SyncEnded,
    SyncStarted,
    Waiting,
)

_LOG = logging.getLogger(__name__)
_AT_DEBUG = (SyncStarted, PageRead, AnswersFound, ChunkQueued, RequestSettled)
"""Of these, which come with each request and page, no text is made at other levels."""


def shows_waits() -> bool:
    """Return whether the level lets what is waited for into the log."""
    return _LOG.isEnabledFor(logging.WARNING)


def log_event(event: Event) -> None:
    """Write the event into the log, with its fields beside the message for who reads lines by program."""
    if isinstance(event, _AT_DEBUG) and not _LOG.isEnabledFor(logging.DEBUG):
        return
    match event:
        case SyncStarted(entity=entity, full=full, keys=keys):
            what = "everything" if full else "what changed" if keys is None else f"{keys:,} records"
            _log(logging.DEBUG, "sync_started", event, f"{entity}: a sync begins, of {what}.")
        case PageRead() as one:
            _log(logging.DEBUG, "page_read", event, f"{one.entity}: a page of {one.records:,} records of {one.feed}.")
        case AnswersFound() as one:
            became = f"{one.sent:,} sent, {one.failed:,} failed"
            _log(logging.DEBUG, "answers_found", event, f"{one.entity}: asked for what had no answer: {became}.")
        case ChunkQueued() as one:
            became = f"{one.queued:,} queued, {one.failed:,} failed, {one.superseded:,} superseded"
            _log(logging.DEBUG, "chunk_queued", event, f"{one.entity}: a chunk of {one.records:,} records: {became}.")
        case RequestSettled() as one:
            became = f"{one.sent:,} sent, {one.failed:,} failed"
            took = f"{one.messages:,} messages in {one.seconds:.1f} s"
            _log(logging.DEBUG, "request_settled", event, f"{one.entity}: a request of {took}: {became}.")
        case MessagesFailed() as one:
            example = one.example if one.count == 1 else f"for example {one.example}"
            _log(
                logging.WARNING,
                "messages_failed",
                event,
                f"{one.entity}: {one.count:,} failed: {label_of(one.code)} ({one.code}; {example}; all: a2m failed).",
            )
        case SyncEnded(entity=entity, full=full, counters=counters):
            level = logging.DEBUG if counters.did_nothing() else logging.INFO
            read = f"{counters.pulled:,} read in {counters.seconds:.1f} s{', a full sync' if full else ''}"
            _log(level, "sync_ended", event, f"{entity}: {counters.summary()} ({read}).", **counters.as_json())
        case RunFailed(entity=entity, message=message):
            _log(logging.ERROR, "run_failed", event, f"{entity}: {message}")
        case Waiting(message=message):
            _log(logging.WARNING, "waiting", event, message)


def _log(level: int, name: str, event: Event, message: str, **more: Any) -> None:
    if not _LOG.isEnabledFor(level):
        return
    beside = {field: value for field in event.__struct_fields__ if _is_plain(value := getattr(event, field))}
    beside.pop("message", None)
    _LOG.log(level, "%s", message, extra={"fields": {"event": name, **beside, **more}})


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)
