"""What Magento tells of a bulk of prices, and what each row came to by it."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento import bulk
from connector.magento.auth import Bearer
from connector.magento.batches import PriceRow
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import NoAnswer, TemporaryFault

ACCESS = MagentoAccess("https://shop.example.com", Bearer("tok"))
UUID = "f3c40e7f-2c95-4bed-a526-f339af037b9d"


def answering(status: int, body: Any, asked: list[httpx.Request] | None = None) -> MagentoClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return httpx.Response(status, json=body)

    return MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


def rows(*skus: str) -> list[PriceRow]:
    return [PriceRow(sku, Decimal("1.5")) for sku in skus]


def operation(number: int, status: int, result: str | None = "[]", message: str = "words") -> dict[str, Any]:
    return {"id": number, "status": status, "result_message": message, "result_serialized_data": result}


async def judged(*operations: dict[str, Any], parts: list[list[PriceRow]]) -> list[list[str | None]]:
    found = await bulk.outcomes(answering(200, {"operations_list": list(operations)}), UUID, parts)
    return [[None if one is None else one.kind for one in part] for part in found]


@pytest.fixture
def recorded(shared: Path) -> Callable[[str], dict[str, Any]]:
    """The real Magento's answer in a recorded case of the area async."""
    lines = (shared / "contracts" / "magento-2.4.7-recorded" / "async.jsonl").read_text().splitlines()
    cases = {case["case"]: case["response"] for case in map(json.loads, lines)}
    return cases.__getitem__


@pytest.mark.recordings
async def test_a_recorded_bulk_has_an_outcome_for_each_row(recorded):
    """Status 1 throughout, and the row errors decide: one written, two refused, one written beside a refused one."""
    client = answering(200, recorded("bulk_prices_mixed__detailed_status_after")["body"])
    parts = [rows("SKU-0041"), rows("NOPE"), rows("SKU-0042"), rows("SKU-0043", "NOPE")]
    found = await bulk.outcomes(client, UUID, parts)
    assert [[one and one.kind for one in part] for part in found] == [
        ["accepted"],
        ["refused"],
        ["refused"],
        ["accepted", "refused"],
    ]
    assert found[1][0] is not None
    assert "NOPE" in str(found[1][0].reason)


@pytest.mark.recordings
async def test_a_recorded_operation_that_is_refused_as_a_whole_is_sent_again_by_itself(recorded):
    """Above the shop's limit of records an operation ends as status 3: its rows are unclear, not refused."""
    client = answering(200, recorded("limit20_25_in_one_consumed_under_limit__detailed_status")["body"])
    assert await bulk.outcomes(client, UUID, [rows("A", "B")]) == [[None, None]]


async def test_an_operation_that_may_be_repeated_is_temporary():
    """Status 2 is a dead-lock or a lost database: worth another attempt."""
    assert await judged(operation(0, 2, None), operation(1, 1), parts=[rows("A", "B"), rows("C")]) == [
        ["temporary", "temporary"],
        ["accepted"],
    ]


@pytest.mark.parametrize("result", [None, "", "null", "{", '"text"', '{"a": 1}'])
async def test_a_result_that_is_no_list_of_row_errors_is_unclear(result):
    """Only an empty list says that all rows were written."""
    assert await judged(operation(0, 1, result), parts=[rows("A")]) == [[None]]


async def test_what_magento_does_not_report_is_unclear():
    """A missing operation, an open or rejected one, and a bulk that Magento does not know any more."""
    parts = [rows("A"), rows("B"), rows("C")]
    assert await judged(operation(0, 4, None), operation(1, 5, None), parts=parts) == [[None], [None], [None]]
    gone = answering(404, {"message": "Bulk uuid %bulkUuid not exist", "parameters": {"bulkUuid": UUID}})
    assert await bulk.outcomes(gone, UUID, parts) == [[None], [None], [None]]


@pytest.mark.parametrize("answer", [[], {}, {"operations_list": [{"id": "x"}]}, {"operations_list": 3}])
async def test_an_answer_of_another_shape_is_worth_asking_again(answer):
    """A list of operations that is none is a fault that passes, not an outcome."""
    with pytest.raises(TemporaryFault, match="unknown form"):
        await bulk.outcomes(answering(200, answer), UUID, [rows("A")])


async def test_prices_are_published_as_operations_of_the_asynchronous_route():
    """One element of the list for each operation, each with the body of the synchronous route."""
    asked: list[httpx.Request] = []
    client = answering(202, {"bulk_uuid": UUID, "request_items": [], "errors": False}, asked)
    assert await bulk.publish_prices(client, [rows("A", "B"), rows("C")]) == UUID
    assert asked[0].url.path == "/rest/all/async/bulk/V1/products/base-prices"
    sent = [[row["sku"] for row in element["prices"]] for element in json.loads(asked[0].content)]
    assert sent == [["A", "B"], ["C"]]
    assert (client.writes, client.reads) == (1, 0)


async def test_a_bulk_without_a_number_may_be_queued():
    """Taken, and no number told: that is an answer which was lost."""
    with pytest.raises(NoAnswer, match="did not name"):
        await bulk.publish_prices(answering(202, {"errors": False}), [rows("A")])


@pytest.mark.parametrize(("answer", "count"), [(0, 0), (7, 7), ("12", 12)])
async def test_open_operations_are_counted(answer, count):
    """Magento answers the count as a number, or as digits."""
    assert await bulk.open_operations(answering(200, answer), UUID) == count


async def test_the_open_operations_of_all_bulks_on_prices_are_counted():
    """They are asked for by topic and status."""
    asked: list[httpx.Request] = []
    client = answering(200, {"items": [], "total_count": 3}, asked)
    assert await bulk.open_price_operations(client) == 3
    assert bulk.TOPIC in str(asked[0].url)
    assert asked[0].url.path == "/rest/all/V1/bulk"


@pytest.mark.parametrize("answer", ["many", 1.5, {"total_count": None}, []])
async def test_a_count_that_is_none_is_worth_asking_again(answer):
    """What is not a number says nothing about what is open."""
    with pytest.raises(TemporaryFault):
        await bulk.open_operations(answering(200, answer), UUID)
    with pytest.raises(TemporaryFault):
        await bulk.open_price_operations(answering(200, answer))
