"""Answers as XML, which Magento returns to clients that accept nothing else. Source: recording auth/accept_xml."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from sandbox.magento.php import text_of

_NO_NAME = re.compile(r"[^\w.-]")


def as_xml(body: Any) -> bytes:
    """Return a JSON value as Magento's XML: list entries are `item`s."""
    lines = ['<?xml version="1.0"?>', "<response>", *_lines(body, 1), "</response>", ""]
    return "\n".join(lines).encode()


def _lines(value: Any, depth: int) -> list[str]:
    if isinstance(value, dict):
        pairs = [(_NO_NAME.sub("_", str(name)), inner) for name, inner in value.items()]
    elif isinstance(value, list):
        pairs = [("item", inner) for inner in value]
    else:
        return ["  " * depth + escape(text_of(value))]
    return [line for name, inner in pairs for line in _element(name, inner, depth)]


def _element(name: str, value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, dict | list) and value:
        return [f"{indent}<{name}>", *_lines(value, depth + 1), f"{indent}</{name}>"]
    text = "" if isinstance(value, dict | list) else _scalar(value)
    return [f"{indent}<{name}>{text}</{name}>" if text else f"{indent}<{name}/>"]


def _scalar(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else escape(text_of(value))
