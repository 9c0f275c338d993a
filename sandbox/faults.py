"""Faults on demand in front of either simulator: a plan says which requests fail and how.

    plan   := rule { ";" rule }
    rule   := { where } ":" what { what }
    where  := "magento" | "acumatica" | "GET" | "POST" | "PUT" | "DELETE" | "writes" | "reads"
              | "path=" GLOB          the path, such as */base-prices
              | "key=" TEXT           the body or the decoded URL contains the text as a whole value
              | "every=" N            each Nth request that the other conditions choose
              | "after=" N            not before N of them have passed
    what   := "status=" CODE          this answer instead of the real one, not applied
              | "body=" (json|html|text|empty)      of that answer; json by default
              | "retry_after=" SECONDS              its Retry-After
              | "delay=" SECONDS      wait before the request is handled
              | "cut=" (before|after) cut the connection before the request is applied, or after it without an answer
              | "times=" N            only this many times

`magento POST path=*/base-prices key=SKU-000001: status=503 times=3; acumatica: status=429`

The plan is given at the start, or replaced while running by `POST /_sandbox/faults` with the plan as its body.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOSTS = ("magento", "acumatica")
METHODS = ("GET", "POST", "PUT", "DELETE")
QUESTIONS = "*/products/*-information"
"""Magento's prices are read with a POST, which counts as a read."""
BODIES = {
    "json": ("application/json; charset=utf-8", b'{"message":"The sandbox was told to fail."}'),
    "html": ("text/html", b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>"),
    "text": ("text/plain", b"The custom error module does not recognize this error."),
    "empty": ("", b""),
}


class FaultPlanError(ValueError):
    """The plan cannot be parsed; the text names the part."""


class ConnectionCut(ConnectionError):
    """The connection was cut on demand in a call within the process, where there is no real connection."""


@dataclass
class Rule:
    """One rule of a plan, and how often it has applied."""

    host: str | None = None
    methods: tuple[str, ...] = ()
    writes: bool | None = None
    path: str = "*"
    key: str | None = None
    every: int = 1
    after: int = 0
    status: int | None = None
    body: str = "json"
    retry_after: str | None = None
    delay: float = 0.0
    cut: str | None = None
    times: int | None = None
    chosen: int = field(default=0, repr=False)
    done: int = field(default=0, repr=False)

    def takes(self, host: str, method: str, path: str, text: str) -> bool:
        """Count the request and return whether it has to fail."""
        if self.host not in (None, host) or (self.methods and method not in self.methods):
            return False
        if self.writes is not None and self.writes == (method == "GET" or fnmatchcase(path, QUESTIONS)):
            return False
        if not fnmatchcase(path, self.path) or (self.key is not None and not _names(text, self.key)):
            return False
        self.chosen += 1
        if self.chosen <= self.after or (self.chosen - self.after) % self.every:
            return False
        if self.times is not None and self.done >= self.times:
            return False
        self.done += 1
        return True


def _names(text: str, key: str) -> bool:
    """Return whether the text contains the key as a whole value, not as a part of a longer one."""
    return re.search(rf"(?<![\w/ -]){re.escape(key)}(?![\w/-])", text) is not None


class Faults:
    """The current plan."""

    def __init__(self, plan: str = "") -> None:
        self.rules: list[Rule] = []
        self.replace(plan)

    def replace(self, plan: str) -> None:
        """Replace the plan. Raises `FaultPlanError`."""
        self.rules = [_rule(part.strip()) for part in plan.split(";") if part.strip()]

    def of(self, host: str, method: str, path: str, text: str) -> Rule | None:
        """Return the first rule that applies to this request."""
        return next((rule for rule in self.rules if rule.takes(host, method, path, text)), None)


def _rule(text: str) -> Rule:
    match = re.fullmatch(r"(.*?):\s+(\S.*)", f"{text} ", re.DOTALL) or re.fullmatch(r"(.*?):(\S.*)", text)
    if match is None:
        raise FaultPlanError(f"{text!r} has no ':' between where and what.")
    rule = Rule()
    for word in _words(match[1]):
        _where(rule, word, text)
    for word in _words(match[2]):
        _what(rule, word, text)
    if rule.status is None and rule.cut is None and not rule.delay:
        raise FaultPlanError(f"{text!r} says nothing that goes wrong: status=, delay= or cut=.")
    return rule


def _words(text: str) -> list[str]:
    """Return the words separated by blanks; a value in double quotes may contain blanks."""
    return [word.replace('"', "") for word in re.findall(r'(?:[^\s"]|"[^"]*")+', text)]


def _where(rule: Rule, word: str, text: str) -> None:
    name, _equals, value = word.partition("=")
    if word in HOSTS:
        rule.host = word
    elif word in METHODS:
        rule.methods = (*rule.methods, word)
    elif word in ("writes", "reads"):
        rule.writes = word == "writes"
    elif name == "path" and value:
        rule.path = value
    elif name == "key" and value:
        rule.key = value
    elif name in ("every", "after"):
        setattr(rule, name, _number(value, word, text))
    else:
        raise FaultPlanError(f"{word!r} in {text!r} is no condition. See docs/reference/faults.md.")


def _what(rule: Rule, word: str, text: str) -> None:
    name, _equals, value = word.partition("=")
    if name in ("status", "times"):
        setattr(rule, name, _number(value, word, text))
    elif name == "body" and value in BODIES:
        rule.body = value
    elif name == "retry_after" and value:
        rule.retry_after = value
    elif name == "delay":
        rule.delay = float(_number(value, word, text)) if value.isdigit() else _seconds(value, word, text)
    elif name == "cut" and value in ("before", "after"):
        rule.cut = value
    else:
        raise FaultPlanError(f"{word!r} in {text!r} is no fault. See docs/reference/faults.md.")


def _number(value: str, word: str, text: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise FaultPlanError(f"{word!r} in {text!r} needs a whole number.")
    return int(value)


def _seconds(value: str, word: str, text: str) -> float:
    try:
        return float(value)
    except ValueError as fault:
        raise FaultPlanError(f"{word!r} in {text!r} needs a number of seconds.") from fault


class FaultMiddleware:
    """An ASGI application in front of a simulator that makes requests fail as the plan says."""

    def __init__(self, app: App, host: str, faults: Faults) -> None:
        self._app = app
        self._host = host
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or make it fail."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        body = await _whole_body(receive)
        if path == "/_sandbox/faults":
            await self._replace_plan(body, send)
            return
        again = _again(body)
        if path.startswith("/_sandbox"):
            await self._app(scope, again, send)
            return
        query = unquote(scope.get("query_string", b"").decode("latin-1"))
        text = f"{path} {query} {_decoded(body)}"
        rule = self._faults.of(self._host, scope["method"], path, text)
        if rule is None:
            await self._app(scope, again, send)
            return
        await asyncio.sleep(rule.delay)
        if rule.cut == "before":
            _cut(send)
        elif rule.cut == "after":
            await self._app(scope, again, _nowhere)
            _cut(send)
        elif rule.status is not None:
            self._note(scope, body, rule)
            await _answer(send, rule)
        else:
            await self._app(scope, again, send)

    def _note(self, scope: Scope, body: bytes, rule: Rule) -> None:
        """Make the simulator add the request to its journal, if it has one."""
        note = getattr(getattr(self._app, "state", None), "note_fault", None)
        if note is not None:
            note(scope["method"], scope["path"], body, rule.status)

    async def _replace_plan(self, body: bytes, send: Send) -> None:
        try:
            self._faults.replace(body.decode("utf-8"))
            status, words = 200, "The plan is in force."
        except FaultPlanError as fault:
            status, words = 400, str(fault)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": words.encode()})


def _decoded(body: bytes) -> str:
    """Return the body as text with JSON's escapes resolved, so that a key is found as it is written."""
    text = body.decode("utf-8", errors="replace")
    if "\\" not in text:
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False).replace('\\"', '"')
    except ValueError:
        return text


async def _whole_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return body


def _again(body: bytes) -> Receive:
    handed = False

    async def receive() -> Message:
        nonlocal handed
        if not handed:
            handed = True
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    return receive


async def _nowhere(_message: Message) -> None:
    return None


def _cut(send: Send) -> None:
    """Cut the connection below uvicorn. Within a process there is none, and `ConnectionCut` is raised."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionCut("The sandbox was told to cut the connection.")
    transport.abort()


async def _answer(send: Send, rule: Rule) -> None:
    kind, body = BODIES[rule.body]
    headers = [(b"content-type", kind.encode())] if kind else []
    if rule.retry_after is not None:
        headers.append((b"retry-after", rule.retry_after.encode()))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": rule.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
