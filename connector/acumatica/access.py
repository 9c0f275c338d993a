"""Where Acumatica is, as whom the connector logs in, and the licence that all processes share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlsplit


@dataclass(frozen=True)
class AcumaticaAccess:
    """One tenant of one site. With `client_id` it is OAuth2 (password grant and refresh), else a login with a cookie.

    page_size: records of one request. timeout: seconds of one request. concurrency: requests at once in the session.
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
    parts = urlsplit(url.replace("\\", "/"))  # browsers and some servers read one as the other
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


class Licence(Protocol):
    """The licence's limits, which hold for the installation: every process waits for its turn."""

    async def acquire_session(self) -> str:
        """Wait for a free session and return its slot."""

    async def release_session(self, slot: str) -> None:
        """Free the slot."""

    async def still_used(self, slot: str) -> None:
        """Renew the slot from time to time, so that others see that its process is alive."""

    async def limit_was_met(self, refusal: str) -> str:
        """Record that Acumatica's licence is full; return a message with the likely reason and what to do."""

    async def counted_until(self) -> datetime | None:
        """Return until when Acumatica may count sessions of processes that have died; None where none is known."""

    async def acquire_request(self, slot: str) -> None:
        """Wait for the turn of one request of the session in `slot`."""

    async def session_wanted(self) -> bool:
        """Return whether somebody waits for a session."""

    async def refused_until(self, as_whom: str) -> datetime | None:
        """Return until when a login that was refused is not tried again; None if it may be tried."""

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
