"""The plain case of HTTP/1.1 without h11: a request with a length, and an answer 200 with one, or in one chunk.

Nearly every exchange is one, and h11 takes ten times as long for it. Whatever is not exactly of this shape is `None`
here and h11's business: other statuses, 1xx, HTTP/1.0, `Connection: close`, upgrades, compression, trailers, several
chunks, folded or repeated framing headers, bytes that do not belong to the answer, and everything that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import httpx

MOST_IN_PIECES = 16 * 1024 * 1024
"""Bytes: a longer body is handed on as it comes, so that its reader can stop."""

Headers = list[tuple[bytes, bytes]]

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+"
_VALUE = rb"[\x21-\x7e\x80-\xff]+(?:[ \t]+[\x21-\x7e\x80-\xff]+)*"
_REQUEST = re.compile(
    rb"(?:GET|POST|PUT|PATCH|DELETE) [\x21-\x7e]+ HTTP/1\.1\r\n(?:" + _TOKEN + rb": " + _VALUE + rb"\r\n)+\r\n"
)
_ANSWER = re.compile(
    rb"HTTP/1\.1 200 ([ \t\x21-\x7e\x80-\xff]*)\r\n((?:" + _TOKEN + rb":[ \t]*(?:" + _VALUE + rb")?\r\n)+)\r\n"
)
_ONE_CHUNK = re.compile(rb"([1-9a-fA-F][0-9a-fA-F]{0,6})\r\n")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_ENDS = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_NOT_PLAIN_IN_A_REQUEST = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"})
_NOT_PLAIN_IN_AN_ANSWER = frozenset({b"content-encoding", b"trailer", b"upgrade"})


class PlainHead(NamedTuple):
    """The head of a plain answer, its headers as they came.

    `is_ascii`: nobody need find out how they are encoded. `length`: how many bytes come from `start` on; `None`: a
    chunk does.
    """

    reason: bytes
    headers: Headers
    is_ascii: bool
    start: int
    length: int | None

    def missing(self, count: int) -> int:
        """Return how many bytes are still to come after so many; 0 where it is not known, or too much to wait for."""
        if self.length is None or self.length > MOST_IN_PIECES:
            return 0
        return max(0, self.start + self.length - count)

    def body_in(self, pieces: Sequence[bytes]) -> bytes | None:
        """Return the body of the answer that these pieces are, from the first byte to the last."""
        first, *rest = pieces
        if self.length is not None:
            body = b"".join((first[self.start :], *rest))
            return body if len(body) == self.length else None
        data = b"".join(pieces)
        chunk = _ONE_CHUNK.match(data, self.start)
        if chunk is None:
            return None
        end = chunk.end() + int(chunk[1], 16)
        return data[chunk.end() : end] if data[end:] == b"\r\n0\r\n\r\n" else None


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


def head_of(data: bytes) -> PlainHead | None:
    """Return the head with which an answer begins."""
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
    if len(given) < len(headers) and _is_any_repeated(headers):
        return None
    length, coding = given.get(b"content-length"), given.get(b"transfer-encoding")
    is_chunked = length is None and coding == b"chunked"
    if not is_chunked and (length is None or coding is not None or _LENGTH.fullmatch(length) is None):
        return None
    return PlainHead(found[1], headers, found[0].isascii(), found.end(), None if length is None else int(length))


def _is_any_repeated(headers: Headers) -> bool:
    """Return whether one is that says where the answer or the connection ends."""
    found = [name for name, _value in headers if name.lower() in _ENDS]
    return len(found) > len({name.lower() for name in found})
