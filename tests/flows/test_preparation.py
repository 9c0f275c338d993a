"""A run is prepared before it is due: with what the worker has read of Blocks, and with the settings of then."""

from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import get_client

from app.effective_settings import effective_settings
from connector.state.faults import StateError
from connector.state.operator import saved_settings
from deployments.prefetch import Prefetch
from flows import preparation
from flows.blocks import BLOCK_NAME, READ_AHEAD
from flows.credentials import AcumaticaCredentials, MagentoCredentials, from_blocks, register
from flows.preparation import prepared, settings_of_the_run
from settings import SettingsError


@pytest.fixture
def here(make_world):
    """A world in which everything is set by the environment."""
    return make_world(3)


@pytest.fixture
def read_ahead():
    """What the worker has read; as in a run's process, for all that follows."""
    given = READ_AHEAD.set({})
    yield
    READ_AHEAD.reset(given)


async def test_blocks_are_handed_over_as_prefect_keeps_them(prefect):
    """The worker's one request finds what a run would find by itself."""
    await register()
    await MagentoCredentials(bearer_token="block-token").save(BLOCK_NAME, overwrite=True)
    await AcumaticaCredentials(username="admin", password="block-password").save(BLOCK_NAME, overwrite=True)
    try:
        by_itself = await from_blocks()
        async with get_client() as client:
            given = READ_AHEAD.set((await Prefetch().read(client)).blocks)
            assert await from_blocks() == by_itself
            READ_AHEAD.reset(given)
        assert by_itself["acumatica"]["password"].get_secret_value() == "block-password"
    finally:
        async with get_client() as client:
            for document in await client.read_block_documents():
                if document.name == BLOCK_NAME:
                    await client.delete_block_document(document.id)


async def test_a_run_works_with_what_was_prepared(here, read_ahead, monkeypatch):
    """The state is opened and the settings are read once, before it is due."""
    with prepared():
        monkeypatch.setattr(preparation, "effective_settings", None)
        with settings_of_the_run(await from_blocks()) as now:
            assert now.settings.magento.url == here.magento.url


async def test_settings_that_are_saved_meanwhile_count(here, read_ahead):
    """The run reads them anew."""
    with prepared():
        with effective_settings() as now:
            values, at = {"queue": {"batch_count": 7}}, datetime.now(UTC)
            saved_settings.save(now.state, values, after=0, who="Ann", summary="a change", now=at)
        with settings_of_the_run(await from_blocks()) as now:
            assert now.settings.queue.batch_count == 7


@pytest.mark.parametrize(
    "spoiled", [{"A2M_QUEUE__BATCH_COUNT": "0"}, {"A2M_DATABASE_URL": "sqlite:////proc/nowhere/state"}]
)
async def test_what_cannot_be_prepared_fails_the_run(here, read_ahead, monkeypatch, spoiled):
    """With its own words, once it is due."""
    for name, value in spoiled.items():
        monkeypatch.setenv(name, value)
    refused = pytest.raises((SettingsError, StateError), match=r"batch_count|BATCH_COUNT|Batch Count|nowhere")
    with prepared(), refused, settings_of_the_run(await from_blocks()):
        pass


async def test_a_block_that_cannot_be_used_fails_the_run(here):
    """Not its preparation."""
    given = READ_AHEAD.set({"acumatica-credentials": {"username": {"a": "b"}}})
    with prepared(), pytest.raises(SettingsError, match="acumatica-credentials/a2m cannot be loaded: username"):
        await from_blocks()
    READ_AHEAD.reset(given)
