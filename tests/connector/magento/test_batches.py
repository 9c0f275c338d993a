"""One request of many records: each record gets its own outcome, and nothing is sent more often than needed."""

import json
from decimal import Decimal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento import queries
from connector.magento.auth import Bearer, OAuth
from connector.magento.batches import PriceRow, SourceItemRow, deliver_prices, deliver_source_items
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import ConnectionFault, Unauthorized

ACCESS = MagentoAccess("https://shop.example.com", Bearer("tok"))


class Shop:
    """A shop that knows some SKUs and sources, refuses some as a whole, and counts what it was sent."""

    def __init__(self, known=(), poison=(), limit=None) -> None:
        self.known, self.poison, self.limit = set(known), set(poison), limit
        self.sizes: list[int] = []
        self.prices: dict[str, float] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        rows = body.get("prices") or body.get("sourceItems")
        self.sizes.append(len(rows))
        if self.limit is not None and len(rows) > self.limit:
            refusal = {
                "message": 'Maximum items of type "%type" is %max',
                "parameters": {"type": "x", "max": self.limit},
            }
            return httpx.Response(400, json=refusal)
        if any(row["sku"] in self.poison for row in rows):
            return httpx.Response(400, json={"message": "Could not save Source Item"})
        unknown = [row["sku"] for row in rows if self.known and row["sku"] not in self.known]
        numeric_spoiled = [row["sku"] for row in rows if unknown and row["sku"].isdigit()]
        refused = list(dict.fromkeys([*unknown, *numeric_spoiled]))
        self.prices.update(
            {row["sku"]: row.get("price", row.get("quantity")) for row in rows if row["sku"] not in refused}
        )
        errors = [
            {"message": "Invalid attribute %fieldName = %fieldValue.", "parameters": ["SKU", sku]} for sku in refused
        ]
        return httpx.Response(200, json=errors)


def client(answer) -> MagentoClient:
    return MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


def prices(*skus: str) -> list[PriceRow]:
    return [PriceRow(sku, Decimal("9.99")) for sku in skus]


def kinds(delivery) -> list[str]:
    return [outcome.kind for outcome in delivery.outcomes]


async def test_one_unknown_sku_fails_alone():
    """The other rows of its request are accepted, in one request."""
    shop = Shop(known={"A", "C"})
    assert kinds(await deliver_prices(client(shop), prices("A", "B", "C"))) == ["accepted", "refused", "accepted"]
    assert shop.sizes == [3]


async def test_numeric_skus_beside_an_unknown_one_are_sent_again_alone():
    """Magento refuses numeric-looking SKUs together with an unknown one; alone they pass."""
    shop = Shop(known={"A", "0012", "7"})
    delivery = await deliver_prices(client(shop), prices("A", "0012", "NOPE", "7"))
    assert kinds(delivery) == ["accepted", "accepted", "refused", "accepted"]
    assert sorted(shop.sizes) == [1, 1, 4]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.data())
async def test_a_refused_request_is_halved_until_the_bad_rows_are_found(count, data):
    """Whatever rows spoil a request, they alone are refused, and the rest goes through."""
    bad = {f"S{n}" for n in data.draw(st.sets(st.integers(0, count - 1), max_size=3))}
    shop = Shop(poison=bad)
    rows = [SourceItemRow(f"S{n}", "east", Decimal(1), 1) for n in range(count)]
    delivery = await deliver_source_items(client(shop), rows)
    assert kinds(delivery) == ["refused" if row.sku in bad else "accepted" for row in rows]
    assert len(shop.prices) == count - len(bad)


async def test_one_bad_row_of_500_takes_few_requests():
    """Halving finds one of 500 in less than twenty requests."""
    shop = Shop(poison={"S123"})
    rows = [SourceItemRow(f"S{n}", "east", Decimal(1), 1) for n in range(500)]
    await deliver_source_items(client(shop), rows)
    assert len(shop.sizes) < 20


async def test_the_shops_own_limit_is_taken():
    """Above `Maximum items` the request is cut to the shop's number, which is told."""
    shop = Shop(limit=20)
    delivery = await deliver_prices(client(shop), prices(*(f"S{n}" for n in range(50))))
    assert delivery.array_limit == 20
    assert shop.sizes == [50, 20, 20, 10]
    assert set(kinds(delivery)) == {"accepted"}


async def test_a_deadlock_is_temporary_and_a_503_has_a_retry_after():
    """A deadlock's 400 and a 503 are temporary; Retry-After is handed on."""
    deadlock = client(lambda _: httpx.Response(400, json={"message": "Could not save Prices."}))
    assert kinds(await deliver_prices(deadlock, prices("A", "B"))) == ["temporary", "temporary"]
    busy = client(lambda _: httpx.Response(503, headers={"retry-after": "30"}))
    delivery = await deliver_prices(busy, prices("A"))
    assert [outcome.retry_after for outcome in delivery.outcomes] == [30.0]


async def test_a_lost_answer_is_unknown_and_a_refused_connection_is_not_sent():
    """What may have arrived is unknown; what surely never left is not sent, and the fault is the connection's."""

    def lost(_request):
        raise httpx.ReadError("cut")

    def refused(_request):
        raise httpx.ConnectError("refused")

    assert kinds(await deliver_prices(client(lost), prices("A"))) == ["unknown"]
    delivery = await deliver_prices(client(refused), prices("A"))
    assert kinds(delivery) == ["not_sent"]
    assert isinstance(delivery.fault, ConnectionFault)


async def test_a_refused_token_is_a_fault_of_the_connection():
    """401 refuses no record; the permission is named."""
    answer = {"message": "The consumer isn't authorized to access %resources.", "parameters": {"resources": "X::y"}}
    delivery = await deliver_prices(client(lambda _: httpx.Response(401, json=answer)), prices("A"))
    assert isinstance(delivery.fault, Unauthorized)
    assert delivery.fault.resources == "X::y"
    assert "tok" not in str(delivery.fault).replace("token", "")


@pytest.mark.parametrize("url", ["https://host/shop", "https://host/shop/"])
async def test_a_path_and_a_trailing_slash(url):
    """Case 16: a URL with a path and with or without a trailing slash makes the same request."""
    access = MagentoAccess(url, Bearer("t"), store_code="de")
    assert access.address("products", {"a b": "c+d,é"}) == "https://host/shop/rest/de/V1/products?a%20b=c%2Bd%2C%C3%A9"


async def test_oauth_signs_with_sha256_and_encodes_a_space_as_percent_20():
    """The four credentials sign each request; no secret travels."""
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json={"items": [], "total_count": 0})

    access = MagentoAccess("https://shop.example.com", OAuth("ck", "c-secret", "at", "t-secret"))
    async with MagentoClient(access, transport=httpx.MockTransport(answer)) as signed:
        await queries.product_types(signed, ["A B"])
    header = seen[0].headers["authorization"]
    assert 'oauth_signature_method="HMAC-SHA256"' in header
    assert "A%20B" in str(seen[0].url)
    assert "secret" not in header


async def test_skus_with_commas_are_asked_for_one_by_one():
    """A comma parts Magento's lists: such SKUs get a question of their own; URLs stay below 8 kB."""
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(200, json={"items": None, "total_count": 0})

    await queries.source_items(client(answer), ["A,B", *(f"SKÜ-{n:06d}" for n in range(2000))])
    assert len([url for url in asked if "conditionType%5D=eq" in url]) == 1
    assert max(len(url) for url in asked) < 8000
