"""OpenTelemetry spans of runs, where the standard environment variables ask for them and its packages are installed.

A span for a run, below it one for each of its syncs, and below these one for each request to Magento; pages that are
read, chunks and failures are events of the sync's span. They hold names of entities, codes and counts, and nothing of
a record. Where nothing asks for spans nothing of OpenTelemetry is imported.
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


def exporter_wanted(environ: Mapping[str, str]) -> str | None:
    """Return the exporter that the environment names, or OTLP where it names an endpoint only; None for no spans."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    named = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if named:
        return named if named in EXPORTERS else None
    return "otlp" if any(environ.get(one) for one in ENDPOINTS) else None


@cache
def provider() -> TracerProvider | None:
    """Return what takes this process's spans; None where no span is wanted, or cannot be made."""
    wanted = exporter_wanted(os.environ)
    if wanted is None:
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

        if wanted == "console":
            exporter: SpanExporter = ConsoleSpanExporter()
        else:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter()
    except ImportError as error:
        _LOG.warning("Spans are requested (OTEL_…), but a package is missing: %s. Install the extra otel.", error)
        return None
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or "a2m"})
    made = TracerProvider(resource=resource)
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


@asynccontextmanager
async def run_traced(entity: str, clock: Clock, run_id: str | None) -> AsyncIterator[list[Listener]]:
    """Yield the listeners that make spans of a run: one, or none where no span is wanted. What is raised in the body is
    the run's error.
    """
    spans_go_to = provider()
    if spans_go_to is None:
        yield []
        return
    from opentelemetry.trace import Status, StatusCode

    tracer = spans_go_to.get_tracer("a2m")
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
        await asyncio.to_thread(spans_go_to.force_flush, FLUSHED_WITHIN // timedelta(milliseconds=1))


class RunSpans:
    """Makes the spans of one run from its events."""

    def __init__(self, tracer: Tracer, run: Span, clock: Clock) -> None:
        self._tracer, self._run, self._clock = tracer, run, clock
        self._sync: Span | None = None

    def listen(self, event: Event) -> None:
        """Begin, end or add to a span."""
        now = self._clock.now()
        match event:
            case SyncStarted(entity=entity, full=full):
                self._end_sync(now)
                self._sync = self._begin("sync", self._run, now, {"a2m.entity": entity, "a2m.full": full})
            case PageRead(feed=feed, records=records):
                self._note("page read", now, {"a2m.feed": feed, "a2m.records": records})
            case ChunkQueued(queued=queued, failed=failed):
                self._note("chunk queued", now, {"a2m.queued": queued, "a2m.failed": failed})
            case MessagesFailed(code=code, count=count):
                self._note("messages failed", now, {"a2m.code": code, "a2m.failed": count})
            case RequestSettled(entity=entity, messages=messages, sent=sent, failed=failed, seconds=seconds):
                counts = {"a2m.messages": messages, "a2m.sent": sent, "a2m.failed": failed}
                left_at, parent = now - timedelta(seconds=seconds), self._sync or self._run
                self._begin("request", parent, left_at, {"a2m.entity": entity, **counts}).end(_nanoseconds(now))
            case SyncEnded(counters=counters):
                if self._sync is not None:
                    counts = {
                        name: getattr(counters, name) for name in ("pulled", "sent", "failed", "requests", "reads")
                    }
                    self._sync.set_attributes({f"a2m.{name}": count for name, count in counts.items()})
                self._end_sync(now)

    def end(self) -> None:
        """End what is open."""
        now = self._clock.now()
        self._end_sync(now)
        self._run.end(_nanoseconds(now))

    def _begin(self, name: str, parent: Span, at: datetime, attributes: Mapping[str, str | int | bool]) -> Span:
        from opentelemetry.trace import set_span_in_context

        below = set_span_in_context(parent)
        return self._tracer.start_span(name, below, attributes=attributes, start_time=_nanoseconds(at))

    def _note(self, name: str, at: datetime, attributes: Mapping[str, str | int]) -> None:
        (self._sync or self._run).add_event(name, attributes, _nanoseconds(at))

    def _end_sync(self, now: datetime) -> None:
        if self._sync is not None:
            self._sync.end(_nanoseconds(now))
            self._sync = None


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
