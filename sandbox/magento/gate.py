"""One request from its bytes to its answer: the web server in front, PHP's checks, the route, the service.

The order of the checks is Magento's: web server, outage, Accept, store in the path, method, route, body, access,
parameters. Source: magento-observed.md, "Errors in general" and part two, section 8; recordings of the areas http, auth
and generic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from sandbox.magento import pages, queue
from sandbox.magento.errors import Crash, InternalError, Refusal, cannot_process
from sandbox.magento.journal import Entry, Journal
from sandbox.magento.latency import Latency
from sandbox.magento.pages import Answer
from sandbox.magento.query import fields_of, only, parsed
from sandbox.magento.routes import Call, Route, Router, with_path
from sandbox.magento.state import Shop
from sandbox.magento.typed import arguments
from sandbox.magento.xml import as_xml

METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
LINE_BYTES = 8192
JSON = b"application/json; charset=utf-8"
XML = b"application/xml; charset=utf-8"
REPORT = "Internal Error. Details are available in Magento log file. Report ID: webapi-{:013x}"
_ACCEPTED = {
    "*/*": JSON,
    "application/*": JSON,
    "application/json": JSON,
    "application/xml": XML,
    "text/xml": XML,
    "application/xhtml+xml": XML,
}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_VERSION = re.compile(r"/(async/bulk/|async/)?(V\d+(?:/.*)?)", re.DOTALL)

Headers = Mapping[str, str]


class Gate:
    """The ASGI application behind every path that is not one of the sandbox's own."""

    def __init__(self, shop: Shop, router: Router, journal: Journal) -> None:
        """Create it from the shop, its routes, and the journal to write."""
        self._shop = shop
        self._router = router
        self._journal = journal
        self._latency = Latency()
        self._sessions = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
        raw = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        query: str = scope["query_string"].decode("latin-1")
        entry = Entry(self._shop.now(), scope["method"], scope["path"], raw, query, body)
        self._journal.entries.append(entry)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if self._shop.settings.latency == "measured":
            async with self._latency.request(entry.method, entry.path, body):
                answer = self._answer(entry, headers, scope["scheme"])
        else:
            answer = self._answer(entry, headers, scope["scheme"])
        entry.status = answer.status
        head = entry.method == "HEAD"
        await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": b"" if head else answer.body})

    def _answer(self, entry: Entry, headers: Headers, scheme: str) -> Answer:
        refused = self._in_front(entry, headers)
        if refused is not None:
            return refused
        host = headers.get("host", "")
        base = f"{scheme}://{host.partition(':')[0] if self._shop.settings.port_dropped else host}/"
        if self._shop.settings.outage == "maintenance":
            return pages.maintenance(base)
        if self._shop.settings.outage == "database":
            return pages.database_down()
        path = entry.raw.removeprefix("/index.php")
        if path == "/magento_version":
            return pages.version("Enterprise" if self._shop.settings.commerce else "Community")
        if path != "/rest" and not path.startswith("/rest/"):
            return pages.not_found()
        kind = _accepted(headers.get("accept", "*/*"))
        if kind is None:
            return pages.error_page(base, f"{len(self._journal.entries):064x}")
        try:
            status, result = self._result(entry, path.removeprefix("/rest"), headers, base)
        except Refusal as refusal:
            return self._json(refusal.status, refusal.body(), kind, session=refusal.session)
        except InternalError:
            report = REPORT.format(len(self._journal.entries))
            return self._json(500, {"message": report}, kind, session=True)
        except Crash:
            return pages.crash()
        return self._json(status, result, kind, session=True, frame=True)

    def _in_front(self, entry: Entry, headers: Headers) -> Answer | None:
        """Return the web server's own answer, if it gives one."""
        length = len(entry.raw) + (len(entry.query) + 1 if entry.query else 0)
        if len(entry.method) + length + len("  HTTP/1.1\r\n") > LINE_BYTES:
            return pages.nginx(414, "414 Request-URI Too Large")
        if any(len(name) + len(value) + 4 > LINE_BYTES for name, value in headers.items()):
            return pages.nginx(400, "400 Request Header Or Cookie Too Large", heading="400 Bad Request")
        if "host" not in headers:
            return pages.nginx(400, "400 Bad Request")
        if entry.method == "TRACE":
            return pages.nginx(405, "405 Not Allowed")
        told = headers.get("content-length", "0")
        size = max(len(entry.body), int(told) if told.isascii() and told.isdigit() else 0)
        if size > self._shop.settings.body_limit:
            return pages.nginx(413, "413 Request Entity Too Large")
        if self._shop.settings.outage == "php":
            return pages.nginx(502, "502 Bad Gateway")
        return None

    def _result(self, entry: Entry, path: str, headers: Headers, base: str) -> tuple[int, Any]:
        queue.consume(self._shop)
        store_id, path = self._store(path)
        match = _VERSION.fullmatch(path)
        if match is None or (match[1] and entry.method == "GET"):
            raise cannot_process()
        if entry.method not in METHODS:
            raise Refusal(405, f"The {entry.method} HTTP method is not supported.", session=False)
        bulk = match[1] == "async/bulk/"
        msi = self._shop.settings.msi
        values: dict[str, str] = {}
        if bulk:
            route = self._router.match_bulk(entry.method, match[2], msi=msi)
        else:
            route, values = self._router.match(entry.method, match[2], msi=msi)
        entry.route = route
        body = _body(entry, headers) if entry.method in ("POST", "PUT") else None
        self._let_in(headers, route, entry, base + entry.raw.removeprefix("/"))
        if match[1]:
            elements = queue.elements(body) if bulk else [with_path(body, route, values)]
            return 202, queue.publish(self._shop, route, elements, store_id, entry.was_applied)
        result = self._call(entry, route, store_id, base, body, values)
        return 200, [] if result is None else result

    def _call(self, entry: Entry, route: Route, store_id: int, base: str, body: Any, values: Mapping[str, str]) -> Any:
        asked = parsed(entry.query) if entry.query else {}
        given = {**asked, **body} if isinstance(body, dict) and asked else (body if body is not None else asked)
        given = with_path(given, route, values)
        made = arguments(given, route.parameters, self._shop.settings.limits())
        call = Call(self._shop, store_id, made, base)
        result = route.service(call)
        entry.applied = route.written and call.applied
        fields = asked.get("fields")
        if isinstance(fields, str) and isinstance(result, dict | list):
            return only(result, fields_of(fields))
        return result

    def _store(self, path: str) -> tuple[int, str]:
        """Return the store view in the path, and the path below it."""
        first, slash, rest = path.removeprefix("/").partition("/")
        store_id = self._shop.store_codes.get(first)
        return (1, path) if store_id is None else (store_id, f"{slash}{rest}")

    def _let_in(self, headers: Headers, route: Route, entry: Entry, url: str) -> None:
        header = headers.get("authorization", "")
        bearer = self._shop.settings.bearer
        self._shop.access.check(header, route.resource, entry.method, url, entry.query, bearer=bearer)

    def _json(self, status: int, body: Any, kind: bytes, *, session: bool, frame: bool = False) -> Answer:
        content = _encode(body) if kind is JSON else as_xml(body)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(content)), (b"cache-control", b"no-store")]
        if session:
            self._sessions += 1
            headers += self._cookie()
        if frame:
            headers.append((b"x-frame-options", b"SAMEORIGIN"))
        return Answer(status, content, tuple(headers))

    def _cookie(self) -> list[tuple[bytes, bytes]]:
        cookie = b"PHPSESSID=%026x; Max-Age=3600; path=/; HttpOnly; SameSite=Lax" % self._sessions
        expires = b"Thu, 19 Nov 1981 08:52:00 GMT"
        return [(b"set-cookie", cookie), (b"expires", expires), (b"pragma", b"no-cache")]


def _accepted(header: str) -> bytes | None:
    """Return the format of the answer for an Accept header; None if Magento has no renderer for it."""
    if header in _ACCEPTED:
        return _ACCEPTED[header]
    wanted = []
    for place, part in enumerate(header.split(",")):
        name, *options = (option.strip().lower() for option in part.split(";"))
        quality = next((option[2:] for option in options if option.startswith("q=")), "1")
        wanted.append((-float(quality) if re.fullmatch(r"\d*\.?\d+", quality) else 0.0, place, name))
    return next((_ACCEPTED[name] for _quality, _place, name in sorted(wanted) if name in _ACCEPTED), None)


def _body(entry: Entry, headers: Headers) -> Any:
    """Return the decoded body; an empty one counts as none."""
    if not entry.body:
        return None
    kind, _mark, options = headers.get("content-type", "").partition(";")
    if not kind.strip():
        raise _bad("Content-Type header is empty.")
    charset = re.search(r"charset=\"?([^\s;\"]+)", options, re.IGNORECASE)
    if charset and charset[1].lower() != "utf-8":
        raise _bad("UTF-8 is the only supported charset.")
    if kind.strip().lower() != "application/json":
        raise _bad(f"Server cannot understand Content-Type HTTP header media type {kind.strip()}")
    try:
        return _decode(entry.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _bad("Decoding error.") from None


def _bad(message: str) -> Refusal:
    return Refusal(400, message, session=False)
