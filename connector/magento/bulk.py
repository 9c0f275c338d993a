"""Send base prices through Magento's asynchronous bulk API: queued at once, and written later by Magento's consumer.

Input: rows of prices, divided into operations. Output: the bulk's id, its number of open operations, and the outcome of
each row. A bulk that no consumer processes is distinguished from one that is done, and a row that Magento refused from
one that it wrote: status 1 only means that the operation ran. Source: magento-observed.md, "Async and bulk".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from connector.magento.batches import BASE_PRICES, PriceRow, RowResult, judge_prices, prices_body
from connector.magento.client import MagentoClient
from connector.magento.errors import NoAnswer, RequestRefused, TemporaryFault
from connector.magento.search import criterion

OPEN, COMPLETE, RETRIABLE = 4, 1, 2
TOPIC = "async.magento.catalog.api.basepricestorageinterface.update.post"
STATUS_PERMISSION = "Magento_Logging::system_magento_logging_bulk_operations"
START_THE_CONSUMER = (
    "Start it there: bin/magento queue:consumers:start async.operations.all, or let cron do it (cron_consumers_runner "
    "in app/etc/env.php)."
)
_NOT_FOUND = 404


class _Operation(msgspec.Struct):
    id: int
    status: int
    result_message: str | None = None
    result_serialized_data: str | None = None


class _Operations(msgspec.Struct):
    operations_list: list[_Operation]


class _Published(msgspec.Struct):
    bulk_uuid: str


async def publish_prices(client: MagentoClient, parts: Sequence[Sequence[PriceRow]]) -> str:
    """Make Magento queue each part as one operation and return the bulk's id.

    Raises `NoAnswer` if it may be queued but its id is unknown, and all faults of a write.
    """
    answer = await client.publish(BASE_PRICES, [prices_body(part) for part in parts])
    try:
        return msgspec.convert(answer, _Published).bulk_uuid
    except msgspec.ValidationError as error:
        raise NoAnswer(f"Magento took the prices and did not name their bulk: {error}.") from error


async def publish_nothing(client: MagentoClient) -> str:
    """Make Magento queue a price of a SKU that does not exist and return the bulk's id. It writes nothing."""
    return await publish_prices(client, [[PriceRow("a2m-check-of-nothing", Decimal(0))]])


async def open_operations(client: MagentoClient, uuid: str) -> int:
    """Return the number of operations of a bulk that are not processed yet; 0 for a bulk that Magento does not know."""
    return _number(await client.get(f"bulk/{uuid}/operation-status/{OPEN}"))


async def open_price_operations(client: MagentoClient) -> int:
    """Return the number of open operations on base prices in all bulks, of any client."""
    asked = criterion("topic_name", TOPIC, "eq") | criterion("status", str(OPEN), "eq", group=1)
    answer = await client.get("bulk", {**asked, "searchCriteria[pageSize]": 1})
    return _number(answer.get("total_count") if isinstance(answer, dict) else None)


def _number(answer: Any) -> int:
    """Return a count, which Magento answers as a number or as a string of digits."""
    if isinstance(answer, int) or (isinstance(answer, str) and answer.isascii() and answer.isdigit()):
        return int(answer)
    raise TemporaryFault("Magento answered the question how many operations are open with something else.")


async def outcomes(
    client: MagentoClient, uuid: str, parts: Sequence[Sequence[PriceRow]]
) -> list[list[RowResult | None]]:
    """Return the outcome of each row of a bulk whose operations are done, part by part.

    None for a row whose outcome can only be found by sending it alone: a row that Magento's row errors leave unclear,
    and all rows of an operation that Magento refused as a whole, does not know, or has not processed.
    """
    try:
        answer = await client.get(f"bulk/{uuid}/detailed-status")
    except RequestRefused as refused:
        if refused.status != _NOT_FOUND:
            raise
        return [[None for _row in part] for part in parts]
    try:
        operations = {operation.id: operation for operation in msgspec.convert(answer, _Operations).operations_list}
    except msgspec.ValidationError as error:
        raise TemporaryFault(f"Magento's answer about a bulk has an unknown form: {error}.") from error
    return [_judged(part, operations.get(index)) for index, part in enumerate(parts)]


def _judged(part: Sequence[PriceRow], operation: _Operation | None) -> list[RowResult | None]:
    if operation is not None and operation.status == RETRIABLE:
        return [RowResult("temporary", f"Magento's consumer: {operation.result_message}") for _row in part]
    if operation is None or operation.status != COMPLETE:
        return [None for _row in part]
    try:
        errors = msgspec.json.decode(operation.result_serialized_data or "null")
    except msgspec.DecodeError:
        errors = None
    return judge_prices(part, errors) if isinstance(errors, list) else [None for _row in part]
