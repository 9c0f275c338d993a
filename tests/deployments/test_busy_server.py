"""A request that Prefect's server refuses while it is busy is repeated at once, and nothing else is."""

import asyncio

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

from deployments import busy_server
from deployments.busy_server import retry_while_busy
from deployments.worker import WarmWorker


def refusal(status: int) -> PrefectHTTPStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/api")
    return PrefectHTTPStatusError(str(status), request=request, response=httpx.Response(status, request=request))


class Server:
    """Answers with the given faults, one after the other, and then with `done`."""

    def __init__(self, *faults):
        self.faults, self.retries_of_the_client = list(faults), []

    async def __call__(self):
        self.retries_of_the_client.append(PREFECT_CLIENT_MAX_RETRIES.value())
        if self.faults:
            raise self.faults.pop(0)
        return "done"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(busy_server, "PAUSE", 0.0)


def test_what_a_busy_server_refuses_is_repeated():
    """503 and a broken connection pass; Prefect's client itself does not wait in between."""
    server = Server(refusal(503), httpx.ReadError("cut"), refusal(429))
    assert asyncio.run(retry_while_busy(server)) == "done"
    assert server.retries_of_the_client == [0, 0, 0, 0]
    assert PREFECT_CLIENT_MAX_RETRIES.value() > 0, "outside of it the client repeats as before"


def test_a_refusal_that_stays_is_raised_at_once():
    """A wrong request is made once."""
    server = Server(refusal(422), refusal(422))
    with pytest.raises(PrefectHTTPStatusError):
        asyncio.run(retry_while_busy(server))
    assert len(server.faults) == 1


def test_the_last_refusal_is_raised_when_the_time_is_over():
    """A server that stays busy is named by its own answer."""
    server = Server(refusal(503), refusal(503))
    with pytest.raises(PrefectHTTPStatusError, match="503"):
        asyncio.run(retry_while_busy(server, within=-1))
    assert len(server.faults) == 1


def test_a_run_is_not_held_back_by_labels_that_nobody_reads():
    """The worker asks Prefect for nothing there: the server would refuse it while several runs begin."""
    worker = WarmWorker(work_pool_name="a2m")
    worker._client = None  # any request would fail
    asyncio.run(worker._give_worker_labels_to_flow_run(None))
