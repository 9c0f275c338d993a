"""The status of queued calls. Source: magento-observed.md, "Async and bulk"; recordings of async."""

from __future__ import annotations

from typing import Any

from sandbox.magento.errors import Refusal
from sandbox.magento.records import Bulk, Operation
from sandbox.magento.routes import Call, Route
from sandbox.magento.search import SEARCH, Columns, found, result
from sandbox.magento.typed import INT, TEXT, Parameter


def _bulk(call: Call) -> Bulk:
    number = call.given["bulkUuid"]
    bulk = call.shop.bulks.get(number)
    if bulk is None:
        raise Refusal(404, "Bulk uuid %bulkUuid not exist", {"bulkUuid": number})
    return bulk


def _head(bulk: Bulk) -> dict[str, Any]:
    return {
        "user_type": bulk.user_type,
        "bulk_id": bulk.uuid,
        "description": f"Topic {bulk.topic}",
        "start_time": bulk.start_time,
        "user_id": bulk.user_id,
        "operation_count": len(bulk.operations),
    }


def status(call: Call) -> dict[str, Any]:
    """Return the status of each operation."""
    bulk = _bulk(call)
    operations = [
        {"id": one.id, "status": one.status, "result_message": one.message, "error_code": one.error_code}
        for one in bulk.operations
    ]
    return {"operations_list": operations, **_head(bulk)}


def _detailed(bulk: Bulk, one: Operation) -> dict[str, Any]:
    return {
        "id": one.id,
        "bulk_uuid": bulk.uuid,
        "topic_name": bulk.topic,
        "serialized_data": one.serialized,
        "result_serialized_data": one.result,
        "status": one.status,
        "result_message": one.message,
        "error_code": one.error_code,
    }


def detailed_status(call: Call) -> dict[str, Any]:
    """Return each operation with its request, while that is stored, and its result."""
    bulk = _bulk(call)
    return {"operations_list": [_detailed(bulk, one) for one in bulk.operations], **_head(bulk)}


def count(call: Call) -> int:
    """Return the number of operations with a status; 0 for an unknown bulk."""
    bulk = call.shop.bulks.get(call.given["bulkUuid"])
    return sum(one.status == call.given["status"] for one in bulk.operations) if bulk else 0


def get_list(call: Call) -> dict[str, Any]:
    """Return the requested operations of all bulks."""
    asked = call.given["searchCriteria"]
    rows = [
        {"extension_attributes": {"start_time": bulk.start_time}, **_detailed(bulk, one)}
        for bulk in call.shop.bulks.values()
        for one in bulk.operations
    ]
    items, total = found(rows, COLUMNS, asked)
    return result(items, asked, total)


COLUMNS: Columns = {
    "bulk_uuid": lambda row: str(row["bulk_uuid"]),
    "topic_name": lambda row: str(row["topic_name"]),
    "status": lambda row: int(row["status"]),
    "operation_key": lambda row: int(row["id"]),
    "id": lambda row: int(row["id"]),
    "start_time": lambda row: str(row["extension_attributes"]["start_time"]),
    "result_message": lambda row: row["result_message"],
    "error_code": lambda row: row["error_code"],
}
_RESOURCE = "Magento_Logging::system_magento_logging_bulk_operations"
_UUID = Parameter("bulkUuid", TEXT)
ROUTES = (
    Route("GET", "bulk", get_list, (SEARCH,), resource=_RESOURCE),
    Route("GET", "bulk/:bulkUuid/status", status, (_UUID,), resource=_RESOURCE),
    Route("GET", "bulk/:bulkUuid/detailed-status", detailed_status, (_UUID,), resource=_RESOURCE),
    Route(
        "GET",
        "bulk/:bulkUuid/operation-status/:status",
        count,
        (_UUID, Parameter("status", INT)),
        resource=_RESOURCE,
    ),
)
