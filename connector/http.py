"""What both clients share of HTTP: one exchange with bounded size and time, and what its failures mean.

In: an httpx client and a request. Out: a whole `httpx.Response`, or an `httpx.TransportError` which `fault_of` puts
into one of a few kinds and says whether the request may have reached the other side. Guarantees: no redirect is
followed, TLS is always verified, an answer is neither longer than its limit nor slower than its time. The only module
that `connector.acumatica` and `connector.magento` share and that knows httpx.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal

import httpx

from connector.transport import WholeResponse

FaultKind = Literal["dns", "tls", "refused", "connect_timeout", "reset", "read_timeout", "protocol"]

ANSWER_LIMIT = 256 * 1024 * 1024
"""Bytes, after decompression: far above the largest page that is asked for, far below what would fill the memory."""

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds: a host that asks for more than a day is asked again after a day."""

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_NO_CONNECTION = (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol)
_ENCODING_HEADERS = (b"content-encoding", b"content-length", b"transfer-encoding")


class TrustUnusable(Exception):
    """The certificates that are to be trusted cannot be read; the message says which file and what to do."""


class AnswerTooLarge(httpx.ReadError):
    """The answer is longer than the limit; reading it was stopped."""


@dataclass(frozen=True)
class TransportFault:
    """Why there is no answer.

    kind: `dns` (the name is unknown), `tls` (no trusted or no TLS connection), `refused` (nobody accepts connections
    there, or the host or network cannot be reached), `connect_timeout`, `reset` (the connection was cut),
    `read_timeout` (no answer in time), `protocol` (what came is not a usable HTTP answer).
    request_left: the request may have arrived whole, and may be applied even seconds later; False: it surely was not.
    reason: the text of the library or the operating system.
    """

    kind: FaultKind
    request_left: bool
    reason: str

    @property
    def of_connection(self) -> bool:
        """Whether every request to this host would fail alike: nothing is wrong with the one that was sent."""
        return self.kind in ("dns", "tls", "refused")

    def describe(self, host: str) -> str:
        """Return the fault as a sentence that names the host and what to do."""
        return _WORDS[self.kind].format(host=host, reason=self.reason)


_WORDS: dict[FaultKind, str] = {
    "dns": "The host name {host} cannot be found ({reason}). Check the URL, and this machine's DNS.",
    "tls": "No trusted TLS connection to {host} ({reason}). Check the host's certificate and the URL's https.",
    "refused": "{host} accepts no connection ({reason}). "
    "Check the URL's host and port, a firewall, and whether it runs.",
    "connect_timeout": "{host} did not accept a connection in time ({reason}).",
    "reset": "{host} cut the connection before its answer was complete ({reason}).",
    "read_timeout": "{host} did not answer in time ({reason}).",
    "protocol": "{host} did not answer with proper HTTP ({reason}).",
}


def fault_of(exc: httpx.TransportError) -> TransportFault:
    """Return the kind of a transport failure and whether its request may have reached the other side whole.

    Source of the rule: magento-observed.md part two section 7 (a request that arrived whole is always applied, one
    that was cut in its body never). httpx hides a failed write behind the failed read that follows it, so every
    failure after the connection was made counts as "may have arrived".
    """
    reason = _reason_of(exc)
    if isinstance(exc, _NO_CONNECTION):
        return TransportFault(_kind_of_failed_connection(exc), False, reason)
    if isinstance(exc, httpx.ConnectTimeout | httpx.PoolTimeout):
        return TransportFault("connect_timeout", False, reason or "time is up")
    if isinstance(exc, httpx.LocalProtocolError):
        return TransportFault("protocol", False, reason)
    if isinstance(exc, httpx.TimeoutException):
        return TransportFault("read_timeout", True, reason or "time is up")
    if isinstance(exc, AnswerTooLarge):
        return TransportFault("protocol", True, reason)
    if isinstance(exc, httpx.RemoteProtocolError) and not _was_cut(reason):
        return TransportFault("protocol", True, reason)
    return TransportFault("reset", True, reason or "connection reset")


def _kind_of_failed_connection(exc: httpx.TransportError) -> FaultKind:
    if isinstance(exc, httpx.UnsupportedProtocol):
        return "protocol"
    causes = list(_causes(exc))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "dns"
    if any(isinstance(cause, ssl.SSLError | ssl.CertificateError) for cause in causes):
        return "tls"
    if any(isinstance(cause, TimeoutError) or getattr(cause, "errno", None) == errno.ETIMEDOUT for cause in causes):
        return "connect_timeout"
    return "refused"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield the exception and everything that it came from, groups taken apart."""
    waiting: list[BaseException] = [exc]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting.extend(cause for cause in (one.__cause__, one.__context__) if cause is not None)


def _reason_of(exc: BaseException) -> str:
    """Return the text of the innermost cause that has one: `All connection attempts failed` is no help."""
    text = [str(cause).strip() for cause in _causes(exc) if isinstance(cause, OSError | httpx.TransportError)]
    text = [part for part in text if part]
    own = str(exc).strip()
    if own and "connection attempts failed" not in own.lower():
        return own
    return text[-1] if text else own


def _was_cut(reason: str) -> bool:
    """Return whether h11's message means a closed connection and not a broken answer."""
    return "disconnected" in reason or "closed connection" in reason or "connection closed" in reason.lower()


def clock_ahead(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Return how far the host's clock is ahead of `now` (aware), by the answer's date; None where it has none."""
    try:
        return parsedate_to_datetime(headers.get("date", "")) - now
    except (ValueError, OverflowError, TypeError):  # no date, or one without a zone
        return None


def retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks to wait from `now` (aware); None when it is absent, negative or
    garbage.

    Takes seconds and an HTTP-date (RFC 9110, 10.2.3); a past date returns 0. Never above `LONGEST_RETRY_AFTER`.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        whole, _, fraction = text.partition(".")
        if len(whole) > 9:
            return LONGEST_RETRY_AFTER
        return min(float(f"{whole}.{fraction[:6] or 0}"), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_RETRY_AFTER)


def is_json(response: httpx.Response) -> bool:
    """Return whether the answer says that it is JSON: the status alone does not prove it (proxies answer in HTML)."""
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or (kind.startswith("application/") and kind.endswith("+json"))


@cache
def trust() -> ssl.SSLContext:
    """Return the certificates that are trusted, read once: every client that reads them by itself takes 20 ms for it.

    Those of certifi, or, for a certificate authority of one's own, those of the file or folder that SSL_CERT_FILE or
    SSL_CERT_DIR names. Nothing turns the verification off. Raises `TrustUnusable`.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # of the file, or of what is in it: `ssl.SSLError` is one too
        path = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR") or "certifi"
        raise TrustUnusable(
            f"The trusted certificates cannot be read from {path} ({error}). SSL_CERT_FILE has to name a file of "
            "certificates in PEM format, or not to be set."
        ) from error


def no_cookies() -> CookieJar:
    """Return a cookie jar that keeps nothing: for `httpx.AsyncClient(cookies=…)`."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


async def exchange(
    client: httpx.AsyncClient | httpx.AsyncBaseTransport,
    request: httpx.Request,
    *,
    limit: int = ANSWER_LIMIT,
    seconds: float | None = None,
) -> httpx.Response:
    """Send `request` and read its whole answer, never following a redirect.

    client: a transport takes requests that have all their headers and time-outs. limit: bytes of the decompressed body.
    seconds: for the exchange as a whole; httpx's own timeouts hold between two pieces only, and an answer that drips
    would last for ever. Raises `httpx.TransportError` and nothing else of httpx: `AnswerTooLarge` above the limit,
    `httpx.ReadTimeout` when the time is up, `httpx.RemoteProtocolError` for a body that cannot be decompressed.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(client, request, limit)
    except TimeoutError as exc:
        raise httpx.ReadTimeout(f"no complete answer within {seconds:g} seconds", request=request) from exc
    except httpx.DecodingError as exc:
        raise httpx.RemoteProtocolError(f"the body cannot be decompressed: {exc}", request=request) from exc


async def _exchange(
    client: httpx.AsyncClient | httpx.AsyncBaseTransport, request: httpx.Request, limit: int
) -> httpx.Response:
    if isinstance(client, httpx.AsyncClient):
        response = await client.send(request, stream=True, follow_redirects=False)
    else:
        response = await client.handle_async_request(request)
    if isinstance(response, WholeResponse):
        if len(response.content) > limit:
            raise _too_large(limit, request)
        response.stream = httpx.ByteStream(b"")  # httpx's stream and the answer name each other: both would stay
        return response
    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > limit:
                raise _too_large(limit, request)
    finally:
        await response.aclose()
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _ENCODING_HEADERS]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=request)


def _too_large(limit: int, request: httpx.Request) -> AnswerTooLarge:
    return AnswerTooLarge(f"the answer is longer than {limit:,} bytes", request=request)
