"""The queue behind the async and bulk paths: what is queued, and what the consumer makes of it.

A type fault in one element refuses all of them at once. The limit of records applies only when an operation is
consumed; a result of row errors counts as done. Without a consumer everything stays open. Source: magento-observed.md,
"Async and bulk".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from sandbox.magento import php
from sandbox.magento.errors import Crash, InternalError, Refusal
from sandbox.magento.records import Bulk, Operation
from sandbox.magento.routes import Call, Route
from sandbox.magento.state import Shop
from sandbox.magento.typed import Limits, arguments

OPEN, DONE, FAILED = 4, 1, 3


def elements(body: Any) -> list[dict[str, Any]]:
    """Return the elements of a bulk's body, one operation each."""
    if body is None:
        return []
    found = list(body.values()) if isinstance(body, dict) else body if isinstance(body, list) else [body]
    for element in found:
        if not isinstance(element, dict | list):
            raise InternalError("An element of a bulk is an object.")
    return found


def publish(
    shop: Shop, route: Route, given: Sequence[Any], store_id: int, applied: Callable[[], None]
) -> dict[str, Any]:
    """Queue one operation for each element; return the answer of 202. `applied` is called once an operation changed
    something.
    """
    for element in given:
        arguments(element, route.parameters, Limits())
    operations = []
    for place, element in enumerate(given):
        data = {
            "entity_id": None,
            "entity_link": "",
            "meta_information": php.json_text(element if element is not None else []),
            "store_id": str(store_id),
        }
        operations.append(Operation(place, php.json_text(data), data=(route, element, store_id, applied)))
    number = str(uuid.UUID(int=uuid.uuid5(uuid.NAMESPACE_URL, f"{shop.now()}/{len(shop.bulks)}").int, version=4))
    shop.bulks[number] = Bulk(number, route.topic, shop.now(), 1, 1, operations)
    shop.waiting += operations
    items = [
        {"id": one.id, "data_hash": sha256((one.serialized or "").encode()).hexdigest(), "status": "accepted"}
        for one in operations
    ]
    return {"bulk_uuid": number, "request_items": items, "errors": False}


def consume(shop: Shop) -> None:
    """Let the consumer, if it runs, process the queue. It does so before each further request."""
    if not shop.waiting or not shop.settings.consumer:
        return
    waiting, shop.waiting = shop.waiting, []
    for operation in waiting:
        _run(shop, operation)


def _run(shop: Shop, operation: Operation) -> None:
    route, element, store_id, applied = operation.data
    operation.data = None
    try:
        made = arguments(element, route.parameters, shop.settings.limits())
        call = Call(shop, store_id, made)
        result = route.service(call)
    except Refusal as refusal:
        operation.status, operation.message, operation.error_code = FAILED, refusal.words(), 0
        return
    except (InternalError, Crash) as fault:
        operation.status, operation.message, operation.error_code = FAILED, str(fault), 0
        return
    if call.applied:
        applied()
    operation.status, operation.serialized = DONE, None
    operation.result = None if result is None else php.json_text(result)
    operation.message = f"Service execution success {route.implementation}::{route.operation}"
