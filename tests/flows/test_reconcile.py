"""The deployment Reconcile: both systems side by side, from Prefect."""

import json

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter

from flows.price import price
from flows.reconcile import compare_both
from sandbox.catalogue import Product

pytestmark = pytest.mark.usefixtures("prefect")
PRODUCTS = [Product(f"P-{number}", "x", 5_000_000, {"MAIN": 30_000}) for number in range(3)]


async def differences_of(final):
    """The rows of the table that a run left."""
    of_this_run = ArtifactFilter(flow_run_id={"any_": [final.state_details.flow_run_id]})
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=of_this_run)
    return {one.key: json.loads(one.data) for one in found if one.type == "table"}


async def test_what_somebody_changed_in_magento_is_shown_and_put_right(make_world):
    """A price that somebody changed there is a row with both values; nothing is sent unless it is asked for."""
    here = make_world(PRODUCTS)
    await price(return_state=True)
    right = await compare_both("price", return_state=True)
    assert (right.name, right.message) == ("Completed", "price: 3 compared, nothing differs.")
    body = {"prices": [{"sku": "P-1", "price": 9, "store_id": 0}]}
    token = {"Authorization": "Bearer sandbox-magento-token"}
    async with httpx.AsyncClient(base_url=here.magento.url, headers=token) as client:
        (await client.post("/rest/V1/products/base-prices", json=body)).raise_for_status()
    final = await compare_both("price", return_state=True)
    assert (final.name, final.message) == ("Differs", "price: 3 compared, 1 differ.")
    (row,) = (await differences_of(final))["price-differences"]
    assert (row["key"], row["Acumatica says"], row["Magento shows"]) == ("P-1", "5", "9")
    final = await compare_both("price", put_right=True, return_state=True)
    assert final.name == "Completed"
    assert "repair: 1 changed, 1 sent" in final.message
    here.assert_shown(here.settings(), entities=["price"])


async def test_what_is_not_active_is_not_compared(make_world):
    """It says so, and is no failure."""
    make_world(PRODUCTS)
    final = await compare_both("order", return_state=True)
    assert (final.name, final.message) == (
        "Completed",
        "order is not active: nothing was compared (Individual Sync Status).",
    )
