"""One behaviour of two transports, on real sockets: ours, and httpx's own, which takes its place beside a proxy."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from support.certificates import Authority
from support.raw_server import listening, request_of

from connector.http import exchange, fault_of, no_cookies
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient
from connector.transport import AsyncioTransport, transport_for

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
BODY = b'{"prices":[]}'

Make = Callable[..., httpx.AsyncClient]


def trusting(authority: Authority | None = None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file) if authority else None)


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


async def post(client: httpx.AsyncClient, url: str, body: bytes = BODY, **options: float) -> httpx.Response:
    return await exchange(client, client.build_request("POST", url, content=body), **options)


async def fault_at(client: httpx.AsyncClient, url: str, body: bytes = BODY, **options: float):
    with pytest.raises(httpx.TransportError) as caught:
        await post(client, url, body, **options)
    return fault_of(caught.value)


class Server:
    """Answers every request in the same way, and counts connections and requests."""

    def __init__(self, answer: bytes, *, closes: bool = False, after: bytes = b"") -> None:
        self.answer = answer
        self.closes = closes
        self.after = after
        self.connections = 0
        self.requests: list[tuple[bytes, bytes]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            self.requests.append(await request_of(reader))
            writer.write(self.answer)
            await writer.drain()
            if self.closes:
                return
            if self.after:
                await asyncio.sleep(0.01)
                writer.write(self.after)


async def test_a_request_on_the_wire(client: Make):
    """Method, target, headers and body leave as httpx made them, in one piece of text."""
    server = Server(OK)
    async with listening(server) as port, client() as made:
        address = f"http://127.0.0.1:{port}/rest/all/V1/products?a=%20b"
        request = made.build_request("PUT", address, content=BODY, headers={"X-A": "1"})
        response = await exchange(made, request)
    assert (response.status_code, response.json()) == (200, {})
    ((head, body),) = server.requests
    lines = head.decode().split("\r\n")
    assert lines[0] == "PUT /rest/all/V1/products?a=%20b HTTP/1.1"
    assert [tuple(line.split(": ", 1)) for line in lines[1:-2]] == [
        (name.decode(), value.decode()) for name, value in request.headers.raw
    ]
    assert body == BODY


async def test_a_connection_is_kept(client: Make):
    """Requests after one another take the same connection."""
    server = Server(OK)
    async with listening(server) as port, client() as made:
        for _ in range(3):
            await post(made, f"http://127.0.0.1:{port}/")
    assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.0 200 OK\r\n\r\n[1, 2]", b"[1, 2]"),
        (b"HTTP/1.1 200 OK\r\n\r\n[1, 2]", b"[1, 2]"),
    ],
    ids=["close", "HTTP/1.0", "HTTP/1.0 until the end", "until the end"],
)
async def test_a_connection_that_ends_with_its_answer(client: Make, answer: bytes, text: bytes):
    """The answer is whole, and the next request takes a new connection."""
    server = Server(answer, closes=True)
    async with listening(server) as port, client() as made:
        for _ in range(2):
            assert (await post(made, f"http://127.0.0.1:{port}/")).content == text
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile(client: Make):
    """It is not used for the next request, which succeeds on a new one."""
    server = Server(OK, closes=True)
    async with listening(server) as port, client() as made:
        for _ in range(3):
            await post(made, f"http://127.0.0.1:{port}/")
            await asyncio.sleep(0.02)  # until the end has arrived here
    assert server.connections == 3


async def test_a_connection_that_was_idle_for_too_long(client: Make):
    """It is not used any more."""
    server = Server(OK)
    async with listening(server) as port, client(idle=0.0) as made:
        for _ in range(2):
            await post(made, f"http://127.0.0.1:{port}/")
            await asyncio.sleep(0.001)
    assert server.connections == 2


async def test_an_answer_that_nobody_asked_for(client: Make):
    """What arrives on an idle connection is never taken for the answer of the next request."""
    other = OK.replace(b"{}", b"[]")
    server = Server(OK, after=other)
    async with listening(server) as port, client() as made:
        for _ in range(3):
            assert (await post(made, f"http://127.0.0.1:{port}/")).content == b"{}"
            await asyncio.sleep(0.03)
    assert server.connections == 3


async def test_two_answers_to_one_request():
    """The second one, which came in the same packet, is not the next request's answer."""
    server = Server(OK + OK.replace(b"{}", b"[]"))
    async with (
        listening(server) as port,
        httpx.AsyncClient(transport=AsyncioTransport(trusting(), 1)) as made,
    ):
        for _ in range(2):
            assert (await post(made, f"http://127.0.0.1:{port}/")).content == b"{}"
    assert server.connections == 2


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "byte by byte"])
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        CHUNKED + b'4;name=value\r\n{"a"\r\n3\r\n:1}\r\n0\r\nX-End: yes\r\n\r\n',
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    ],
    ids=["length", "chunks", "100-continue"],
)
async def test_answers_in_pieces(client: Make, answer: bytes, at_once: bool):
    """Chunks, trailers and announcements are undone however the network cuts them; the connection is kept."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await request_of(reader)
            for start in range(0, len(answer), len(answer) if at_once else 1):
                writer.write(answer[start:] if at_once else answer[start : start + 1])
                await writer.drain()
                await asyncio.sleep(0)

    async with listening(serve) as port, client() as made:
        for _ in range(2):
            response = await post(made, f"http://127.0.0.1:{port}/")
            assert response.json() == ({"a": 1} if answer.startswith(CHUNKED) else {})
    assert connections == 1


async def test_a_compressed_answer_in_chunks(client: Make):
    """It comes back as it was before."""
    text = json.dumps([{"sku": f"SKU-{number:06d}"} for number in range(20_000)]).encode()
    packed = gzip.compress(text)
    pieces = [packed[start : start + 1_000] for start in range(0, len(packed), 1_000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = Server(head + chunks + b"0\r\n\r\n")
    async with listening(server) as port, client() as made:
        assert (await post(made, f"http://127.0.0.1:{port}/")).content == text


async def test_much_in_both_directions(client: Make):
    """A body of 20 MB arrives at a server that reads slowly, and comes back whole."""
    body = bytes(range(256)) * 80_000

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _head, came = await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(came))
        writer.write(came)
        await writer.drain()

    async with listening(echo) as port, client() as made:
        assert (await post(made, f"http://127.0.0.1:{port}/", body)).content == body


async def test_an_answer_before_the_request_is_whole(client: Make):
    """A server that refuses a large body early, and reads on, is heard."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        while await reader.read(65_536):
            pass

    async with listening(refuse) as port, client() as made:
        assert (await post(made, f"http://127.0.0.1:{port}/", b"x" * 5_000_000)).status_code == 413


async def hang_up_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without having read anything."""


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)


def after_request(answer: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    return Server(answer, closes=True)


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (hang_up_at_once, "reset"),
        (hang_up, "reset"),
        (after_request(b"HTTP/1.1 200 OK\r\nContent-Le"), "reset"),
        (after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "reset"),
        (after_request(CHUNKED + b"4\r\nhalf\r\n"), "reset"),
        (after_request(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol"),
        (after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), "protocol"),
        (after_request(CHUNKED + b"not a length\r\n"), "protocol"),
        (after_request(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 300_000 + b"\r\n\r\n"), "protocol"),
        (after_request(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"), "protocol"),
    ],
    ids=lambda value: None if isinstance(value, str) else "",
)
async def test_what_may_have_arrived(client: Make, handler, kind: str):
    """A cut and a broken answer leave open whether the request was applied; the next one takes a new connection."""
    async with listening(handler) as port, client() as made:
        for _ in range(2):
            fault = await fault_at(made, f"http://127.0.0.1:{port}/")
            assert (fault.kind, fault.request_left) == (kind, True), fault


async def test_a_reset_while_the_answer_is_waited_for(client: Make):
    """A connection that is reset may have delivered its request."""

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.transport.get_extra_info("socket").setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: 0 seconds
        writer.transport.abort()

    async with listening(reset) as port, client() as made:
        fault = await fault_at(made, f"http://127.0.0.1:{port}/")
    assert (fault.kind, fault.request_left) == ("reset", True)


async def test_a_half_open_connection(client: Make):
    """A host that accepts and is silent ends by its time-out; what it says later is nobody's answer."""
    answered = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _head, body = await request_of(reader)
        if body == b"first":
            await answered.wait()
            writer.write(OK.replace(b"{}", b"[]"))
        else:
            writer.write(OK)
        await writer.drain()

    async with listening(late) as port, client(timeout=5.0, read=0.05) as made:
        fault = await fault_at(made, f"http://127.0.0.1:{port}/", b"first")
        assert (fault.kind, fault.request_left) == ("read_timeout", True)
        answered.set()
        made.timeout = httpx.Timeout(5.0)
        assert (await post(made, f"http://127.0.0.1:{port}/", b"second")).content == b"{}"


async def test_a_host_that_takes_nothing(client: Make):
    """A body that is not taken within the time for writing is given up, and may have arrived."""
    released = asyncio.Event()

    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()

    async with listening(stuck) as port, client(timeout=5.0, write=0.05) as made:
        fault = await fault_at(made, f"http://127.0.0.1:{port}/", b"x" * 50_000_000)
        released.set()
    assert (fault.kind, fault.request_left) == ("read_timeout", True)


async def test_an_answer_that_drips(client: Make):
    """It is given up when the time for the whole exchange is over."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with listening(drip) as port, client() as made:
        fault = await fault_at(made, f"http://127.0.0.1:{port}/", seconds=0.1)
    assert (fault.kind, fault.request_left) == ("read_timeout", True)


async def test_what_surely_did_not_arrive(client: Make):
    """An unknown name, a closed port and a header that cannot be sent are known not to have left."""
    async with listening(hang_up) as port:
        pass
    async with client() as made:
        for address, kind in ((f"http://127.0.0.1:{port}/", "refused"), ("http://no-such-host.invalid/", "dns")):
            fault = await fault_at(made, address)
            assert (fault.kind, fault.request_left) == (kind, False), fault
    server = Server(OK)
    async with listening(server) as port, client() as made:
        request = made.build_request("POST", f"http://127.0.0.1:{port}/", headers={"X-A": "1\r\nX-B: 2"})
        with pytest.raises(httpx.TransportError) as caught:
            await exchange(made, request)
        fault = fault_of(caught.value)
        assert (fault.kind, fault.request_left, server.requests) == ("protocol", False, [])
        await post(made, f"http://127.0.0.1:{port}/")


async def test_a_host_that_accepts_nobody(client: Make):
    """A connection that is not made in time is a fault of its own, and nothing has left."""
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, backlog=1)
    port = server.sockets[0].getsockname()[1]
    server.close()
    async with client(timeout=5.0, connect=1e-9) as made:
        fault = await fault_at(made, f"http://127.0.0.1:{port}/")
    assert (fault.kind, fault.request_left) == ("connect_timeout", False)


async def test_a_certificate_that_is_not_trusted(client: Make, tmp_path: Path):
    """It is refused before a byte of a request; one of a trusted authority is taken, and its connection is kept."""
    authority = Authority(tmp_path)
    server = Server(OK)
    async with listening(server, authority.server("localhost")) as port:
        async with client() as made:
            fault = await fault_at(made, f"https://localhost:{port}/")
        assert (fault.kind, fault.request_left, server.requests) == ("tls", False, [])
        async with client(tls=trusting(authority)) as made:
            for _ in range(2):
                await post(made, f"https://localhost:{port}/")
        assert (server.connections, len(server.requests)) == (1, 2)
    async with listening(server, authority.server("shop.example.com")) as port, client(tls=trusting(authority)) as made:
        fault = await fault_at(made, f"https://localhost:{port}/")
    assert (fault.kind, fault.request_left) == ("tls", False)


async def test_tls_against_a_plain_port(client: Make):
    """It is a fault of TLS, and of the connection: every request there would fail alike."""

    async def answer_plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with listening(answer_plain) as port, client() as made:
        fault = await fault_at(made, f"https://127.0.0.1:{port}/")
    assert (fault.kind, fault.request_left, fault.of_connection) == ("tls", False, True)


async def test_more_requests_than_connections(client: Make):
    """No more than the allowed connections are open at once, and all requests are answered."""
    open_now = most = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            while True:
                await request_of(reader)
                await asyncio.sleep(0.005)
                writer.write(OK)
        finally:
            open_now -= 1

    async with listening(slow) as port, client(connections=2) as made:
        answers = await asyncio.gather(*(post(made, f"http://127.0.0.1:{port}/") for _ in range(7)))
    assert ([one.status_code for one in answers], most) == ([200] * 7, 2)


async def test_a_request_that_finds_no_connection(client: Make):
    """It is given up after its time, and has surely not left."""
    arrived, released = asyncio.Event(), asyncio.Event()

    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        arrived.set()
        await released.wait()
        writer.write(OK)

    async with listening(stuck) as port, client(timeout=5.0, pool=0.05) as made:
        first = asyncio.create_task(post(made, f"http://127.0.0.1:{port}/"))
        await asyncio.wait_for(arrived.wait(), 5)
        fault = await fault_at(made, f"http://127.0.0.1:{port}/")
        released.set()
        assert (await first).status_code == 200
    assert (fault.kind, fault.request_left) == ("connect_timeout", False)


async def test_a_cancelled_request(client: Make):
    """Its connection is closed, so that its answer is nobody's, and its place is free."""
    server = Server(OK)
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def first_is_stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if server.connections:
            await server(reader, writer)
            return
        server.connections += 1
        await request_of(reader)
        arrived.set()
        await reader.read()
        ended.set()

    async with listening(first_is_stuck) as port, client() as made:
        waiting = asyncio.create_task(post(made, f"http://127.0.0.1:{port}/"))
        await asyncio.wait_for(arrived.wait(), 5)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(ended.wait(), 5)
        assert (await post(made, f"http://127.0.0.1:{port}/")).status_code == 200


async def test_closing_the_client(client: Make):
    """Its idle connections end."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await Server(OK)(reader, writer)
        finally:
            ended.set()

    async with listening(serve) as port:
        async with client() as made:
            await post(made, f"http://127.0.0.1:{port}/")
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_redirect(client: Make):
    """It comes back as it is; nothing goes where it leads to."""
    server = Server(b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    async with listening(server) as port, client() as made:
        response = await post(made, f"http://127.0.0.1:{port}/")
    assert (response.status_code, response.headers["location"]) == (307, "http://127.0.0.1:1/")


async def test_a_proxy(monkeypatch: pytest.MonkeyPatch):
    """Where the environment names a proxy, requests go there; without one, ours is used."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(transport_for(trusting(), 1), AsyncioTransport)
    proxy = Server(OK)
    async with listening(proxy) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        async with MagentoClient(MagentoAccess("http://shop.example", Bearer("token"))) as magento:
            assert await magento.get("store/storeViews") == {}
    ((head, _body),) = proxy.requests
    assert head.startswith(b"GET http://shop.example/rest/all/V1/store/storeViews HTTP/1.1\r\n")
