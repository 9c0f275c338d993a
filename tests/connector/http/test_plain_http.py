"""Which exchanges are read and written without h11, and that they come to the same as with it."""

from __future__ import annotations

import h11
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.plain_http import WholeAnswer, text_of, whole_answer

URL = "http://shop.example/rest/all/V1/products?a=%20b"
HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"


def by_h11(request: httpx.Request, content: bytes) -> tuple[h11.Connection, bytes]:
    http = h11.Connection(h11.CLIENT)
    head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    pieces = [http.send(head), http.send(h11.Data(data=content)) if content else b"", http.send(h11.EndOfMessage())]
    return http, b"".join(piece or b"" for piece in pieces)


def read_by_h11(data: bytes) -> WholeAnswer | None:
    """The answer, if h11 finds it whole and nothing behind it."""
    http, _text = by_h11(httpx.Request("POST", URL, content=b"x"), b"x")
    http.receive_data(data)
    head, body = http.next_event(), b""
    while isinstance(event := http.next_event(), h11.Data):
        body += bytes(event.data)
    if not isinstance(head, h11.Response) or head.status_code != 200 or not isinstance(event, h11.EndOfMessage):
        return None
    if http.their_state is not h11.DONE or http.trailing_data[0]:
        return None
    headers = [(bytes(name), bytes(value)) for name, value in head.headers.raw_items()]
    return WholeAnswer(bytes(head.reason), headers, body, data[: data.index(b"\r\n\r\n")].isascii())


@pytest.mark.parametrize(("method", "content"), [("GET", b""), ("POST", b""), ("POST", b"{}"), ("PUT", b"\r\n\r\n")])
def test_a_request(method: str, content: bytes):
    """Its text is the one that h11 writes."""
    request = httpx.Request(method, URL, content=content, headers={"Connection": "keep-alive", "X-A": "1  \t 2"})
    assert text_of(request, content) == by_h11(request, content)[1]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("CONNECT", {}),
        ("POST", {"Content-Length": "3"}),
        ("POST", {"Transfer-Encoding": "chunked"}),
        ("POST", {"Connection": "close"}),
        ("POST", {"Expect": "100-continue"}),
        ("POST", {"X-A": "1\r\nX-B: 2"}),
        ("POST", {"X-A": "1\nX-B: 2"}),
        ("POST", {"X-A": " 1"}),
        ("POST", {"X A": "1"}),
        ("POST", {"X-A": ""}),
    ],
)
def test_a_request_that_is_left_to_h11(method: str, headers: dict[str, str]):
    """Whatever is not plain, and what cannot be sent."""
    assert text_of(httpx.Request(method, URL, content=b"{}", headers=headers), b"{}") is None


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 2\r\n\r\n{}",
        HEAD + b"content-length:2\r\nConnection: Keep-Alive\r\n\r\n{}",
        HEAD + b"Content-Length: 0\r\nX-Empty:\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        HEAD.replace(b"OK", b"") + b"Content-Length: 4\r\n\r\n\r\n\r\n",
    ],
)
def test_an_answer(data: bytes):
    """It is read as h11 reads it."""
    assert whole_answer(data) == read_by_h11(data) is not None


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 2 \r\n\r\n{}",
        HEAD + b"Content-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 1\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        HEAD + b"Content-Length: +2\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}",
        HEAD + b"X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"No colon\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"X A: 1\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-End: 1\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        HEAD + b"\r\n{}",
        HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 2\r\n\r\n{}",
        HEAD.replace(b"200", b"204") + b"Content-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}",
        b"",
    ],
)
def test_an_answer_that_is_left_to_h11(data: bytes):
    """Whatever is not plain, or not whole, or more than the answer."""
    assert whole_answer(data) is None


@given(
    body=st.binary(max_size=6),
    length=st.integers(0, 7),
    ends=st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b" ", b":", b"0", b"2\r\n"]), max_size=3),
    extra=st.sampled_from([b"", b"Transfer-Encoding: chunked\r\n", b"X:\x01\r\n", b"X: \xe9\r\n", b"X : 1\r\n"]),
    is_chunked=st.booleans(),
)
def test_no_answer_is_read_otherwise_than_by_h11(
    body: bytes, length: int, ends: list[bytes], extra: bytes, is_chunked: bool
):
    """What is taken for a whole answer is one for h11, with the same body."""
    framing, text = b"Content-Length: %d\r\n" % length, body
    if is_chunked:
        framing, text = b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (length, body)
    data = HEAD + extra + framing + b"\r\n" + text + b"".join(ends)
    read = whole_answer(data)
    assert read is None or read == read_by_h11(data)
