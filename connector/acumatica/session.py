"""One session with Acumatica: logged in at the first request, paced by the licence, and always logged out.

Input: an access and a licence. Output: whole answers as bytes, or an `AcumaticaFault`. There is at most one server
session at a time. An ended session is renewed once per request. A token is refreshed by one request at a time, and the
new refresh token replaces the old one before it is used. Reads are repeated after temporary faults, logins never are,
and a refused login is not tried again for a while by any process.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec

from connector.acumatica.access import AcumaticaAccess, Licence, NoLimits
from connector.acumatica.auth import HEADERS, Flow, Login, auth_for
from connector.acumatica.errors import (
    AcumaticaBusy,
    AcumaticaFault,
    AcumaticaUnreachable,
    LoginLimit,
    LoginRefused,
    RequestRefused,
    fault_of_answer,
    leads_elsewhere,
)
from connector.acumatica.full_licence import PATIENCE, FullLicence
from connector.acumatica.query import url_with
from connector.acumatica.repeated import repeated
from connector.clock import Clock, SystemClock
from connector.http import TrustUnusable, clock_ahead, exchange, fault_of, no_cookies, trust
from connector.transport import IDLE_SECONDS, transport_for

HEARTBEAT = 15.0
SHOW_ARCHIVED = {"PX-ApiArchive": "SHOW"}


class AcumaticaSession:
    """One session of one user; use `acumatica_session`. `requests` counts what was sent, including logins."""

    def __init__(
        self,
        access: AcumaticaAccess,
        *,
        licence: Licence | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: float = PATIENCE,
        ends_at: datetime | None = None,
    ) -> None:
        self.access = access
        self._patience = timedelta(seconds=patience)
        self.requests = 0
        self._dated: tuple[httpx.Headers, datetime] | None = None
        self._licence = licence or NoLimits()
        self._clock = clock or SystemClock()
        self._slot: str | None = None
        self._auth = auth_for(access, self._clock)
        self._repeated = repeated(self._clock, ends_at)
        self._login = asyncio.Lock()
        self._turns = asyncio.Semaphore(access.concurrency)
        trusted, timeout = _trusted(), httpx.Timeout(access.timeout, connect=30.0)
        transport = transport or transport_for(trusted, access.concurrency)
        self._timeouts = timeout.as_dict()
        self._http = httpx.AsyncClient(
            transport=transport,
            verify=trusted,
            timeout=timeout,
            limits=httpx.Limits(max_connections=access.concurrency, keepalive_expiry=IDLE_SECONDS),
            headers=HEADERS,
            cookies=no_cookies(),
            follow_redirects=False,
        )
        self._sends = transport or self._http  # of httpx's client is needed only that it knows the proxies

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, *, what: str, archived: bool = False
    ) -> bytes:
        """Read a list or a record; `what` names it in errors. `archived`: include archived documents."""
        return await self._read("GET", url_with(url, params or {}), None, what, SHOW_ARCHIVED if archived else {})

    async def ask(self, url: str, params: Mapping[str, str], body: Mapping[str, Any], *, what: str) -> bytes:
        """Run an inquiry, for which Acumatica requires a PUT and which changes nothing."""
        return await self._read("PUT", url_with(url, params or {}), msgspec.json.encode(body), what, {})

    def clock_ahead(self) -> timedelta | None:
        """Return how far Acumatica's clock is ahead of ours, by the date of its last answer; None if that
        has no date.
        """
        return None if self._dated is None else clock_ahead(*self._dated)

    async def rest(self) -> None:
        """Log out between two syncs if another process waits for a session."""
        if self._slot is not None and await self._licence.session_wanted():
            await self.log_out()

    async def log_out(self) -> None:
        """End the session on the server and free its slot; the next request logs in again."""
        if self._slot is None:
            return
        slot, self._slot = self._slot, None
        try:
            await self._licence.acquire_request(slot)
            # without `Content-Length: 0` the web server answers 411
            request = self._request("POST", f"{self.access.url}/entity/auth/logout", b"", {})
            self._auth.sign(request)
            await self._exchange(request, seconds=min(30, self.access.timeout))
        except AcumaticaFault:
            pass  # the server closes an idle session after ten minutes anyway, so nothing needs to be reported
        finally:
            self._auth.forget()
            await self._licence.release_session(slot)

    async def close(self) -> None:
        """Log out and close the connection."""
        try:
            await self.log_out()
        finally:
            await self._http.aclose()

    async def keep_seat(self) -> None:
        """Renew the session's slot so that other processes see that this one is alive; run until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT)  # real time, because a given clock may stand still
            if self._slot is not None:
                await self._licence.still_used(self._slot)

    async def _read(self, method: str, url: str, content: bytes | None, what: str, extra: Mapping[str, str]) -> bytes:
        if not self.access.is_ours(url):
            raise AcumaticaUnreachable(leads_elsewhere(what, url, self.access.url))
        headers = extra if content is None else {**extra, "Content-Type": "application/json"}
        full = FullLicence(self._licence, self._clock, self._patience)

        async def answered() -> bytes:
            while True:
                try:
                    response = await self._send(self._request(method, url, content, headers))
                    if response.is_success and _is_json(response):
                        return response.content
                    raise fault_of_answer(response, what)
                except LoginLimit as fault:
                    await full.wait(fault)

        async with self._turns:
            return await self._repeated.copy()(answered)

    def _request(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> httpx.Request:
        try:
            return self._http.build_request(method, url, content=content, headers=dict(headers))
        except httpx.InvalidURL as error:
            raise RequestRefused(f"Acumatica cannot be asked: {error}. Shorten the value that is asked for.") from error

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send one request, with the logins that its flow yields. There is one login at a time, and all that wait use
        it.
        """
        flow = self._auth.auth_flow(request)
        try:
            async with self._login:
                await self._let_in(flow, next(flow), request)
            while True:
                response = await self._paced(request)
                async with self._login:
                    try:
                        asked = flow.send(response)
                    except StopIteration:
                        return response
                    await self._let_in(flow, asked, request)
        finally:
            flow.close()

    async def _let_in(self, flow: Flow, asked: httpx.Request, request: httpx.Request) -> None:
        """Acquire a slot if there is none, and send what the flow yields before the request itself."""
        was_in = self._slot is not None
        self._slot = self._slot or await self._licence.acquire_session()
        try:
            while asked is not request:
                asked = await self._log_in(flow, asked)
        except BaseException:
            if not was_in:
                slot, self._slot = self._slot, None
                await self._licence.release_session(slot)
            raise

    async def _log_in(self, flow: Flow, asked: httpx.Request) -> httpx.Request:
        """Send a login, unless the same one was refused a while ago, store its answer, and return the next request."""
        if not isinstance(asked, Login):
            return flow.send(await self._paced(asked))
        whom = self.access.as_whom
        until = await self._licence.refused_until(whom)
        if until is not None:
            raise LoginRefused(
                f"Acumatica refused the login of {self.access.username!r}. With the same user and password it is tried "
                f"again at {until:%H:%M:%S} UTC, because Acumatica locks the account; with others at once."
            )
        response = await self._paced(asked)
        try:
            following = flow.send(response)
        except LoginRefused:
            await self._licence.login_answered(whom, refused=True)
            raise
        await self._licence.login_answered(whom, refused=False)
        return following

    async def _paced(self, request: httpx.Request) -> httpx.Response:
        if self._slot is not None:
            await self._licence.acquire_request(self._slot)
        return await self._exchange(request)

    async def _exchange(self, request: httpx.Request, seconds: float | None = None) -> httpx.Response:
        self.requests += 1
        request.extensions.setdefault("timeout", self._timeouts)  # which a login does not have yet
        try:
            response = await exchange(self._sends, request, seconds=seconds or self.access.timeout)
        except httpx.TransportError as error:
            fault = fault_of(error)
            kind = AcumaticaUnreachable if fault.of_connection else AcumaticaBusy
            raise kind(fault.describe(self.access.host)) from error
        self._dated = (response.headers, self._clock.now())
        return response


def _trusted() -> ssl.SSLContext:
    try:
        return trust()
    except TrustUnusable as error:
        raise AcumaticaUnreachable(str(error)) from error


def _is_json(response: httpx.Response) -> bool:
    return response.content[:1] in (b"{", b"[")


@asynccontextmanager
async def acumatica_session(
    access: AcumaticaAccess,
    *,
    licence: Licence | None = None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    patience: float = PATIENCE,
    ends_at: datetime | None = None,
) -> AsyncIterator[AcumaticaSession]:
    """Yield a session that is logged in when it is first used, and logged out whatever happens.

    `patience`: the seconds for which a login that is refused because all sessions are in use is tried again, while
    sessions of dead processes are known to be counted; otherwise half a minute. `ends_at`: the end of the run, beyond
    which no read is postponed.
    """
    session = AcumaticaSession(
        access, licence=licence, clock=clock, transport=transport, patience=patience, ends_at=ends_at
    )
    living = asyncio.create_task(session.keep_seat())
    try:
        yield session
    finally:
        living.cancel()
        await asyncio.shield(session.close())
