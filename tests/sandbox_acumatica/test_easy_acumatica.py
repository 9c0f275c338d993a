"""A client that somebody else wrote for the real Acumatica, Easy-Acumatica from PyPI, reads the sandbox in its own way.

It signs in with a cookie, takes the newest version that `/entity` lists, and makes its models, services and methods of
the endpoint's own description.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from easy_acumatica import AcumaticaClient, AcumaticaError
from easy_acumatica.odata import F, QueryOptions
from sandbox_acumatica.trading import customer, line, named, order, shipped
from support.served import Served, one_client

from sandbox.acumatica import create_app
from sandbox.catalogue import generated

SKU = "SKU-000001"
CHANGES: list[dict[str, Any]] = [
    {"set_price": {"inventory_id": SKU, "price": "12.5"}},
    {"add_sales_price": {"inventory_id": SKU, "price": "9.75", "price_type": "Base", "break_quantity": "10"}},
    customer(),
    order(line("3"), line("1", "SKU-000002"), external_ref="100000001"),
    order(line("2"), external_ref="100000002"),
    {"add_shipment": {"lines": [shipped()], "packages": [{"tracking": "1Z-1", "weight": "2"}], "confirm": True}},
]


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a site with twelve items, a price list of one row, two orders and one shipment."""
    served = Served(create_app(generated(12)))
    answer = one_client().post(f"{served.url}/_sandbox/change", json=CHANGES)
    assert answer.is_success, answer.text
    yield served.url
    served.close()


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[AcumaticaClient]:
    """The client, signed in, its files in a folder of the test."""
    login = {"username": "admin", "password": "sandbox", "tenant": "Company"}
    made = AcumaticaClient(url, **login, rate_limit_calls_per_second=1000, cache_dir=tmp_path)
    yield made
    made.close()


def test_it_finds_the_endpoint_and_its_entities(client: AcumaticaClient) -> None:
    """It takes the version that the site lists, and has a service, and a model with typed fields, for each entity."""
    assert client.endpoint_version == "24.200.001"
    assert {"StockItem", "Customer", "SalesOrder", "Shipment", "SalesPricesInquiry"} <= set(client.list_services())
    fields = client.models.SalesOrder.get_schema()
    assert (fields["OrderNbr"]["type"], fields["OrderTotal"]["type"]) == ("str", "float")
    assert fields["Details"]["fields"]["OrderQty"]["type"] == "float"


def test_it_reads_stock_items(client: AcumaticaClient) -> None:
    """A filtered list of chosen fields, a page, one by its key and one by its id."""
    options = QueryOptions(filter=F.InventoryID == SKU, select=["InventoryID", "DefaultPrice"])
    (found,) = client.stock_item.get_list(options=options)
    assert (found["InventoryID"]["value"], found["DefaultPrice"]["value"]) == (SKU, 12.5)
    assert len(client.stock_item.get_list(options=QueryOptions(top=5, skip=10))) == 2
    one = client.stock_item.get_by_keys(InventoryID=SKU, options=QueryOptions(expand=["WarehouseDetails"]))
    assert {row["WarehouseID"]["value"] for row in one["WarehouseDetails"]} >= {"MAIN", "EAST"}
    assert client.stock_item.get_by_id(found["id"])["InventoryID"]["value"] == SKU


def test_it_reads_prices_and_quantities(client: AcumaticaClient) -> None:
    """The sales prices and an item's stock by their inquiries, and a generic inquiry over OData."""
    asked = QueryOptions(expand=["SalesPriceDetails"])
    (row,) = client.sales_prices_inquiry.put_entity({"InventoryID": {"value": SKU}}, options=asked)["SalesPriceDetails"]
    assert (row["Price"]["value"], row["BreakQty"]["value"], row["PriceType"]["value"]) == (9.75, 10, "Base")
    body = {"InventoryID": {"value": SKU}, "WarehouseID": {"value": "MAIN"}}
    rows = client.inventory_summary_inquiry.put_entity(body, options=QueryOptions(expand=["Results"]))["Results"]
    listed = client.inquiries.DB_StorageDetails(options=QueryOptions(filter=f"InventoryID eq '{SKU}'"))["value"]
    (of_main,) = [one for one in listed if one["WarehouseID"].rstrip() == "MAIN"]
    assert sum(Decimal(str(one["QtyOnHand"]["value"])) for one in rows) == Decimal(str(of_main["QtyOnHand"]))


def test_it_reads_orders_and_shipments(client: AcumaticaClient) -> None:
    """Orders with their lines and shipments, by filter and by key; shipments with packages."""
    options = QueryOptions(filter=F.ExternalRef == "100000001", expand=["Details", "Shipments"])
    (found,) = client.sales_order.get_list(options=options)
    assert [one["InventoryID"]["value"] for one in found["Details"]] == [SKU, "SKU-000002"]
    assert [one["ShipmentNbr"]["value"] for one in found["Shipments"]] == ["000001"]
    second = client.sales_order.get_by_keys(OrderType="SO", OrderNbr="000002")
    assert (second["Status"]["value"], second["OrderTotal"]["value"]) == ("Open", 25)
    packed = QueryOptions(expand=["Packages", "Details"])
    (shipment,) = client.shipment.get_list(options=packed)
    assert (shipment["Status"]["value"], shipment["Packages"][0]["TrackingNbr"]["value"]) == ("Confirmed", "1Z-1")


def test_it_calls_an_action(client: AcumaticaClient) -> None:
    """An action by its own model makes a shipment of an order."""
    models = client.models
    entity = models.SalesOrder(OrderType="SO", OrderNbr=named("000002")["order_nbr"])
    client.sales_order.invoke_action_sales_order_create_shipment(models.SalesOrderCreateShipment(entity=entity))
    assert len(client.shipment.get_list()) == 2


def test_it_tells_a_missing_record_and_gives_its_session_back(client: AcumaticaClient, url: str) -> None:
    """A record that is not there is an error of the client's own; after it is closed no session is open."""
    with pytest.raises(AcumaticaError, match="No entity satisfies the condition"):
        client.stock_item.get_by_keys(InventoryID="NOPE")
    client.close()
    assert one_client().get(f"{url}/_sandbox/state").json()["sessions"] == 0
