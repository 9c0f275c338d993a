"""OpenTelemetry spans of runs, if the standard environment variables request them and the packages are installed.

A run is a span. Its children are its syncs, and theirs are the requests to Magento. Pages, chunks and failures are
events of the sync's span. Attributes hold entity names, codes and counts, and nothing about a record. Unless spans are
requested, OpenTelemetry is not imported.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from connector.clock import Clock
from entities.events import (
    ChunkQueued,
    Event,
    Listener,
    MessagesFailed,
    PageRead,
    RequestSettled,
    SyncEnded,
    SyncStarted,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXPORTERS = ("otlp", "console")
FLUSHED_WITHIN = timedelta(seconds=2)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_LOG = logging.getLogger(__name__)


def requested_exporter(environ: Mapping[str, str]) -> str | None:
    """Return the exporter that the environment names, or `otlp` if it only names an endpoint; None for no spans."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    named = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if named:
        return named if named in EXPORTERS else None
    return "otlp" if any(environ.get(name) for name in ENDPOINTS) else None


@cache
def provider() -> TracerProvider | None:
    """Return this process's tracer provider; None if spans are not requested or a package is missing."""
    requested = requested_exporter(os.environ)
    if requested is None:
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

        if requested == "console":
            exporter: SpanExporter = ConsoleSpanExporter()
        else:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
    except ImportError as error:
        _LOG.warning("Spans are requested (OTEL_…), but a package is missing: %s. Install the extra otel.", error)
        return None
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or "a2m"})
    tracer_provider = TracerProvider(resource=resource)
    tracer_provider.add_span_processor(BatchSpanProcessor(exporter))
    return tracer_provider


@asynccontextmanager
async def traced_run(entity: str, clock: Clock, run_id: str | None) -> AsyncIterator[list[Listener]]:
    """Yield the listeners that record spans of a run: one, or none if spans are off.

    An exception in the body becomes the error status of the run's span.
    """
    tracer_provider = provider()
    if tracer_provider is None:
        yield []
        return
    from opentelemetry.trace import Status, StatusCode

    tracer = tracer_provider.get_tracer("a2m")
    attributes = {"a2m.entity": entity, **({"a2m.prefect_run": run_id} if run_id else {})}
    run = tracer.start_span("run", attributes=attributes, start_time=_nanoseconds(clock.now()))
    spans = RunSpans(tracer, run, clock)
    try:
        yield [spans.listen]
    except BaseException as error:
        run.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        spans.end()
        await asyncio.to_thread(tracer_provider.force_flush, FLUSHED_WITHIN // timedelta(milliseconds=1))


class RunSpans:
    """Records the spans of one run from its events."""

    def __init__(self, tracer: Tracer, run: Span, clock: Clock) -> None:
        self._tracer, self._run, self._clock = tracer, run, clock
        self._sync: Span | None = None

    def listen(self, event: Event) -> None:
        """Start a span, end it, or add an event to it."""
        now = self._clock.now()
        match event:
            case SyncStarted(entity=entity, full=full):
                self._end_sync(now)
                self._sync = self._begin("sync", self._run, now, {"a2m.entity": entity, "a2m.full": full})
            case PageRead(feed=feed, records=records):
                self._add_event("page read", now, {"a2m.feed": feed, "a2m.records": records})
            case ChunkQueued(queued=queued, failed=failed):
                self._add_event("chunk queued", now, {"a2m.queued": queued, "a2m.failed": failed})
            case MessagesFailed(code=code, count=count):
                self._add_event("messages failed", now, {"a2m.code": code, "a2m.failed": count})
            case RequestSettled(entity=entity, messages=messages, sent=sent, failed=failed, seconds=seconds):
                counts = {"a2m.messages": messages, "a2m.sent": sent, "a2m.failed": failed}
                sent_at, parent = now - timedelta(seconds=seconds), self._sync or self._run
                self._begin("request", parent, sent_at, {"a2m.entity": entity, **counts}).end(_nanoseconds(now))
            case SyncEnded(counters=counters):
                if self._sync is not None:
                    counts = {
                        name: getattr(counters, name) for name in ("pulled", "sent", "failed", "requests", "reads")
                    }
                    self._sync.set_attributes({f"a2m.{name}": count for name, count in counts.items()})
                self._end_sync(now)

    def end(self) -> None:
        """End the open spans."""
        now = self._clock.now()
        self._end_sync(now)
        self._run.end(_nanoseconds(now))

    def _begin(self, name: str, parent: Span, at: datetime, attributes: Mapping[str, str | int | bool]) -> Span:
        from opentelemetry.trace import set_span_in_context

        context = set_span_in_context(parent)
        return self._tracer.start_span(name, context, attributes=attributes, start_time=_nanoseconds(at))

    def _add_event(self, name: str, at: datetime, attributes: Mapping[str, str | int]) -> None:
        (self._sync or self._run).add_event(name, attributes, _nanoseconds(at))

    def _end_sync(self, now: datetime) -> None:
        if self._sync is not None:
            self._sync.end(_nanoseconds(now))
            self._sync = None


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
