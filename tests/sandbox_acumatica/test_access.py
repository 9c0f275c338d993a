"""Signing in and out, seats, tokens, the licence's limits."""

from typing import Any

import httpx

LOGOUT = "/entity/auth/logout"
TOKEN = "/identity/connect/token"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-client-secret"}


async def password_grant(site: Any, scope: str = "api offline_access") -> Any:
    """Sign in with the password grant; give the tokens."""
    form = CLIENT | {"grant_type": "password", "username": "admin", "password": "sandbox", "scope": scope}
    return (await site.client.post(TOKEN, data=form)).json()


async def refresh(site: Any, token: str) -> httpx.Response:
    """Use a refresh token."""
    form = CLIENT | {"grant_type": "refresh_token", "refresh_token": token}
    response: httpx.Response = await site.client.post(TOKEN, data=form)
    return response


def bearer(token: str) -> dict[str, str]:
    """Give the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def test_nothing_is_served_without_a_session(make_site: Any) -> None:
    """Every path, even one that does not exist, is 401 before a sign-in."""
    site = make_site()
    for path in ("/entity", "/entity/Default/24.200.001/StockItem", "/nowhere", "/t/Company/api/odata/dac/INSite"):
        assert (await site.get(path)).status_code == 401


async def test_logout_frees_the_seat(make_site: Any) -> None:
    """When all API users are signed in a login fails with "API Login Limit", and works again after a logout."""
    site = make_site(sessions=1)
    other = site.other()
    await site.login()
    refused = await site.login(other)
    assert refused.status_code == 500
    assert "API Login Limit" in refused.json()["exceptionMessage"]
    assert (await site.client.post(LOGOUT)).status_code == 204
    assert (await site.get("/entity")).status_code == 401
    assert (await site.login(other)).status_code == 204


async def test_logout_needs_a_length(site: Any) -> None:
    """A logout without Content-Length gets the web server's 411 page and keeps the session."""

    async def nothing() -> Any:
        yield b""

    response = await site.client.post(LOGOUT, content=nothing())
    assert response.status_code == 411
    assert response.headers["content-type"].startswith("text/html")
    assert (await site.get("/entity")).status_code == 200


async def test_idle_session_ends(make_site: Any) -> None:
    """Ten minutes without a request end a session and free its seat; requests in between keep it."""
    site = make_site(sessions=1)
    await site.login()
    for _ in range(3):
        site.clock.advance(500)
        assert (await site.get("/entity")).status_code == 200
    site.clock.advance(600)
    assert (await site.get("/entity")).status_code == 401
    assert (await site.login(site.other())).status_code == 204


async def test_token_opens_one_session(make_site: Any) -> None:
    """Requests with one token share one seat, kept over refreshes, and a logout with the token frees it."""
    site = make_site(sessions=1)
    first = await password_grant(site)
    for _ in range(2):
        assert (await site.client.get("/entity", headers=bearer(first["access_token"]))).status_code == 200
    second = (await refresh(site, first["refresh_token"])).json()
    assert (await site.client.get("/entity", headers=bearer(second["access_token"]))).status_code == 200
    assert (await site.state())["sessions"] == 1
    await site.client.post(LOGOUT, headers=bearer(second["access_token"]))
    assert (await site.state())["sessions"] == 0


async def test_token_without_a_seat_is_redirected(make_site: Any) -> None:
    """A bearer request when all seats are taken is a redirect to an HTML page, not JSON."""
    site = make_site(sessions=1)
    tokens = await password_grant(site)
    await site.login(site.other())
    response = await site.client.get("/entity", headers=bearer(tokens["access_token"]))
    assert response.status_code == 302
    assert "concurrent+API+logins" in response.headers["location"]


async def test_refresh_token_works_once(make_site: Any) -> None:
    """A refresh gives a new refresh token, and the used one is refused with invalid_grant."""
    site = make_site()
    first = await password_grant(site)
    second = await refresh(site, first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    again = await refresh(site, first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await refresh(site, second.json()["refresh_token"])).status_code == 200


async def test_access_token_expires(make_site: Any) -> None:
    """An access token is refused once its lifetime is over."""
    site = make_site(token_lifetime=60)
    tokens = await password_grant(site)
    assert tokens["expires_in"] == 60
    header = bearer(tokens["access_token"])
    assert (await site.client.get("/entity", headers=header)).status_code == 200
    site.clock.advance(60)
    assert (await site.client.get("/entity", headers=header)).status_code == 401


async def test_wrong_client_or_password_gets_no_token(make_site: Any) -> None:
    """Wrong client secret, wrong password and another grant are 400 with the standard's error code."""
    site = make_site()
    right = CLIENT | {"grant_type": "password", "username": "admin", "password": "sandbox", "scope": "api"}
    wrong = {
        "invalid_client": {"client_secret": "x"},
        "invalid_grant": {"password": "x"},
        "unsupported_grant_type": {"grant_type": "client_credentials"},
        "invalid_scope": {"scope": "everything"},
    }
    for error, field in wrong.items():
        response = await site.client.post(TOKEN, data=right | field)
        assert (response.status_code, response.json()["error"]) == (400, error)


async def test_odata_takes_basic_and_bearer(make_site: Any) -> None:
    """OData answers to Basic without taking an API seat and to a token, and refuses a wrong password."""
    site = make_site(sessions=0)
    path = "/t/Company/api/odata/dac/INSite"
    assert (await site.client.get(path, auth=("admin", "sandbox"))).status_code == 200
    assert (await site.client.get(path, auth=("admin", "wrong"))).status_code == 401
    assert (await site.client.get("/entity", auth=("admin", "sandbox"))).status_code == 401
    free = make_site()
    tokens = await password_grant(free)
    assert (await free.client.get(path, headers=bearer(tokens["access_token"]))).status_code == 200


async def test_too_many_requests_a_minute_are_declined(make_site: Any) -> None:
    """Above the licence's requests per minute the answer is 429 in plain text without Retry-After, later 200 again."""
    site = make_site(requests_per_minute=3)
    await site.login()
    assert [(await site.get("/entity")).status_code for _ in range(4)] == [200, 200, 429, 429]
    declined = await site.get("/entity")
    assert declined.text == "The custom error module does not recognize this error."
    assert declined.headers["content-type"].startswith("text/plain")
    assert "retry-after" not in declined.headers
    site.clock.advance(60)
    assert (await site.get("/entity")).status_code == 200


async def test_prepared_faults_come_as_pages(site: Any) -> None:
    """A prepared fault answers the next requests of its path with the web server's page, then the site answers."""
    await site.change({"fail": {"status": 503, "times": 2, "path": "/entity/Default"}})
    path = "/entity/Default/24.200.001/Warehouse"
    answers = [await site.get(path) for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 200]
    assert answers[0].headers["content-type"].startswith("text/html")


async def test_journal_names_the_requests(site: Any) -> None:
    """The journal holds method, path, query and status of every request but those of the control paths."""
    await site.get("/entity/Default/24.200.001/StockItem", top="1")
    await site.state()
    entries = (await site.client.get("/_sandbox/journal")).json()["requests"]
    assert [(one["method"], one["path"], one["query"], one["status"]) for one in entries] == [
        ("POST", "/entity/auth/login", "", 204),
        ("GET", "/entity/Default/24.200.001/StockItem", "$top=1", 200),
    ]
    assert entries[0]["time"] == "2026-03-02T15:00:00Z"
