"""Requests made up by schemathesis from Adobe's own description of its admin API, to every path that the shop has.

The description's `required` lists are too strict to hold answers to; what is held is that the shop answers: with a
result, or with a refusal in Magento's words, never with a fault of ours, and always within a bounded time.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sandbox_magento.shop import ADDRESS, TOKEN, Clock
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from sandbox.catalogue import generated
from sandbox.magento.app import AREAS, create_app

pytestmark = pytest.mark.recordings
DESCRIPTION = "contracts/magento-commerce-2.4.9-admin.openapi.json"
LONGEST = 60
"""Seconds for the requests of one operation together; they take a fraction of one."""
PARAMETER = re.compile(r"[:{]\w+}?")
ROUTES = sorted(
    {
        (route.method, PARAMETER.sub("{}", f"{route.version}/{route.template}"))
        for area in AREAS
        for route in area.ROUTES
    }
)
KNOWN = [*(product.sku for product in generated(3)), "1", "2", "default", "base", "US", "simple", "price"]
"""Values that lead deeper than made-up ones: the order, the customer and the products of the shop have these names."""
MANY = pytest.param(60, marks=pytest.mark.soak)
CUSTOMER = {"email": "a@example.com", "firstname": "A", "lastname": "B", "website_id": 1, "group_id": 1}
PERSON = {"firstname": "A", "lastname": "B", "street": ["1 Main St"], "city": "New York", "telephone": "1"}
PLACE = {**PERSON, "postcode": "10019", "country_id": "US", "region_id": 43, "email": "a@example.com"}


@cache
def operations(description: str) -> dict[tuple[str, str], Any]:
    """The operations of the paths that the shop has, by method and path."""
    whole = json.loads(description)
    paths: dict[str, dict[str, Any]] = {}
    for path, methods in whole["paths"].items():
        template = PARAMETER.sub("{}", path.strip("/"))
        as_json = {"consumes": ["application/json"]}
        own = {name: {**one, **as_json} for name, one in methods.items() if (name.upper(), template) in ROUTES}
        if own:
            paths[path] = own
    made = schemathesis.openapi.from_dict({**whole, "paths": paths})
    found = [one.ok() for one in made.get_all_operations()]
    return {(one.method.upper(), PARAMETER.sub("{}", one.path.strip("/"))): one for one in found}


@pytest.fixture(scope="module")
def described(shared: Any) -> dict[tuple[str, str], Any]:
    """The operations, as Adobe describes them."""
    return operations((shared / DESCRIPTION).read_text(encoding="utf-8"))


class Asked:
    """A shop with a customer and an order, and what it answers."""

    def __init__(self) -> None:
        self._app = create_app(generated(3), clock=Clock())
        item = {"sku": KNOWN[0], "name": "x", "qty_ordered": 2, "price": 1, "base_price": 1, "product_type": "simple"}
        order = {"customer_email": "a@example.com", "billing_address": PLACE, "items": [item]}
        more = {"base_currency_code": "USD", "store_id": 1, "grand_total": 2, "payment": {"method": "checkmo"}}
        assert self.send("POST", "/V1/customers", {}, {"customer": CUSTOMER}).status_code == 200
        assert self.send("POST", "/V1/orders", {}, {"entity": {**order, **more}}).status_code == 200

    def send(self, method: str, path: str, query: dict[str, Any], body: Any) -> httpx.Response:
        """One request; a fault of the application is raised here."""

        async def once() -> httpx.Response:
            headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
                raw = body if isinstance(body, bytes) else None if isinstance(body, NotSet) else json.dumps(body)
                kind = {"Content-Type": "application/json"}
                return await client.request(method, f"/rest{path}", params=query, headers=kind, content=raw)

        return asyncio.run(once())


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Whoever takes longer hangs, and is stopped."""

    def stop(_number: int, _frame: object) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def assert_answered(answer: httpx.Response) -> None:
    """A result, or a refusal that says why; a 500 only as Magento itself answers one."""
    assert answer.status_code in (200, 202, 400, 401, 404, 405, 414, 500), answer.text
    if answer.status_code < 400:
        answer.json()
    elif answer.headers["content-type"].startswith("application/json"):
        message = answer.json()["message"]
        assert message.startswith("Internal Error.") or answer.status_code != 500, message
    else:
        assert answer.status_code in (400, 414, 500), answer.text


def test_every_path_is_described(described: dict[tuple[str, str], Any]) -> None:
    """No path of the shop is unknown to Adobe's description: each of them is tried below."""
    assert sorted(described) == ROUTES


@pytest.mark.parametrize("examples", [2, MANY])
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
def test_whatever_is_asked_is_answered(
    described: dict[tuple[str, str], Any], method: str, path: str, examples: int
) -> None:
    """Requests as the description allows them, and with bodies as it does not; names in paths are known or made up."""
    operation, asked = described[method, path], Asked()
    wrong = [GenerationMode.NEGATIVE] if list(operation.body) else []  # texts in a path cannot be wrong
    for mode in (GenerationMode.POSITIVE, *wrong):

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), known=st.none() | st.sampled_from(KNOWN))
        def one(case: Any, known: str | None) -> None:
            names = {name: known or str(value) for name, value in (case.path_parameters or {}).items()}
            place = case.path.format(**{name: quote(value, safe="") for name, value in names.items()})
            query = {name: value for name, value in (case.query or {}).items() if value is not None}
            assert_answered(asked.send(method, place, query, case.body))

        with bounded(LONGEST * (1 if examples < 10 else 10)):
            one()
