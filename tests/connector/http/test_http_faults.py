"""What a failed exchange means, seen on real sockets of this machine."""

import asyncio
import gzip
import ssl

import httpx
import pytest
from support.raw_server import listening

from connector.http import AnswerTooLarge, exchange, fault_of, is_json, no_cookies


async def fault_at(url: str, **options: float):
    async with httpx.AsyncClient(timeout=options.pop("timeout", 5.0)) as client:
        with pytest.raises(httpx.TransportError) as caught:
            await exchange(client, client.build_request("GET", url), **options)
    return fault_of(caught.value)


async def test_a_closed_port_is_refused():
    """A port on which nobody listens refuses the connection, and the words say so rather than 'all attempts failed'."""
    async with listening(lambda reader, writer: asyncio.sleep(0)) as port:
        pass
    fault = await fault_at(f"http://127.0.0.1:{port}/")
    assert (fault.kind, fault.request_left, fault.of_connection) == ("refused", False, True)
    assert "refused" in fault.describe("127.0.0.1") or "failed" in fault.describe("127.0.0.1")
    assert "All connection attempts failed" not in fault.reason


def answering(**response: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200, **response)))


async def test_a_bomb_is_not_unpacked_beyond_the_limit():
    """A small compressed answer that unpacks beyond the limit is stopped and is not a usable answer."""
    packed = gzip.compress(b" " * 1_000_000)
    async with answering(content=packed, headers={"content-encoding": "gzip"}) as client:
        with pytest.raises(AnswerTooLarge) as caught:
            await exchange(client, client.build_request("GET", "http://shop/"), limit=1000)
    assert fault_of(caught.value).kind == "protocol"


async def test_a_compressed_answer_comes_back_unpacked():
    """A gzip answer is unpacked once, and can be read as JSON."""
    headers = {"content-encoding": "gzip", "content-type": "application/json; charset=utf-8"}
    async with answering(content=gzip.compress(b'{"a": 1}'), headers=headers) as client:
        response = await exchange(client, client.build_request("GET", "http://shop/"))
    assert response.json() == {"a": 1}
    assert is_json(response)


async def test_a_body_that_does_not_unpack_is_a_protocol_fault():
    """An answer that calls itself gzip and is none is a transport fault, not another kind of exception."""
    async with answering(content=b"plain", headers={"content-encoding": "gzip"}) as client:
        with pytest.raises(httpx.TransportError) as caught:
            await exchange(client, client.build_request("GET", "http://shop/"))
    assert fault_of(caught.value).kind == "protocol"


@pytest.mark.parametrize("value", ["é".encode(), "é".encode("latin-1")])
async def test_a_header_that_is_no_ascii(value: bytes):
    """A proxy may write its name as it likes: the answer is one all the same."""
    headers = [(b"Server", value), (b"Content-Length", b"2"), (b"X-A", b"1"), (b"X-A", b"2")]
    async with answering(content=b"{}", headers=headers) as client:
        response = await exchange(client, client.build_request("GET", "http://shop/"))
    assert (response.headers["server"], response.headers.get_list("x-a"), response.content) == ("é", ["1", "2"], b"{}")


async def test_no_cookie_is_kept():
    """A jar of no_cookies sends no cookie back."""
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, headers={"set-cookie": "PHPSESSID=1; path=/"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), cookies=no_cookies()) as client:
        for _ in range(2):
            await exchange(client, client.build_request("GET", "http://shop.example/"))
    assert seen == [None, None]


async def test_a_redirect_is_not_followed():
    """A redirect comes back as it is, also from a client that would follow it."""
    transport = httpx.MockTransport(lambda request: httpx.Response(302, headers={"location": "http://other/"}))
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
        response = await exchange(client, client.build_request("POST", "http://shop/"))
    assert response.status_code == 302


@pytest.mark.parametrize(
    ("exc", "kind", "left"),
    [
        (httpx.ConnectTimeout("x"), "connect_timeout", False),
        (httpx.PoolTimeout("x"), "connect_timeout", False),
        (httpx.WriteTimeout("x"), "read_timeout", True),
        (httpx.WriteError("x"), "reset", True),
        (httpx.ReadError(""), "reset", True),
        (httpx.CloseError("x"), "reset", True),
        (httpx.LocalProtocolError("x"), "protocol", False),
        (httpx.UnsupportedProtocol("x"), "protocol", False),
        (httpx.ProxyError("x"), "refused", False),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "reset", True),
    ],
)
def test_every_exception_has_its_kind(exc: httpx.TransportError, kind: str, left: bool):
    """Every transport exception of httpx has a kind, and only those before a connection are surely not sent."""
    fault = fault_of(exc)
    assert (fault.kind, fault.request_left) == (kind, left)
    assert "shop.example" in fault.describe("shop.example")


def test_a_certificate_that_is_not_trusted_is_a_tls_fault():
    """The cause decides, however deep it is, also inside a group of attempts."""
    exc = httpx.ConnectError("All connection attempts failed")
    exc.__cause__ = ExceptionGroup("attempts", [OSError("unreachable"), ssl.SSLCertVerificationError("self-signed")])
    assert fault_of(exc).kind == "tls"


def test_a_connection_attempt_that_timed_out_in_the_kernel_is_a_connect_timeout():
    """The operating system's own time-out is told apart from a refusal."""
    exc = httpx.ConnectError("All connection attempts failed")
    exc.__cause__ = TimeoutError(110, "Connection timed out")
    assert fault_of(exc).kind == "connect_timeout"
