"""Secrets in Prefect's Blocks: read by every run, handed on, never shown; a Block that cannot be used fails the run."""

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate

from flows.credentials import BLOCK_NAME, AcumaticaCredentials, MagentoCredentials, register
from flows.price import price

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture
async def blocks():
    """Both Blocks are known to Prefect; what the test saves is taken away again."""
    await register()
    yield
    async with get_client() as client:
        for document in await client.read_block_documents():
            if document.name == BLOCK_NAME:
                await client.delete_block_document(document.id)


@pytest.fixture
def here(make_world, monkeypatch):
    """A world whose secrets are in no environment."""
    made = make_world(3)
    for name in ("A2M_MAGENTO__BEARER_TOKEN", "A2M_ACUMATICA__PASSWORD", "A2M_ACUMATICA__USERNAME"):
        monkeypatch.delenv(name)
    return made


async def save(magento="sandbox-magento-token", password="sandbox", **more):
    """Fill in both Blocks."""
    await MagentoCredentials(bearer_token=magento, **more).save(BLOCK_NAME, overwrite=True)
    await AcumaticaCredentials(username="admin", password=password).save(BLOCK_NAME, overwrite=True)


async def test_the_secrets_of_blocks_are_used(here, blocks):
    """With both Blocks a run needs no secret in the environment; without them it says what is missing."""
    final = await price(return_state=True)
    assert final.name == "Failed"
    assert "A2M_MAGENTO__BEARER_TOKEN is not set" in final.message
    await save()
    assert (await price(return_state=True)).message == "3 changed, 3 sent in 3 requests"


async def test_the_environment_wins(here, blocks, monkeypatch):
    """Blocks are saved in the UI: what the environment says stands above them."""
    await save(magento="wrong-token-of-a-test")
    monkeypatch.setenv("A2M_MAGENTO__BEARER_TOKEN", "sandbox-magento-token")
    assert (await price(return_state=True)).name == "Completed"


async def test_two_different_tokens(here, blocks):
    """Confirm Bearer Token that differs fails the run before anything is sent, and neither is shown."""
    await save(confirm_bearer_token="wrong-token-of-a-test")
    final = await price(return_state=True)
    assert final.name == "Failed"
    assert "the two bearer tokens differ" in final.message
    assert "token-of-a-test" not in final.message
    assert "sandbox-magento-token" not in final.message
    assert here.site_state()["requests"] == 0


async def test_a_block_that_cannot_be_loaded(here, blocks):
    """Prefect keeps whatever is filled in; the run fails and names the Block and the field."""
    await save()
    async with get_client() as client:
        document = await client.read_block_document_by_name(BLOCK_NAME, "acumatica-credentials")
        spoiled = BlockDocumentUpdate(data={"username": {"a": "b"}}, merge_existing_data=False)
        await client.update_block_document(document.id, spoiled)
    final = await price(return_state=True)
    assert final.name == "Failed"
    assert final.message.startswith("The Block acumatica-credentials/a2m cannot be loaded: username:")
