"""Whatever is sent, the site answers with a result or a refusal in Acumatica's own shape, never by a fault of ours."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sandbox_acumatica.conftest import ENDPOINT, Clock

from sandbox.acumatica import create_app
from sandbox.catalogue import generated

ENTITIES = """
StockItem NonStockItem Customer CustomerClass SalesOrder Shipment SalesInvoice PurchaseReceipt PurchaseOrder Warehouse
ShipVia Branch ItemClass InventorySummaryInquiry StorageDetailsInquiry StorageDetailsByLocationInquiry
SalesPricesInquiry CompaniesStructure Nothing
""".split()  # noqa: SIM905
FIELDS = """
InventoryID OrderNbr OrderType ShipmentNbr CustomerID LastModified LastModifiedDateTime Status Date DefaultPrice
WarehouseDetails CrossReferences MainContact/Address/City Details Details/OrderQty BillToContact/Email custom Nothing
InventoryCD SiteCD QtyAvail INSiteStatusByCostCenter
""".split()  # noqa: SIM905
VALUES = [
    "'SKU-000001'", "'", "''", "'a''b", "1", "-1", "1.5", "1e400", "NaN", "²", "null", "true", "9" * 400,
    "datetimeoffset'2026-01-01T00:00:00Z'", "datetimeoffset'2026-99-01'", "datetime'x'", "2026-01-01T00:00:00Z",
    "guid'x'", "cast(1,'Edm.Int32')", "0001-01-01", "\x00", "\ud7ff", "ß",
]  # fmt: skip
WORDS = [
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "and",
    "or",
    "not",
    "(",
    ")",
    ",",
    "in",
    "startswith(",
    "substringof(",
    "/",
    " ",
]
TEXTS = st.one_of(
    st.lists(st.sampled_from([*FIELDS, *VALUES, *WORDS]), max_size=9).map(" ".join),
    st.builds("{} {} {}".format, st.sampled_from(FIELDS), st.sampled_from(WORDS), st.sampled_from(VALUES)),
    st.text(max_size=12),
    st.sampled_from(["(" * 900, "not " * 500, "InventoryID eq 'x' or " * 400 + "true", "'" * 999]),
)
LISTS = st.one_of(st.lists(st.sampled_from([*FIELDS, "", "*", "("]), max_size=4).map(",".join), TEXTS)
NUMBERS = st.sampled_from(["0", "1", "-1", "x", "", " 5 ", "1.5", "²", "٣", "9" * 30, "1e3", "null"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "$filter": TEXTS,
        "$select": LISTS,
        "$expand": LISTS,
        "$orderby": LISTS,
        "$custom": LISTS,
        "$top": NUMBERS,
        "$skip": NUMBERS,
        "$count": st.sampled_from(["true", "x", ""]),
        "$inlinecount": st.sampled_from(["allpages", "x"]),
        "$format": st.sampled_from(["json", "xml", ""]),
        "$nothing": st.just("x"),
    },
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["SKU-000001", "MAIN"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FIELDS, "value", "entity", "parameters", "name", "password", "tenant", "Warehouse"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=12),
    st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b'{"InventoryID":{"value":1e999}}', b"\xff\xfe{}", b"null", b"{}"]),
)
KEYS = st.one_of(
    st.sampled_from(["SKU-000001", "SO/000001", "SO|000001", "$adHocSchema", "a/b/c", ""]), st.text(max_size=6)
)
OWN = ("PX.", "System.", "Microsoft.")
"""How the names of Acumatica's exceptions begin; a 500 without one is not its own."""


def often(examples: int) -> Any:
    """So many examples, the same each time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@cache
def site() -> Any:
    """One site for all requests: what one leaves behind is part of the next one's surroundings."""
    return create_app(generated(12), clock=Clock(), documents=3)


def ask(method: str, path: str, *, login: bool = True, **how: Any) -> httpx.Response:
    """One request of a user who is signed in; a fault of the application is raised here."""

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(site())
        async with httpx.AsyncClient(transport=transport, base_url="https://erp.example") as client:
            if login:
                named = {"name": "admin", "password": "sandbox", "tenant": "Company"}
                assert (await client.post("/entity/auth/login", json=named)).status_code == 204
            answer = await client.request(method, path, **how)
            if login:
                await client.post("/entity/auth/logout", content=b"")
            return answer

    return asyncio.run(once())


def assert_answered(answer: httpx.Response) -> None:
    """A result, or one of Acumatica's refusals: a 500 names an exception of its own, everything else says why."""
    status = answer.status_code
    assert status in (200, 202, 204, 400, 401, 403, 404, 405, 411, 415, 422, 500), answer.text
    if status == 500:
        assert answer.json()["exceptionType"].startswith(OWN), answer.text
        assert answer.json()["exceptionMessage"]
    elif status in (400, 403, 404):
        message = answer.json()
        assert message.get("message") or message.get("error") or "modelState" in message, message
    elif status == 200 and "json" in answer.headers.get("content-type", ""):
        answer.json()


@often(250)
@given(entity=st.sampled_from(ENTITIES), options=OPTIONS)
def test_any_list(entity: str, options: dict[str, str]) -> None:
    """A list of the contract API with any options."""
    assert_answered(ask("GET", f"{ENDPOINT}/{entity}", params=options))


@often(80)
@given(entity=st.sampled_from(ENTITIES), key=KEYS, options=OPTIONS)
def test_any_record(entity: str, key: str, options: dict[str, str]) -> None:
    """A record by any key."""
    assert_answered(ask("GET", f"{ENDPOINT}/{entity}/{quote(key)}", params=options))


@often(250)
@given(entity=st.sampled_from(ENTITIES), body=BODIES, expand=LISTS)
def test_any_body(entity: str, body: bytes, expand: str) -> None:
    """An inquiry, or a record, put with any body."""
    kind = {"Content-Type": "application/json"}
    assert_answered(ask("PUT", f"{ENDPOINT}/{entity}", params={"$expand": expand}, content=body, headers=kind))


@often(80)
@given(
    entity=st.sampled_from(ENTITIES),
    action=st.sampled_from(["ConfirmShipment", "PrepareInvoice", "X", "²"]),
    body=BODIES,
)
def test_any_action(entity: str, action: str, body: bytes) -> None:
    """An action with any body, and the status of any operation."""
    kind = {"Content-Type": "application/json"}
    assert_answered(ask("POST", f"{ENDPOINT}/{entity}/{quote(action)}", content=body, headers=kind))
    assert_answered(ask("GET", f"{ENDPOINT}/{entity}/{quote(action)}/status/{quote(action)}"))


@often(250)
@given(
    root=st.sampled_from(["/t/Company/api/odata/dac", "/odatav4/Company", "/t/Company/api/odata/gi", "/odata/Company"]),
    table=st.sampled_from(
        ["InventoryItem", "ARSalesPrice", "INSiteStatusByCostCenter", "SOOrder", "Customer", "Nothing", "$metadata", ""]
    ),
    key=st.sampled_from(["", "()", "('SKU-000001')", "(1)", "(InventoryID=1)", "(('", "/px.GetDeletedRecords()", "/x"]),
    options=OPTIONS,
)
def test_any_feed(root: str, table: str, key: str, options: dict[str, str]) -> None:
    """OData of either version with any options."""
    answer = ask("GET", f"{root}/{table}{key}", params=options)
    assert answer.status_code in (200, 400, 404, 500, 501), answer.text
    if answer.status_code != 200:
        assert answer.json()["error"]["message"], answer.text


@often(120)
@given(body=BODIES, kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", ""]))
@pytest.mark.parametrize("path", ["/entity/auth/login", "/identity/connect/token", "/identity/connect/revocation"])
def test_any_login(path: str, body: bytes, kind: str) -> None:
    """A login, a token or its revocation, asked for with any body: nobody is let in, and it says so."""
    answer = ask("POST", path, login=False, content=body, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code in (200, 204, 400, 401, 411, 415, 500), answer.text
    assert "set-cookie" not in answer.headers or answer.status_code >= 400
    if answer.status_code == 500:
        assert answer.json()["exceptionType"].startswith(OWN)


@often(60)
@given(
    header=st.one_of(
        st.sampled_from(["Bearer", "Bearer x", "Basic", "Basic x", "Basic ////", "²"]), st.text(max_size=8)
    )
)
def test_any_authorization(header: str) -> None:
    """Any authorization header to either API: 401, and nothing else."""
    sent = header.encode("utf-8").replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"").strip()
    for path in (f"{ENDPOINT}/StockItem", "/t/Company/api/odata/dac/InventoryItem"):
        answer = ask("GET", path, login=False, headers={"Authorization": sent})
        assert answer.status_code == 401, answer.text
