"""Extract the messages of Magento's answers: fill templates and reduce HTML to text.

Input: the body of an answer. Output: one line of plain text, no longer than `LONGEST`. Source of the rules:
magento-observed.md, "Errors in general": the message is a template; `parameters` is an object, a list or absent; MSI
adds `errors[]`; messages may contain newlines and HTML; proxies answer in HTML with any status.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec

from connector.http import is_json

LONGEST = 1000

_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_PLACEHOLDER = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)")
_POSITION = re.compile(r"%([0-9]+)")
_TITLE = re.compile(r"<title[^>]*>(.{0,300}?)</title>", re.IGNORECASE | re.DOTALL)
_OF_THE_KIND = ("fieldName", "field", "type")
"""Placeholders that describe the kind of error and contain nothing of the record."""
LEFT_OUT = "…"
_UNDECODED = object()


def fill(template: str, parameters: Any) -> str:
    """Return the template with its placeholders replaced; those without a parameter stay as they are.

    `%name` is filled from an object, `%1` and `%2` from a list. Named placeholders are filled from a list in the order
    in which they appear, as in the row errors of base prices. All are replaced in one pass, the longest name first, so
    that `%fieldName` is not taken for `%field` and "Name", and a value that contains a `%` is not filled again.
    """
    named = _named(template, parameters)
    if not named:
        return template
    names = "|".join(re.escape(name) for name in sorted(named, key=len, reverse=True))
    return re.sub(f"%({names})", lambda match: _as_text(named[match[1]]), template)


def _named(template: str, parameters: Any) -> dict[str, Any]:
    if isinstance(parameters, Mapping):
        return {str(name): value for name, value in parameters.items() if str(name)}
    if not isinstance(parameters, Sequence) or isinstance(parameters, str | bytes):
        return {}
    positional = {str(position): value for position, value in enumerate(parameters, start=1)}
    if any(position in positional for position in _POSITION.findall(template)):
        return positional
    order = dict.fromkeys(_PLACEHOLDER.findall(template))
    return dict(zip(order, parameters, strict=False))


def _as_text(value: Any) -> str:
    if value is None or value == "":
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_as_text(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def plain(text: str) -> str:
    """Return the text as one line: HTML tags removed, entities resolved, white space collapsed, cut at `LONGEST`."""
    line = " ".join(html.unescape(_TAG.sub("", text)).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def message_of(body: Any) -> str:
    """Return the filled message of a decoded JSON error, with those of its `errors[]`; empty if there is none."""
    if not isinstance(body, Mapping):
        return ""
    parts = [_filled(body)]
    nested = body.get("errors")
    if isinstance(nested, list):
        for error in nested:
            text = _filled(error) if isinstance(error, Mapping) else ""
            if text and not any(text in part for part in parts):
                parts.append(text)
    return plain(" ".join(part for part in parts if part))


def _filled(error: Mapping[str, Any]) -> str:
    template = error.get("message")
    return fill(template, error.get("parameters")) if isinstance(template, str) else ""


def template_of(body: Any) -> tuple[str, Any]:
    """Return the unfilled message of a decoded JSON error and its parameters."""
    if not isinstance(body, Mapping) or not isinstance(body.get("message"), str):
        return "", None
    return body["message"], body.get("parameters")


def kind_of(body: Any) -> str:
    """Return the kind of a decoded JSON error: its messages with unfilled placeholders, which are equal for every
    record unless Magento filled something in itself.
    """
    if not isinstance(body, Mapping):
        return ""
    nested = body.get("errors")
    each = [body, *(error for error in nested if isinstance(error, Mapping))] if isinstance(nested, list) else [body]
    return plain(" ".join(dict.fromkeys(filter(None, map(_unfilled, each)))))


def _unfilled(error: Mapping[str, Any]) -> str:
    template, parameters = template_of(error)
    known = {name: value for name, value in _named(template, parameters).items() if name in _OF_THE_KIND}
    return _POSITION.sub(LEFT_OUT, _PLACEHOLDER.sub(LEFT_OUT, fill(template, known)))


def decoded(response: httpx.Response) -> Any:
    """Return the JSON of an answer whose content type is JSON or missing; else `NOT_JSON`."""
    if not is_json(response) and response.headers.get("content-type"):
        return _UNDECODED
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return _UNDECODED


NOT_JSON = _UNDECODED


def describe_response(response: httpx.Response, body: Any) -> str:
    """Return a phrase that describes an answer: Magento's message, or which page came instead, always with the status.

    body: from `decoded`.
    """
    message = message_of(body)
    if message:
        return f'"{message}" (status {response.status_code})'
    return f"{_page(response, body)} with status {response.status_code}"


def _page(response: httpx.Response, body: Any) -> str:
    if body is not NOT_JSON:
        return "JSON without a message" if response.content else "an empty answer"
    kind = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if is_json(response):
        return "broken JSON" if response.content.strip() else "an empty answer"
    text = response.content[:20_000].decode("utf-8", errors="replace")
    title = _TITLE.search(text)
    if title or kind == "text/html":
        return f'an HTML page ("{plain(title[1])}")' if title and plain(title[1]) else "an HTML page"
    if not text.strip():
        return "an empty answer"
    return f'text instead of JSON ({kind or "no content type"}: "{plain(text)[:200]}")'
