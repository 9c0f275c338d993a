"""Connections of both transports: when one is kept, and for whom."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from support.raw_server import OK, Server, listening, request_of
from support.transports import BODY, Make, fault_at, post, trusting

from connector.http import exchange
from connector.magento.auth import Bearer
from connector.magento.client import MagentoAccess, MagentoClient
from connector.transport import AsyncioTransport, transport_for


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
            for _ in range(2):  # on a busy machine it is sent at the end of the first pause, and arrives in the second
                await asyncio.sleep(0.03)
    assert server.connections == 3


async def test_bytes_that_the_event_loop_has_not_read_are_no_answer(client: Make):
    """What arrived on an idle connection closes it, also where the next request is sent before anything is read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        async def answered(request: asyncio.Task[httpx.Response]) -> socket.socket:
            connection, _address = await asyncio.to_thread(listener.accept)
            await asyncio.to_thread(connection.recv, 65_536)
            connection.sendall(OK)
            assert (await request).content == b"{}"
            return connection

        async with client() as made:
            with await answered(asyncio.create_task(post(made, url))) as idle:
                idle.sendall(OK.replace(b"{}", b"[]"))
                (await answered(asyncio.create_task(post(made, url)))).close()


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
