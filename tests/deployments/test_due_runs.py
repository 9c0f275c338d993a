"""What a due run asks Prefect before it works. What takes the place of a Prefect server answers as one does."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.runtime import deployment, flow_run
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
    PREFECT_LOGGING_TO_API_ENABLED,
    get_current_settings,
    temporary_settings,
)
from prefect.states import Pending

from deployments import heartbeats, run_process
from deployments.prefetch import Prefetched
from deployments.run_process import RunOrder

DEPLOYMENT = UUID(int=4)


class Asked:
    """The requests that the server got: when, and what."""

    def __init__(self) -> None:
        self.requests: list[tuple[float, str, str, str]] = []
        self.at_the_first_line: list[tuple[float, str, str, str]] = []
        self.seen: dict[str, object] = {}


ASKED = Asked()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._say("")
        self._answer(404, {"detail": "not known"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        state = body.get("state", {})
        self._say(state.get("type", ""))
        self._answer(201, {"status": "ACCEPT", "details": {"type": "accept_details"}, "state": {**state, **_details()}})

    def do_PATCH(self) -> None:
        self.do_POST()

    def log_message(self, *_given: object) -> None:
        """Nothing is printed."""

    def _say(self, what: str) -> None:
        ASKED.requests.append((time.time(), self.command, self.path.rpartition("/")[2], what))

    def _answer(self, code: int, body: object) -> None:
        said = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


def _details() -> dict[str, str]:
    return {"id": str(uuid4()), "timestamp": "2026-11-30T12:00:00Z"}


@flow(persist_result=False)
async def works() -> None:
    """Note what was asked until now, and what it knows of itself."""
    ASKED.at_the_first_line = list(ASKED.requests)
    context = FlowRunContext.get()
    assert context is not None
    ASKED.seen = {
        "count": flow_run.run_count,
        "deployment": deployment.id,
        "state": context.flow_run.state.name if context.flow_run and context.flow_run.state else None,
        "heartbeats by the engine": get_current_settings().flows.heartbeat_frequency,
    }


@pytest.fixture
def server() -> Iterator[str]:
    """The address of its API."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}/api"
        made.shutdown()


@pytest.fixture
def unmasked() -> Iterator[None]:
    """SIGTERM is held back around a flow until its process has ended, which this one does not."""
    before = run_process.signal.getsignal(run_process.signal.SIGTERM)
    yield
    run_process.signal.signal(run_process.signal.SIGTERM, before)
    run_process.signal.pthread_sigmask(run_process.signal.SIG_UNBLOCK, {run_process.signal.SIGTERM})


async def test_a_due_run_asks_prefect_once_before_its_first_line(server, unmasked):
    """Whether it may be Running, and nothing before it is due. It knows its deployment and how often it has run without
    asking. Of an upgrade of Prefect this says what its engine asks for in addition.
    """
    run = FlowRun(id=uuid4(), flow_id=UUID(int=9), deployment_id=DEPLOYMENT, name="mega-zebra", state=Pending())
    due = time.time() + 0.3
    order = RunOrder(run.model_dump_json(), f"{__name__}.works", due, prefetched=Prefetched({}, csrf=False))
    assert list(run_process.RUN_SETTINGS) == [PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED.name]
    of_runs = {PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False, PREFECT_LOGGING_TO_API_ENABLED: False}
    with temporary_settings({PREFECT_API_URL: server, **of_runs}):
        await run_process._run(order, run)
    assert [one[1:] for one in ASKED.at_the_first_line] == [("POST", "set_state", "RUNNING")]
    assert ASKED.at_the_first_line[0][0] >= due
    assert [one[1:] for one in ASKED.requests[1:]] == [("POST", "set_state", "COMPLETED")]
    assert ASKED.seen == {
        "count": 1,
        "deployment": str(DEPLOYMENT),
        "state": "Running",
        "heartbeats by the engine": None,
    }


async def test_heartbeats_begin_when_the_run_works(monkeypatch):
    """The first one comes a moment after the run's first line, the next ones as often as Prefect's setting says."""
    sent, slept = [], []
    monkeypatch.setattr(heartbeats, "emit_event", lambda **event: sent.append((event["event"], event["resource"])))
    run = FlowRun(id=uuid4(), flow_id=UUID(int=9), name="mega-zebra")
    begins = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await begins.wait()
        if len(slept) > 2:
            await asyncio.Event().wait()

    monkeypatch.setattr(heartbeats, "pause", sleep)
    async with heartbeats.heartbeats(run, 180):
        await asyncio.sleep(0)
        assert (slept, sent) == ([heartbeats.FIRST_AFTER], [])
        begins.set()
        for _turn in range(5):
            await asyncio.sleep(0)
    expected = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": "mega-zebra"}
    assert sent == [("prefect.flow-run.heartbeat", expected)] * 2
    assert slept == [heartbeats.FIRST_AFTER, 180, 180]

    async with heartbeats.heartbeats(run, None):
        await asyncio.sleep(0)
    assert len(slept) == 3, "where they are switched off there are none"
