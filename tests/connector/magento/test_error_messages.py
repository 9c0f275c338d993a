"""Magento's messages become sentences that people can read."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.magento.error_messages import LONGEST, decoded, describe_response, fill, message_of, plain


@pytest.mark.parametrize(
    ("template", "parameters", "words"),
    [
        (
            "No such entity with %fieldName = %fieldValue",
            {"fieldName": "id", "fieldValue": 9},
            "No such entity with id = 9",
        ),
        ("%fieldName and %field", {"field": "a", "fieldName": "b"}, "b and a"),
        ("Invalid attribute %fieldName = %fieldValue.", ["SKU", "NOPE"], "Invalid attribute SKU = NOPE."),
        ("Invalid attribute %fieldName = %fieldValue.", ["Price", None], "Invalid attribute Price = (empty)."),
        ('The Product with the "%1" SKU doesn\'t exist.', ["NOPE"], 'The Product with the "NOPE" SKU doesn\'t exist.'),
        ("%1 %2 %10", [str(n) for n in range(1, 11)], "1 2 10"),
        ("%fieldName is required", {}, "%fieldName is required"),
        ("%fieldName is required", None, "%fieldName is required"),
        ("%fieldName is %other", {"fieldName": "x"}, "x is %other"),
        ("%a %b", {"a": "%b", "b": "2"}, "%b 2"),
        ("100% of %max", {"max": 20}, "100% of 20"),
        (
            "We can't save the address:\n%1",
            [["a is required", "b is required"]],
            "We can't save the address:\na is required, b is required",
        ),
        ("Row ID: SKU = X, Store ID: 9.", ["X", "9"], "Row ID: SKU = X, Store ID: 9."),
        ("%flag", {"flag": True}, "true"),
        ("%1", "text", "%1"),
    ],
)
def test_templates_are_filled(template: str, parameters: object, words: str):
    """Placeholders are filled from objects and lists, longest name first, and unknown ones stay readable."""
    assert fill(template, parameters) == words


@given(st.text(), st.one_of(st.none(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_filling_never_breaks(template: str, parameters: object):
    """Whatever the template and its parameters hold, filling gives text."""
    assert isinstance(fill(template, parameters), str)


def test_html_and_newlines_become_one_line():
    """Links, entities and newlines become plain text; a lesser-than sign stays."""
    text = 'part of bundle <a href="http://shop/edit/1">"BUN-TOG"</a> &amp; more\nwith 1 < 2'
    assert plain(text) == 'part of bundle "BUN-TOG" & more with 1 < 2'


def test_long_messages_are_cut():
    """A message is never longer than the limit."""
    assert len(plain("x" * 5000)) == LONGEST


def test_nested_errors_are_added_once():
    """What errors[] say beyond the message is added, what repeats it is not."""
    body = {
        "message": "Validation Failed",
        "errors": [
            {"message": '"%field" should be numeric.', "parameters": {"field": "quantity"}},
            {"message": '"%field" should be numeric.', "parameters": {"field": "quantity"}},
            "not an object",
        ],
    }
    assert message_of(body) == 'Validation Failed "quantity" should be numeric.'


@pytest.mark.parametrize(
    ("status", "kind", "content", "words"),
    [
        (
            503,
            "text/html",
            b"<html><head><title>Error 503: Down</title>",
            'an HTML page ("Error 503: Down") with status 503',
        ),
        (403, "text/html; charset=UTF-8", b"<html>no title", "an HTML page with status 403"),
        (
            500,
            "text/plain;charset=UTF-8",
            b"An error has\nhappened",
            'text instead of JSON (text/plain: "An error has happened") with status 500',
        ),
        (502, "", b"", "an empty answer with status 502"),
        (400, "application/json", b"{", "broken JSON with status 400"),
        (400, "application/json", b"[]", "JSON without a message with status 400"),
        (400, "application/json", b'{"message": 5}', "JSON without a message with status 400"),
        (405, "application/json", b"", "an empty answer with status 405"),
        (400, "application/json", b'{"message":"%1 x","parameters":["a"]}', '"a x" (status 400)'),
    ],
)
def test_every_answer_has_a_text(status: int, kind: str, content: bytes, words: str):
    """JSON, HTML, plain text, nothing: each answer can be told in a phrase with its status."""
    response = httpx.Response(status, headers={"content-type": kind} if kind else {}, content=content)
    assert describe_response(response, decoded(response)) == words
