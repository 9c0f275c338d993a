"""The sandbox's own paths: the journal, the state, changes and their refusals; traits of a shop."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from sandbox_magento.shop import Shop

from sandbox.faults import FaultMiddleware, Faults
from sandbox.magento.latency import cost

PRICES = {"prices": [{"sku": "SKU-000001", "price": 5, "store_id": 0}, {"sku": "NOPE", "price": 1, "store_id": 0}]}


async def test_the_journal_has_every_request_in_order(shop: Shop) -> None:
    """Time, method, path, keys, values, records, status, and whether it was applied; questions are no writes."""
    await shop.post("products/base-prices", PRICES)
    shop.clock.advance(5)
    await shop.post("products/base-prices-information", {"skus": ["SKU-000001", "SKU-000002"]})
    await shop.send("PUT", "/rest/V1/products/CABLE%2FUSB-C%202M/stockItems/1", {"stockItem": {"qty": 4}})
    await shop.send("POST", "/rest/V1/products/base-prices", {"prices": [PRICES["prices"][1]]})
    await shop.send("GET", "/rest/V1/nowhere")
    journal = await shop.journal()
    assert [(entry["method"], entry["records"], entry["status"], entry["applied"]) for entry in journal] == [
        ("POST", 2, 200, True),
        ("POST", 2, 200, False),
        ("PUT", 1, 200, True),
        ("POST", 1, 200, False),
        ("GET", 0, 404, False),
    ]
    assert journal[0]["keys"] == ["SKU-000001", "NOPE"]
    assert journal[0]["values"][0] == {"price": 5, "store_id": 0}
    assert journal[0]["path"] == "/rest/V1/products/base-prices"
    assert (journal[0]["time"], journal[1]["time"]) == ("2026-11-24 01:57:38", "2026-11-24 01:57:43")
    assert journal[2]["keys"][0] == "CABLE/USB-C 2M"
    assert [entry["method"] for entry in await shop.journal(writes=True)] == ["POST", "PUT", "POST"]


async def test_a_bulk_names_the_records_of_all_its_elements(shop: Shop) -> None:
    """The records of a queued request are those of its operations."""
    elements = [{"prices": PRICES["prices"]}, {"prices": PRICES["prices"][:1]}]
    await shop.send("POST", "/rest/async/bulk/V1/products/base-prices", elements)
    (entry,) = await shop.journal(writes=True)
    assert (entry["records"], entry["status"], entry["keys"]) == (3, 202, ["SKU-000001", "NOPE", "SKU-000001"])


async def test_faults_in_front_are_noted_as_not_applied(shop: Shop) -> None:
    """A request that a fault answers is in the journal with its status."""
    shop.client._transport.app = FaultMiddleware(shop.app, "magento", Faults("path=*/base-prices: status=503"))
    assert (await shop.send("POST", "/rest/V1/products/base-prices", PRICES)).status_code == 503
    (entry,) = await shop.journal(writes=True)
    assert (entry["status"], entry["applied"], entry["records"]) == (503, False, 2)
    assert (await shop.state())["prices"]["SKU-000001"] == "0"


async def test_the_state_has_exact_decimals(shop: Shop) -> None:
    """Prices and quantities are texts without binary noise."""
    await shop.prices(("SKU-000001", 29.95), ("SKU-000002", 0.1))
    await shop.stock(("SKU-000001", "east", 0.3, 1))
    state = await shop.state()
    assert (state["prices"]["SKU-000001"], state["prices"]["SKU-000002"]) == ("29.95", "0.1")
    assert state["source_items"] == [{"sku": "SKU-000001", "source_code": "east", "quantity": "0.3", "status": 1}]


async def test_products_come_and_go(shop: Shop) -> None:
    """A product that is removed is unknown; its rows at the sources stay, as Magento leaves them."""
    await shop.change({"add_product": {"sku": "NEW", "type_id": "virtual", "price": "1.5"}})
    assert (await shop.get("products/NEW"))["type_id"] == "virtual"
    await shop.stock(("NEW", "east", 1, 1))
    await shop.change({"remove_product": "new"})
    assert (await shop.send("GET", "/rest/V1/products/NEW")).status_code == 404
    assert [row["sku"] for row in (await shop.state())["source_items"]] == ["NEW"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        [],
        "x",
        {"bogus": 1},
        {"add_product": {}},
        {"add_product": {"sku": "SKU-000001"}},
        {"add_product": {"sku": "X", "price": "1.2345678"}},
        {"remove_product": "NOPE"},
        {"set_price": {"sku": "SKU-000001", "price": "abc"}},
        {"set_price": {"sku": "SKU-000001", "price": 1, "store_id": 9}},
        {"set_source_item": {"sku": "X", "source_code": "nowhere", "quantity": 1}},
        {"remove_source_item": {"sku": "X", "source_code": "east"}},
        {"setting": {"bogus": True}},
        {"setting": {"price_scope": "store"}},
        {"setting": {"array_limit": -1}},
        {"setting": {"msi": "off"}},
        {"setting": {"body_limit": None}},
        {"token": {"resources": "all"}},
        {"token": {"token": "unknown", "revoked": True}},
        {"add_website": {"code": "x", "stores": ["default"]}},
    ],
)
async def test_a_wrong_change_is_refused_with_a_message(shop: Shop, change: Any) -> None:
    """400, and a message that says which change and why."""
    answer = await shop.client.post("/_sandbox/change", json=[{"setting": {"bearer": True}}, change])
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Change 1: ")


async def test_a_change_that_is_no_json_is_refused(shop: Shop) -> None:
    """400 with words."""
    answer = await shop.client.post("/_sandbox/change", content=b"{")
    assert (answer.status_code, answer.json()["message"][:22]) == (400, "The change is no JSON:")


async def test_without_the_inventory_modules(make_shop: Callable[..., Shop]) -> None:
    """The routes of sources are gone, their modules too; the legacy stock works and makes no rows."""
    shop = make_shop(msi=False)
    assert (await shop.send("GET", "/rest/V1/inventory/sources")).json() == {
        "message": "Request does not match any route."
    }
    assert "Magento_InventoryApi" not in await shop.get("modules")
    await shop.post("products/SKU-000001/stockItems/1", {"stockItem": {"qty": 4, "is_in_stock": True}}, "PUT")
    state = await shop.state()
    assert state["source_items"] == []
    assert state["stock_items"]["SKU-000001"] == {"quantity": "4", "is_in_stock": True}


async def test_editions_are_told_by_their_modules(make_shop: Callable[..., Shop]) -> None:
    """Adobe Commerce has modules that Open Source has not."""
    assert "Magento_Enterprise" not in await make_shop().get("modules")
    assert "Magento_Enterprise" in await make_shop(commerce=True).get("modules")
    assert (await make_shop(commerce=True).client.get("/magento_version")).text == "Magento/2.4 (Enterprise)"


async def test_the_world_at_the_start(shop: Shop) -> None:
    """Five sources, all in the website's stock; every product priced 0 and without stock; USD."""
    assert {row["source_code"] for row in (await shop.get("inventory/sources"))["items"]} == {
        "default",
        "main",
        "east",
        "west",
        "vendor",
    }
    stock = await shop.get("inventory/stock-resolver/website/base")
    links = (await shop.get("inventory/stock-source-links", searchCriteria=""))["items"]
    assert [link["source_code"] for link in links if link["stock_id"] == stock["stock_id"]] == [
        "default",
        "main",
        "east",
        "west",
        "vendor",
    ]
    state = await shop.state()
    assert (set(state["prices"].values()), state["source_items"]) == ({"0"}, [])
    assert (await shop.get("store/storeConfigs"))[0]["base_currency_code"] == "USD"


def test_costs_are_those_measured() -> None:
    """Fixed cost and cost of a row; above 1,000 SKUs of one base-prices request the cliff."""

    def seconds(path: str, rows: int) -> float:
        return cost("POST", f"/rest/V1/{path}", b'{"sku":1}' * rows)

    for rows, measured in ((100, 0.040), (500, 0.081), (1000, 0.135), (1001, 0.45), (2000, 0.9)):
        assert seconds("products/base-prices", rows) == pytest.approx(measured, rel=0.15)
    for rows, measured in ((100, 0.124), (500, 0.50), (1000, 0.97)):
        assert seconds("inventory/source-items", rows) == pytest.approx(measured, rel=0.05)


async def test_two_requests_progress_at_a_time(make_shop: Callable[..., Shop]) -> None:
    """With latency as measured four requests take as long as two, twice; without it they take no time."""
    shop = make_shop(latency="measured")
    start = time.perf_counter()
    await asyncio.gather(*(shop.get("store/storeConfigs") for _one in range(4)))
    assert 0.046 <= time.perf_counter() - start < 1


async def test_the_consumer_works_before_the_next_request(shop: Shop) -> None:
    """A queued call is open until the consumer runs, and done after it."""
    await shop.setting(consumer=False)
    answer = await shop.send("POST", "/rest/async/V1/products/base-prices", PRICES)
    path = f"bulk/{answer.json()['bulk_uuid']}/status"
    assert [one["status"] for one in (await shop.get(path))["operations_list"]] == [4]
    assert not (await shop.journal(writes=True))[0]["applied"]
    await shop.setting(consumer=True)
    assert [one["status"] for one in (await shop.get(path))["operations_list"]] == [1]
    assert (await shop.journal(writes=True))[0]["applied"]
    assert (await shop.state())["prices"]["SKU-000001"] == "5"
