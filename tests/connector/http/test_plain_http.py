"""Which exchanges are read and written without h11, and that they come to the same as with it."""

from __future__ import annotations

import h11
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connector.plain_http import MOST_IN_PIECES, head_of, text_of

URL = "http://shop.example/rest/all/V1/products?a=%20b"
Answer = tuple[bytes, list[tuple[bytes, bytes]], bool, bytes]
HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"


def by_h11(request: httpx.Request, content: bytes) -> tuple[h11.Connection, bytes]:
    http = h11.Connection(h11.CLIENT)
    head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    pieces = [http.send(head), http.send(h11.Data(data=content)) if content else b"", http.send(h11.EndOfMessage())]
    return http, b"".join(piece or b"" for piece in pieces)


def whole_answer(data: bytes) -> Answer | None:
    """Reason, headers, whether they are ASCII, and the body."""
    head = head_of(data)
    body = None if head is None else head.body_in([data])
    return None if head is None or body is None else (head.reason, head.headers, head.is_ascii, body)


def read_by_h11(data: bytes) -> Answer | None:
    """The same, if h11 finds the answer whole and nothing behind it."""
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
    return bytes(head.reason), headers, data[: data.index(b"\r\n\r\n")].isascii(), body


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
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n02\r\n{}\r\n0\r\n\r\n",
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


LINES = [
    *(
        b"Content-Length: 2",
        b"Content-Length: 02",
        b"content-LENGTH:\t2",
        b"Content-Length: 0",
        b"Content-Length: 2, 2",
    ),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"Connection: keep-alive", b"Connection: close"),
    *(b"X: a b\tc", b"X:", b"X: ", b"X : 1", b" folded", b":", b"X: \xe9", b"X: \x01", b"X: \x7f", b"Upgrade: h2c"),
]
PIECES = [
    b"{}",
    b"{",
    b"}",
    b"2\r\n",
    b"{}\r\n",
    b"0\r\n",
    b"00\r\n",
    b"2;a=b\r\n",
    b"2 \r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"X: 1",
]
FRAMED = [
    HEAD + b"Content-Length: 2\r\nConnection: keep-alive\r\n\r\n{}",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
]


def agrees(data: bytes) -> bool:
    read = whole_answer(data)
    return read is None or read == read_by_h11(data)


@settings(max_examples=500)
@given(
    lines=st.lists(st.sampled_from(LINES), max_size=4),
    framing=st.sampled_from([b"Content-Length: 2", b"Content-Length: 4", b"Transfer-Encoding: chunked"]),
    body=st.lists(st.sampled_from(PIECES), max_size=5),
)
@example(lines=[b"Connection: close", b"Connection: keep-alive"], framing=b"Content-Length: 2", body=[b"{}"])
@example(lines=[], framing=b"Transfer-Encoding: chunked", body=[b"0\r\n", b"\r\n", b"0\r\n", b"\r\n"])
def test_no_answer_is_read_otherwise_than_by_h11(lines: list[bytes], framing: bytes, body: list[bytes]):
    """What is taken for a whole answer is one for h11 too, with the same headers and the same body."""
    assert agrees(HEAD + b"\r\n".join([*lines, framing, b"", b""]) + b"".join(body))


@settings(max_examples=500)
@given(data=st.sampled_from(FRAMED), place=st.integers(0, 200), byte=st.integers(0, 255))
def test_no_damaged_answer_is_read_otherwise_than_by_h11(data: bytes, place: int, byte: int):
    """Whichever byte of it is another one."""
    place %= len(data)
    assert agrees(data[:place] + bytes([byte]) + data[place + 1 :])


@pytest.mark.parametrize(
    ("framing", "came", "missing"),
    [
        (b"Content-Length: 10\r\n", b"", 10),
        (b"Content-Length: 10\r\n", b"1234", 6),
        (b"Content-Length: 10\r\n", b"1234567890", 0),
        (b"Content-Length: 10\r\n", b"12345678901", 0),
        (b"Content-Length: %d\r\n" % (MOST_IN_PIECES + 1), b"", 0),
        (b"Transfer-Encoding: chunked\r\n", b"a\r\n", 0),
    ],
)
def test_what_is_still_to_come(framing: bytes, came: bytes, missing: int):
    """It is known of a body with a length, and waited for unless it is very long."""
    data = HEAD + framing + b"\r\n" + came
    head = head_of(data)
    assert head is not None and head.missing(len(data)) == missing
