"""One cause is one group, whatever the records' keys look like."""

import json
from decimal import Decimal

import httpx
import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento.auth import Bearer
from connector.magento.batches import (
    PriceRow,
    RowResult,
    SourceItemRow,
    deliver_prices,
    deliver_source_items,
)
from connector.magento.client import MagentoAccess, MagentoClient
from connector.magento.errors import RequestRefused, TemporaryFault
from connector.state.queue.messages import Message
from tasks.cause import cause

SKUS = [
    "A-1",
    "no",
    "red shirt, large",
    'a 3" nail',
    "it's",
    "SKU",
    "product",
    "Ünïcode",
    "%sku",
    "(empty)",
    "“curly”",
    "a.b*c[",
    "Magento",
    " padded ",
    "4711",
]
ACCESS = MagentoAccess("https://shop.example.com", Bearer("tok"))
TEMPLATES = {
    "list": lambda sku: {
        "message": "Requested store is not found. Row ID: SKU = %SKU, Store ID: %storeId.",
        "parameters": [sku, "7"],
    },
    "object": lambda sku: {"message": 'The product "%sku" cannot be saved.', "parameters": {"sku": sku}},
    "nested": lambda sku: {
        "message": "Validation Failed",
        "errors": [{"message": 'Not able to assign "%source" to "%sku"', "parameters": {"source": "west", "sku": sku}}],
    },
}


def message(sku: str, key: str | None = None) -> Message:
    return Message(1, "price", key or sku.strip().lower(), "", sku, sku, 1, None, "sending", 1, None, None, NOW)


def client(status: int, body) -> MagentoClient:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body)

    return MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


async def of_prices(sku: str, error: dict) -> str:
    delivery = await deliver_prices(client(200, [error]), [PriceRow(sku, Decimal("1"))])
    return delivery.outcomes[0].cause or cause(message(sku), delivery.outcomes[0])


async def test_an_unknown_sku_is_one_group() -> None:
    """The row error names the SKU twice over; the group names none, and is a sentence."""
    causes = {
        await of_prices(sku, {"message": "Invalid attribute %fieldName = %fieldValue.", "parameters": ["SKU", sku]})
        for sku in SKUS
    }
    assert causes == {"In Magento no product that takes a price has this SKU."}


async def test_the_field_that_is_wrong_belongs_to_the_kind() -> None:
    """A wrong price and a wrong SKU are two groups; two wrong prices are one."""
    template = "Invalid attribute %fieldName = %fieldValue."
    causes = {
        await of_prices(sku, {"message": template, "parameters": ["Price", value]})
        for sku, value in zip(SKUS, ("-1", "-2.5", "none") * 5, strict=True)
    }
    assert causes == {"Invalid attribute Price = …."}


@pytest.mark.parametrize("template", TEMPLATES)
async def test_a_template_is_one_group(template: str) -> None:
    """However Magento gives the parameters, also in its nested errors."""
    causes, sentences = set(), set()
    for sku in SKUS:
        shop = client(400, TEMPLATES[template](sku))
        delivery = await deliver_source_items(shop, [SourceItemRow(sku, "west", Decimal("1"), True)])
        causes.add(cause(message(sku), delivery.outcomes[0]))
        sentences.add(delivery.outcomes[0].reason)
    assert len(causes) == 1
    assert len(sentences) == len(SKUS), "the sentence names the record all the same"


@pytest.mark.parametrize("sku", [sku for sku in SKUS if sku.strip().lower() not in ("no", "sku", "product", "magento")])
async def test_what_magento_filled_in_by_itself_is_taken_out(sku: str) -> None:
    """A message without parameters that names the record in quotes, or bare."""
    for said in (f'The "{sku}" item cannot be saved.', f"The {sku.strip()} item cannot be saved."):
        with pytest.raises(RequestRefused) as caught:
            await client(400, {"message": said}).write("PUT", "x", json.loads("{}"))
        found = cause(message(sku), RowResult("refused", str(caught.value), template=caught.value.kind))
        assert found == "The … item cannot be saved."


async def test_a_fault_that_passes_has_a_kind_too() -> None:
    """A 500 for every record until the attempts are used up."""
    causes = set()
    for sku in SKUS:
        body = {"message": "Could not save %1", "parameters": [sku]}
        with pytest.raises(TemporaryFault) as caught:
            await client(500, body).write("PUT", "x", {})
        causes.add(cause(message(sku), RowResult("temporary", str(caught.value), template=caught.value.kind)))
    assert causes == {"Could not save …"}
