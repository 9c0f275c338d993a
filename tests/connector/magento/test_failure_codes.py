"""One cause is one code, whatever the records' keys look like and however Magento fills its messages."""

import httpx
import pytest
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento.auth import Bearer
from connector.magento.batches import PriceRow, SourceItemRow, deliver_prices, deliver_source_items
from connector.magento.client import MagentoAccess, MagentoClient
from connector.model.failures import FailureCode

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
INVALID = "Invalid attribute %fieldName = %fieldValue."
OF_ROWS = {
    FailureCode.NO_PRODUCT: lambda sku: {"message": INVALID, "parameters": ["SKU", sku]},
    FailureCode.INVALID_PRICE: lambda _sku: {"message": INVALID, "parameters": ["Price", "-1"]},
    FailureCode.STORE_NOT_FOUND: lambda sku: {
        "message": "Requested store is not found. Row ID: SKU = %SKU, Store ID: %storeId.",
        "parameters": [sku, "7"],
    },
    FailureCode.REFUSED_BY_MAGENTO: lambda sku: {"message": 'The product "%1" is odd.', "parameters": [sku]},
}
OF_REQUESTS = {
    "list": lambda sku: ({"message": "Cannot save %1", "parameters": [sku]}, FailureCode.REFUSED_BY_MAGENTO),
    "object": lambda sku: ({"message": 'No "%sku".', "parameters": {"sku": sku}}, FailureCode.REFUSED_BY_MAGENTO),
    "filled": lambda sku: ({"message": f'The "{sku}" item cannot be saved.'}, FailureCode.REFUSED_BY_MAGENTO),
    "nested": lambda sku: (
        {
            "message": "Validation Failed",
            "errors": [
                {"message": 'Not able to assign "%source" to "%sku"', "parameters": {"source": "west", "sku": sku}}
            ],
        },
        FailureCode.SOURCE_NOT_ASSIGNED,
    ),
}


def client(status: int, body: object) -> MagentoClient:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body)

    return MagentoClient(ACCESS, clock=ManualClock(NOW), transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("code", OF_ROWS)
async def test_a_row_error_is_one_code(code: FailureCode) -> None:
    """A wrong price, a wrong SKU and a wrong store are three; the sentence names the record all the same."""
    for sku in SKUS:
        delivery = await deliver_prices(client(200, [OF_ROWS[code](sku)]), [PriceRow(sku, 1)])  # type: ignore[arg-type]
        assert delivery.outcomes[0].code is code


@pytest.mark.parametrize("form", OF_REQUESTS)
async def test_a_refused_request_is_one_code(form: str) -> None:
    """However Magento gives the parameters, also in its nested errors, and where it filled them in by itself."""
    for sku in SKUS:
        body, code = OF_REQUESTS[form](sku)
        rows = [SourceItemRow(sku, "west", 1, 1)]  # type: ignore[arg-type]
        delivery = await deliver_source_items(client(400, body), rows)
        assert delivery.outcomes[0].code is code


async def test_a_record_that_is_too_large_alone_is_named_so() -> None:
    """A proxy's 413 for one record is not what Magento refused."""
    delivery = await deliver_source_items(client(413, {"message": "no"}), [SourceItemRow("A", "west", 1, 1)])  # type: ignore[arg-type]
    assert delivery.outcomes[0].code is FailureCode.REQUEST_TOO_LARGE
