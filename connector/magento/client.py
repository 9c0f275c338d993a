"""One connection to Magento's REST API. A request is signed and sent once; its result is a value or one of our errors.

Input: a method, a path below `/V1`, parameters, a body. Output: the decoded JSON of a successful answer, or a
`MagentoFault`. Nothing is repeated here, no redirect is followed, no cookie is kept, and no error contains a secret.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from connector.clock import Clock, SystemClock
from connector.http import TrustUnusable, clock_ahead, exchange, fault_of, is_json, no_cookies, retry_after, trust
from connector.magento import causes
from connector.magento.auth import Bearer, OAuth
from connector.magento.error_messages import NOT_JSON, decoded, describe_response, kind_of, message_of, template_of
from connector.magento.errors import (
    ConnectionFault,
    MagentoFault,
    NoAnswer,
    NoSuchRoute,
    RequestRefused,
    RequestTooLarge,
    TemporaryFault,
    Unauthorized,
    WrongAddress,
)
from connector.transport import IDLE_SECONDS, transport_for

HEADERS = {"Accept": "application/json", "User-Agent": "acumatica-magento"}
TEMPORARY = frozenset({408, 425, 429})
TOO_LARGE = frozenset({413, 414})
NO_ROUTE = "Request does not match any route."
NO_STORE = "Specified request cannot be processed."
DEADLOCKS = ("Could not save Prices.", "Could not save Source Item Configuration")

_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class MagentoAccess:
    """The shop's address and the connector's credentials; `auth` is a bearer token or OAuth 1.0a credentials."""

    url: str
    auth: Bearer | OAuth = field(repr=False)
    store_code: str = "all"
    timeout: float = 60.0

    @property
    def host(self) -> str:
        """Host and port, the name of the shop in errors and waits."""
        return urlsplit(self.url).netloc

    def address(self, path: str, params: Mapping[str, Any] | None = None, api: str = "V1") -> str:
        """Return the URL of a route below `/V1`, or below `api`. Every reserved character is percent-encoded, a space
        as `%20`.

        Magento checks OAuth's signature against `%20`; httpx would write `+` (magento-observed.md, "Errors").
        """
        query = "&".join(
            f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in (params or {}).items()
        )
        return f"{self.url.rstrip('/')}/rest/{self.store_code}/{api}/{path.lstrip('/')}{'?' if query else ''}{query}"


class MagentoClient:
    """One persistent connection. `writes` and `reads` count the requests that were sent, whatever their outcome.

    `before_write` is called before anything that changes Magento is sent; an exception from it prevents the request.
    `limit` is held from before each request until its answer; `waited` is the total time spent entering it, which says
    nothing about Magento's speed. `largest_page`: the shop's limit of rows per page, once Magento has named it.
    """

    def __init__(
        self,
        access: MagentoAccess,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        before_write: Callable[[], object] = lambda: None,
        limit: AbstractAsyncContextManager[None] | None = None,
    ) -> None:
        self.access = access
        self.waited = timedelta(0)
        self.largest_page: int | None = None
        self.writes = 0
        self.reads = 0
        self._dated: tuple[httpx.Headers, datetime] | None = None
        self._before_write = before_write
        self._limit = limit or nullcontext()
        self._clock = clock or SystemClock()
        trusted = _trusted()
        transport = transport or transport_for(trusted, connections=1)
        self._http = httpx.AsyncClient(
            transport=transport,
            verify=trusted,
            timeout=httpx.Timeout(access.timeout),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_SECONDS),
            headers=HEADERS,
            cookies=no_cookies(),
            follow_redirects=False,
        )
        self._sends = transport or self._http  # httpx's client is only used if it has to choose a proxy
        self._timeouts = {"timeout": httpx.Timeout(access.timeout).as_dict()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._http.aclose()

    def clock_ahead(self) -> timedelta | None:
        """Return how far Magento's clock is ahead of ours, by the date of its last answer; None if that has no date."""
        return None if self._dated is None else clock_ahead(*self._dated)

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Read a route."""
        return await self._read("GET", path, params, None)

    async def get_or_none(self, path: str) -> Any:
        """Read a route that names one record; None if Magento does not have it (404)."""
        try:
            return await self.get(path)
        except RequestRefused as refused:
            if refused.status == 404:
                return None
            raise

    async def ask(self, path: str, body: Any) -> Any:
        """Read a route that takes its query as a body and changes nothing."""
        return await self._read("POST", path, None, body)

    async def try_out(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Any:
        """Call a route, with any method, in a way that changes nothing, to see whether it may be called."""
        return await self._read(method, path, params, body)

    async def _read(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Any:
        began = self._clock.now()
        try:
            async with self._limit:
                self.waited += self._clock.now() - began
                self.reads += 1
                return await self._send(method, path, params, body)
        except NoAnswer as lost:
            raise TemporaryFault(str(lost)) from lost  # a read changes nothing, so it cannot have been applied

    async def write(self, method: str, path: str, body: Any, *, api: str = "V1") -> Any:
        """Send something that changes Magento."""
        began = self._clock.now()
        async with self._limit:
            self.waited += self._clock.now() - began
            self._before_write()
            self.writes += 1
            return await self._send(method, path, None, body, api=api)

    async def publish(self, path: str, bodies: Sequence[Any]) -> Any:
        """Make Magento queue these bodies of a route, each as one operation of a bulk; its consumer processes them
        later.
        """
        return await self.write("POST", path, bodies, api="async/bulk/V1")

    async def _send(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, *, api: str = "V1"
    ) -> Any:
        request = self._request(method, self.access.address(path, params, api), body, is_cached=not params)
        self.access.auth.sign(request)
        try:
            response = await exchange(self._sends, request, seconds=self.access.timeout)
        except httpx.TransportError as error:
            raise self._transport_fault(error) from error
        self._dated = (response.headers, self._clock.now())
        answer = decoded(response)
        if response.is_success and answer is not NOT_JSON:
            return answer
        refusal = self._refusal(response, answer)
        refusal.kind = kind_of(answer)
        raise refusal

    def _request(self, method: str, address: str, body: Any, *, is_cached: bool) -> httpx.Request:
        """Return a request with all its headers. Computing them in httpx takes 40 µs each time."""
        try:
            url = _cached_url(address) if is_cached else httpx.URL(address)
        except httpx.InvalidURL as error:
            raise RequestTooLarge(f"Magento cannot be asked: {error}. Shorten the value in Acumatica.", 414) from error
        content = b"" if body is None else _encode(body)
        headers = httpx.Headers(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if body is not None or method not in ("GET", "DELETE"):
            headers["Content-Length"] = str(len(content))
        request = httpx.Request(
            method, url, headers=headers, stream=httpx.ByteStream(content), extensions=self._timeouts
        )
        request.read()
        return request

    @cached_property
    def _headers(self) -> httpx.Headers:
        """The headers that every request has."""
        return self._http.build_request("GET", self.access.url).headers

    def _transport_fault(self, error: httpx.TransportError) -> MagentoFault:
        fault = fault_of(error)
        text = fault.describe(self.access.host)
        if fault.of_connection:
            return ConnectionFault(text)
        return NoAnswer(text) if fault.request_left else TemporaryFault(text)

    def _refusal(self, response: httpx.Response, answer: Any) -> MagentoFault:
        status, text = response.status_code, f"Magento answered {describe_response(response, answer)}"
        template, parameters = template_of(answer)
        if status >= 500 or status in TEMPORARY:
            likely = f" {causes.outage(status)}" if answer is NOT_JSON and status >= 500 else ""
            return TemporaryFault(f"{text}.{likely}", retry_after(response.headers, self._clock.now()))
        if causes.is_acumatica(template, response.headers.get("location", "")):
            return WrongAddress(causes.is_acumaticas(self.access.url))
        fix = causes.oauth_fix(template, str(response.request.url)) if status in (400, 401) else None
        if status == 401 or fix is not None:
            return self._unauthorized(response, answer, text, fix)
        if status in TOO_LARGE:
            return RequestTooLarge(f"The request is too large: {text}.", status)
        if response.is_redirect or response.is_success:
            return WrongAddress(_elsewhere(response, text, self.access.url))
        likely = causes.address_fix(self.access.url)
        if answer is NOT_JSON and not is_json(response):
            return TemporaryFault(f"{likely}{text}. {causes.outage(status)}")
        if template == NO_ROUTE:
            return NoSuchRoute(
                f"{likely}There is no such route at {self.access.url}: {text}. Check the URL's path and modules."
            )
        if template == NO_STORE:
            return WrongAddress(
                f"{likely}Magento does not know the store code {self.access.store_code!r}: {text}. "
                "Check A2M_MAGENTO__STORE_CODE."
            )
        if template in DEADLOCKS:
            return TemporaryFault(f"{text}: a deadlock in its database.")
        return RequestRefused(f"{text}.", status, template, parameters)

    def _unauthorized(self, response: httpx.Response, answer: Any, text: str, fix: str | None) -> MagentoFault:
        if "nonce is already being used" in message_of(answer):
            return TemporaryFault(f"{text}.")
        if fix is not None:
            return Unauthorized(f"Magento refuses the OAuth credentials: {text}. {fix} Tried: {causes.HMAC}.")
        if response.headers.get("www-authenticate", "").lower().startswith("basic"):
            return WrongAddress(
                f"The web server in front of Magento asks for a user and a password of its own (HTTP Basic): {text}. "
                f"Let {self.access.url}/rest pass without."
            )
        _template, parameters = template_of(answer)
        resources = parameters.get("resources", "") if isinstance(parameters, dict) else ""
        causes_of_it = (
            "The integration lacks this permission or is not active, or a proxy changes the signed address"
            if isinstance(self.access.auth, OAuth)
            else "The token is wrong or revoked, or stand-alone bearer tokens are off (Magento 2.4.4 and newer), or "
            "the integration lacks this permission"
        )
        message = f"Magento refuses access: {text}. {causes_of_it}. Try: a2m check"
        return Unauthorized(message, str(resources), text)


@lru_cache(maxsize=1_000)
def _cached_url(address: str) -> httpx.URL:
    """Return the URL of an address that is used again and again. Parsing one takes httpx a third of a millisecond."""
    return httpx.URL(address)


def _trusted() -> ssl.SSLContext:
    try:
        return trust()
    except TrustUnusable as error:
        raise ConnectionFault(str(error)) from error


def _elsewhere(response: httpx.Response, text: str, url: str) -> str:
    if response.is_redirect:
        return f"{url} redirects to {response.headers.get('location', 'nowhere')}. Enter the address that it leads to."
    likely = causes.address_fix(url)
    kind = response.headers.get("content-type", "no content type").partition(";")[0]
    return f"{likely}What answers at {url} is not Magento's REST API in JSON ({kind}): {text}. Check the URL."
