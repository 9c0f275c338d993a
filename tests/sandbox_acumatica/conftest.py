"""A sandbox site with a clock in hand, a client for it, and the recorded answers of real sites."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.acumatica import create_app
from sandbox.catalogue import generated

ENDPOINT = "/entity/Default/24.200.001"
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Site:
    """A client of one sandbox."""

    def __init__(self, app: Starlette, clock: Clock) -> None:
        self.clock = clock
        self.documents = app.state.documents
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://erp.example")

    def other(self) -> "httpx.AsyncClient":
        """Give a second client of the same site, without the first one's cookies."""
        return httpx.AsyncClient(transport=self.client._transport, base_url="https://erp.example")

    async def login(self, client: httpx.AsyncClient | None = None, password: str = "sandbox") -> httpx.Response:
        body = {"name": "admin", "password": password, "tenant": "Company"}
        return await (client or self.client).post("/entity/auth/login", json=body)

    async def get(self, path: str, **options: str) -> httpx.Response:
        return await self.client.get(path, params={f"${name}": value for name, value in options.items()} or None)

    async def rest(self, path: str, **options: str) -> Any:
        response = await self.get(f"{ENDPOINT}/{path}", **options)
        assert response.status_code == 200, response.text
        return response.json()

    async def ids(self, **options: str) -> list[str]:
        rows = await self.rest("StockItem", select="InventoryID", **options)
        return [row["InventoryID"]["value"] for row in rows]

    async def put(self, name: str, body: Any, expand: str = "") -> httpx.Response:
        wrapped = {key: {"value": value} for key, value in body.items()}
        return await self.client.put(f"{ENDPOINT}/{name}", params={"$expand": expand} if expand else None, json=wrapped)

    async def dac(self, path: str, **options: str) -> Any:
        response = await self.get(f"/t/Company/api/odata/dac/{path}", **options)
        assert response.status_code == 200, response.text
        return response.json()["value"]

    async def change(self, *changes: dict[str, Any]) -> list[dict[str, Any]]:
        response = await self.client.post("/_sandbox/change", json=list(changes))
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json()["results"]
        return results

    async def state(self) -> Any:
        return (await self.client.get("/_sandbox/state")).json()


@pytest.fixture(scope="session")
def make_site() -> Callable[..., Site]:
    """Give what makes a site with wanted traits and number of products."""

    def make(count: int = 60, **traits: Any) -> Site:
        clock = Clock()
        return Site(create_app(generated(count), clock=clock, **traits), clock)

    return make


@pytest.fixture
async def site(make_site: Callable[..., Site]) -> AsyncIterator[Site]:
    """Give a site of sixty products with the client signed in."""
    made = make_site()
    await made.login()
    yield made
    await made.client.aclose()


@pytest.fixture
def samples(shared: Path) -> Callable[[str, str], dict[str, Any]]:
    """Give what finds the recorded answer of a file whose case begins with a text."""

    def find(name: str, case: str) -> dict[str, Any]:
        path = shared / "contracts" / "acumatica-samples" / f"{name}.jsonl"
        lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        found: dict[str, Any] = next(one for one in lines if one["case"].startswith(case))
        return found

    return find


@pytest.fixture(scope="session")
def names(shared: Path) -> dict[str, dict[str, Any]]:
    """Give the field catalogue of Default/24.200.001: entity → field → type."""
    text = (shared / "contracts" / "acumatica-default-24.200.001-fields.json").read_text(encoding="utf-8")
    catalogue: dict[str, dict[str, Any]] = json.loads(text)["entities"]
    return catalogue
