"""The deployments Status and Explain: what the command line says, from Prefect."""

import json

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter

from flows.explain import explain_record, status
from flows.price import price
from sandbox.catalogue import Product

pytestmark = pytest.mark.usefixtures("prefect")
PRODUCTS = [Product(f"P-{number}", "x", 5_000_000, {"MAIN": 30_000}) for number in range(3)]


async def tables_of(final):
    """The tables that a run left, with their descriptions."""
    of_this_run = ArtifactFilter(flow_run_id={"any_": [final.state_details.flow_run_id]})
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=of_this_run)
    return {one.key: (json.loads(one.data), one.description) for one in found if one.type == "table"}


async def test_how_everything_stands(make_world):
    """A row for each entity; what needs a person makes the run red, and says what to do there."""
    make_world(PRODUCTS, shop_products=PRODUCTS[1:])
    fine = await status(return_state=True)
    assert (fine.name, fine.message) == ("Completed", "Nothing needs your attention.")
    await price(return_state=True)
    final = await status(return_state=True)
    assert final.name == "NeedsAttention"
    assert "1 " in final.message
    rows, description = (await tables_of(final))["status"]
    by_entity = {row["entity"]: row for row in rows}
    assert (by_entity["price"]["failed"], by_entity["order"]["state"]) == (1, "not active")
    assert "a2m " not in description


async def test_one_record(make_world):
    """Why Magento shows what it shows, what it was sent, and what it shows now if that is asked for."""
    make_world(PRODUCTS)
    await price(return_state=True)
    final = await explain_record("price", "p-1", return_state=True)
    tables = await tables_of(final)
    assert final.name == "Completed"
    assert {"what": "Magento confirmed", "text": "5 for P-1"} in tables["explained"][0]
    assert [(row["sent"], row["became"]) for row in tables["explained-sent"][0]] == [("5", "sent")]
    asked = await explain_record("price", "P-1", ask_magento=True, return_state=True)
    assert len((await tables_of(asked))["explained"][0]) > len(tables["explained"][0])
    nothing = await explain_record("price", "NOSUCH", return_state=True)
    assert (nothing.name, "no sync has seen 'NOSUCH'" in nothing.message) == ("Failed", True)
