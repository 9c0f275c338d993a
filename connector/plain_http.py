"""The plain case of HTTP/1.1 without h11: a request with a length, and an answer 200 that has come whole.

Nearly every exchange is one, and h11 takes ten times as long for it. Whatever is not exactly of this shape is `None`
here and h11's business: other statuses, 1xx, HTTP/1.0, `Connection: close`, upgrades, compression, trailers, several
chunks, folded or repeated framing headers, bytes that do not belong to the answer, and everything that is wrong.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import httpx

Headers = list[tuple[bytes, bytes]]

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+"
_VALUE = rb"[\x21-\x7e\x80-\xff]+(?:[ \t]+[\x21-\x7e\x80-\xff]+)*"
_REQUEST = re.compile(
    rb"(?:GET|POST|PUT|PATCH|DELETE) [\x21-\x7e]+ HTTP/1\.1\r\n(?:" + _TOKEN + rb": " + _VALUE + rb"\r\n)+\r\n"
)
_ANSWER = re.compile(
    rb"HTTP/1\.1 200 ([ \t\x21-\x7e\x80-\xff]*)\r\n((?:" + _TOKEN + rb":[ \t]*(?:" + _VALUE + rb")?\r\n)+)\r\n"
)
_ONE_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})\r\n")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_NOT_PLAIN_IN_A_REQUEST = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"})
_NOT_PLAIN_IN_AN_ANSWER = frozenset({b"content-encoding", b"trailer", b"upgrade"})


class WholeAnswer(NamedTuple):
    """An answer 200, its headers as they came. `is_ascii`: nobody need find out how they are encoded."""

    reason: bytes
    headers: Headers
    body: bytes
    is_ascii: bool


def text_of(request: httpx.Request, content: bytes) -> bytes | None:
    """Return what goes over the connection, head and body."""
    raw = request.headers.raw
    given = {name.lower(): value for name, value in raw}
    if len(given) != len(raw) or b"host" not in given or not given.keys().isdisjoint(_NOT_PLAIN_IN_A_REQUEST):
        return None
    if given.get(b"connection", b"keep-alive") != b"keep-alive":
        return None
    if given.get(b"content-length", b"0") != b"%d" % len(content):
        return None
    lines = b"".join([b"%b: %b\r\n" % pair for pair in raw])
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (request.method.encode(), request.url.raw_path, lines)
    if _REQUEST.fullmatch(head) is None or head.count(b"\r\n") != len(raw) + 2:
        return None
    return head + content


def whole_answer(data: bytes) -> WholeAnswer | None:
    """Return the answer that these bytes are, from the first to the last."""
    found = _ANSWER.match(data)
    if found is None:
        return None
    headers = [
        (name, value.lstrip(b" \t"))
        for name, _colon, value in [line.partition(b":") for line in found[2].split(b"\r\n")[:-1]]
    ]
    given = {name.lower(): value for name, value in headers}
    if not given.keys().isdisjoint(_NOT_PLAIN_IN_AN_ANSWER):
        return None
    if given.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    framing = given.keys() & _FRAMING
    if len(framing) != 1 or (len(given) < len(headers) and _count(headers, *framing) != 1):
        return None
    body = _body(data, found.end(), given)
    return None if body is None else WholeAnswer(found[1], headers, body, found[0].isascii())


def _count(headers: Headers, one: bytes) -> int:
    return sum(name.lower() == one for name, _value in headers)


def _body(data: bytes, start: int, given: dict[bytes, bytes]) -> bytes | None:
    length = given.get(b"content-length")
    if length is not None:
        is_whole = _LENGTH.fullmatch(length) is not None and len(data) - start == int(length)
        return data[start:] if is_whole else None
    if given[b"transfer-encoding"].lower() != b"chunked":
        return None
    chunk = _ONE_CHUNK.match(data, start)
    if chunk is None:
        return None
    end = chunk.end() + int(chunk[1], 16)
    return data[chunk.end() : end] if data[end:] == b"\r\n0\r\n\r\n" else None
