"""Credentials that end, change or are all in use: no storm of logins, and what comes back goes on by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.altered_responses import JSON
from support.crashes import Death, sync_in_process
from support.world import World

from app.clients import acumatica_access
from connector import failpoints
from connector.acumatica.session import acumatica_session
from connector.state.coordination.quota import REFUSED_LOGIN_PAUSE
from settings import Settings

LOGIN, TOKEN = "/entity/auth/login", "/identity/connect/token"
OAUTH = {"client_id": "sandbox-client", "client_secret": "sandbox-client-secret"}


def acumatica(here: World, **fields: Any) -> Settings:
    return here.settings(acumatica=fields)


@pytest.mark.parametrize("how", ["known", "found out"])
async def test_sixteen_requests_with_a_token_that_is_over_refresh_it_once(make_world: Callable[..., World], how: str):
    """Whether the token's expiry is known or shows only as sixteen 401: one refresh, and all sixteen succeed."""
    here = make_world(12)
    access = acumatica_access(acumatica(here, **OAUTH, concurrency=16))
    async with acumatica_session(access, clock=here.clock) as session:
        await session.get(access.entity("StockItem"), {"$top": "1"}, what="one item")
        if how == "known":
            here.clock.advance(3_700)
        else:
            # late enough that all sixteen have left with the old token
            here.faults.replace("acumatica GET: status=401 times=16 delay=1")
        asked = (session.get(access.entity("StockItem"), {"$top": "1"}, what="one item") for _ in range(16))
        answers = await asyncio.gather(*asked)
    assert all(answer.startswith(b"[") for answer in answers)
    assert here.faults.count("acumatica", TOKEN) == 2, "the first one, and one refresh"


async def test_a_token_that_ends_in_the_middle_of_a_run(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run does not notice: what was pulled before and after is right."""
    here = make_world(12)
    settings = acumatica(here, **OAUTH)
    monkeypatch.setattr(failpoints, "hit", lambda step: here.clock.advance(3_700 if step == "pulled" else 0))
    for full in (False, True):
        assert (await here.sync("inventory", settings, full=full)).fault is None
    here.assert_converged(settings, entities=["inventory"])


@pytest.mark.parametrize("oauth", [{}, OAUTH], ids=["cookie", "oauth"])
async def test_a_changed_password_does_not_lock_the_account(
    make_world: Callable[..., World], database_url: str, oauth: dict[str, str]
) -> None:
    """Refused once, the same login rests for all runs of all entities; a corrected one is tried at once."""
    here = make_world(12, database_url=database_url)
    wrong = acumatica(here, password="wrong-password-of-a-test", **oauth)
    end = TOKEN if oauth else LOGIN
    for minute in range(12):
        outcome = await here.sync(("price", "inventory")[minute % 2], wrong)
        assert "refused the login" in str(outcome.fault) or "refuses the login" in str(outcome.fault)
        assert "wrong-password-of-a-test" not in str(outcome.fault)
        here.clock.advance(60)
    assert here.faults.count("acumatica", end) == 1
    assert here.failed() == []
    right = acumatica(here, **oauth)
    for entity in ("price", "inventory"):
        assert (await here.sync(entity, right)).fault is None
    here.assert_converged(right)
    before = here.faults.count("acumatica", end)
    here.clock.advance(REFUSED_LOGIN_PAUSE.total_seconds())
    await here.sync("price", wrong)
    assert here.faults.count("acumatica", end) == before + 1, "after a rest it may be tried again"


def _somebody_logs_in(here: World) -> httpx.Client:
    client = httpx.Client(base_url=here.acumatica.url)
    answer = client.post(LOGIN, json={"name": "admin", "password": "sandbox", "tenant": "Company"})
    assert answer.status_code == 204
    return client


async def test_every_session_of_the_licence_is_taken(make_world: Callable[..., World]):
    """The run fails in words and no message does; when somebody has logged out it works."""
    here = make_world(12, acumatica={"sessions": 1})
    with closing(_somebody_logs_in(here)) as somebody:
        outcome = await here.sync("price")
        assert "licence allows no further session" in str(outcome.fault)
        assert here.faults.count("acumatica", LOGIN) <= 5
        somebody.post("/entity/auth/logout", content=b"")
    assert (await here.sync("price")).fault is None
    here.assert_converged(entities=["price"])


async def test_a_dead_runs_session_counts_until_acumatica_has_closed_it(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    """With one session in the licence, the next run's login is refused until Acumatica has closed the dead one's after
    ten minutes: it tries seldom, says whose session that is, and works.
    """
    here = make_world(12, acumatica={"sessions": 1})
    sections = here.sections(acumatica={"sessions": 1})
    sync_in_process(
        "price", here.database_url, sections, here.clock.now(), tmp_path / "reached.json", Death("pulled", 1)
    )
    assert here.site_state()["sessions"] == 1
    here.clock.advance(61)
    began = here.clock.now()
    message: list[str] = []
    outcome = await here.sync("price", here.settings(**sections), waits=message.append)
    assert outcome.fault is None
    assert "It still counts sessions of processes that ended without logging out: price: " in message[0]
    assert 500 <= (here.clock.now() - began).total_seconds() <= 660
    assert here.faults.count("acumatica", LOGIN) <= 25
    here.assert_converged(entities=["price"])


HIDDEN = '{"message":"An error has occurred."}'


@pytest.mark.parametrize(
    ("kind", "answer", "is_tried_again"),
    [
        ("a gateway's own error", '{"message":"upstream timed out"}', True),
        ("a database that is away", '{"exceptionType":"System.Data.SqlClient.SqlException"}', True),
        ("a site that hides what went wrong", HIDDEN, False),
    ],
)
async def test_a_login_that_fails_of_something_else(
    make_world: Callable[..., World], kind: str, answer: str, is_tried_again: bool
) -> None:
    """What does not speak of user or password is tried again by the next sync; what may do so rests."""
    here = make_world(12)
    here.altered.login = (500, JSON, answer.encode())
    tried = []
    for _time in range(2):
        assert "login" in str((await here.sync("price")).fault), kind
        here.clock.advance(60)
        tried.append(here.faults.count("acumatica", LOGIN))
    assert (tried[1] > tried[0]) == is_tried_again
