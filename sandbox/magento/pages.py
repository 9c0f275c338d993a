"""Answers that are not JSON: nginx's pages, Magento's error page, plain text.

Source: recordings of the areas http and outage; magento-observed.md, part two, section 8.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field

HEAD = """<!doctype html>
<html xmlns="http://www.w3.org/1999/xhtml" >
<head>
    <title>{title}</title>
    <base href="{base}" />
    <meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
    <meta name="robots" content="*"/>
    <link rel="stylesheet" href="css/styles.css" type="text/css" />
    <link rel="icon" href="images/favicon.ico" type="image/x-icon" />
    <link rel="shortcut icon" href="images/favicon.ico" type="image/x-icon" />
</head>
<body>
    <main class="page-main">
        \n{content}
    </main>
</body>
</html>
"""
CRASHED = "An error has happened during application run. See exception log for details.\n"
PROCESSING = "There has been an error processing your request"


@dataclass(frozen=True)
class Answer:
    """A finished answer: status, headers in lower case, body."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def _page(status: int, text: str, kind: str) -> Answer:
    body = text.encode()
    headers = ((b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()))
    return Answer(status, body, headers)


def nginx(status: int, title: str, *, heading: str | None = None) -> Answer:
    """Return the web server's own page."""
    lines = [f"<center><h1>{heading or title}</h1></center>"]
    if heading is not None:
        lines.append(f"<center>{title.partition(' ')[2]}</center>")
    content = "\r\n".join(lines)
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n{content}\r\n"
        "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
    )
    answer = _page(status, text, "text/html")
    if status < 500 and status not in (414,):
        return Answer(status, answer.body, (*answer.headers, (b"connection", b"close")))
    return answer


def _base(url: str) -> str:
    return html.escape(f"{url}errors/default/").replace(":", "&#x3A;").replace("/", "&#x2F;")


def error_page(url: str, report: str) -> Answer:
    """Return Magento's page for a fault that occurred before an answer could be formed."""
    content = (
        f"<h1>{PROCESSING}</h1>\n"
        "    <p><em>Exception printing is disabled by default for security reasons.</em></p>\n\n"
        f"    <p>Error log record number: {report}</p>"
    )
    text = HEAD.format(title=PROCESSING, base=_base(url), content=content)
    return _page(500, text, "text/html; charset=UTF-8")


def maintenance(url: str) -> Answer:
    """Return the page of the maintenance mode."""
    content = (
        "<h1>Service Temporarily Unavailable</h1>\n<p>\n    The server is temporarily unable to service your request "
        "due to maintenance downtime or capacity problems. Please try again later.\n</p>"
    )
    text = HEAD.format(title="Error 503: Service Unavailable", base=_base(url), content=content)
    return _page(503, text, "text/html; charset=UTF-8")


def database_down() -> Answer:
    """Return the truncated page of a shop whose database does not answer."""
    start = HEAD.partition("{base}")[0].format(title=PROCESSING)
    return _page(500, start + CRASHED, "text/plain;charset=UTF-8")


def crash() -> Answer:
    """Return the plain text of an uncaught fault."""
    return _page(500, CRASHED, "text/plain;charset=UTF-8")


def not_found() -> Answer:
    """Return the shop's own page for a path outside of the API."""
    return _page(404, "<!doctype html>\n<html><head><title>404 Not Found</title></head></html>\n", "text/html")


def version(edition: str) -> Answer:
    """Return the text of /magento_version."""
    return _page(200, f"Magento/2.4 ({edition})", "text/plain;charset=UTF-8")
