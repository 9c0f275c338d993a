"""One behaviour of two transports, on real sockets: ours, with and without a client of httpx, and httpx's own,
which takes its place beside a proxy.
"""

import ssl

import httpx
import pytest
from support.transports import Client, Direct, Make, trusting

from connector.http import no_cookies
from connector.transport import AsyncioTransport


@pytest.fixture(params=["ours", "ours, directly", "httpx"])
def client(request: pytest.FixtureRequest) -> Make:
    """Make a client of one of the transports."""

    def make(
        *, connections: int = 1, idle: float = 30.0, tls: ssl.SSLContext | None = None, **timeouts: float
    ) -> Client:
        tls = tls or trusting()
        if request.param != "httpx":
            transport: httpx.AsyncBaseTransport = AsyncioTransport(tls, connections, idle)
        else:
            limits = httpx.Limits(max_connections=connections, keepalive_expiry=idle)
            transport = httpx.AsyncHTTPTransport(verify=tls, limits=limits)
        times = httpx.Timeout(timeouts.pop("timeout", 10.0), **timeouts)
        client = httpx.AsyncClient(transport=transport, timeout=times, cookies=no_cookies())
        return Direct(client, transport) if request.param == "ours, directly" else client

    return make
