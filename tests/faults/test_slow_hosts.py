"""Slow and half-open hosts over real sockets: a sync ends in time, loses nothing, and the next one works."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from support.gates import Gate, gate
from support.world import World

from settings import Settings

TIMEOUT = 0.25
LONGEST = 8.0
"""Limit in seconds of a sync that asks a dead host a few times; without timeouts it would take over a minute."""


@dataclass
class Guarded:
    """A world with a gate in front of each host."""

    here: World
    gates: dict[str, Gate]

    def settings(self, **urls: str) -> Settings:
        """Return settings that connect through the gates by default, with a timeout of a quarter of a second."""
        given: dict[str, dict[str, Any]] = {
            host: {"url": urls.get(host, self.gates[host].url), "timeout": TIMEOUT} for host in self.gates
        }
        given["magento"]["concurrency"] = 2
        return self.here.settings(**given)

    async def sync_for_fault(self, **urls: str) -> str | None:
        """Sync prices a minute later, with a limit in real time; return the fault."""
        self.here.clock.advance(61)
        began = time.monotonic()
        outcome = await self.here.sync("price", self.settings(**urls))
        assert time.monotonic() - began < LONGEST
        return outcome.fault

    def change(self, price: str) -> None:
        """A newer price for three items."""
        self.here.clock.advance(1)
        names = ("SKU-000001", "SKU-000002", "SKU-000004")
        self.here.change(*({"set_price": {"inventory_id": name, "price": price}} for name in names))


@pytest.fixture
def guarded(make_world: Callable[..., World]) -> Iterator[Guarded]:
    with ExitStack() as stack:
        here = make_world(12)
        gates = {host: stack.enter_context(gate(getattr(here, host).url)) for host in ("magento", "acumatica")}
        yield Guarded(here, gates)


@pytest.mark.parametrize("host", ["magento", "acumatica"])
@pytest.mark.parametrize("mode", ["drips", "silent", "speaks something else"])
async def test_a_host_that_is_sick(guarded: Guarded, host: str, mode: Any) -> None:
    """The sync ends with a fault in words and in time, no message fails, and when it is well again all arrives."""
    assert await guarded.sync_for_fault() is None
    guarded.change("11")
    guarded.gates[host].mode = mode
    fault = await guarded.sync_for_fault()
    assert fault is not None
    assert "did not answer" in fault or "cut the connection" in fault, fault
    assert guarded.here.failed() == []
    guarded.gates[host].mode = "relay"
    guarded.change("12")
    assert await guarded.sync_for_fault() is None
    guarded.here.assert_converged(guarded.settings(), entities=["price"])


async def test_connections_that_are_closed_between_requests(guarded: Guarded) -> None:
    """Both hosts close each connection after one answer without saying so: nothing is lost."""
    for one in guarded.gates.values():
        one.mode = "closes between requests"
    for price in ("11", "12", "13"):
        guarded.change(price)
        assert await guarded.sync_for_fault() is None
    for one in guarded.gates.values():
        one.mode = "relay"
    assert await guarded.sync_for_fault() is None
    guarded.here.assert_converged(guarded.settings(), entities=["price"])


@pytest.mark.parametrize("host", ["magento", "acumatica"])
@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [
        ("https://no-such-host.invalid", "cannot be found"),
        ("tls", "No trusted TLS connection"),
        ("refused", "accepts no connection"),
    ],
    ids=["DNS", "TLS", "refused"],
)
async def test_a_host_that_cannot_be_reached(guarded: Guarded, host: str, elsewhere: str, words: str) -> None:
    """The run fails with the reason and what to check, nothing else does, and the next sync works."""
    assert await guarded.sync_for_fault() is None
    guarded.change("11")
    if elsewhere == "tls":
        guarded.gates[host].mode = "speaks something else"
        elsewhere = guarded.gates[host].url.replace("http://", "https://")
    elif elsewhere == "refused":
        with gate(guarded.here.magento.url) as closed:
            elsewhere = closed.url
    fault = await guarded.sync_for_fault(**{host: elsewhere})
    assert fault is not None
    assert words in fault, fault
    assert guarded.here.failed() == []
    guarded.gates[host].mode = "relay"
    assert await guarded.sync_for_fault() is None
    guarded.here.assert_converged(guarded.settings(), entities=["price"])
