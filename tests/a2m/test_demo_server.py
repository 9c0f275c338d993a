"""What the demo asks its Prefect server for, also while that server's database is busy."""

import json

import httpx
import pytest

from a2m import demo_server
from a2m.demo_parts import DemoFailed
from a2m.demo_server import DemoServer, Ended
from a2m.processes import Children


@pytest.fixture
def children(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_server, "PAUSE", 0.0)
    made = Children(tmp_path)
    made.log("prefect").write_text("database is locked\n")
    yield made
    made.close()


def asked(children, *answers):
    """A server that gives these answers (status, JSON), one after the other; and what it was asked."""
    left, requests = list(answers), []

    def answer(request):
        requests.append(request)
        status, content = left.pop(0)
        return httpx.Response(status, json=content)

    server = DemoServer(children, "http://127.0.0.1:1/api")
    server._client = httpx.Client(base_url="http://127.0.0.1:1/api", transport=httpx.MockTransport(answer))
    return server, requests


def test_a_run_is_started_once_however_often_it_has_to_be_asked_for(children):
    """A busy server (503) is asked again with the same key, by which it knows a request that it has taken already."""
    server, requests = asked(children, (200, {"id": "d"}), (503, {}), (503, {}), (201, {"id": "r"}))
    assert server.start_run("price") == "r"
    assert requests[0].url.path == "/api/deployments/name/price/A to M: price"
    assert len({json.loads(one.content)["idempotency_key"] for one in requests[1:]}) == 1


def test_it_waits_until_a_worker_is_there(children):
    """The pool is made, and then gets its worker, while the demo waits."""
    server, requests = asked(children, (404, {}), (200, {"status": "NOT_READY"}), (200, {"status": "READY"}))
    server.wait_for_worker()
    assert len(requests) == 3


def test_the_state_of_a_run_is_none_until_it_ends(children):
    """A run that works has no end to show."""
    running, failed = {"type": "RUNNING"}, {"type": "FAILED", "name": "NeedsAttention", "message": "1 failed"}
    server, _requests = asked(children, (200, {"state": None}), (200, {"state": running}), (200, {"state": failed}))
    assert [server.state_of("r") for _ in range(3)] == [None, None, Ended("NeedsAttention", False, "1 failed")]


def test_a_server_that_stays_busy_is_named_with_the_end_of_its_log(children, monkeypatch):
    """After a while the demo gives up, in words and without a traceback."""
    monkeypatch.setattr(demo_server, "START_SECONDS", -1.0)
    server, _requests = asked(children, (503, {}))
    with pytest.raises(DemoFailed, match=r"does not answer \(503\)(.|\n)*database is locked"):
        server.state_of("r")
