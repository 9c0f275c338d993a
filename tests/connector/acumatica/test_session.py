"""A session with Acumatica: logged in late, logged out always, renewed once, paced by the licence."""

import asyncio
import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from support.moment import NOW

from connector.acumatica.access import AcumaticaAccess, NoLimits
from connector.acumatica.errors import AcumaticaBusy, AcumaticaFault, LoginLimit, LoginRefused
from connector.acumatica.session import acumatica_session
from connector.clock import ManualClock

COOKIE = AcumaticaAccess("https://erp.example.com", "Company", "admin", "secret")
OAUTH = AcumaticaAccess(
    "https://erp.example.com", "Company", "admin", "secret", client_id="client", client_secret="cs", concurrency=4
)


class Server:
    """Answers as scripted and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.answers = list(answers)
        self.tokens = 0
        self.timeouts: list[dict[str, float]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.timeouts.append(request.extensions["timeout"])
        self.asked.append(f"{request.method} {path}")
        if path.endswith("/auth/login"):
            return httpx.Response(204, headers={"set-cookie": "ASP.NET_SessionId=one; path=/"})
        if path.endswith("/auth/logout"):
            assert request.headers["content-length"] == "0"
            return httpx.Response(204)
        if path.endswith("/connect/token"):
            self.forms.append(parse_qs(request.content.decode()))
            self.tokens += 1
            token = {"access_token": f"t{self.tokens}", "expires_in": 3600, "refresh_token": f"r{self.tokens}"}
            return httpx.Response(200, json=token)
        return self.answers.pop(0) if self.answers else httpx.Response(200, json=[])


def opened(access: AcumaticaAccess, server: Server, clock: ManualClock | None = None, licence=None):
    return acumatica_session(
        access, clock=clock or ManualClock(NOW), transport=httpx.MockTransport(server), licence=licence
    )


async def test_nothing_is_asked_where_nothing_is_read():
    """A session that is not used neither logs in nor out."""
    server = Server()
    async with opened(COOKIE, server):
        pass
    assert server.asked == []


async def test_the_session_is_logged_out_after_a_crash():
    """Whatever happens in between, the session is closed on the server."""
    server = Server()
    with pytest.raises(RuntimeError):
        async with opened(COOKIE, server) as session:
            await session.get("https://erp.example.com/a", what="a")
            raise RuntimeError
    assert server.asked == ["POST /entity/auth/login", "GET /a", "POST /entity/auth/logout"]


@pytest.mark.parametrize("access", [COOKIE, OAUTH])
async def test_a_connection_is_waited_for_no_longer_than_half_a_minute(access):
    """Whatever is asked for, logging in and out included; an answer may take as long as the settings say."""
    server = Server()
    async with opened(access, server) as session:
        await session.get("https://erp.example.com/a", what="a")
    assert len(server.timeouts) == 3
    assert {(one["connect"], one["read"]) for one in server.timeouts} == {(30, access.timeout)}


async def test_a_dead_session_is_renewed_once():
    """A 401 leads to one new login and one repetition."""
    server = Server(httpx.Response(401), httpx.Response(200, json=[1]))
    async with opened(COOKIE, server) as session:
        assert json.loads(await session.get("https://erp.example.com/a", what="a")) == [1]
    assert server.asked[:4] == ["POST /entity/auth/login", "GET /a", "POST /entity/auth/login", "GET /a"]


async def test_an_old_token_is_refreshed_once_for_all_who_wait():
    """Concurrent requests with an expired token refresh it once, with the newest refresh token."""
    server, clock = Server(), ManualClock(NOW)
    async with opened(OAUTH, server, clock) as session:
        await session.get("https://erp.example.com/a", what="a")
        for _hour in range(2):
            clock.advance(3600)
            await asyncio.gather(*(session.get("https://erp.example.com/a", what="a") for _ in range(4)))
    assert [form["grant_type"] for form in server.forms] == [["password"], ["refresh_token"], ["refresh_token"]]
    assert [form.get("refresh_token") for form in server.forms] == [None, ["r1"], ["r2"]]


async def test_a_throttled_read_is_repeated_after_a_pause():
    """429 and 503 are waited out; the answer that then comes counts."""
    server, clock = Server(httpx.Response(429), httpx.Response(503), httpx.Response(200, json=[7])), ManualClock(NOW)
    async with opened(COOKIE, server, clock) as session:
        assert json.loads(await session.get("https://erp.example.com/a", what="a")) == [7]
    assert clock.slept[0] < clock.slept[1]


@pytest.mark.parametrize("path", ["/a", "/entity/auth/login"])
async def test_acumatica_says_how_long_it_is_left_alone(path):
    """Of a read and of a login alike; a pause beyond the end of the run is not begun."""
    clock, server = ManualClock(NOW), Server()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == path and not clock.slept:
            return httpx.Response(429, headers={"Retry-After": "300"})
        return server(request)

    transport = httpx.MockTransport(answer)
    async with acumatica_session(COOKIE, clock=clock, transport=transport, ends_at=NOW) as session:
        with pytest.raises(AcumaticaBusy):
            await session.get("https://erp.example.com/a", what="a")
    assert clock.slept == []
    later = NOW + timedelta(seconds=300)
    async with acumatica_session(COOKIE, clock=clock, transport=transport, ends_at=later) as session:
        assert await session.get("https://erp.example.com/a", what="a") == b"[]"
    assert clock.slept == [300]


async def test_a_session_by_token_is_logged_out_with_its_token():
    """Acumatica counts it until it is idle for ten minutes otherwise."""
    server, signed = Server(), []

    def answer(request: httpx.Request) -> httpx.Response:
        signed.append((request.url.path, request.headers.get("authorization")))
        return server(request)

    async with acumatica_session(OAUTH, clock=ManualClock(NOW), transport=httpx.MockTransport(answer)) as session:
        await session.get("https://erp.example.com/a", what="a")
    assert signed == [
        ("/identity/connect/token", None),
        ("/a", "Bearer t1"),
        ("/entity/auth/logout", "Bearer t1"),
    ]


async def test_what_does_not_pass_is_given_up_with_a_message():
    """After the last repetition the fault is told, with what was asked."""
    server = Server(*(httpx.Response(503, html="<html></html>") for _ in range(9)))
    async with opened(COOKIE, server) as session:
        with pytest.raises(AcumaticaBusy, match=r"the list of items.*503"):
            await session.get("https://erp.example.com/a", what="the list of items")


async def test_a_full_licence_is_reported():
    """ "API Login Limit" is its own fault."""
    full = {"exceptionMessage": "API Login Limit: 2", "exceptionType": "PX.Data.PXException", "message": "x"}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, json=full)

    async with acumatica_session(COOKIE, clock=ManualClock(NOW), transport=httpx.MockTransport(answer)) as session:
        with pytest.raises(LoginLimit):
            await session.get("https://erp.example.com/a", what="a")


async def test_a_full_licence_is_waited_for():
    """While Acumatica counts the dead, a login is tried again, seldom, until there is room."""
    full = {"exceptionMessage": "API Login Limit: 2", "exceptionType": "PX.Data.PXException", "message": "x"}
    server, clock = Server(), ManualClock(NOW)
    sent = []

    class Recording(NoLimits):
        async def limit_was_met(self, refusal: str) -> str:
            sent.append(refusal)
            return refusal

        async def counted_until(self) -> datetime | None:
            return NOW + timedelta(seconds=600)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/login") and (clock.now() - NOW).total_seconds() < 600:
            return httpx.Response(500, json=full)
        return server(request)

    async with acumatica_session(
        COOKIE, clock=clock, licence=Recording(), transport=httpx.MockTransport(answer), patience=660
    ) as session:
        assert await session.get("https://erp.example.com/a", what="a") == b"[]"
    assert "API Login Limit" in sent[0]
    assert 600 <= (clock.now() - NOW).total_seconds() <= 630
    assert len(sent) < 25


class Waiting(NoLimits):
    """A licence for whose sessions somebody else waits."""

    def __init__(self) -> None:
        self.turns = 0
        self.held = 0

    async def acquire_session(self) -> str:
        self.held += 1
        return "slot"

    async def release_session(self, slot: str) -> None:
        self.held -= 1

    async def acquire_request(self, slot: str) -> None:
        self.turns += 1

    async def session_wanted(self) -> bool:
        return True


async def test_between_two_syncs_the_session_goes_to_whoever_waits():
    """A session that another process waits for is logged out between two syncs, and every request took a turn."""
    server, licence = Server(), Waiting()
    async with opened(COOKIE, server, licence=licence) as session:
        await session.get("https://erp.example.com/a", what="a")
        await session.rest()
        assert licence.held == 0
    assert server.asked[-1] == "POST /entity/auth/logout"
    assert licence.turns == len(server.asked)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(404, html="<title>404 Not Found</title>"), "is not Acumatica's API"),
        (httpx.Response(200, html="<title>Welcome</title>"), "is not Acumatica's API"),
        (httpx.Response(503, html="<title>Stopped</title>"), "Its site is stopped, is being updated"),
        (httpx.Response(502, html="<title>Bad gateway</title>"), "A proxy answers"),
    ],
)
async def test_what_answers_a_login_in_acumaticas_place_is_no_wrong_password(answer, words):
    """Another site, a stopped one, a proxy: told by the likely cause, and the login is not held back for it."""
    transport = httpx.MockTransport(lambda _request: answer)
    async with acumatica_session(COOKIE, transport=transport, clock=ManualClock(NOW)) as session:
        with pytest.raises(AcumaticaFault) as raised:
            await session.get(f"{COOKIE.url}/entity", what="the list of endpoints")
    assert not isinstance(raised.value, LoginRefused)
    assert words in str(raised.value)
    assert "password" not in str(raised.value)
