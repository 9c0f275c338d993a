"""One behaviour of two transports, on real sockets: ours, and httpx's own, which takes its place beside a proxy."""

import ssl

import httpx
import pytest
from support.transports import Make, trusting

from connector.http import no_cookies
from connector.transport import AsyncioTransport


@pytest.fixture(params=["ours", "httpx"])
def client(request: pytest.FixtureRequest) -> Make:
    """Make a client of one of the transports."""

    def make(
        *, connections: int = 1, idle: float = 30.0, tls: ssl.SSLContext | None = None, **timeouts: float
    ) -> httpx.AsyncClient:
        tls = tls or trusting()
        if request.param == "ours":
            transport: httpx.AsyncBaseTransport = AsyncioTransport(tls, connections, idle)
        else:
            limits = httpx.Limits(max_connections=connections, keepalive_expiry=idle)
            transport = httpx.AsyncHTTPTransport(verify=tls, limits=limits)
        times = httpx.Timeout(timeouts.pop("timeout", 10.0), **timeouts)
        return httpx.AsyncClient(transport=transport, timeout=times, cookies=no_cookies())

    return make
