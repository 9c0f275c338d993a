"""The audit of the pinned dependencies, against a service of the test's own: found, nothing found, out of reach."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from support.project import ROOT

FLAWED = "httpx"
FLAW = {
    "id": "TEST-2026-1",
    "summary": "made up",
    "affected": [
        {
            "package": {"name": FLAWED, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


@contextmanager
def service(flawed: str) -> Iterator[str]:
    """An advisory service that knows one flaw of one package."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # one connection for all packages
        wbufsize = -1  # an answer in one piece: the second of two would wait until the first is acknowledged

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps({"vulns": [FLAW]} if asked["package"]["name"] == flawed else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def audit(url: str, *arguments: str) -> tuple[int, str]:
    """Its exit code, and what it said."""
    command = [sys.executable, ROOT / ".ci" / "audit", "--osv-url", url, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.stdout == ""
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize(("flawed", "arguments"), [("nobody", []), (FLAWED, ["--ignore-vuln", FLAW["id"]])])
def test_nothing_found(flawed: str, arguments: list[str]) -> None:
    """Every pinned package is asked for, and what somebody chose to leave aside does not stop him."""
    with service(flawed) as url:
        code, message = audit(url, *arguments)
    assert code == 0
    assert "no known vulnerability" in message
    assert int(message.split()[1]) > 100


def test_a_known_vulnerability_stops_lint() -> None:
    """It names the package, its pinned version, the advisory and the version that mends it."""
    with service(FLAWED) as url:
        code, message = audit(url)
    assert code == 1
    assert f"{FLAWED} " in message
    assert "TEST-2026-1, fixed in 99.1" in message


def test_a_service_out_of_reach_is_reported_in_one_line() -> None:
    """Lint goes on, and nobody takes what was not checked for checked."""
    with service("nobody") as url:
        pass
    code, message = audit(url)
    assert code == 0
    assert message.startswith("Audit: the dependencies were NOT checked")
    assert len(message.splitlines()) == 1
