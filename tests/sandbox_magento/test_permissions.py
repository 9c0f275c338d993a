"""An integration with a chosen set of resources: each route asks for its own, and names it when it is missing."""

import re
from typing import Any

import pytest
from sandbox_magento.shop import Shop

from sandbox.magento.app import AREAS
from sandbox.magento.routes import Route

ROUTES = [route for area in AREAS for route in area.ROUTES if route.resource is not None]
RESOURCES = sorted({str(route.resource) for route in ROUTES})
NAMES = [f"{route.method} {route.template}" for route in ROUTES]


async def ask(shop: Shop, route: Route) -> Any:
    """One request to a route, with ids that are not there."""
    path = re.sub(r":\w+", "1", route.template)
    body = {} if route.method in ("POST", "PUT") else None
    return await shop.send(route.method, f"/rest/{route.version}/{path}", body)


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
async def test_a_route_answers_401_with_the_resource_that_the_token_lacks(shop: Shop, route: Route) -> None:
    """With every resource but that one; with that one alone it is let in."""
    await shop.change({"token": {"resources": [one for one in RESOURCES if one != route.resource]}})
    answer = await ask(shop, route)
    assert (answer.status_code, answer.json()["message"]) == (
        401,
        "The consumer isn't authorized to access %resources.",
    )
    assert answer.json()["parameters"] == {"resources": route.resource}
    await shop.change({"token": {"resources": [route.resource]}})
    assert (await ask(shop, route)).status_code != 401


async def test_what_the_connector_may_lack_concerns_only_the_routes_of_it(shop: Shop) -> None:
    """Without sales view and source item assignment, as observed on a real shop, everything else works."""
    missing = ("Magento_Sales::actions_view", "Magento_InventoryApi::stock_source_item_assign")
    await shop.change({"token": {"resources": [one for one in RESOURCES if one not in missing]}})
    for path in ("inventory/source-items?searchCriteria", "store/storeConfigs", "shipments?searchCriteria", "modules"):
        assert (await shop.send("GET", f"/rest/V1/{path}")).status_code == 200
    for method, path in (("GET", "orders?searchCriteria"), ("POST", "inventory/source-items")):
        answer = await shop.send(method, f"/rest/V1/{path}", {} if method == "POST" else None)
        assert (answer.status_code, answer.json()["parameters"]["resources"] in missing) == (401, True)
