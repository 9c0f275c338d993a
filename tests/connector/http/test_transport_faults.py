"""What fails over both transports, and whether the request may have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from support.certificates import Authority
from support.raw_server import CHUNKED, OK, Server, listening, request_of
from support.transports import Make, fault_at, post, trusting

from connector.http import exchange, fault_of


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
