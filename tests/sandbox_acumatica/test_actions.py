"""Actions by POST: their answers beside the recorded ones, and what they do."""

from collections.abc import Callable
from typing import Any

import pytest
from sandbox_acumatica.trading import customer, line, named, order, values

ENDPOINT = "/entity/Default/24.200.001"
Samples = Callable[[str, str], dict[str, Any]]


async def act(site: Any, path: str, entity: dict[str, Any], **parameters: Any) -> Any:
    """Invoke an action."""
    wrapped = {name: {"value": value} for name, value in parameters.items()}
    return await site.client.post(f"{ENDPOINT}/{path}", json={"entity": entity, "parameters": wrapped})


@pytest.mark.parametrize(
    ("case", "path"),
    [
        ("SalesOrderCreateShipment 202", "SalesOrder/SalesOrderCreateShipment"),
        ("ConfirmShipment 202", "Shipment/ConfirmShipment"),
        ("ReleaseSalesInvoice 202", "SalesInvoice/ReleaseSalesInvoice"),
        ("ReleasePurchaseReceipt 202", "PurchaseReceipt/ReleasePurchaseReceipt"),
    ],
)
async def test_action_is_accepted_as_recorded(site: Any, samples: Samples, case: str, path: str) -> None:
    """The recorded action is 202 without body; its Location ends in status and an id, and the poll is 204."""
    real = samples("actions", case)
    await site.change(customer(), order(), order(line(drop_ship=True)), order())
    await site.change({"add_shipment": {"orders": [named()]}}, {"add_purchase_order": named("000002")})
    await site.change({"add_purchase_receipt": {"purchase_order": "000001"}})
    await site.change({"add_shipment": {"orders": [named("000003")], "confirm": True}})
    await site.change({"add_invoice": {"shipments": ["000002"]}}, order())
    keys = {
        "SalesOrder": {"OrderType": {"value": "SO"}, "OrderNbr": {"value": "000004"}},
        "Shipment": {"ShipmentNbr": {"value": "000001"}, "ShipmentType": {"value": "Shipment"}},
        "SalesInvoice": {"Type": {"value": "Invoice"}, "ReferenceNbr": {"value": "000001"}},
        "PurchaseReceipt": {"ReceiptNbr": {"value": "000001"}},
    }
    own = await act(site, path, keys[path.partition("/")[0]])
    assert (own.status_code, own.content) == (real["status"], b"")
    left, right = dict(real["response_headers"])["Location"], own.headers["Location"]
    assert right.split("/")[-4:-1] == left.split("/")[-4:-1]
    assert own.headers["Content-Length"] == dict(real["response_headers"])["Content-Length"]
    poll = await site.client.get(right)
    assert poll.status_code == samples("actions", "status poll finished")["status"] == 204
    assert poll.headers["Location"].rpartition("/")[0].endswith(path.partition("/")[0])


async def test_actions_lead_from_order_to_released_invoice(site: Any) -> None:
    """By actions alone an order is shipped on the asked day, confirmed, invoiced and the invoice released."""
    await site.change(customer(), order())
    record = await site.rest("SalesOrder/SO/000001")
    day = {"ShipmentDate": "2026-03-05T00:00:00+00:00", "WarehouseID": "MAIN"}
    await act(site, "SalesOrder/SalesOrderCreateShipment", {"id": record["id"]}, **day)
    shipment = {"ShipmentNbr": {"value": "000001"}}
    for name in ("ConfirmShipment", "CorrectShipment", "ConfirmShipment", "PrepareInvoice"):
        assert (await act(site, f"Shipment/{name}", shipment)).status_code == 202
    invoice = {"Type": {"value": "Invoice"}, "ReferenceNbr": {"value": "000001"}}
    await act(site, "SalesInvoice/ReleaseSalesInvoice", invoice)
    found = await site.rest("Shipment/000001")
    assert values(found, "Status", "ShipmentDate") == ["Completed", "2026-03-05T00:00:00+00:00"]


async def test_refused_action_fails_at_the_poll(site: Any) -> None:
    """What the form refuses is accepted with 202 and tells its reason when polled."""
    await site.change(customer(), order(), {"add_shipment": {"orders": [named()], "confirm": True}})
    accepted = await act(site, "Shipment/ConfirmShipment", {"ShipmentNbr": {"value": "000001"}})
    poll = await site.client.get(accepted.headers["Location"])
    assert (accepted.status_code, poll.status_code) == (202, 500)
    assert "000001 is Confirmed" in poll.json()["exceptionMessage"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("Shipment/ConfirmShipment", {"entity": {"ShipmentNbr": {"value": "000009"}}}, 500),
        ("Shipment/Nonsense", {"entity": {}}, 404),
        ("Nonsense/ConfirmShipment", {"entity": {}}, 404),
        ("Shipment/ConfirmShipment", {}, 400),
    ],
)
async def test_wrong_actions_are_refused(site: Any, path: str, body: dict[str, Any], status: int) -> None:
    """An unknown record is 500, an unknown action 404, a body without entity 400."""
    assert (await site.client.post(f"{ENDPOINT}/{path}", json=body)).status_code == status
