"""Whatever is sent, the shop answers with a result or with a refusal in Magento's words, never with a fault of ours."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_magento.shop import ADDRESS, TOKEN, Clock

from sandbox.catalogue import generated
from sandbox.magento.app import AREAS, create_app

ROUTES = sorted({(route.method, route.template) for area in AREAS for route in area.ROUTES})
NAMES = [
    "prices",
    "skus",
    "sourceItems",
    "source_items",
    "sku",
    "price",
    "store_id",
    "storeId",
    "source_code",
    "quantity",
    "status",
    "product",
    "stockItem",
    "qty",
    "is_in_stock",
    "extension_attributes",
    "stock_item",
    "custom_attributes",
    "links",
    "source",
    "stock",
    "name",
    "group",
    "code",
    "item",
    "price_type",
    "website_id",
    "customer_group",
    "price_from",
    "price_to",
    "bundle_product_options",
    "product_links",
]
SKUS = [product.sku for product in generated(12)]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from([*SKUS, "east", "default", "1", "0", "simple", "fixed", "ALL GROUPS", "2026-01-01 00:00:00"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=4)), inner, max_size=4),
    ),
    max_leaves=12,
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "sku": st.sampled_from([*SKUS, "NOPE", "412", ""]),
        "price": st.one_of(st.none(), st.floats(-10, 1e20), st.integers(-5, 10**20)),
        "store_id": st.sampled_from([0, 1, 9, None]),
        "source_code": st.sampled_from(["east", "EAST", "nowhere", "", "a b"]),
        "quantity": st.one_of(st.none(), st.floats(-1e15, 1e15), st.text(max_size=3)),
        "status": st.sampled_from([0, 1, 2, None, "1"]),
        "price_type": st.sampled_from(["fixed", "discount", "x"]),
        "website_id": st.sampled_from([0, 1, 5]),
        "customer_group": st.sampled_from(["ALL GROUPS", "general", "x"]),
        "price_from": st.sampled_from(["2026-01-01 00:00:00", "2026-13-01 00:00:00", "x", ""]),
        "price_to": st.sampled_from([None, "2026-02-30 00:00:00"]),
    },
)
PARTS = st.one_of(st.sampled_from([*SKUS, "1", "2", "base", "website", "x"]), st.text(max_size=5))


def _send(method: str, path: str, body: Any, query: dict[str, str]) -> httpx.Response:
    """One request to a fresh shop; a fault of the application is raised here."""

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(generated(12), clock=Clock()))
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
            answer = await client.request(method, path, json=body, params=query)
            await client.get("/_sandbox/journal")
            assert (await client.get("/rest/V1/store/websites", headers=headers)).status_code == 200
            return answer

    return asyncio.run(once())


def _path(template: str, parts: list[str]) -> str:
    names = iter(parts)
    return "/".join(quote(next(names), safe="") if part.startswith(":") else part for part in template.split("/"))


HOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@HOW
@given(
    route=st.sampled_from(ROUTES),
    mode=st.sampled_from(["V1", "all/V1", "async/V1", "async/bulk/V1"]),
    parts=st.lists(PARTS, min_size=3, max_size=3),
    body=VALUES,
    query=st.dictionaries(
        st.sampled_from(
            ["searchCriteria", "searchCriteria[pageSize]", "fields", "searchCriteria[a][b]", "searchCriteria[]"]
        ),
        st.sampled_from(["", "1", "-1", "x", "items[sku]"]),
        max_size=2,
    ),
)
def test_any_body_is_answered(
    route: tuple[str, str], mode: str, parts: list[str], body: Any, query: dict[str, str]
) -> None:
    """Any JSON to any route, directly or by the queue."""
    method, template = route
    answer = _send(method, f"/rest/{mode}/{_path(template, parts)}", body, query)
    assert answer.status_code in (200, 202, 400, 401, 404, 405, 500)
    if answer.status_code == 500 and answer.headers["content-type"].startswith("application/json"):
        assert answer.json()["message"].startswith("Internal Error.")
    elif answer.status_code >= 400 and answer.status_code != 500:
        assert answer.json()["message"]


@HOW
@given(
    place=st.sampled_from(
        [
            ("products/base-prices", "prices"),
            ("products/special-price", "prices"),
            ("products/special-price-delete", "prices"),
            ("products/tier-prices", "prices"),
            ("products/tier-prices-delete", "prices"),
            ("inventory/source-items", "sourceItems"),
            ("inventory/source-items-delete", "sourceItems"),
        ]
    ),
    rows=st.lists(ROWS, max_size=4),
)
def test_rows_good_and_bad(place: tuple[str, str], rows: list[dict[str, Any]]) -> None:
    """Rows that are nearly right: a list of row errors, nothing, or a refusal; never a fault."""
    path, name = place
    fields = {"prices": ("sku", "price", "store_id")} if "base" in path else {}
    kept = [{key: value for key, value in row.items() if key in fields.get(name, tuple(row))} for row in rows]
    answer = _send("POST", f"/rest/V1/{path}", {name: kept}, {})
    assert answer.status_code in (200, 400, 404)
    if answer.status_code == 200:
        assert all(error["message"] and error["parameters"] for error in answer.json())


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/rest", "/rest//V1/modules", "/rest/all", "/rest/V1", "/rest/V1/", "/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_paths_that_lead_nowhere(method: str, path: str) -> None:
    """Odd paths and methods are refused."""
    assert _send(method, path, None, {}).status_code in (400, 404, 405)
