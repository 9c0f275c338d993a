"""Authentication of a session with Acumatica: a login that sets a cookie, or a token of OAuth 2 (acumatica.md §1).

Each way is an `httpx.Auth`. Its flow yields the login if one is needed, then the request itself, and both once more if
Acumatica no longer knows the session. A flow does not use the network: its caller sends what it yields. A refused login
is raised out of it. Every login request is a `Login`, so that the caller can store its answer, because Acumatica locks
an account after repeated refusals.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Generator, Mapping
from datetime import timedelta
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.errors import (
    AcumaticaBusy,
    AcumaticaFault,
    AcumaticaUnreachable,
    LoginLimit,
    LoginRefused,
    body_of,
    fault_of_answer,
    is_elsewhere,
    message_of,
)
from connector.clock import Clock

HEADERS = {"Accept": "application/json", "User-Agent": "acumatica-magento"}
LIFE_LEFT = timedelta(seconds=60)
SCOPE = "api offline_access"
_BELOW_THE_SITE = re.compile(
    r"(?P<site>.*?)(?P<more>/(?:Main|Frames|Pages|entity|odata|\(W\(.*)(?:/.*)?)", re.IGNORECASE
)
"""The path of a page or service, as people copy it from a browser's address bar or from another program."""
Flow = Generator[httpx.Request, httpx.Response, None]


class Login(httpx.Request):
    """A request that sends user and password."""


class _Tokens(msgspec.Struct):
    """An OAuth2 token answer (contracts/acumatica.md §1.2)."""

    access_token: str
    expires_in: float = 3600
    refresh_token: str | None = None


class AcumaticaAuth(httpx.Auth):
    """What both ways have in common. `held` identifies the present session; None before the first login."""

    requires_response_body = True

    def __init__(self, access: AcumaticaAccess) -> None:
        self._access = access
        self.held: object | None = None

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Yield what is needed to send `request`, and the request itself. Raises an `AcumaticaFault`."""
        if self.held is None:
            yield from self._log_in()
        elif self._is_old():
            yield from self._renew()
        held = self.held
        self.sign(request)
        response = yield request
        self._keep(response)
        if response.status_code == 401:
            if self.held is held:  # or another request has renewed it meanwhile
                yield from self._renew()
            self.sign(request)
            self._keep((yield request))

    def forget(self) -> None:
        """Forget the session: the next request logs in."""
        self.held = None

    @abstractmethod
    def sign(self, request: httpx.Request) -> None:
        """Add the session's credentials to a request."""

    @abstractmethod
    def _log_in(self) -> Flow:
        """Yield the requests for a new session by user and password."""

    def _renew(self) -> Flow:
        """Yield the requests for a session that replaces an ended one."""
        yield from self._log_in()

    def _is_old(self) -> bool:
        """Return whether the session ends so soon that it has to be renewed before its next use."""
        return False

    def _keep(self, response: httpx.Response) -> None:
        """Store what an answer changes in the session."""


class CookieLogin(AcumaticaAuth):
    """Sign in with user, password, tenant and branch; the session is a set of cookies."""

    def __init__(self, access: AcumaticaAccess) -> None:
        super().__init__(access)
        self._cookies = httpx.Cookies()

    def sign(self, request: httpx.Request) -> None:
        request.headers.pop("Cookie", None)
        self._cookies.set_cookie_header(request)

    def forget(self) -> None:
        super().forget()
        self._cookies.clear()

    def _log_in(self) -> Flow:
        self._cookies.clear()
        access = self._access
        login = {"name": access.username, "password": access.password, "tenant": access.tenant}
        if access.branch:
            login["branch"] = access.branch
        headers = {**HEADERS, "Content-Type": "application/json"}
        url, content = f"{access.url}/entity/auth/login", msgspec.json.encode(login)
        response = yield Login("POST", url, content=content, headers=headers)
        if response.status_code not in (200, 204):
            raise refused_login(response, access)
        self._keep(response)
        self.held = object()

    def _keep(self, response: httpx.Response) -> None:
        if "Set-Cookie" in response.headers:
            self._cookies.extract_cookies(response)


class TokenLogin(AcumaticaAuth):
    """Request a token with user and password, and a new one with its refresh token before it ends."""

    def __init__(self, access: AcumaticaAccess, clock: Clock) -> None:
        super().__init__(access)
        self._clock = clock
        self._ends = clock.now()

    def sign(self, request: httpx.Request) -> None:
        if isinstance(self.held, _Tokens):
            request.headers["Authorization"] = f"Bearer {self.held.access_token}"
        if self._access.branch:
            request.headers["PX-CbApiBranch"] = self._access.branch

    def _log_in(self) -> Flow:
        access = self._access
        yield from self._ask(
            Login,
            {"grant_type": "password", "username": access.username, "password": access.password, "scope": SCOPE},
        )

    def _renew(self) -> Flow:
        token = self.held.refresh_token if isinstance(self.held, _Tokens) else None
        if token is not None:
            try:
                yield from self._ask(httpx.Request, {"grant_type": "refresh_token", "refresh_token": token})
            except LoginRefused:
                pass  # the chain of refresh tokens has ended, but the password is still valid
            else:
                return
        yield from self._log_in()

    def _is_old(self) -> bool:
        return self._clock.now() >= self._ends - LIFE_LEFT

    def _ask(self, kind: type[httpx.Request], form: Mapping[str, str]) -> Flow:
        access = self._access
        whole = {**form, "client_id": access.client_id, "client_secret": access.client_secret}
        content = "&".join(f"{name}={quote(value, safe='')}" for name, value in whole.items()).encode()
        headers = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
        asked_at = self._clock.now()
        response = yield kind("POST", f"{access.url}/identity/connect/token", content=content, headers=headers)
        if response.status_code != 200:
            raise refused_login(response, access)
        try:
            tokens = msgspec.json.decode(response.content, type=_Tokens)
        except msgspec.DecodeError as error:
            raise AcumaticaUnreachable(f"What answers for a token at {access.host} is no token: {error}") from error
        self.held, self._ends = tokens, asked_at + timedelta(seconds=tokens.expires_in)


def auth_for(access: AcumaticaAccess, clock: Clock) -> AcumaticaAuth:
    """Return the authentication that the settings choose: the token if there is a client id, else the cookie."""
    return TokenLogin(access, clock) if access.client_id else CookieLogin(access)


def refused_login(response: httpx.Response, access: AcumaticaAccess) -> AcumaticaFault:
    """Return the error for an answer to a login that contains no session."""
    fault = fault_of_answer(response, "the login")
    if isinstance(fault, AcumaticaBusy | LoginLimit | AcumaticaUnreachable):
        return fault
    if is_elsewhere(response):
        return AcumaticaUnreachable(
            f"{address_fix(access.url)}What answers at {access.url} is not Acumatica's API: {message_of(response)}. "
            "Check A2M_ACUMATICA__URL: the address of the site with its path, such as https://erp.example.com/Acumatica."
        )
    body = body_of(response)
    kind = str(body.get("exceptionType", ""))
    if response.status_code >= 500 and not _is_of_the_login(kind, str(body.get("message", ""))):
        return AcumaticaBusy(f"Acumatica did not answer the login: {message_of(response)}.")
    hint = (
        "Check A2M_ACUMATICA__TENANT."
        if kind.endswith("PXUndefinedCompanyException")
        else "Check user, password and tenant; it is not tried again, because Acumatica locks the account."
    )
    return LoginRefused(
        f"{address_fix(access.url)}Acumatica refuses the login of {access.username!r}: {message_of(response)}. {hint}"
    )


def address_fix(url: str) -> str:
    """Return what to enter instead of the address of a page or service, which is longer than the site's."""
    found = _BELOW_THE_SITE.fullmatch(urlsplit(url).path)
    if found is None:
        return ""
    site = url.removesuffix(found[0]) + found["site"]
    return f"The URL goes on with {found['more']} after the site: enter {site} in A2M_ACUMATICA__URL. "


def _is_of_the_login(kind: str, message: str) -> bool:
    """Return whether a 500 may be about user and password: Acumatica's own exception, or one whose kind its site hides.

    A gateway's error or an unavailable database is neither: it passes, and says nothing about the password.
    """
    return kind.startswith("PX.") or (not kind and message == "An error has occurred.")
