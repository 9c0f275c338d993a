"""Actions of the endpoint by POST: create and confirm shipments, prepare and release invoices, release receipts.

An action answers 202 with an empty body and a Location to poll. The poll answers 204 with the record's Location once
the action is done (here at once), or the body of the failure (`acumatica.md` §2.8, recorded in `actions.jsonl`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.acumatica import errors
from sandbox.acumatica.documents import Documents
from sandbox.acumatica.given import Given
from sandbox.acumatica.invoice_changes import INVOICE_CHANGES
from sandbox.acumatica.purchase_changes import PURCHASE_CHANGES
from sandbox.acumatica.records import ENDPOINT, Entity, random_guid
from sandbox.acumatica.shipment_changes import SHIPMENT_CHANGES
from sandbox.acumatica.values import collate, from_json

Action = Callable[[Documents, Any, Given], object]
FRAMES = ("PX.Api.ContractBased.OptimizedExport.ActionInvoker.Invoke(String actionName)", *errors.LIST_FRAMES)


def _value(parameters: Given, name: str) -> Any:
    field = parameters.get(name)
    return field.get("value") if isinstance(field, Mapping) else None


def _create_shipment(documents: Documents, order: Any, parameters: Given) -> object:
    given = {"warehouse": _value(parameters, "WarehouseID"), "date": _value(parameters, "ShipmentDate")}
    named = {"order_type": order.type, "order_nbr": order.number}
    return SHIPMENT_CHANGES["add_shipment"](documents, {"orders": [named], **given})


def _on_shipment(change: str) -> Action:
    return lambda documents, shipment, parameters: SHIPMENT_CHANGES[change](documents, shipment.number)


def _prepare_invoice(documents: Documents, shipment: Any, parameters: Given) -> object:
    return INVOICE_CHANGES["add_invoice"](documents, {"shipments": [shipment.number]})


def _release_invoice(documents: Documents, invoice: Any, parameters: Given) -> object:
    named = {"type": invoice.type, "reference_nbr": invoice.number}
    return INVOICE_CHANGES["release_invoice"](documents, named)


def _release_receipt(documents: Documents, receipt: Any, parameters: Given) -> object:
    return PURCHASE_CHANGES["release_purchase_receipt"](documents, receipt.number)


ACTIONS: dict[tuple[str, str], Action] = {
    ("SalesOrder", "SalesOrderCreateShipment"): _create_shipment,
    ("Shipment", "ConfirmShipment"): _on_shipment("confirm_shipment"),
    ("Shipment", "CorrectShipment"): _on_shipment("correct_shipment"),
    ("Shipment", "PrepareInvoice"): _prepare_invoice,
    ("SalesInvoice", "ReleaseSalesInvoice"): _release_invoice,
    ("PurchaseReceipt", "ReleasePurchaseReceipt"): _release_receipt,
}


class Actions:
    """The actions on the documents, and the result of each."""

    def __init__(
        self, documents: Documents, entities: Callable[[], Mapping[str, Entity]], root: str = ENDPOINT
    ) -> None:
        """Create it from the documents, a function that returns the endpoint's entities, and the endpoint's address."""
        self._root = root
        self._documents = documents
        self._entities = entities
        self._outcomes: dict[str, Response] = {}

    async def invoke(self, request: Request) -> Response:
        """Serve `POST /{Entity}/{Action}`."""
        name, action = request.path_params["entity"], request.path_params["action"]
        run = ACTIONS.get((name, action))
        if run is None:
            return errors.no_resource(str(request.url))
        try:
            body = from_json(await request.body())
        except ValueError as fault:
            return errors.invalid_request("entity", str(fault))
        if not isinstance(body, dict) or not isinstance(body.get("entity"), dict):
            return errors.invalid_request("entity", "The request body should name an entity.")
        entity = self._entities()[name]
        record = _record(entity, body["entity"])
        if record is None:
            return errors.missing_record()
        operation = random_guid()
        self._outcomes[operation] = self._run(run, entity, record, body.get("parameters") or {})
        return Response(status_code=202, headers={"Location": f"{self._root}/{name}/{action}/status/{operation}"})

    def _run(self, run: Action, entity: Entity, record: Any, parameters: Given) -> Response:
        try:
            run(self._documents, record, parameters)
        except ValueError as fault:
            return errors.exception("PX.Data.PXException", f"Error: {fault}", FRAMES)
        return Response(status_code=204, headers={"Location": f"{self._root}/{entity.name}/{entity.record_id(record)}"})

    async def status(self, request: Request) -> Response:
        """Serve the poll of an action."""
        return self._outcomes.get(request.path_params["operation"]) or errors.no_resource(str(request.url))


def _record(entity: Entity, named: Mapping[str, Any]) -> Any:
    """Find the record that the body names by id or by keys. If a key is left out, the first record with the others is
    used.
    """
    wished = {name: collate(str(_value(named, name))) for name in entity.table.key if _value(named, name) is not None}
    record_id = str(named.get("id") or "").lower()
    for row in entity.table.rows():
        if record_id and entity.record_id(row) == record_id:
            return row
        found = {name: collate(str(entity.table.fields[name].get(row))) for name in wished}
        if wished and not record_id and found == wished:
            return row
    return None
