"""Authentication: cookie sessions, OAuth tokens, Basic; and the licence's number of API users."""

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.acumatica import errors
from sandbox.acumatica.state import PASSWORD, TENANT, USER
from sandbox.acumatica.values import from_json

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105
LOCALE = "Culture=en-US&TimeZone=GMTM0500G"
REFRESH_LIFE = timedelta(days=30)
SCOPES = {"api", "api:concurrent_access", "offline_access", "openid", "profile", "email", "phone"}
SESSION_COOKIE = "ASP.NET_SessionId"
AUTH_COOKIE = ".ASPXAUTH"


@dataclass(slots=True)
class Session:
    """An API user that is signed in: by cookies, or by the tokens of one sign-in (`family`)."""

    number: str
    secret: str
    used: datetime
    family: str = ""
    ends: datetime | None = None


@dataclass(slots=True)
class Grant:
    """The content of an access or refresh token."""

    family: str
    scope: str
    ends: datetime


class NoSeat(Exception):
    """All API users of the licence are signed in."""


class Access:
    """The sessions and tokens of the site."""

    def __init__(
        self, now: Callable[[], datetime], seats: int | None, idle: timedelta, token_life: timedelta, branch: int
    ) -> None:
        """Create it from the clock, the licence's API users (None: no limit), the idle time of a session, a token's
        life.
        """
        self._now = now
        self._seats = seats
        self._idle = idle
        self._life = token_life
        self._branch = branch
        self._sessions: dict[str, Session] = {}
        self._tokens: dict[str, Grant] = {}
        self._refreshes: dict[str, Grant] = {}

    def open_sessions(self) -> int:
        """Return the number of API users that are signed in now."""
        now = self._now()
        for session in list(self._sessions.values()):
            if now - session.used >= self._idle or (session.ends is not None and now >= session.ends):
                del self._sessions[session.number]
        return len(self._sessions)

    def _open(self, family: str = "", ends: datetime | None = None) -> Session:
        if self._seats is not None and self.open_sessions() >= self._seats:
            raise NoSeat
        session = Session(secrets.token_hex(12), secrets.token_hex(48).upper(), self._now(), family, ends)
        self._sessions[session.number] = session
        return session

    def _cookie_session(self, request: Request) -> Session | None:
        self.open_sessions()
        session = self._sessions.get(request.cookies.get(SESSION_COOKIE, ""))
        if session is None or session.secret != request.cookies.get(AUTH_COOKIE):
            return None
        session.used = self._now()
        return session

    async def login(self, request: Request) -> Response:
        """Sign in with name and password in JSON; return 204 with the cookies, or the real refusals."""
        try:
            body = from_json(await request.body())
        except ValueError as fault:
            return errors.invalid_request("credentials", str(fault))
        if not isinstance(body, dict) or (body.get("name"), body.get("password")) != (USER, PASSWORD):
            return self._with_locale(errors.bad_credentials())
        try:
            session = self._open()
        except NoSeat:
            return self._with_locale(errors.login_limit())
        secure = "secure; " if request.url.scheme == "https" else ""
        expires = format_datetime(self._now() + timedelta(days=3), usegmt=True)
        response = Response(status_code=204)
        for _ in range(2):
            for cookie in (
                f"{AUTH_COOKIE}={session.secret}; path=/; {secure}HttpOnly" + ("; SameSite=None" if secure else ""),
                f"{SESSION_COOKIE}={session.number}; path=/; HttpOnly; SameSite=Lax",
                f"CompanyID={TENANT}; expires={expires}; path=/",
                f"Locale={LOCALE}; expires={expires}; path=/",
                f"UserBranch={self._branch}; path=/",
                f"requestid={secrets.token_hex(16).upper()}; path=/",
            ):
                response.headers.append("Set-Cookie", cookie)
        return response

    def _with_locale(self, response: Response) -> Response:
        response.headers.append("Set-Cookie", f"Locale={LOCALE}; path=/")
        response.headers.append("Set-Cookie", f"UserBranch={self._branch}; path=/")
        return response

    async def logout(self, request: Request) -> Response:
        """Sign out the user of the cookies or of the bearer token. A request without Content-Length gets IIS's 411."""
        if "content-length" not in request.headers:
            return errors.page(411)
        session = self._cookie_session(request)
        grant = self._bearer(request)
        for one in list(self._sessions.values()):
            if one is session or (grant is not None and one.family == grant.family):
                del self._sessions[one.number]
        response = Response(status_code=204)
        for name in (AUTH_COOKIE, SESSION_COOKIE):
            response.headers.append("Set-Cookie", f"{name}=; expires=Tue, 12-Oct-1999 00:00:00 GMT; path=/; HttpOnly")
        return response

    def _bearer(self, request: Request) -> Grant | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._tokens.get(token.strip()) if kind.lower() == "bearer" else None
        if grant is None or self._now() >= grant.ends or "api" not in grant.scope.replace(":", " ").split():
            return None
        return grant

    def refusal(self, request: Request, *, basic: bool) -> Response | None:
        """Return None if the request may pass, which then counts as a signed-in user; otherwise the refusal."""
        if self._cookie_session(request) is not None or (basic and _basic(request)):
            return None
        grant = self._bearer(request)
        if grant is None:
            response = errors.message(401, "You are not logged in.")
            schemes = 'Basic realm="Acumatica"' if basic else 'Bearer error="invalid_token"'
            if basic or "authorization" in request.headers:
                response.headers["WWW-Authenticate"] = schemes
            return response
        try:
            self._seat(grant)
        except NoSeat:
            return errors.moved_to_error_page()
        return None

    def _seat(self, grant: Grant) -> None:
        self.open_sessions()
        scopes = grant.scope.split()
        if "api:concurrent_access" not in scopes:
            for session in self._sessions.values():
                if session.family == grant.family:
                    session.used = self._now()
                    return
        self._open(grant.family, None if "offline_access" in scopes else grant.ends)

    async def token(self, request: Request) -> Response:
        """Return the tokens for a form with the password or refresh_token grant, or a 400 of the OAuth standard."""
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        if form.get("client_id") not in (CLIENT_ID, f"{CLIENT_ID}@{TENANT}"):
            return _oauth_error("invalid_client")
        if form.get("client_secret") != CLIENT_SECRET:
            return _oauth_error("invalid_client")
        if form.get("grant_type") == "password":
            return self._password_grant(form)
        if form.get("grant_type") == "refresh_token":
            return self._refresh_grant(form)
        return _oauth_error("unsupported_grant_type")

    def _password_grant(self, form: dict[str, str]) -> Response:
        name = form.get("username", "").removesuffix(f"@{TENANT}")
        if (name, form.get("password")) != (USER, PASSWORD):
            return _oauth_error("invalid_grant", "invalid_username_or_password")
        scope = form.get("scope", "api")
        if not set(scope.split()) <= SCOPES:
            return _oauth_error("invalid_scope")
        return self._issue(secrets.token_hex(8), scope, self._now() + REFRESH_LIFE)

    def _refresh_grant(self, form: dict[str, str]) -> Response:
        grant = self._refreshes.pop(form.get("refresh_token", ""), None)
        if grant is None or self._now() >= grant.ends:
            return _oauth_error("invalid_grant")
        return self._issue(grant.family, grant.scope, grant.ends)

    def _issue(self, family: str, scope: str, chain_ends: datetime) -> Response:
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._tokens[access] = Grant(family, scope, self._now() + self._life)
        body = {"access_token": access, "expires_in": int(self._life.total_seconds()), "token_type": "Bearer"}
        if "offline_access" in scope.split():
            self._refreshes[refresh] = Grant(family, scope, chain_ends)
            body["refresh_token"] = refresh
        body["scope"] = scope
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """Forget the token in the form. The user stays signed in, as on a real site."""
        form = parse_qs((await request.body()).decode(errors="replace"))
        token = form.get("token", [""])[-1]
        self._tokens.pop(token, None)
        self._refreshes.pop(token, None)
        return Response(status_code=200)

    async def discovery(self, request: Request) -> Response:
        """Return the addresses of the OpenID services."""
        root = f"{request.url.scheme}://{request.url.netloc}/identity"
        return JSONResponse(
            {
                "issuer": root,
                "authorization_endpoint": f"{root}/connect/authorize",
                "token_endpoint": f"{root}/connect/token",
                "revocation_endpoint": f"{root}/connect/revocation",
                "scopes_supported": sorted(SCOPES),
                "grant_types_supported": ["password", "refresh_token"],
            }
        )


def _oauth_error(code: str, description: str = "") -> Response:
    body = {"error": code} | ({"error_description": description} if description else {})
    return JSONResponse(body, 400)


def _basic(request: Request) -> bool:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return False
    try:
        name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return name.removesuffix(f"@{TENANT}") == USER and password == PASSWORD
