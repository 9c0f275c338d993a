"""A client of one sandbox shop, and how a shop comes into the state of the recorded one, through public doors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.catalogue import Product

START = datetime(2026, 11, 24, 1, 57, 38, tzinfo=UTC)
ADDRESS = "http://127.0.0.1:18080"
TOKEN = "sandbox-magento-token"
STOCKED = {"country_id": "US", "postcode": "12345", "contact_name": "x", "email": "x@example.com", "enabled": True}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Shop:
    """A client of one shop."""

    def __init__(self, app: Starlette, clock: Clock) -> None:
        self.app = app
        self.clock = clock
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=ADDRESS, headers={"Accept": "application/json"}
        )

    async def send(
        self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, **headers: str
    ) -> httpx.Response:
        """Send one request; a body of bytes goes as it is, anything else as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        if isinstance(body, bytes):
            return await self.client.request(method, path, content=body, headers=sent)
        return await self.client.request(method, path, json=body, headers=sent)

    async def get(self, path: str, **params: str) -> Any:
        """Give what a path below /rest/V1 answers with status 200."""
        query = "&".join(f"{name}={value}" for name, value in params.items())
        response = await self.send("GET", f"/rest/V1/{path}{'?' if query else ''}{query}")
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, body: Any, method: str = "POST") -> Any:
        """Give what a path below /rest/V1 answers with status 200 or 202."""
        response = await self.send(method, f"/rest/V1/{path}", body)
        assert response.status_code in (200, 202), response.text
        return response.json()

    async def change(self, *changes: dict[str, Any]) -> None:
        """Change something behind Magento's back."""
        response = await self.client.post("/_sandbox/change", json=list(changes))
        assert response.status_code == 200, response.text

    async def setting(self, **switches: Any) -> None:
        """Switch settings."""
        await self.change({"setting": switches})

    async def state(self) -> Any:
        """Give everything."""
        return (await self.client.get("/_sandbox/state")).json()

    async def journal(self, *, writes: bool = False) -> list[dict[str, Any]]:
        """Give the journal."""
        found: list[dict[str, Any]] = (await self.client.get(f"/_sandbox/journal?writes={int(writes)}")).json()[
            "requests"
        ]
        return found

    async def prices(self, *rows: tuple[str, Any]) -> None:
        """Set base prices of all stores."""
        answer = await self.post(
            "products/base-prices", {"prices": [{"sku": sku, "price": price, "store_id": 0} for sku, price in rows]}
        )
        assert answer == []

    async def stock(self, *rows: tuple[str, str, Any, int]) -> None:
        """Set quantities at sources."""
        names = ("sku", "source_code", "quantity", "status")
        items = [dict(zip(names, row, strict=True)) for row in rows]
        assert await self.post("inventory/source-items", {"sourceItems": items}) == []

    async def set_up_as_recorded(self) -> None:
        """Bring a shop just installed to where the recorded one began: sources, the second stock, 100 at `default`."""
        for code, name in (("east", "East"), ("west", "West"), ("vendor", "Vendor dropship")):
            await self.post("inventory/sources", {"source": {"source_code": code, "name": name, **STOCKED}})
        channels = {"sales_channels": [{"type": "website", "code": "base"}]}
        stock = {"stock": {"name": "Main web stock", "extension_attributes": channels}}
        assert await self.post("inventory/stocks", stock) == 2
        links = [
            {"stock_id": 2, "source_code": code, "priority": n} for n, code in enumerate(("east", "west", "vendor"))
        ]
        await self.post("inventory/stock-source-links", {"links": links})
        skus = [product.sku for product in recorded_products()]
        await self.prices(*((sku, 10 + place) for place, sku in enumerate(skus)))
        await self.stock(*((sku, "default", 100, 1) for sku in skus))


def recorded_products() -> list[Product]:
    """The products of the recorded shop."""
    names = {f"SKU-{number:04d}": f"Product {number}" for number in range(1, 1001)}
    skus = list(names)
    skus.insert(1, "A/B 1")
    return [Product(sku, names.get(sku, "slashy product"), 0) for sku in skus]
