"""How Acumatica lets somebody in, driven by hand: what each way asks for, keeps and gives up, without a network."""

import json
from urllib.parse import parse_qs

import httpx
import pytest
from support.moment import NOW

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.auth import AcumaticaAuth, CookieLogin, Login, TokenLogin, address_fix, auth_for
from connector.acumatica.errors import AcumaticaBusy, AcumaticaFault, AcumaticaUnreachable, LoginLimit, LoginRefused
from connector.clock import ManualClock

SITE = "https://erp.example.com/site"
COOKIE = AcumaticaAccess(SITE, "Company", "admin", "secret", branch="MAIN")
TOKEN = AcumaticaAccess(SITE, "Company", "admin", "p&ss", branch="MAIN", client_id="client", client_secret="cs")


class Driven:
    """One flow, answered by hand."""

    def __init__(self, auth: AcumaticaAuth) -> None:
        self.request = httpx.Request("GET", f"{SITE}/entity")
        self._flow = auth.auth_flow(self.request)
        self.asked = next(self._flow)

    def answer(self, status: int = 200, **how) -> None:
        """Go on with this answer; `asked` is none at the end."""
        response = httpx.Response(status, request=self.asked, **how)
        self.asked = next(iter([self._send(response)]))

    def _send(self, response: httpx.Response) -> httpx.Request | None:
        try:
            return self._flow.send(response)
        except StopIteration:
            return None

    @property
    def is_the_request(self) -> bool:
        return self.asked is self.request

    def form(self) -> dict[str, str]:
        return {name: value for name, [value] in parse_qs(self.asked.content.decode()).items()}


def cookies(name: str) -> dict:
    return {"headers": [("set-cookie", f"ASP.NET_SessionId={name}; path=/"), ("set-cookie", "UserBranch=16; path=/")]}


def token(number: int, **more) -> dict:
    return {"json": {"access_token": f"t{number}", "expires_in": 3600, "refresh_token": f"r{number}", **more}}


def signed_in(auth: AcumaticaAuth, **how) -> AcumaticaAuth:
    flow = Driven(auth)
    flow.answer(**how)
    flow.answer()
    assert flow.asked is None
    return auth


def test_the_first_request_logs_in_with_all_that_a_login_consists_of():
    """User, password, tenant and branch; then the request goes with the session's cookies."""
    flow = Driven(CookieLogin(COOKIE))
    assert isinstance(flow.asked, Login)
    assert (flow.asked.method, str(flow.asked.url)) == ("POST", f"{SITE}/entity/auth/login")
    assert json.loads(flow.asked.content) == {
        "name": "admin",
        "password": "secret",
        "tenant": "Company",
        "branch": "MAIN",
    }
    flow.answer(204, **cookies("one"))
    assert flow.is_the_request
    assert flow.request.headers["Cookie"] == "ASP.NET_SessionId=one; UserBranch=16"
    flow.answer()
    assert flow.asked is None


def test_a_session_that_is_known_is_used_without_a_login():
    """With the cookies as the last answer left them."""
    auth = signed_in(CookieLogin(COOKIE), **cookies("one"))
    flow = Driven(auth)
    assert flow.is_the_request
    flow.answer(headers={"set-cookie": "UserBranch=17; path=/"})
    assert Driven(auth).request.headers["Cookie"] == "ASP.NET_SessionId=one; UserBranch=17"


def test_a_session_that_ended_is_renewed_once():
    """One new login and the request again, with the new cookies only; what that is answered is the answer."""
    flow = Driven(signed_in(CookieLogin(COOKIE), **cookies("one")))
    flow.answer(401)
    assert isinstance(flow.asked, Login)
    flow.answer(**cookies("two"))
    assert flow.is_the_request
    assert flow.request.headers["Cookie"] == "ASP.NET_SessionId=two; UserBranch=16"
    flow.answer(401)
    assert flow.asked is None


@pytest.mark.parametrize(
    ("auth", "how"), [(CookieLogin(COOKIE), cookies("one")), (auth_for(TOKEN, ManualClock(NOW)), token(1))]
)
def test_what_somebody_else_renewed_is_not_renewed_again(auth, how):
    """Of two requests whose session ended, the second uses the login of the first."""
    signed_in(auth, **how)
    first, second = Driven(auth), Driven(auth)
    first.answer(401)
    first.answer(**how)
    second.answer(401)
    assert second.is_the_request


def test_after_a_logout_nothing_of_the_session_is_left():
    """The next request logs in, and carries no cookie of the old session to the login."""
    auth = signed_in(CookieLogin(COOKIE), **cookies("one"))
    auth.forget()
    flow = Driven(auth)
    assert isinstance(flow.asked, Login)
    assert "Cookie" not in flow.asked.headers


def test_a_token_is_asked_for_with_the_application_and_the_user():
    """The form is encoded, the token and the branch go with each request."""
    flow = Driven(TokenLogin(TOKEN, ManualClock(NOW)))
    assert str(flow.asked.url) == f"{SITE}/identity/connect/token"
    assert flow.form() == {
        "grant_type": "password",
        "username": "admin",
        "password": "p&ss",
        "scope": "api offline_access",
        "client_id": "client",
        "client_secret": "cs",
    }
    flow.answer(**token(1))
    assert flow.request.headers["Authorization"] == "Bearer t1"
    assert flow.request.headers["PX-CbApiBranch"] == "MAIN"


def test_a_token_is_refreshed_a_minute_before_it_ends():
    """With the refresh token that came last, and without the password."""
    clock = ManualClock(NOW)
    auth = signed_in(TokenLogin(TOKEN, clock), **token(1))
    clock.advance(3539)
    assert Driven(auth).is_the_request
    clock.advance(1)
    flow = Driven(auth)
    assert not isinstance(flow.asked, Login)
    assert (flow.form()["grant_type"], flow.form()["refresh_token"]) == ("refresh_token", "r1")
    assert "password" not in flow.form()
    flow.answer(**token(2))
    assert flow.request.headers["Authorization"] == "Bearer t2"


@pytest.mark.parametrize("refused", [True, False])
def test_without_a_refresh_token_that_counts_the_password_does(refused):
    """The chain of refresh tokens ended, or there never was one."""
    auth = signed_in(TokenLogin(TOKEN, ManualClock(NOW)), **(token(1) if refused else token(1, refresh_token=None)))
    flow = Driven(auth)
    flow.answer(401)
    if refused:
        flow.answer(400, json={"error": "invalid_grant"})
    assert isinstance(flow.asked, Login)
    flow.answer(**token(2))
    assert flow.request.headers["Authorization"] == "Bearer t2"


BAD = {"message": "An error has occurred.", "exceptionMessage": "Invalid credentials.", "exceptionType": "PX.Data.X"}
FULL = {"exceptionMessage": "API Login Limit: 2", "exceptionType": "PX.Data.PXException", "message": "x"}


@pytest.mark.parametrize("access", [COOKIE, TOKEN], ids=["cookie", "token"])
@pytest.mark.parametrize(
    ("status", "how", "fault"),
    [
        (500, {"json": BAD}, LoginRefused),
        (400, {"json": {"error": "invalid_grant"}}, LoginRefused),
        (500, {"json": FULL}, LoginLimit),
        (500, {"json": {"message": "Deadlock", "exceptionType": "System.Data.X"}}, AcumaticaBusy),
        (503, {"html": "<title>Stopped</title>"}, AcumaticaBusy),
        (404, {"html": "<title>Not Found</title>"}, AcumaticaUnreachable),
        (302, {"headers": {"location": "https://evil.example.net"}}, AcumaticaUnreachable),
    ],
)
def test_an_answer_that_lets_nobody_in_is_reported_by_its_kind(access, status, how, fault):
    """Only what is about user and password counts as refused; nothing is held, and the next request tries again."""
    auth = auth_for(access, ManualClock(NOW))
    flow = Driven(auth)
    with pytest.raises(AcumaticaFault) as raised:
        flow.answer(status, **how)
    assert type(raised.value) is fault
    assert auth.held is None


def test_what_is_no_token_is_reported():
    """Somebody else answers there."""
    with pytest.raises(AcumaticaUnreachable, match="no token"):
        Driven(TokenLogin(TOKEN, ManualClock(NOW))).answer(200, text="welcome")


@pytest.mark.parametrize("access", [COOKIE, TOKEN], ids=["cookie", "token"])
def test_it_serves_any_client_of_httpx(access):
    """A flow is httpx's own: a plain client with it logs in by itself."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=[]) if request.url.path.endswith("/entity") else httpx.Response(200, **token(1))

    with httpx.Client(transport=httpx.MockTransport(answer), auth=auth_for(access, ManualClock(NOW))) as client:
        assert client.get(f"{SITE}/entity").json() == []
        assert client.get(f"{SITE}/entity").json() == []
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("url", "more", "site"),
    [
        ("https://a/Acumatica/Main", "/Main", "https://a/Acumatica"),
        ("https://a/entity/Default/24.200.001", "/entity/Default/24.200.001", "https://a"),
        ("https://a/Frames/Login.aspx", "/Frames/Login.aspx", "https://a"),
        ("https://a/site/(W(10001))/main", "/(W(10001))/main", "https://a/site"),
    ],
)
def test_a_login_refused_at_the_address_of_a_page(url, more, site):
    """What is too much of the URL is named before the password is, and what to enter."""
    flow = Driven(CookieLogin(AcumaticaAccess(url, "Company", "admin", "secret")))
    with pytest.raises(LoginRefused) as refused:
        flow.answer(401, json={"message": "You are not logged in."})
    assert str(refused.value).startswith(
        f"The URL goes on with {more} after the site: enter {site} in A2M_ACUMATICA__URL. Acumatica refuses"
    )


@pytest.mark.parametrize(
    "url", ["https://a", "https://a/Acumatica", "https://a/Maintenance", "https://main.example.com"]
)
def test_the_address_of_a_site_is_not_blamed(url):
    """A path of its own is fine."""
    assert address_fix(url) == ""
