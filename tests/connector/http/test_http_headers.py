"""What Retry-After and Content-Type say."""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.moment import NOW

from connector.http import LONGEST_RETRY_AFTER, is_json, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("١٢", None),
        ("1e3", None),
        ("nan", None),
        ("9" * 5000, LONGEST_RETRY_AFTER),
        ("999999", LONGEST_RETRY_AFTER),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Tue Nov 24 12:00:30 2026", 30.0),
        ("Tuesday, 24-Nov-26 12:00:30 GMT", 30.0),
        ("Fri, 31 Feb 2026 00:00:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None):
    """Retry-After is read as seconds or as a date, bounded, and garbage is as good as absent."""
    assert retry_after(httpx.Headers({"retry-after": value.encode()}), NOW) == seconds


def test_no_retry_after():
    """Without the header there is nothing to wait for."""
    assert retry_after(httpx.Headers(), NOW) is None


@given(st.binary(max_size=60).filter(lambda raw: b"\n" not in raw and b"\r" not in raw))
def test_retry_after_never_breaks(raw: bytes):
    """Whatever the header holds, the answer is None or within the bounds."""
    seconds = retry_after(httpx.Headers([(b"retry-after", raw)]), NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON;charset=UTF-8", True),
        ("application/problem+json", True),
        ("text/html; charset=UTF-8", False),
        ("text/plain;charset=UTF-8", False),
        ("", False),
    ],
)
def test_is_json(kind: str, answer: bool):
    """JSON is told by the content type alone."""
    assert is_json(httpx.Response(200, headers={"content-type": kind}, content=b"{}")) is answer
