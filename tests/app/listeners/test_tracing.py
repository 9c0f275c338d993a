"""OpenTelemetry spans of a run: what asks for them, what they are, and that nothing of a record is in them."""

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from app.listeners import tracing
from app.listeners.tracing import requested_exporter


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, None),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_what_asks_for_spans(environ, wanted):
    """The standard variables: an endpoint or an exporter, unless all is disabled."""
    assert requested_exporter(environ) == wanted


def test_nothing_is_imported_where_nobody_asks():
    """A process that is asked for no spans has no module of OpenTelemetry's SDK."""
    code = "import sys, app.listeners.tracing; print(app.listeners.tracing.provider(), 'opentelemetry' in sys.modules)"
    clean = {name: value for name, value in __import__("os").environ.items() if not name.startswith("OTEL_")}
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean)
    assert shown.stdout == "None False\n"


@pytest.fixture
def spans(monkeypatch):
    """What was ended so far."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "provider", lambda: provider)
    return exporter.get_finished_spans


async def test_the_spans_of_a_run(make_world, spans):
    """The run, its sync below it, and each request below that, with counts; no key and no value."""
    here = make_world(30)
    await here.sync("price", here.settings(queue={"batch_count": 10}), run_id="a-run")
    *requests, sync, run = spans()
    assert [one.name for one in requests] == ["request"] * 3
    assert (sync.name, sync.parent.span_id, run.parent) == ("sync", run.context.span_id, None)
    assert {one.parent.span_id for one in requests} == {sync.context.span_id}
    assert run.attributes == {"a2m.entity": "price", "a2m.prefect_run": "a-run"}
    assert (sync.attributes["a2m.pulled"], sync.attributes["a2m.sent"]) == (30, 30)
    assert sum(one.attributes["a2m.sent"] for one in requests) == 30
    assert {one.name for one in sync.events} == {"page read", "chunk queued"}
    assert run.start_time == int(here.clock.now().timestamp() * 1_000_000) * 1_000
    assert not any("SKU-" in one.to_json() for one in (*requests, sync, run))


async def test_a_run_that_fails(make_world, spans):
    """Its span is an error and names the kind of fault; what was begun is ended."""
    here = make_world(3)
    here.faults.replace("acumatica GET: status=503")
    await here.sync("price")
    sync, run = spans()
    assert (sync.name, run.status.status_code) == ("sync", StatusCode.ERROR)
    assert run.status.description
