"""Access to Acumatica and Magento as the settings describe it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.this_process import describe_this_process
from connector.acumatica.access import AcumaticaAccess
from connector.acumatica.session import AcumaticaSession, acumatica_session
from connector.clock import Clock
from connector.magento.auth import Bearer, OAuth
from connector.magento.client import MagentoAccess
from connector.state.coordination.quota import SharedLicence
from connector.state.coordination.seats import IDLE_SECONDS
from connector.state.engine import State
from settings import Settings

OPERATOR_SESSION_WAIT = IDLE_SECONDS + 90.0
"""Seconds for which a command or form waits for an Acumatica session: long enough for Acumatica to close the sessions
of processes that died.
"""


def acumatica_access(settings: Settings) -> AcumaticaAccess:
    """Return Acumatica's address, the login and the limits of its client."""
    section = settings.acumatica
    return AcumaticaAccess(
        url=section.url,
        tenant=section.tenant,
        username=section.username,
        password=section.password.get_secret_value() if section.password else "",
        branch=section.branch,
        client_id=section.client_id,
        client_secret=section.client_secret.get_secret_value() if section.client_secret else "",
        endpoint=section.endpoint,
        version=section.version,
        page_size=section.page_size,
        timeout=section.timeout,
        concurrency=section.concurrency,
    )


@asynccontextmanager
async def operator_session(
    settings: Settings, state: State, clock: Clock, purpose: str, on_wait: Callable[[str], object]
) -> AsyncIterator[AcumaticaSession]:
    """Yield an Acumatica session for something that a person started, within the licence that all processes share.

    Args:
        purpose: What the session is for, shown to processes that wait for it.
        on_wait: Called with a message about what is being waited for.
    """
    access, section = acumatica_access(settings), settings.acumatica
    licence = SharedLicence(
        state,
        clock,
        access.host,
        session_limit=section.sessions,
        requests_per_minute=section.requests_per_minute,
        by_hand=True,
        holder=f"{purpose}: {describe_this_process()}",
        report=on_wait,
    )
    async with acumatica_session(access, licence=licence, clock=clock, patience=OPERATOR_SESSION_WAIT) as session:
        yield session


def magento_access(settings: Settings) -> MagentoAccess:
    """Return Magento's address and credentials. OAuth is preferred to a bearer token."""
    section = settings.magento

    def secret(name: str) -> str:
        value = getattr(section, name)
        return str(value.get_secret_value()) if value else ""

    auth: Bearer | OAuth = Bearer(secret("bearer_token"))
    if section.consumer_key:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        auth = OAuth(*(secret(name) for name in names))
    return MagentoAccess(section.url, auth, section.store_code, section.timeout)
