"""What the worker asks Prefect for all runs that begin together, without a server."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError

from deployments import prefetch
from deployments.prefetch import BLOCKS_FOR, CSRF_FOR, Prefetch, Prefetched

DOCUMENTS = {"magento-credentials": {"bearer_token": "a-token"}, "acumatica-credentials": {"password": "a-password"}}


class Prefect:
    """A server that knows two Blocks, and asks for no tokens unless it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.tokens, self.is_away, self.hangs = 422, False, False

    async def request(self, _method: str, path: str, **_given: object) -> SimpleNamespace:
        """Answer after a turn of the loop."""
        self.asked.append(path)
        await asyncio.sleep(60 if self.hangs else 0)
        if self.is_away:
            raise httpx.ConnectError("away")
        if path == "/csrf-token" and self.tokens >= 400:
            response = httpx.Response(self.tokens, request=httpx.Request("GET", "http://prefect/api/csrf-token"))
            raise PrefectHTTPStatusError("refused", request=response.request, response=response)
        found = [{"block_type": {"slug": slug}, "data": data} for slug, data in DOCUMENTS.items()]
        return SimpleNamespace(json=lambda: found)


@pytest.fixture
def prefect():
    """The server."""
    return Prefect()


async def test_runs_that_begin_together_ask_once(prefect):
    """Five runs take two requests; those of the next minute ask for Blocks again, so what is saved counts from then
    on, and once a minute it is asked whether the server wants tokens.
    """
    now = 1000.0
    reads = Prefetch(lambda: now)
    found = await asyncio.gather(*(reads.read(prefect) for _run in range(5)))
    assert found == [Prefetched(DOCUMENTS, csrf=False)] * 5
    assert prefect.asked == ["/csrf-token", "/block_documents/filter"]
    now += BLOCKS_FOR + 1
    await reads.read(prefect)
    assert prefect.asked[2:] == ["/block_documents/filter"]
    now, prefect.tokens = now + CSRF_FOR, 200
    assert (await reads.read(prefect)).csrf


async def test_what_is_not_answered_is_left_to_the_run(prefect, monkeypatch):
    """A server that is away, that refuses, or that takes long holds no run up: the run asks by itself."""
    reads = Prefetch(lambda: 1000.0)
    prefect.is_away = True
    assert await reads.read(prefect) == Prefetched(None, csrf=True)
    prefect.is_away, prefect.tokens = False, 500
    assert await reads.read(prefect) == Prefetched(None, csrf=True)
    monkeypatch.setattr(prefetch, "PATIENCE", 0.01)
    prefect.hangs = True
    assert await reads.read(prefect) == Prefetched(None, csrf=True)
    prefect.hangs, prefect.tokens = False, 404
    assert await reads.read(prefect) == Prefetched(DOCUMENTS, csrf=False)


def test_secrets_are_not_shown():
    """Neither in a log nor in a traceback."""
    assert "a-token" not in repr(Prefetched(DOCUMENTS))
