"""The workspace over a state database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from support.isolation import isolated_home, no_prefect_server
from support.workspace import Site

import app.users
from connector.state.engine import State, open_state


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder and an environment of the test's own."""
    with no_prefect_server():
        yield isolated_home(tmp_path, monkeypatch)


@pytest.fixture
def state(home: Path, new_database: Callable[..., str]) -> Iterator[State]:
    """A new state database in a file: what the databases do differently is held by the tests of the state."""
    opened = open_state(new_database("sqlite"))
    yield opened
    opened.close()


@pytest.fixture
def site(state: State) -> Site:
    """The workspace on this machine's own address, without users."""
    return Site(state)


@pytest.fixture
def make_site(state: State) -> Callable[..., Site]:
    """Make a workspace with other settings."""
    return lambda **settings: Site(state, **settings)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as fast as argon2 can."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(app.users, "_hasher", lambda: hasher)


@pytest.fixture
def connected(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Both systems are configured, and every entity but the customer is active."""
    for name, value in {
        "A2M_MAGENTO__URL": "https://shop.example.com",
        "A2M_MAGENTO__BEARER_TOKEN": "token-of-a-test",
        "A2M_ACUMATICA__URL": "https://erp.example.com",
        "A2M_ACUMATICA__USERNAME": "admin",
        "A2M_ACUMATICA__PASSWORD": "password-of-a-test",
        "A2M_ACUMATICA__TIME_ZONE": "America/New_York",
        "A2M_INVENTORY__WAREHOUSES": '["MAIN"]',
        "A2M_ACTIVE__SHIPMENT": "true",
        "A2M_ACTIVE__ORDER": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return site
