"""A client that somebody else wrote for the real Magento, pymagento from PyPI, reads the sandbox and works with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from magento import Magento
from magento.exceptions import MagentoException
from sandbox_magento.shop import TOKEN
from support.served import Served, one_client

from sandbox.catalogue import generated
from sandbox.magento.app import create_app

SKU = "SKU-000001"
ODD = "CABLE/USB-C 2M"
LINES = [{"sku": SKU, "qty": 2}, {"sku": ODD, "qty": 1}]


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a shop with 12 products, two of them with stock and price, and one order of theirs."""
    served = Served(create_app(generated(12), default_apart=True))
    row = {"source_code": "main", "quantity": 9}
    changes: list[dict[str, Any]] = [{"set_source_item": {"sku": sku, **row}} for sku in (SKU, ODD)]
    changes += [{"set_price": {"sku": sku, "price": "12.5"}} for sku in (SKU, ODD)]
    changes.append({"place_order": {"lines": LINES, "increment_id": "100000001"}})
    assert one_client().post(f"{served.url}/_sandbox/change", json=changes).is_success
    yield served.url
    served.close()


@pytest.fixture
def client(url: str) -> Magento:
    """The client, with pages of five."""
    return Magento(TOKEN, url, batch_page_size=5)


def test_it_reads_products_and_prices(client: Magento) -> None:
    """Page by page, by SKU with a slash, by id; one that is not there is none."""
    assert sorted(one["sku"] for one in client.get_products()) == sorted(one.sku for one in generated(12))
    assert (client.get_product(ODD) or {})["price"] == 12.5
    assert (client.get_product_by_id(1) or {})["sku"] == SKU
    assert client.get_product("NOPE") is None
    prices = client.get_base_prices([SKU, "SKU-000002"])
    assert [(one["sku"], one["price"], one["store_id"]) for one in prices] == [(SKU, 12.5, 0), ("SKU-000002", 0, 0)]
    assert client.get_special_prices([SKU]) == []


def test_it_reads_stock(client: Magento) -> None:
    """Sources, their stocks, the rows at them, and the legacy stock item and status."""
    assert {one["source_code"] for one in client.get_sources()} == {"default", "main", "east", "west", "vendor"}
    assert {one["stock_id"] for one in client.get_stock_source_links()} == {1, 2}
    found = list(client.get_source_items(skus=[SKU, ODD]))
    assert {(one["sku"], one["source_code"], one["quantity"]) for one in found} == {(SKU, "main", 9), (ODD, "main", 9)}
    assert client.get_product_stock_item(SKU)["use_config_backorders"] is True
    assert client.get_product_stock_status(SKU)["stock_item"]["product_id"] == 1


def test_it_reads_orders_and_ships_invoices_and_refunds_one(client: Magento) -> None:
    """By status, by number, by line; what it makes can be read again."""
    order = client.get_order_by_increment_id("100000001") or {}
    assert [(one["sku"], one["qty_ordered"]) for one in order["items"]] == [(SKU, 2), (ODD, 1)]
    number = order["entity_id"]
    assert [one["entity_id"] for one in client.get_orders(status="pending")] == [number]
    assert client.get_total_orders_count() == len(client.get_last_orders()) == 1
    assert list(client.get_orders_by_increment_ids(["100000001"])) == ["100000001"]
    line = next(client.get_orders_items(sku=ODD))
    assert client.get_order_item(line["item_id"])["order_id"] == number
    payload = {"arguments": {"extension_attributes": {"source_code": "main"}}, "comment": {"comment": "by hand"}}
    shipment = client.ship_order(number, payload)
    assert [one["total_qty"] for one in client.get_order_shipments(number)] == [3]
    assert len((client.get_shipment(shipment) or {})["items"]) == 2
    assert [one["comment"] for one in client.get_shipment_comments(shipment)] == ["by hand"]
    invoice = client.post_json_api(f"/V1/order/{number}/invoice", json={})
    assert [str(one["entity_id"]) for one in client.get_order_invoices(number)] == [invoice]
    client.post_json_api(f"/V1/order/{number}/refund", json={})
    assert [one["order_id"] for one in client.get_credit_memos()] == [number]
    assert client.get_order(number)["state"] == "closed"
    with pytest.raises(MagentoException, match="status of closed"):
        client.post_json_api(f"/V1/order/{number}/refund", json={})


def test_it_reads_the_shop_and_its_customers(client: Magento) -> None:
    """Websites, store views, their configuration, groups and countries."""
    assert [one["code"] for one in client.get_websites()] == ["admin", "base"]
    assert [one["code"] for one in client.get_store_views()] == ["admin", "default"]
    assert client.get_store_configs(store_codes=["default"])[0]["base_currency_code"] == "USD"
    assert list(client.get_customers()) == []
    assert "General" in {one["code"] for one in client.get_customer_groups()}
    assert client.get_country("US")["id"] == "US"  # type: ignore[arg-type]


def test_it_is_told_what_its_token_lacks(client: Magento, url: str) -> None:
    """The refusal names the resource."""
    change = {"token": {"resources": ["Magento_Catalog::products"]}}
    assert one_client().post(f"{url}/_sandbox/change", json=change).is_success
    assert client.get_product(SKU)
    with pytest.raises(MagentoException) as refused:
        list(client.get_orders())
    assert refused.value.parameters == {"resources": "Magento_Sales::actions_view"}
