"""Acumatica's address, the connector's credentials, and the licence that all processes share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class AcumaticaAccess:
    """One tenant of one site. With `client_id` it uses OAuth 2 (password grant and refresh), else a login with a
    cookie.

    page_size: records per request. timeout: seconds per request. concurrency: parallel requests in the session.
    """

    url: str
    tenant: str
    username: str
    password: str = field(repr=False)
    branch: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    endpoint: str = "Default"
    version: str = "24.200.001"
    page_size: int = 1000
    timeout: float = 600.0
    concurrency: int = 1

    @property
    def as_whom(self) -> str:
        """All that a login consists of."""
        return "\n".join((self.url, self.tenant, self.username, self.password, self.client_id, self.client_secret))

    @property
    def host(self) -> str:
        """Host and port, as errors name the site."""
        return host_of(self.url)

    def is_ours(self, url: str) -> bool:
        """Return whether a request to this address goes to the site itself: same scheme, host and port, and no other
        user.
        """
        try:
            asked, own = _origin(url), _origin(self.url)
        except ValueError:
            return False
        return asked == own and "@" not in urlsplit(url).netloc

    def entity(self, name: str) -> str:
        """Return the URL of an entity of the endpoint."""
        return f"{self.url}/entity/{self.endpoint}/{self.version}/{name}"

    def dac(self, name: str) -> str:
        """Return the URL of a DAC-based OData feed."""
        return f"{self.url}/t/{quote(self.tenant, safe='')}/api/odata/dac/{name}"

    def inquiry(self, name: str) -> str:
        """Return the URL of a generic inquiry's OData feed."""
        return f"{self.url}/t/{quote(self.tenant, safe='')}/api/odata/gi/{quote(name, safe='')}"


def host_of(url: str) -> str:
    """Return host and port of a site."""
    return urlsplit(url).netloc


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url.replace("\\", "/"))  # browsers and some servers treat them alike
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


class Licence(Protocol):
    """The licence's limits, which apply to the whole installation: every process waits for its turn."""

    async def acquire_session(self) -> str:
        """Wait for a free session and return its slot."""

    async def release_session(self, slot: str) -> None:
        """Free the slot."""

    async def still_used(self, slot: str) -> None:
        """Renew the slot regularly, so that others see that its process is alive."""

    async def limit_was_met(self, refusal: str) -> str:
        """Record that Acumatica's licence is full. Return a message with the likely reason and what to do."""

    async def counted_until(self) -> datetime | None:
        """Return until when Acumatica may count sessions of dead processes; None if no such session is known."""

    async def acquire_request(self, slot: str) -> None:
        """Wait until the session in `slot` may send one request."""

    async def session_wanted(self) -> bool:
        """Return whether another process waits for a session."""

    async def refused_until(self, as_whom: str) -> datetime | None:
        """Return until when a refused login is not tried again; None if it may be tried."""

    async def login_answered(self, as_whom: str, *, refused: bool) -> None:
        """Store whether this login was refused: Acumatica locks an account after repeated refusals."""


class NoLimits:
    """A licence without limits: for tests and one-off reads."""

    async def acquire_session(self) -> str:
        return "unlimited"

    async def release_session(self, slot: str) -> None:
        return None

    async def still_used(self, slot: str) -> None:
        return None

    async def limit_was_met(self, refusal: str) -> str:
        return refusal

    async def counted_until(self) -> datetime | None:
        return None

    async def acquire_request(self, slot: str) -> None:
        return None

    async def session_wanted(self) -> bool:
        return False

    async def refused_until(self, as_whom: str) -> datetime | None:
        return None

    async def login_answered(self, as_whom: str, *, refused: bool) -> None:
        return None
