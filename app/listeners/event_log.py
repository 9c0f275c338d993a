"""Write the events of a run to the log.

INFO: one line for each sync that did something. WARNING: one line for each code with which messages failed, and one for
anything that the run waits for. ERROR: the fault that ended a run. DEBUG: all other events. A line holds codes, counts
and keys and nothing else about a record: a full reason may repeat a name or an address (ADR 0039).
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
"""Frequent events, one for each page or request. Their text is only composed at the level DEBUG."""


def shows_waits() -> bool:
    """Return whether the log level lets `Waiting` events through."""
    return _LOG.isEnabledFor(logging.WARNING)


def log_event(event: Event) -> None:
    """Write the event to the log. Its plain fields are attached to the record for the JSON format."""
    if isinstance(event, _AT_DEBUG) and not _LOG.isEnabledFor(logging.DEBUG):
        return
    match event:
        case SyncStarted(entity=entity, full=full, keys=keys):
            what = "everything" if full else "what changed" if keys is None else f"{keys:,} records"
            _log(logging.DEBUG, "sync_started", event, f"{entity}: a sync begins, of {what}.")
        case PageRead(entity=entity, feed=feed, records=records):
            _log(logging.DEBUG, "page_read", event, f"{entity}: a page of {records:,} records of {feed}.")
        case AnswersFound(entity=entity, sent=sent, failed=failed):
            outcome = f"{sent:,} sent, {failed:,} failed"
            _log(logging.DEBUG, "answers_found", event, f"{entity}: asked for what had no answer: {outcome}.")
        case ChunkQueued(entity=entity, records=records, queued=queued, failed=failed, superseded=superseded):
            outcome = f"{queued:,} queued, {failed:,} failed, {superseded:,} superseded"
            _log(logging.DEBUG, "chunk_queued", event, f"{entity}: a chunk of {records:,} records: {outcome}.")
        case RequestSettled(entity=entity, messages=messages, sent=sent, failed=failed, seconds=seconds):
            outcome = f"{sent:,} sent, {failed:,} failed"
            request = f"a request of {messages:,} messages in {seconds:.1f} s"
            _log(logging.DEBUG, "request_settled", event, f"{entity}: {request}: {outcome}.")
        case MessagesFailed(entity=entity, code=code, count=count, example=key):
            example = key if count == 1 else f"for example {key}"
            text = f"{entity}: {count:,} failed: {label_of(code)} ({code}; {example}; all: a2m failed)."
            _log(logging.WARNING, "messages_failed", event, text)
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
    fields = {field: value for field in event.__struct_fields__ if _is_plain(value := getattr(event, field))}
    fields.pop("message", None)
    _LOG.log(level, "%s", message, extra={"fields": {"event": name, **fields, **more}})


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)
