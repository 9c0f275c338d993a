"""One session with Acumatica: logged in at the first request, its requests paced by the licence, always logged out.

In: an access and a licence. Out: whole answers as bytes, or an `AcumaticaFault`. Guarantees: at most one server session
at a time; a session that ended is renewed once per request; a token is refreshed by one request at a time, and the new
refresh token replaces the old one before it is used; reads are repeated after faults that pass, logins never are, and
one that was refused is not tried again for a while, by no process.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from connector.acumatica.access import AcumaticaAccess, Licence, NoLimits
from connector.acumatica.errors import (
    AcumaticaBusy,
    AcumaticaFault,
    AcumaticaUnreachable,
    LoginLimit,
    LoginRefused,
    RequestRefused,
    body_of,
    fault_of_answer,
    is_elsewhere,
    leads_elsewhere,
    words_of,
)
from connector.acumatica.full_licence import PATIENCE, FullLicence
from connector.clock import Clock, SystemClock
from connector.http import TrustUnusable, clock_ahead, exchange, fault_of, retry_after, trust

REPEATED = 4
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0
LIFE_LEFT = timedelta(seconds=60)
HEARTBEAT = 15.0
SCOPE = "api offline_access"
SHOW_ARCHIVED = {"PX-ApiArchive": "SHOW"}


class _Tokens(msgspec.Struct):
    """An OAuth2 token answer (contracts/acumatica.md §1.2)."""

    access_token: str
    expires_in: float = 3600
    refresh_token: str | None = None


class AcumaticaSession:
    """One session of one user; use `acumatica_session`. `requests` counts what was sent, logins included."""

    def __init__(
        self,
        access: AcumaticaAccess,
        *,
        licence: Licence | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.access = access
        self._patience = timedelta(seconds=patience)
        self.requests = 0
        self._dated: tuple[httpx.Headers, datetime] | None = None
        self._licence = licence or NoLimits()
        self._clock = clock or SystemClock()
        self._slot: str | None = None
        self._tokens: _Tokens | None = None
        self._token_ends = self._clock.now()
        self._login = asyncio.Lock()
        self._turns = asyncio.Semaphore(access.concurrency)
        self._http = httpx.AsyncClient(
            transport=transport,
            verify=_trusted(),
            timeout=httpx.Timeout(access.timeout, connect=30.0),
            limits=httpx.Limits(max_connections=access.concurrency, keepalive_expiry=30.0),
            headers={"Accept": "application/json", "User-Agent": "acumatica-magento"},
            follow_redirects=False,
        )

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, *, what: str, archived: bool = False
    ) -> bytes:
        """Read a list or a record; `what` names it in errors. `archived`: with the documents that were archived."""
        return await self._read("GET", _with(url, params), None, what, SHOW_ARCHIVED if archived else {})

    async def ask(self, url: str, params: Mapping[str, str], body: Mapping[str, Any], *, what: str) -> bytes:
        """Run an inquiry, which Acumatica takes as a PUT and which changes nothing."""
        return await self._read("PUT", _with(url, params), msgspec.json.encode(body), what, {})

    def clock_ahead(self) -> timedelta | None:
        """How far Acumatica's clock is ahead of ours, by the date of its last answer; none where that has none."""
        return None if self._dated is None else clock_ahead(*self._dated)

    async def rest(self) -> None:
        """Between two looks: log out if another process waits for a session."""
        if self._slot is not None and await self._licence.session_wanted():
            await self.log_out()

    async def log_out(self) -> None:
        """End the session on the server and free its slot; the next request logs in again."""
        if self._slot is None:
            return
        slot, self._slot = self._slot, None
        try:
            await self._licence.take_request(slot)
            # without `Content-Length: 0` the web server answers 411
            await self._exchange(
                "POST", f"{self.access.url}/entity/auth/logout", b"", {}, seconds=min(30, self.access.timeout)
            )
        except AcumaticaFault:
            pass  # the server closes an idle session by itself after ten minutes; there is nobody to tell
        finally:
            self._http.cookies.clear()
            self._tokens = None
            await self._licence.give_session_back(slot)

    async def close(self) -> None:
        """Log out and close the connection."""
        try:
            await self.log_out()
        finally:
            await self._http.aclose()

    async def keep_seat(self) -> None:
        """Tell other processes from time to time that this one lives; runs until it is cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT)  # the real time: a clock that is handed in may stand still
            if self._slot is not None:
                await self._licence.still_used(self._slot)

    async def _read(self, method: str, url: str, content: bytes | None, what: str, extra: Mapping[str, str]) -> bytes:
        if not self.access.is_ours(url):
            raise AcumaticaUnreachable(leads_elsewhere(what, url, self.access.url))
        async with self._turns:
            attempt, full = 1, FullLicence(self._licence, self._clock, self._patience)
            while True:
                fault, response = await self._tried(method, url, content, what, extra)
                if fault is None and response is not None:
                    return response.content
                if isinstance(fault, LoginLimit):
                    await full.wait(fault)
                    continue
                if not isinstance(fault, AcumaticaBusy) or attempt == REPEATED:
                    raise fault or AssertionError("an answer is good or a fault")
                wait = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)
                told = None if response is None else retry_after(response.headers, self._clock.now())
                await self._clock.sleep(told or wait)
                attempt += 1

    async def _tried(
        self, method: str, url: str, content: bytes | None, what: str, extra: Mapping[str, str]
    ) -> tuple[AcumaticaFault | None, httpx.Response | None]:
        """One request with what is wrong with its answer, if something is; faults that never pass are raised."""
        try:
            response = await self._send(method, url, content, extra)
        except (AcumaticaBusy, LoginLimit) as fault:
            return fault, None
        good = response.is_success and _is_json(response)
        return None if good else fault_of_answer(response, what), response

    async def _send(self, method: str, url: str, content: bytes | None, extra: Mapping[str, str]) -> httpx.Response:
        """One request; a session or token that has ended is renewed once."""
        headers = await self._let_in()
        response = await self._paced(method, url, content, {**headers, **extra})
        if response.status_code == 401:
            await self._renew(headers)
            response = await self._paced(method, url, content, {**await self._let_in(), **extra})
        return response

    async def _paced(self, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> httpx.Response:
        if self._slot is not None:
            await self._licence.take_request(self._slot)
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        return await self._exchange(method, url, content, headers)

    async def _exchange(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str], seconds: float | None = None
    ) -> httpx.Response:
        try:
            request = self._http.build_request(method, url, content=content, headers=dict(headers))
        except httpx.InvalidURL as error:
            raise RequestRefused(f"Acumatica cannot be asked: {error}. Shorten the value that is asked for.") from error
        self.requests += 1
        try:
            response = await exchange(self._http, request, seconds=seconds or self.access.timeout)
        except httpx.TransportError as error:
            fault = fault_of(error)
            kind = AcumaticaUnreachable if fault.of_connection else AcumaticaBusy
            raise kind(fault.words(self.access.host)) from error
        self._dated = (response.headers, self._clock.now())
        return response

    async def _let_in(self) -> dict[str, str]:
        """Be logged in; gives the headers of a request."""
        async with self._login:
            if self._slot is None:
                slot = await self._licence.take_session()
                try:
                    await self._log_in(slot)
                except BaseException:
                    await self._licence.give_session_back(slot)
                    raise
                self._slot = slot
            elif self._tokens is not None and self._clock.now() >= self._token_ends - LIFE_LEFT:
                await self._refresh(self._slot)
            return self._headers()

    def _headers(self) -> dict[str, str]:
        if self._tokens is None:
            return {}
        branch = {"PX-CbApiBranch": self.access.branch} if self.access.branch else {}
        return {"Authorization": f"Bearer {self._tokens.access_token}", **branch}

    async def _renew(self, refused: dict[str, str]) -> None:
        async with self._login:
            if self._slot is None or self._headers() != refused:
                return  # somebody renewed it meanwhile
            if self._tokens is not None:
                await self._refresh(self._slot)
            else:
                await self._log_in(self._slot)

    async def _log_in(self, slot: str) -> None:
        """Log in, unless just this login was refused a while ago."""
        until = await self._licence.refused_until(self.access.as_whom)
        if until is not None:
            raise LoginRefused(
                f"Acumatica refused the login of {self.access.username!r}. With the same user and password it is tried "
                f"again at {until:%H:%M:%S} UTC, because Acumatica locks the account; with others at once."
            )
        try:
            await self._ask_to_be_let_in(slot)
        except LoginRefused:
            await self._licence.login_answered(self.access.as_whom, refused=True)
            raise
        await self._licence.login_answered(self.access.as_whom, refused=False)

    async def _ask_to_be_let_in(self, slot: str) -> None:
        if self.access.client_id:
            await self._ask_for_token(
                slot,
                {
                    "grant_type": "password",
                    "username": self.access.username,
                    "password": self.access.password,
                    "scope": SCOPE,
                },
            )
            return
        self._http.cookies.clear()
        login = {"name": self.access.username, "password": self.access.password, "tenant": self.access.tenant}
        if self.access.branch:
            login["branch"] = self.access.branch
        await self._licence.take_request(slot)
        headers = {"Content-Type": "application/json"}
        url = f"{self.access.url}/entity/auth/login"
        response = await self._exchange("POST", url, msgspec.json.encode(login), headers)
        if response.status_code not in (200, 204):
            raise self._refused_login(response)

    async def _refresh(self, slot: str) -> None:
        token = self._tokens.refresh_token if self._tokens is not None else None
        if token is None:
            await self._log_in(slot)
            return
        try:
            await self._ask_for_token(slot, {"grant_type": "refresh_token", "refresh_token": token})
        except LoginRefused:
            await self._log_in(slot)  # the chain of refresh tokens ended; the password still counts

    async def _ask_for_token(self, slot: str, form: Mapping[str, str]) -> None:
        await self._licence.take_request(slot)
        whole = {**form, "client_id": self.access.client_id, "client_secret": self.access.client_secret}
        content = "&".join(f"{name}={quote(value, safe='')}" for name, value in whole.items()).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        asked_at = self._clock.now()
        response = await self._exchange("POST", f"{self.access.url}/identity/connect/token", content, headers)
        if response.status_code != 200:
            raise self._refused_login(response)
        try:
            self._tokens = msgspec.json.decode(response.content, type=_Tokens)
        except msgspec.DecodeError as error:
            raise AcumaticaUnreachable(
                f"What answers for a token at {self.access.host} is no token: {error}"
            ) from error
        self._token_ends = asked_at + timedelta(seconds=self._tokens.expires_in)

    def _refused_login(self, response: httpx.Response) -> AcumaticaFault:
        fault = fault_of_answer(response, "the login")
        if isinstance(fault, AcumaticaBusy | LoginLimit | AcumaticaUnreachable):
            return fault
        if is_elsewhere(response):
            return AcumaticaUnreachable(
                f"What answers at {self.access.url} is not Acumatica's API: {words_of(response)}. Check "
                "A2M_ACUMATICA__URL: the address of the site with its path, such as https://erp.example.com/Acumatica."
            )
        body = body_of(response)
        kind = str(body.get("exceptionType", ""))
        if response.status_code >= 500 and not _is_of_the_login(kind, str(body.get("message", ""))):
            return AcumaticaBusy(f"Acumatica did not answer the login: {words_of(response)}.")
        hint = (
            "Check A2M_ACUMATICA__TENANT."
            if kind.endswith("PXUndefinedCompanyException")
            else "Check user, password and tenant; it is not tried again, because Acumatica locks the account."
        )
        return LoginRefused(f"Acumatica refuses the login of {self.access.username!r}: {words_of(response)}. {hint}")


def _trusted() -> ssl.SSLContext:
    try:
        return trust()
    except TrustUnusable as error:
        raise AcumaticaUnreachable(str(error)) from error


def _is_of_the_login(kind: str, message: str) -> bool:
    """Whether a 500 may be about user and password: Acumatica's own exception, or one whose kind its site hides.
    A gateway's error or a database that is away is neither; it passes, and says nothing about the password.
    """
    return kind.startswith("PX.") or (not kind and message == "An error has occurred.")


def _is_json(response: httpx.Response) -> bool:
    return response.content[:1] in (b"{", b"[")


def _with(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    return f"{url}?{'&'.join(f'{name}={quote(value, safe=_UNENCODED)}' for name, value in params.items())}"


_UNENCODED = "$,/()='"
"""Left as they are, as in Acumatica's own examples; `+` and `:` of a date-time are encoded (acumatica.md §2.3)."""


@asynccontextmanager
async def acumatica_session(
    access: AcumaticaAccess,
    *,
    licence: Licence | None = None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    patience: float = PATIENCE,
) -> AsyncIterator[AcumaticaSession]:
    """A session that is logged in when it is first used, and logged out whatever happens.

    `patience`: for how many seconds a login that is refused because all sessions are taken is tried again, while
    sessions of processes that died are known to be counted; without such, for half a minute.
    """
    session = AcumaticaSession(access, licence=licence, clock=clock, transport=transport, patience=patience)
    living = asyncio.create_task(session.keep_seat())
    try:
        yield session
    finally:
        living.cancel()
        await asyncio.shield(session.close())


def moment(value: datetime) -> str:
    """An aware instant as OData v4 takes it, in UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
