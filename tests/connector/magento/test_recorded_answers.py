"""The recorded answers of the real Magento, fed to the client one by one; expected_outcomes says what they mean."""

import json
from decimal import Decimal

import httpx
import pytest
from support import expected_outcomes as expected
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento import queries
from connector.magento.auth import Bearer
from connector.magento.batches import (
    PriceRow,
    SourceItemRow,
    StockItemRow,
    deliver_prices,
    deliver_source_items,
    deliver_stock_items,
)
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import (
    MagentoFault,
    RequestRefused,
    RequestTooLarge,
    TemporaryFault,
    Unauthorized,
    WrongAddress,
)

ACCESS = MagentoAccess("https://shop.example.com", Bearer("token"))
KINDS = {
    "unauthorized": Unauthorized,
    "wrong_address": WrongAddress,
    "temporary": TemporaryFault,
    "refused": RequestRefused,
    "too_large": RequestTooLarge,
}


@pytest.fixture(scope="module")
def recorded(shared):
    cases = {}
    for file in sorted((shared / "contracts" / "magento-2.4.7-recorded").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            cases.setdefault(file.stem, {}).setdefault(case["case"], []).append(case)
    return cases


def answer_of(case: dict) -> httpx.Response:
    """The recorded answer, as httpx gives it."""
    message = case["response"]
    if "status_line" in message:
        headers = [
            tuple(line.split(": ", 1)) for line in message["headers"] if not line.lower().startswith("transfer-enc")
        ]
        body = message["body"]
        if any("chunked" in line for line in message["headers"]):
            body = unchunked(body)
        body = whole(body)
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return httpx.Response(int(message["status_line"].split()[1]), headers=headers, content=body.encode())
    body = message.get("body")
    content = body if isinstance(body, str) and not message.get("body_is_json") else json.dumps(body)
    headers = {k: v for k, v in (message.get("headers") or {}).items() if k.lower() == "content-type"}
    return httpx.Response(message["status"], headers=headers, content=(content or "").encode())


def whole(body: str) -> str:
    """The body; the recorder cut long ones, and what a cut JSON list holds is not what these cases are about."""
    if not body.startswith('{"items"'):
        return body
    try:
        json.loads(body)
    except ValueError:
        return '{"items": []}'
    return body


def unchunked(text: str) -> str:
    parts = text.split("\r\n")
    return "".join(parts[1::2])


def client_that_hears(case: dict, *, then_good: bool = False) -> MagentoClient:
    first = True

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal first
        if not first and then_good:
            return httpx.Response(200, json=[])
        first = False
        return answer_of(case)

    return MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


def rows_of(case: dict) -> list[dict]:
    body = case["request"].get("body")
    if "raw" in case["request"]:
        return [{}]
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return [{}]
    if body is not None and not isinstance(body, dict):
        return [{}]
    body = body or {}
    rows = next((body[name] for name in ("prices", "sourceItems", "source_items") if name in body), [{}])
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else [{}]


def price_row(row: dict) -> PriceRow:
    price = row.get("price", 1)
    good = isinstance(price, int | float) and not isinstance(price, bool)
    return PriceRow(
        str(row.get("sku", "X")), Decimal(str(price)) if good else Decimal(1), int(row.get("store_id") or 0)
    )


def source_item_row(row: dict) -> SourceItemRow:
    quantity = row.get("quantity", 1)
    good = isinstance(quantity, int | float) and not isinstance(quantity, bool)
    return SourceItemRow(
        str(row.get("sku", "X")), str(row.get("source_code", "x")), Decimal(str(quantity)) if good else Decimal(1), 1
    )


def as_written(delivery) -> list:
    if delivery.fault is not None:
        return [("fault", type(delivery.fault), str(delivery.fault) + getattr(delivery.fault, "resources", ""))]
    return [(outcome.kind, None, outcome.reason or "") for outcome in delivery.outcomes]


def check(case_name: str, got: list, wanted: list) -> None:
    assert len(got) == len(wanted), (case_name, got)
    for (kind, fault, reason), want in zip(got, wanted, strict=True):
        want_kind, words = (want, "") if isinstance(want, str) else want
        if kind == "fault":
            assert issubclass(fault, KINDS[want_kind]), (case_name, fault, want)
        else:
            assert kind == want_kind, (case_name, kind, reason, want)
        assert words.lower() in reason.lower(), (case_name, reason, words)


@pytest.mark.recordings
@pytest.mark.parametrize("area", sorted(expected.PRICES))
async def test_price_writes_have_the_outcome_written_by_hand(recorded, area):
    """Every recorded answer to a price write gives each row the outcome that stands in the table."""
    for name, wanted in expected.PRICES[area].items():
        case = recorded[area][name][0]
        rows = rows_of(case)
        rows = [price_row(row) for row in rows] if rows else []
        good = (area, name) in expected.THEN_GOOD
        async with client_that_hears(case, then_good=good) as client:
            delivery = await deliver_prices(client, rows or [PriceRow("X", Decimal(1))])
        check(f"{area}/{name}", as_written(delivery), wanted)


@pytest.mark.recordings
@pytest.mark.parametrize("area", sorted(expected.STOCK))
async def test_quantity_writes_have_the_outcome_written_by_hand(recorded, area):
    """Every recorded answer to a source item write gives each row the outcome that stands in the table."""
    for name, wanted in expected.STOCK[area].items():
        case = recorded[area][name][0]
        rows = [source_item_row(row) for row in rows_of(case)] or [SourceItemRow("X", "x", Decimal(1), 1)]
        good = (area, name) in expected.THEN_GOOD
        async with client_that_hears(case, then_good=good) as client:
            delivery = await deliver_source_items(client, rows)
        check(f"{area}/{name}", as_written(delivery), wanted)


@pytest.mark.recordings
async def test_stock_item_writes_have_the_outcome_written_by_hand(recorded):
    """Every recorded answer to a stock item write gives the outcome that stands in the table."""
    for area, cases in expected.STOCK_ITEMS.items():
        for name, wanted in cases.items():
            async with client_that_hears(recorded[area][name][0]) as client:
                delivery = await deliver_stock_items(client, [StockItemRow("X", Decimal(1), True)])
            check(f"{area}/{name}", as_written(delivery), [wanted])


@pytest.mark.recordings
@pytest.mark.parametrize("area", sorted(expected.READS))
async def test_reads_end_as_written_by_hand(recorded, area):
    """Every recorded answer to a read is a value, or the error that stands in the table with its words."""
    for name, wanted in expected.READS[area].items():
        if name in expected.NOT_FOR_THIS_CLIENT.get(area, {}):
            continue
        async with client_that_hears(recorded[area][name][0]) as client:
            try:
                await client.get("anything")
                got, words = "ok", ""
            except MagentoFault as fault:
                got, words = type(fault), str(fault) + " " + getattr(fault, "resources", "")
        if wanted[0] == "ok":
            assert got == "ok", (area, name, words)
        else:
            assert got != "ok", (area, name)
            assert issubclass(got, KINDS[wanted[0]]), (area, name, got, words)
            assert wanted[1].lower() in words.lower(), (area, name, words)


@pytest.mark.recordings
async def test_prices_that_magento_shows_are_read(recorded):
    """Every recorded base-prices-information answer gives the prices that stand in the table."""
    for area, cases in expected.STORE_PRICES.items():
        for name, wanted in cases.items():
            case = recorded[area][name][0]
            async with client_that_hears(case) as client:
                found = await queries.store_prices(client, case["request"]["body"]["skus"])
            current = {sku: {store: str(price) for store, price in stores.items()} for sku, stores in found.items()}
            for sku, stores in wanted.items():
                assert {s: Decimal(p) for s, p in current[sku].items()} == {s: Decimal(p) for s, p in stores.items()}, (
                    area,
                    name,
                )
            assert wanted.keys() <= current.keys(), (area, name)
            assert wanted or not current, (area, name)


@pytest.mark.recordings
async def test_quantities_that_magento_shows_are_read(recorded):
    """Every recorded list of source items and every stock item is read as it stands in the table."""
    for area, cases in expected.SOURCE_ITEMS.items():
        for name, (sku, wanted) in cases.items():
            async with client_that_hears(recorded[area][name][0]) as client:
                found = await queries.source_items(client, [sku])
            current = {item.source: (item.quantity, item.in_stock) for item in found if item.sku.upper() == sku.upper()}
            assert current == {source: (Decimal(q), s) for source, (q, s) in wanted.items()}, (area, name)
    for name, (quantity, in_stock) in expected.STOCK_ITEM_READS.items():
        async with client_that_hears(recorded["stock-items"][name][0]) as client:
            item = await queries.stock_item(client, "X")
        assert item is not None
        assert (item.quantity, item.in_stock) == (Decimal(quantity), in_stock), name


@pytest.mark.recordings
def test_every_recorded_case_of_prices_and_stock_stands_in_the_table(recorded):
    """No recorded case of these areas is left out without a reason."""
    tables = (expected.PRICES, expected.STOCK, expected.STOCK_ITEMS, expected.READS, expected.STORE_PRICES)
    for area in ("base-prices", "source-items", "stock-items", "auth", "outage"):
        sent = set().union(*(table.get(area, {}) for table in tables), expected.SOURCE_ITEMS.get(area, {}))
        sent |= set(expected.NOT_FOR_THIS_CLIENT.get(area, {})) | set(expected.STOCK_ITEM_READS)
        prefixes = tuple(expected.NOT_FOR_THIS_CLIENT_BY_PREFIX.get(area, {}))
        left = [name for name in recorded[area] if name not in sent and not name.startswith(prefixes or ("\0",))]
        assert not left, (area, left)
