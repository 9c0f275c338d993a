"""Whom the connector talks to, over real TLS sockets: nobody else hears a token, a password or a customer's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.certificates import Authority
from support.gates import Gate, gate
from support.project import PACKAGES, ROOT
from support.world import World

from connector.http import trust
from settings import all_settings

HOSTS = ["magento", "acumatica"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Trust what a file says, as somebody does who starts the connector with SSL_CERT_FILE."""

    def by(file: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        trust.cache_clear()

    trust.cache_clear()
    yield by
    monkeypatch.undo()
    trust.cache_clear()


async def sync_for_fault(here: World, **urls: str) -> str | None:
    """Sync prices once; return the fault."""
    outcome = await here.sync("price", here.settings(**{host: {"url": url} for host, url in urls.items()}))
    return outcome.fault


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("certificate", ["self-signed", "of an unknown authority", "of another host", "over"])
async def test_a_certificate_that_proves_nothing(
    make_world: Callable[..., World],
    authority: Authority,
    trusted: Callable[[Path], None],
    host: str,
    certificate: str,
) -> None:
    """It is refused in words before a byte of a request is sent; no message fails, and the next sync works."""
    here = make_world(3)
    shows = {
        "self-signed": lambda: authority.server("localhost", self_signed=True),
        "of an unknown authority": lambda: authority.server("localhost"),
        "of another host": lambda: authority.server("shop.example.com"),
        "over": lambda: authority.server("localhost", days_left=-1),
    }[certificate]()
    if certificate in ("of another host", "over"):
        trusted(authority.file)
    with gate(getattr(here, host).url, shows) as untrusted:
        fault = await sync_for_fault(here, **{host: untrusted.url})
        assert fault is not None
        assert "No trusted TLS connection to localhost" in fault, fault
        assert "certificate" in fault
        assert b"".join(untrusted.heard) == b""
    assert here.failed() == []
    here.clock.advance(61)
    assert await sync_for_fault(here) is None


async def test_an_authority_of_ones_own(
    make_world: Callable[..., World], authority: Authority, trusted: Callable[[Path], None]
) -> None:
    """With SSL_CERT_FILE both systems may have certificates of a private authority: a sync goes all the way."""
    here = make_world(3)
    trusted(authority.file)
    with ExitStack() as stack:
        gates: dict[str, Gate] = {
            host: stack.enter_context(gate(getattr(here, host).url, authority.server("localhost"))) for host in HOSTS
        }
        assert await sync_for_fault(here, **{host: one.url for host, one in gates.items()}) is None
        assert all(b"".join(one.heard) for one in gates.values())
    here.assert_converged(entities=["price"])


@pytest.mark.parametrize("content", [None, b"no certificate"], ids=["no such file", "no certificate in it"])
async def test_trusted_certificates_that_cannot_be_read(
    make_world: Callable[..., World], trusted: Callable[[Path], None], tmp_path: Path, content: bytes | None
) -> None:
    """The sync ends with the file's name and what to do; it does not go on without them."""
    here = make_world(3)
    file = tmp_path / "missing.pem"
    if content is not None:
        file.write_bytes(content)
    trusted(file)
    fault = await sync_for_fault(here)
    assert fault is not None
    assert f"cannot be read from {file}" in fault
    assert "SSL_CERT_FILE" in fault
    assert here.faults.count("acumatica", "/entity/auth/login") == 0


@pytest.mark.parametrize("host", HOSTS)
async def test_a_redirect_is_not_followed(make_world: Callable[..., World], host: str) -> None:
    """Wherever it leads to, nothing is sent there; the fault names the place, so that a person can judge it."""
    here = make_world(3)
    with gate(getattr(here, host).url) as asked, gate(getattr(here, host).url) as elsewhere:
        asked.mode, asked.elsewhere = "redirects", elsewhere.url
        fault = await sync_for_fault(here, **{host: asked.url})
        assert fault is not None
        assert "redirects" in fault
        assert f"{elsewhere.url}/there" in fault
        assert len(asked.heard) >= 1
        assert elsewhere.heard == []
    assert here.failed() == []
    here.clock.advance(61)
    assert await sync_for_fault(here) is None


def test_nothing_turns_the_verification_off() -> None:
    """No setting's name speaks of it, and no module asks httpx or ssl not to verify."""
    suspicious = re.compile(r"verify|insecure|tls|ssl|certificate", re.IGNORECASE)
    assert [one.name for one in all_settings() if suspicious.search(one.field)] == []
    asks = re.compile(r"verify\s*=\s*False|CERT_NONE|_create_unverified_context|check_hostname\s*=\s*False")
    modules = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    assert len(modules) > 100
    assert [str(file) for file in modules if asks.search(file.read_text(encoding="utf-8"))] == []
